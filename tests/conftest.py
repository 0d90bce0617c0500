"""Property tests draw the same examples in every run, without a time limit for each."""

from hypothesis import settings

settings.register_profile("deeplinear", derandomize=True, deadline=None)
settings.load_profile("deeplinear")
