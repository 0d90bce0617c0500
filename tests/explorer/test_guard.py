"""The guard: who is let in, and what every answer says about where the page may talk to."""

import asyncio
import re

import pytest

from deeplinear.explorer import _guard
from deeplinear.explorer._guard import Guard

TOKEN = "correct-horse-battery"
HERE = "127.0.0.1:8421"


class Page:
    """An application that answers everything, and records what reached it."""

    def __init__(self):
        self.reached, self.received = [], []

    async def __call__(self, scope, receive, send):
        self.reached.append(scope["type"])
        if scope["type"] == "http":
            while True:
                message = await receive()
                self.received.append(message["type"])
                if not message.get("more_body"):
                    break
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"page"})
        elif scope["type"] == "websocket":
            await send({"type": "websocket.accept"})


def ask(
    *,
    token=None,
    kind="http",
    method="GET",
    path="/",
    query="",
    host=HERE,
    bodies=(b"",),
    **headers,
):
    """Send one request; return (status, headers, text, the page)."""
    page, sent = Page(), []
    named = {"host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope = {
        "type": kind,
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(k.encode(), v.encode("latin-1")) for k, v in named.items() if v is not None],
    }
    waiting = [
        {"type": "http.request", "body": body, "more_body": k + 1 < len(bodies)}
        for k, body in enumerate(bodies)
    ]

    async def receive():
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    asyncio.run(Guard(page, token=token, port=8421)(scope, receive, send))
    first = sent[0]
    if first["type"] == "websocket.accept":
        return 101, {}, "", page
    if first["type"] == "websocket.close":
        return 403, {}, first["reason"], page
    found = {k.decode(): v.decode() for k, v in first["headers"]}
    return first["status"], found, sent[1]["body"].decode(), page


@pytest.mark.parametrize("host", [HERE, "localhost:8421", "[::1]:8421", "LOCALHOST"])
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_this_machine_is_let_in_under_its_own_names(kind, host):
    status, _, _, page = ask(kind=kind, host=host)
    assert status in (200, 101)
    assert page.reached == [kind]


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8421",
        "",
        "a b",
        "[::1",
        None,
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_another_name_that_leads_here_is_refused(kind, host):
    status, _, text, page = ask(kind=kind, host=host)
    assert status == 403
    assert "not at" in text
    assert page.reached == []


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://127.0.0.1:9999",
        "https://localhost",
        "file://",
        "http://[",
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_page_of_another_origin_is_refused(kind, origin):
    status, _, text, page = ask(kind=kind, origin=origin)
    assert status == 403
    assert "another site" in text
    assert page.reached == []


def test_the_page_itself_is_let_in():
    assert ask(kind="websocket", origin=f"http://{HERE}")[0] == 101
    assert ask(method="POST", origin=f"http://{HERE}", sec_fetch_site="same-origin")[0] == 200


def test_another_site_may_link_here_but_load_nothing():
    cross = {"sec_fetch_site": "cross-site"}
    assert ask(**cross, sec_fetch_mode="navigate", sec_fetch_dest="document")[0] == 200
    for mode, dest in (("no-cors", "image"), ("no-cors", "script"), ("cors", "empty")):
        assert ask(**cross, sec_fetch_mode=mode, sec_fetch_dest=dest)[0] == 403
    assert ask(**cross, sec_fetch_mode="navigate", sec_fetch_dest="iframe")[0] == 403
    assert ask(**cross, method="POST", sec_fetch_mode="navigate")[0] == 403
    assert ask(**cross, kind="websocket", sec_fetch_mode="websocket")[0] == 403
    assert ask(sec_fetch_site="same-site", sec_fetch_mode="cors")[0] == 403


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    "cookie",
    [
        None,
        "deeplinear-8421=wrong",
        f"deeplinear-8421={TOKEN}x",
        f"deeplinear-8422={TOKEN}",
        "deeplinear-8421=\xe9\xff",
        "deeplinear-8421=",
        "=;=;;",
    ],
)
def test_without_the_token_nobody_is_let_in(kind, cookie):
    status, _, text, page = ask(token=TOKEN, kind=kind, cookie=cookie)
    assert status in (401, 403)
    assert "address that was printed" in text
    assert page.reached == []


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_with_the_cookie_everything_is_let_in_under_any_name(kind):
    cookie = f"other=1; deeplinear-8421={TOKEN}"
    status, _, _, page = ask(token=TOKEN, kind=kind, host="lab.example:8421", cookie=cookie)
    assert status in (200, 101)
    assert page.reached == [kind]


def test_the_token_in_the_address_becomes_a_cookie_and_leaves_the_address():
    status, headers, text, page = ask(token=TOKEN, query=f"s=3,1&token={TOKEN}&hidden=4")
    assert status == 200
    assert page.reached == []
    cookie = headers["set-cookie"]
    assert cookie == f"deeplinear-8421={TOKEN}; HttpOnly; SameSite=Strict; Path=/"
    assert TOKEN not in text
    assert re.search(r'content="0;url=/\?s=3%2C1&amp;hidden=4"', text)


def test_a_wrong_token_in_the_address_is_refused_and_a_websocket_never_takes_one():
    assert ask(token=TOKEN, query="token=wrong")[0] == 401
    assert ask(token=TOKEN, query="token=")[0] == 401
    assert ask(token=TOKEN, kind="websocket", query=f"token={TOKEN}")[0] == 403
    assert ask(token=TOKEN, method="POST", query=f"token={TOKEN}")[0] == 401


def test_a_link_on_another_site_opens_once_more_from_here():
    # The browser holds the strict cookie back on the way here, and sends it the second time.
    cross = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"}
    status, headers, text, page = ask(token=TOKEN, query="s=3", **cross)
    assert (status, page.reached) == (200, [])
    assert "set-cookie" not in headers
    assert 'url=/?s=3"' in text
    assert ask(token=TOKEN, query="s=3", sec_fetch_site="same-origin")[0] == 401


@pytest.mark.parametrize("path", ["//evil.example", "/\\evil.example", 'x"><script>'])
def test_the_second_address_is_never_another_site(path):
    text = ask(token=TOKEN, path=path, query=f"token={TOKEN}")[2]
    address = re.search(r'url=([^"]*)"', text)
    assert address
    assert re.match(r"/(?![/\\])", address[1])
    assert "<script" not in text


def test_tokens_are_compared_in_constant_time(monkeypatch):
    compared = []
    original = _guard.hmac.compare_digest
    monkeypatch.setattr(
        _guard.hmac, "compare_digest", lambda a, b: compared.append((a, b)) or original(a, b)
    )
    ask(token=TOKEN, cookie="deeplinear-8421=wrong")
    assert compared == [(b"wrong", TOKEN.encode())]


@pytest.mark.parametrize(
    "request_",
    [{}, {"host": "evil.example"}, {"token": TOKEN}, {"token": TOKEN, "query": f"token={TOKEN}"}],
)
def test_every_answer_forbids_other_machines(request_):
    _, headers, _, _ = ask(**request_)
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'self'") or policy == "default-src 'none'"
    assert "*" not in policy
    assert not re.search(r"https?:", policy)
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"


def test_the_page_may_open_websockets_to_itself_only():
    policy = ask()[1]["content-security-policy"]
    assert f"connect-src 'self' ws://{HERE} wss://{HERE};" in policy


def test_an_upload_that_says_it_is_too_large_is_refused():
    status, _, text, page = ask(method="POST", content_length=str(10**9))
    assert status == 413
    assert "too large" in text
    assert page.reached == []
    assert ask(method="POST", content_length="-5")[0] == 413
    assert ask(method="POST", content_length="many")[0] == 413


def test_an_upload_that_does_not_say_its_size_is_cut_off():
    block = b"0" * 2**20
    page = ask(method="POST", bodies=(block,) * 12)[3]
    assert page.received[-1] == "http.disconnect"
    assert page.received.count("http.request") == 9


def test_headers_given_twice_are_not_trusted():
    page = Page()
    sent = []
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "query_string": b"",
        "headers": [(b"host", HERE.encode()), (b"host", b"evil.example")],
    }

    async def send(message):
        sent.append(message)

    asyncio.run(Guard(page, token=None, port=8421)(scope, None, send))
    assert sent[0]["status"] == 403


def test_the_start_and_the_end_of_the_server_pass():
    page = Page()
    asyncio.run(Guard(page, token=TOKEN, port=1)({"type": "lifespan"}, None, None))
    assert page.reached == ["lifespan"]
