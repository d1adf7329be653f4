"""A real S3 server on this machine, moto's, which tells what is asked of it and can kill who asks."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.request import urlopen

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

logging.getLogger("werkzeug").setLevel(logging.ERROR)


class Server:
    """`requests` are those so far, as `PUT /bucket/key`; `victim` is killed before a certain one is done.

    `fault` is asked for the answer to each, and may leave it to the server by None.
    """

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.victim: int | None = None
        self.lives = 0
        self.deadly = "PUT /"
        self.fault: Callable[[dict[str, Any], Any, Any], Iterable[bytes] | None] | None = None
        self._app = DomainDispatcherApplication(create_backend_app)
        self._lock = threading.Lock()
        self._server = make_server("127.0.0.1", 0, self._respond, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _respond(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        # The path as it was sent: WSGI has it in Latin-1.
        path = environ["PATH_INFO"].encode("latin-1").decode()
        request = f"{environ['REQUEST_METHOD']} {path}"
        with self._lock:
            self.requests.append(request)
            if self.victim and request.startswith(self.deadly):
                if not self.lives:
                    os.kill(self.victim, signal.SIGKILL)
                    self.victim = None
                    return self._gone(start_response)
                self.lives -= 1
        if self.fault and (answer := self.fault(environ, start_response, self._app)) is not None:
            return answer
        response: Iterable[bytes] = self._app(environ, start_response)
        return response

    def _gone(self, start_response: Any) -> Iterable[bytes]:
        start_response("503 Service Unavailable", [])
        return []

    def asked(self, start: str) -> list[str]:
        """The requests that begin so, without that beginning; forgets all."""
        found = [request.removeprefix(start) for request in self.requests if request.startswith(start)]
        self.requests.clear()
        return found

    def stop(self) -> None:
        """Ends it."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def environment(self) -> dict[str, str]:
        """What a client needs to know."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "an-access-key",
            "AWS_SECRET_ACCESS_KEY": "a-secret-that-nobody-sees",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@contextmanager
def serving() -> Iterator[Server]:
    """A server with an empty bucket called `bucket`; this process's environment leads to it."""
    import fsspec

    server = Server()
    before = {name: os.environ.get(name) for name in server.environment}
    os.environ.update(server.environment)
    try:
        # What an earlier server of this process left: moto keeps its buckets, fsspec its connections.
        urlopen(f"{server.url}/moto-api/reset", data=b"")
        fsspec.get_filesystem_class("s3").clear_instance_cache()
        fsspec.filesystem("s3").mkdir("bucket")
        yield server
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        server.stop()
