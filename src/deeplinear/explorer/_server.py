"""Serving the page: the socket, the application, its start and its end."""

import contextlib
import errno
import secrets
import socket
import threading
import webbrowser
from collections.abc import Callable
from typing import TYPE_CHECKING

from deeplinear._core.errors import ArgumentError, MissingExtraError
from deeplinear.explorer._guard import Guard
from deeplinear.explorer._runs._sessions import House

if TYPE_CHECKING:
    from fastapi import FastAPI

LOCAL = ("127.0.0.1", "localhost", "::1")
FIRST_PORT, PORTS = 8421, 50


def require_extra() -> None:
    """Raise MissingExtraError unless the packages of the page are installed."""
    from importlib.util import find_spec

    missing = [name for name in ("nicegui", "plotly") if find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"The explorer needs {' and '.join(missing)}. "
            'Install what it needs: pip install "deeplinear[explorer]"'
        )


def bind(host: str, port: int | None) -> socket.socket:
    """Return a bound socket; without a port, on the first that is free.

    Raises
    ------
    ArgumentError
        The port is taken, or the host is no address of this machine.
    """
    try:
        family = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][0]
    except (OSError, UnicodeError):
        raise _no_host(host) from None
    ports = [port] if port is not None else [*range(FIRST_PORT, FIRST_PORT + PORTS), 0]
    for candidate in ports:
        found = socket.socket(family, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((host, candidate))
            found.listen(128)  # two that bind with SO_REUSEADDR are told apart here
        except OSError as error:
            found.close()
            if error.errno == errno.EADDRINUSE and port is None:
                continue
            if error.errno == errno.EADDRINUSE:
                raise ArgumentError(
                    f"Argument `port` must be free, but another program uses {port}. "
                    "Choose another, or leave it out: a free one is found."
                ) from None
            if error.errno in (errno.EACCES, errno.EPERM):
                raise ArgumentError(
                    f"Argument `port` must be one that you may use, but {port} is reserved. "
                    "Choose one above 1023."
                ) from None
            raise _no_host(host) from None
        return found
    raise ArgumentError("Argument `port` must be given: no free one was found.")


def _no_host(host: str) -> ArgumentError:
    return ArgumentError(
        f"Argument `host` must be an address of this machine, but it is {host!r}. "
        "Use 127.0.0.1 for this machine only, 0.0.0.0 for all its networks."
    )


def token_for(host: str, token: str | None) -> str | None:
    """The token that visitors must bring: none on this machine alone, else a random one."""
    return token if token is not None or host in LOCAL else secrets.token_urlsafe(24)


def address(host: str, port: int, token: str | None) -> str:
    """The link to open."""
    name = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname()}.get(host, host)
    name = f"[{name}]" if ":" in name else name
    return f"http://{name}:{port}/" + (f"?token={token}" if token else "")


def application(house: House) -> "FastAPI":
    """The page as an application."""
    from fastapi import FastAPI
    from nicegui import ui

    from deeplinear.explorer._page import _page

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    _page.register(house)
    ui.run_with(
        app,
        title="deeplinear",
        dark=None,  # as the system has it
        tailwind=False,
        binding_refresh_interval=None,
        reconnect_timeout=5.0,
        gzip_middleware_factory=None,  # Plotly's script is 4.8 MB: 0.3 s of every first load
        show_welcome_message=False,
    )
    return app


def serve(
    house: House, listening: socket.socket, *, token: str | None, ready: Callable[[], None]
) -> None:
    """Serve until Ctrl-C; `ready` is called once the page answers."""
    import uvicorn

    port = listening.getsockname()[1]
    guarded = Guard(application(house), token=token, port=port)
    config = uvicorn.Config(
        guarded,
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                ready()
                threading.Thread(target=warm_up, daemon=True).start()

    try:
        with contextlib.suppress(KeyboardInterrupt):
            Server(config).run(sockets=[listening])
    finally:
        house.close()
        listening.close()


def warm_up() -> None:
    """Load the kernels and what reads a run, so that the first run is as quick as the others."""
    from deeplinear.explorer._runs._run import Run
    from deeplinear.explorer._settings._model import Settings

    run = Run(Settings.of({"data": {"s": [1.0]}, "hidden": [1], "start": {"scale": 0.1}}))
    run.compute()


def open_browser(link: str) -> None:
    """Open the page where a browser can be found; its messages are nobody's business."""
    threading.Thread(target=lambda: webbrowser.open(link), daemon=True).start()
