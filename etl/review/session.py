"""Lets nobody in but the person who started the page: loopback, a random token, no page of another origin.

A browser sends requests to 127.0.0.1 for any web page that asks it to. Such a page cannot know the token,
names itself in `Origin`, and where it had its own name resolved to 127.0.0.1 it gives itself away in `Host`.
"""

from __future__ import annotations

import hmac
import secrets
import socket
from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from etl.errors import SettingsError
from etl.review.serve import HOST

_LOOPBACK = frozenset({HOST, "localhost", "[::1]"})
_TOKEN_BYTES = 24
# Nothing is loaded but the page's own files, nothing is sent elsewhere, and no other page may show this one.
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


def make_token() -> str:
    """Returns a token that nobody can guess."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def open_socket(port: int) -> socket.socket:
    """Listens on loopback, where no other machine reaches it.

    Args:
        port: 0 takes one that is free.

    Raises:
        SettingsError: the port is taken, or not ours to take.
    """
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        raise SettingsError(
            f"the page cannot be served on port {port}",
            details=[error.strerror or str(error)],
            next_step="choose another port with `--port`, or leave it out: then a free one is taken.",
        ) from error


def guard(app: ASGIApp, token: str) -> ASGIApp:
    """Returns an application that answers only requests below `/TOKEN/` which come from its own page.

    Args:
        app: is given the path below the token.
        token: of this run.
    """

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if not (_is_own(Headers(scope=scope)) and _has_token(scope["path"], token)):
            await PlainTextResponse("refused", 403)(scope, receive, _with_headers(send))
            return
        path = scope["path"].removeprefix(f"/{token}")
        await app(scope | {"path": path, "raw_path": path.encode()}, receive, _with_headers(send))

    return guarded


def _is_own(headers: Headers) -> bool:
    """Whether a request names this machine as its host, and comes from this page or from no page at all."""
    host = headers.get("host", "")
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    is_from_here = headers.get("origin") in (None, f"http://{host}")
    return (
        name in _LOOPBACK and is_from_here and headers.get("sec-fetch-site") in (None, "none", "same-origin")
    )


def _has_token(path: str, token: str) -> bool:
    return hmac.compare_digest(path.split("/")[1].encode("utf-8", "surrogatepass"), token.encode()) and (
        path.count("/") > 1
    )


def _with_headers(send: Send) -> Callable[[Message], Awaitable[None]]:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            message = message | {"headers": [*message["headers"], *own]}
        await send(message)

    return send_with_headers
