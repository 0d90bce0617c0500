"""Who may talk to the page, and to whom the page may talk.

Around the whole application, so that no route, file or websocket is without it.
"""

import hmac
import re
from collections.abc import Awaitable, Callable, MutableMapping
from html import escape
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from deeplinear.explorer import _limits as limits

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?P<port>:\d{1,5})?", re.ASCII)
_BODY = limits.UPLOAD_BYTES + 2**20  # a form has parts around the file

_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class Guard:
    """An application that answers only those who may ask.

    Parameters
    ----------
    app
        The page.
    token
        None: whoever reaches this machine's loopback, under one of its own names (another name
        that resolves to it is a site that wants to be taken for this page). Else: whoever brings
        the token, in the address once and as a cookie after that.
    port
        Names the cookie: cookies do not keep ports apart.
    """

    def __init__(self, app: Application, *, token: str | None, port: int) -> None:
        self.app = app
        self._token, self._cookie = token, f"deeplinear-{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or pass it on; every answer gets the headers."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = _headers(scope)
        answer = self._refusal(scope, headers)
        if answer is not None:
            await _refuse(scope, send, *answer)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *_added(headers)]}
            await send(message)

        await self.app(scope, _limited(scope, headers, receive), send_with_headers)

    def _refusal(self, scope: Scope, headers: dict[str, str]) -> "_Answer | None":
        host = headers.get("host", "").lower()
        found = _HOST.fullmatch(host)
        if found is None or (self._token is None and found["name"] not in _LOOPBACK):
            return 403, f"This page is not at {host[:80] or 'that address'}.", {}
        if not _is_own(headers, host):
            return 403, "This request came from another site.", {}
        if self._token is not None and not self._knows(headers):
            return self._admission(scope, headers)
        if _foreign_request(scope, headers):
            return 403, "This request came from another site.", {}
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > _BODY:
            return 413, "This upload is too large.", {}
        return None

    def _knows(self, headers: dict[str, str]) -> bool:
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            return False
        return cookie is not None and self._is_token(cookie.value)

    def _is_token(self, text: str) -> bool:
        assert self._token is not None
        return hmac.compare_digest(text.encode(), self._token.encode())

    def _admission(self, scope: Scope, headers: dict[str, str]) -> "_Answer":
        """A cookie for the token in the address; else a refusal."""
        if scope["type"] == "http" and scope["method"] == "GET":
            query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
            rest = [(key, value) for key, value in query if key != "token"]
            if any(key == "token" and self._is_token(value) for key, value in query):
                cookie = f"{self._cookie}={self._token}; HttpOnly; SameSite=Strict; Path=/"
                # Not a redirect: one that began on another site would come without the cookie.
                return _again(scope, rest, {"set-cookie": cookie})
            if headers.get("sec-fetch-site") == "cross-site" and rest == query:
                # A browser holds back a strict cookie on the way from another site.
                return _again(scope, query, {})
        return 401, "Open the address that was printed when this page was started.", {}


_Answer = tuple[int, str, dict[str, str]]


def _headers(scope: Scope) -> dict[str, str]:
    """The headers by name; of one given twice, nothing that all agree on."""
    found: dict[str, str] = {}
    for raw, value in scope["headers"]:
        name, text = raw.decode("latin-1").lower(), value.decode("latin-1")
        if name == "cookie" and name in found:
            text = f"{found[name]}; {text}"
        elif name in ("host", "origin", "content-length") and found.get(name, text) != text:
            text = "conflicting"
        found[name] = text
    return found


def _is_own(headers: dict[str, str], host: str) -> bool:
    """Whether the page that asks, if a page asks, is this one."""
    origin = headers.get("origin")
    if origin is None:
        return True
    try:
        parts = urlsplit(origin.lower())
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc == host


def _foreign_request(scope: Scope, headers: dict[str, str]) -> bool:
    """Whether another site asks for anything but to open the page."""
    if headers.get("sec-fetch-site") not in ("cross-site", "same-site"):
        return False
    opens = headers.get("sec-fetch-mode") == "navigate"
    opens = opens and headers.get("sec-fetch-dest", "document") == "document"
    return not (scope["type"] == "http" and scope["method"] == "GET" and opens)


def _again(scope: Scope, query: list[tuple[str, str]], headers: dict[str, str]) -> _Answer:
    """A page that opens the same address once more, from here."""
    path = quote(scope["path"].lstrip("/\\"))  # two slashes would begin another site's name
    address = f"/{path}" + ("?" + urlencode(query) if query else "")
    text = f'<!doctype html><meta http-equiv="refresh" content="0;url={escape(address)}">'
    return 200, text, {**headers, "content-type": "text/html; charset=utf-8"}


async def _refuse(
    scope: Scope, send: Send, status: int, text: str, headers: dict[str, str]
) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": text[:120]})
        return
    plain = {"content-type": "text/plain; charset=utf-8", "cache-control": "no-store"}
    fixed = {"content-security-policy": "default-src 'none'", **_HEADERS}
    every = {**plain, **fixed, **headers}
    listed = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in every.items()]
    await send({"type": "http.response.start", "status": status, "headers": listed})
    await send({"type": "http.response.body", "body": text.encode()})


def _added(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    host = headers["host"].lower()
    policy = "; ".join(
        (
            "default-src 'self'",
            # NiceGUI starts from a script in the page, and Vue compiles its templates there.
            "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            f"connect-src 'self' ws://{host} wss://{host}",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )
    every = {"content-security-policy": policy, **_HEADERS}
    return [(name.encode(), value.encode("latin-1")) for name, value in every.items()]


def _limited(scope: Scope, headers: dict[str, str], receive: Receive) -> Receive:
    """What is received, up to the largest upload: a request need not say its length."""
    if scope["type"] != "http":
        return receive
    received = 0

    async def limited() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        return {"type": "http.disconnect"} if received > _BODY else message

    return limited
