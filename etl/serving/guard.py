"""Lets in only who has the token, and no web page of another origin.

The token stands in the header `Authorization`, for programs, or in front of the path, for the page, whose
address nobody can guess. `/health` tells nothing and needs none.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from etl.runtime.local_server import with_headers
from etl.runtime.loopback import is_from_own_page, names_this_machine
from etl.serving.errors import RefusedError

OPEN_PATH = "/health"
# The page brings its own policy for what it loads; no other page may show it, and nothing is kept of answers.
HEADERS = {
    "content-security-policy": "frame-ancestors 'none'; form-action 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


def guard(app: ASGIApp, token: str, *, is_local: bool) -> ASGIApp:
    """Returns an application that answers requests with the token, or below `/TOKEN/`.

    Args:
        app: is given the path below the token.
        token: of the server.
        is_local: only this machine reaches it, so that it must be called by one of its names.
    """

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        send = with_headers(send, HEADERS)
        try:
            path = _admit(scope["path"], Headers(scope=scope), token, is_local=is_local)
        except RefusedError as error:
            await respond(error)(scope, receive, send)
            return
        await app(scope | {"path": path, "raw_path": path.encode("utf-8", "replace")}, receive, send)

    return guarded


def respond(error: RefusedError) -> Response:
    """Returns the answer to a request that is refused."""
    return Response(error.body(), error.status, error.headers, media_type="application/json")


def _admit(path: str, headers: Mapping[str, str], token: str, *, is_local: bool) -> str:
    """Returns the path below the token.

    Raises:
        RefusedError: the request has not the token, or is made by a foreign page.
    """
    if (is_local and not names_this_machine(headers)) or not is_from_own_page(headers, is_local=is_local):
        raise RefusedError(
            403,
            "foreign_page",
            "expected a request to this machine, by no page or the server's own",
            "call it by the address that it has printed",
        )
    first, slash, rest = path.removeprefix("/").partition("/")
    if slash and _is_same(first, token):
        return f"/{rest}"
    scheme, _, given = headers.get("authorization", "").partition(" ")
    if path == OPEN_PATH or (scheme.lower() == "bearer" and _is_same(given.strip(), token)):
        return path
    raise RefusedError(
        401,
        "no_token",
        "expected the token of this server",
        "send the header `Authorization: Bearer TOKEN`, with the token that the server has printed, or that "
        "of ETL_SERVE_TOKEN",
        {"www-authenticate": "Bearer"},
    )


def _is_same(given: str, token: str) -> bool:
    """Compares in a time that tells nothing of how much is right."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), token.encode())
