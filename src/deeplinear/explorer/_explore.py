"""`explore`: open the page."""

import os
import re
from collections.abc import Callable

from deeplinear._core import checks
from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.solve import Trajectory

_TOKEN = re.compile(r"[A-Za-z0-9_-]{8,}")


def explore(
    target: str | os.PathLike[str] | Trajectory | None = None,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    show: bool = True,
    token: str | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the explorer, a page that runs, shows and explains deep linear networks, until Ctrl-C.

    Parameters
    ----------
    target
        What the page shows first: a `Trajectory`, the folder of a run, its run.toml, a data set's
        name, or a .csv, .tsv or .npz file. None: a run that learns one mode after the other.

    Other Parameters
    ----------------
    host
        The address to serve at. Any but this machine's own (127.0.0.1) lets others in, who must
        bring the token.
    port
        None: a free one.
    show
        Whether to open a browser.
    token
        What visitors must bring, in the link that is printed. None: a random one if `host` lets
        others in.
    ready
        Called with the link once the page answers, in place of printing it.

    Raises
    ------
    MissingExtraError
        NiceGUI or Plotly is not installed.
    ArgumentError, ArgumentTypeError, DataFileError, StoreError
        The port is taken, or there is no such target.

    Notes
    -----
    Nothing leaves the machine: every script, font and picture comes from it, and the page is not
    allowed to ask any other. Uploads and runs are limited in size and time, with a message.

    Examples
    --------
    >>> import deeplinear as dl
    >>> dl.explorer.explore("no_such_data")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    deeplinear._core.errors.ArgumentError: Argument `target` must be ...
    """
    from deeplinear.explorer import _server
    from deeplinear.explorer._open import opened

    if not isinstance(host, str):
        raise ArgumentTypeError(f"Argument `host` must be text, but it is {host!r}.")
    if port is not None:
        port = checks.integer("port", port, minimum=0)
        if port > 65535:
            raise ArgumentError(f"Argument `port` must be at most 65535, but it is {port}.")
    if token is not None and not (isinstance(token, str) and _TOKEN.fullmatch(token)):
        raise ArgumentError(
            "Argument `token` must be text of at least 8 letters, digits, - and _, but it is not."
        )
    _server.require_extra()
    house = opened(target)
    listening = _server.bind(host, port)
    token = _server.token_for(host, token)
    link = _server.address(host, listening.getsockname()[1], token)

    def tell() -> None:
        if ready is None:
            print(f"Explore at {link}", flush=True)
        else:
            ready(link)
        if show:
            _server.open_browser(link)

    _server.serve(house, listening, token=token, ready=tell)
