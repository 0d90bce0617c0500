"""Property tests draw the same examples in every run, without a time limit for each."""

import signal
from pathlib import Path

import pytest
from hypothesis import settings

# A shell that runs the tests in the background has its children ignore Ctrl-C; some tests press it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("deeplinear", derandomize=True, deadline=None)
settings.load_profile("deeplinear")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out tests/system, which needs a browser, unless it is asked for by name."""
    if collection_path != Path(__file__).parent / "system":
        return None
    return None if any("system" in Path(one).parts for one in config.args) else True
