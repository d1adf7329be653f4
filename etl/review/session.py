"""Lets nobody in but the person who started the page: a random token, no page of another origin.

See `etl.runtime.loopback`.
"""

from __future__ import annotations

import hmac

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from etl.runtime.local_server import with_headers
from etl.runtime.loopback import is_from_own_page, names_this_machine

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


def guard(app: ASGIApp, token: str) -> ASGIApp:
    """Returns an application that answers only requests below `/TOKEN/` which come from its own page.

    Args:
        app: is given the path below the token.
        token: of this run.
    """

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        is_own = names_this_machine(headers) and is_from_own_page(headers)
        if not (is_own and _has_token(scope["path"], token)):
            await PlainTextResponse("refused", 403)(scope, receive, with_headers(send, HEADERS))
            return
        path = scope["path"].removeprefix(f"/{token}")
        await app(scope | {"path": path, "raw_path": path.encode()}, receive, with_headers(send, HEADERS))

    return guarded


def _has_token(path: str, token: str) -> bool:
    return hmac.compare_digest(path.split("/")[1].encode("utf-8", "surrogatepass"), token.encode()) and (
        path.count("/") > 1
    )
