"""A web server in a thread: uvicorn, which says nothing and ends with its block."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from etl.errors import SettingsError
from etl.language.message import tr

if TYPE_CHECKING:
    import socket

    from starlette.types import ASGIApp, Message, Send

KEEP_ALIVE_SECONDS = 60  # longer than clients keep a connection they do not use


def require_server(what: str, extra: str) -> None:
    """Checks that starlette and uvicorn are installed.

    Args:
        what: needs them, for the error.
        extra: has them.

    Raises:
        SettingsError: they are not; the extra to install is named.
    """
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise SettingsError(
            tr("{what} needs the extra [{extra}]", what=what, extra=extra),
            details=[error],
            next_step=f"pip install 'korean-emotion-etl[{extra}]'",
        ) from error


@contextmanager
def run_app(app: ASGIApp, listening: socket.socket, end_seconds: float) -> Iterator[threading.Thread]:
    """Runs an application while the block runs; then what was asked is answered, and no more is taken.

    Args:
        app: what answers.
        listening: see `etl.runtime.loopback.open_socket`.
        end_seconds: for how long requests that run at the end are waited for.

    Yields:
        The thread of the server.
    """
    import uvicorn

    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="error",
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=int(end_seconds) + 1,
    )
    server = uvicorn.Server(config)
    # In a thread, where it leaves the signals to us.
    thread = threading.Thread(target=server.run, args=([listening],), name="server", daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        server.should_exit = True
        thread.join(end_seconds + 2)


def with_headers(send: Send, headers: Mapping[str, str]) -> Callable[[Message], Awaitable[None]]:
    """Returns what sends messages of an application, and these headers with each answer."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = [(name.encode(), value.encode()) for name, value in headers.items()]
            message = message | {"headers": [*message["headers"], *own]}
        await send(message)

    return send_with_headers
