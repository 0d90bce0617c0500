"""A server as `deeplinear explore` starts it, Chromium, and a visitor for each test."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.system.server import Server
from tests.system.visitor import Visitor

FLAGS = [
    # The browser itself can reach nothing but this machine.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-background-networking",
    "--disable-component-update",
]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server with nothing in particular to show."""
    with Server() as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.fail("Chromium is not installed: `make test-system` installs it.")
    flags = [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=flags)
        yield started
        started.close()


@pytest.fixture
def visitor(server: Server, browser: Browser) -> Iterator[Visitor]:
    """Somebody with an ordinary window; at the end, nothing may have gone wrong unseen."""
    with Visitor(browser, server) as one:
        yield one


@pytest.fixture
def other(server: Server, browser: Browser) -> Iterator[Visitor]:
    """Somebody else."""
    with Visitor(browser, server) as one:
        yield one
