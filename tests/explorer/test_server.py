"""The server: started by the command, guarded, silent, and ended by Ctrl-C."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest

from deeplinear._core.errors import MissingExtraError
from deeplinear.explorer import _server, explore

STARTED = 30.0


@contextlib.contextmanager
def serving(folder, *words):
    """Run `deeplinear explore`; yield its process and the first line that it prints."""
    environment = {**os.environ, "COLUMNS": "80", "PYTHONWARNINGS": "default"}
    with subprocess.Popen(
        [sys.executable, "-m", "deeplinear", "explore", "--no-browser", *words],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process, process.stdout.readline()
        finally:
            process.kill()


def get(address, path="/", **headers):
    """One request; the answer's status, headers and text."""
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=STARTED)
    with contextlib.closing(connection):
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()


def handshake(address, **headers):
    """The first line of the answer to a websocket's opening request."""
    place = urlsplit(address)
    lines = {
        "Host": place.netloc,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Version": "13",
        **headers,
    }
    request = "GET /_nicegui_ws/socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
    request += "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"
    with socket.create_connection((place.hostname, place.port), timeout=STARTED) as stream:
        stream.sendall(request.encode())
        return stream.recv(200).decode("latin-1").split("\r\n")[0]


def ended(process):
    """Press Ctrl-C; return the exit code, and what else was printed."""
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=STARTED)
    return process.returncode, out, err


def test_the_page_is_there_within_seconds_and_ctrl_c_ends_it(tmp_path):
    began = time.perf_counter()
    with serving(tmp_path) as (process, line):
        address = line.split()[2]
        status, headers, text = get(address)
        assert time.perf_counter() - began < 15  # alone on two cores: 1.5
        assert line == f"Explore at {address}  (Ctrl-C ends it)\n"
        assert address.startswith("http://127.0.0.1:")
        assert len(line) <= 80
        assert status == 200
        assert "deeplinear" in text
        assert headers["content-security-policy"].startswith("default-src 'self'")
        assert "server" not in headers
        assert get(address, Host="evil.example")[0] == 403
        assert handshake(address).startswith("HTTP/1.1 101")
        assert " 403 " in handshake(address, Origin="http://evil.example")
        assert " 403 " in handshake(address, Host="evil.example")
        assert ended(process) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


def test_others_need_the_token_which_a_cookie_keeps(tmp_path):
    with serving(tmp_path, "--host", "0.0.0.0", "--json") as (process, line):
        found = json.loads(line)
        assert found["ok"] is True
        query = urlsplit(found["address"]).query
        token = query.removeprefix("token=")
        assert len(token) >= 32
        here = f"http://127.0.0.1:{urlsplit(found['address']).port}/"
        assert get(here)[0] == 401
        assert get(here, "/_nicegui/auto/static")[0] == 401
        assert " 403 " in handshake(here)
        status, headers, _ = get(here, f"/?{query}")
        cookie = headers["set-cookie"].split(";")[0]
        assert status == 200
        assert get(here, Cookie=cookie)[0] == 200
        assert handshake(here, Cookie=cookie).startswith("HTTP/1.1 101")
        assert get(here, "/openapi.json", Cookie=cookie)[0] == 404
        code, out, _ = ended(process)
        assert (code, out) == (0, "")


def test_tokens_differ_and_this_machine_needs_none():
    assert _server.token_for("127.0.0.1", None) is None
    assert _server.token_for("localhost", None) is None
    assert _server.token_for("127.0.0.1", "my-own-token") == "my-own-token"
    one, other = (_server.token_for("0.0.0.0", None) for _ in range(2))
    assert one != other


def test_a_free_port_is_found_and_a_taken_one_is_refused():
    with contextlib.closing(_server.bind("127.0.0.1", None)) as first:
        port = first.getsockname()[1]
        with contextlib.closing(_server.bind("127.0.0.1", None)) as second:
            assert second.getsockname()[1] != port
        with pytest.raises(ValueError, match=f"another program uses {port}. Choose another"):
            explore(port=port)


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host", "", "a" * 300])
def test_a_host_that_is_not_here_is_refused(host):
    with pytest.raises(ValueError, match="`host` must be an address of this machine"):
        explore(host=host, port=0)


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"port": "80"}, TypeError, "`port` must be an integer"),
        ({"port": 70000}, ValueError, "`port` must be at most 65535"),
        ({"port": -1}, ValueError, "`port` must be at least 0"),
        ({"host": 3}, TypeError, "`host` must be text"),
        ({"token": "short"}, ValueError, "`token` must be text of at least 8"),
        ({"token": "white space and ;"}, ValueError, "`token` must be text of at least 8"),
    ],
)
def test_wrong_arguments_are_named(options, error, text):
    with pytest.raises(error, match=text):
        explore(**options)


def test_addresses_have_names_that_a_browser_can_open():
    assert _server.address("127.0.0.1", 8421, None) == "http://127.0.0.1:8421/"
    assert _server.address("::1", 8421, None) == "http://[::1]:8421/"
    everywhere = _server.address("0.0.0.0", 80, "secret")
    assert everywhere == f"http://{socket.gethostname()}:80/?token=secret"


def test_without_the_extra_the_error_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r'pip install "deeplinear\[explorer\]"'):
        explore()
