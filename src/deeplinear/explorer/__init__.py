"""The explorer: a page in the browser that runs, shows and explains deep linear networks.

>>> from deeplinear.explorer import explore
>>> explore(port="eighty")  # doctest: +ELLIPSIS
Traceback (most recent call last):
deeplinear._core.errors.ArgumentTypeError: Argument `port` must be an integer, but it is 'eighty'.
"""

from deeplinear.explorer._explore import explore

__all__ = ["explore"]
