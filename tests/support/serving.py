"""A running `etl serve`, as a user starts it, and requests to it."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from support.patience import PATIENCE
from support.run_etl import COMMAND, environment

TOKEN = "a-token-of-the-tests"


@dataclass(frozen=True)
class Server:
    """A server: its process, and the address that it printed."""

    process: subprocess.Popen[str]
    url: str

    @property
    def port(self) -> int:
        """The port that it took."""
        return urlsplit(self.url).port or 0

    def send(
        self,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        method: str | None = None,
    ) -> tuple[int, Any, Mapping[str, str]]:
        """Sends one request; returns the status, the JSON or the text of the answer, and its headers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            sent = {"Authorization": f"Bearer {TOKEN}", **(headers or {})}
            connection.request(method or ("POST" if body is not None else "GET"), path, body, sent)
            answer = connection.getresponse()
            content = answer.read()
            is_json = answer.headers.get_content_type() == "application/json"
            return answer.status, json.loads(content) if is_json else content.decode(), answer.headers

    def ask(self, *texts: str) -> list[dict[str, Any]]:
        """Returns the answers to texts."""
        status, answer, _ = self.send(
            "/predict", json.dumps({"texts": texts}).encode(), {"Content-Type": "application/json"}
        )
        assert status == 200, answer
        predictions: list[dict[str, Any]] = answer["predictions"]
        return predictions


@contextmanager
def serving(model: Path, *options: str, token: str | None = TOKEN) -> Iterator[Server]:
    """Serves a model on a free port, and kills what is left of it at the end."""
    command = [*COMMAND, "serve", str(model), "--port", "0", "--workers", "2", *options]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(ETL_SERVE_TOKEN=token),
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        url = process.stdout.readline().strip()
        assert url, process.stderr.read()
        yield Server(process, url)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def end(server: Server, how: int = signal.SIGTERM) -> tuple[int, str]:
    """Asks a server to end; returns its exit code and what it has said on standard error."""
    os.kill(server.process.pid, how)
    _, said = server.process.communicate(timeout=PATIENCE)
    return server.process.returncode, said
