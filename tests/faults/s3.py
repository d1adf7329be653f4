"""A bucket whose server answers wrongly, late, by halves or not at all: an error or another try, never
another result, half a version, or a secret where somebody may read it.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import shutil
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec
import yaml
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from support.run_etl import Run, environment, etl, succeeded
from support.s3_server import Server, serving
from support.small_tables import fingerprints, kept_rows, write_lines

from etl.errors import InputError, WriteError
from faults.counts import Count

SECRETS = {
    "AWS_ACCESS_KEY_ID": "AKIA0SECRET0KEY0NAME",
    "AWS_SECRET_ACCESS_KEY": "a-secret-that-nobody-sees",
    "AWS_SESSION_TOKEN": "a-token-that-nobody-sees",
}
BUCKET = "s3://bucket"
COMMANDS = {
    "refresh": "refresh --config etl.yaml --workers 1",
    "refresh of nothing new": "refresh --config etl.yaml --workers 1",
    "versions": f"versions {BUCKET}/published",
    "rollback": f"rollback {BUCKET}/published",
    "prune": f"prune {BUCKET}/published --keep 1",
    "ingest": f"ingest {BUCKET}/raw --config etl.yaml --workers 1 --out dataset",
    "ingest into a bucket": f"ingest {BUCKET}/raw --config etl.yaml --workers 1 --out {BUCKET}/dataset",
    "validate": f"validate {BUCKET}/published --out report --fail-on never",
}
STEP = 5
SHOWING = {"versions", "validate"}
POINTER = "published/current"
# Nothing here takes long: a real client waits for a minute.
_SLOW_SECONDS = 0.3
# Of credentials, the answer of S3 names what was sent.
_REFUSED = """<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>{code}</Code><Message>{message}</Message><AWSAccessKeyId>{key}</AWSAccessKeyId>
<StringToSign>AWS4-HMAC-SHA256 {key}</StringToSign><SignatureProvided>{signature}</SignatureProvided>
</Error>"""


def _error(status: str, code: str, message: str) -> Callable[..., Iterable[bytes]]:
    def answer(environ: dict[str, Any], start_response: Any, app: Any) -> Iterable[bytes]:
        signature = environ.get("HTTP_AUTHORIZATION", "")
        body = _REFUSED.format(
            code=code, message=message, key=SECRETS["AWS_ACCESS_KEY_ID"], signature=signature
        ).encode()
        start_response(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return answer


def _cut(environ: dict[str, Any], start_response: Any, app: Any) -> Iterable[bytes]:
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    start_response("200 OK", [])
    return []


def _half(environ: dict[str, Any], start_response: Any, app: Any) -> Iterable[bytes]:
    """The right answer, of which half arrives."""
    content = b"".join(app(environ, start_response))
    yield content[: len(content) // 2]
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)


def _slow(environ: dict[str, Any], start_response: Any, app: Any) -> Iterable[bytes]:
    time.sleep(_SLOW_SECONDS)
    answer: Iterable[bytes] = app(environ, start_response)
    return answer


FAULTS: dict[str, Callable[..., Iterable[bytes]]] = {
    "500": _error("500 Internal Server Error", "InternalError", "We encountered an internal error."),
    "503": _error("503 Slow Down", "SlowDown", "Please reduce your request rate."),
    "cut": _cut,
    "half": _half,
    "slow": _slow,
    "wrong key": _error("403 Forbidden", "InvalidAccessKeyId", "The access key you provided does not exist."),
    "wrong secret": _error("403 Forbidden", "SignatureDoesNotMatch", "The signature does not match."),
    "expired token": _error("400 Bad Request", "ExpiredToken", "The provided token has expired."),
}


@dataclass(frozen=True)
class State:
    """What is in the bucket, and in a folder of the machine that publishes there."""

    objects: dict[str, bytes]
    folder: Path


@dataclass(frozen=True)
class Bench:
    """A server, a folder to work in, and the states before each command and after it."""

    server: Server
    folder: Path
    before: dict[str, State]
    after: dict[str, State]
    shown: dict[str, str]  # on standard output

    def run(self, name: str, *options: str) -> Run:
        """Runs a command of `COMMANDS`."""
        variables = environment(**self.server.environment | SECRETS, ETL_CACHE_DIR=str(self.folder / "cache"))
        return etl(*options, *COMMANDS[name].split(), cwd=self.folder, env=variables)


def _objects() -> dict[str, bytes]:
    """All that is in the bucket, by name; from the server's own memory, as it runs in this process."""
    keys = _backend().buckets["bucket"].keys
    return {name: keys[name].value for name in keys}


def _backend() -> Any:
    return get_backend("s3")[DEFAULT_ACCOUNT_ID]["aws"]


def _restore(state: State, folder: Path) -> None:
    found = _objects()
    for name in found.keys() - state.objects.keys():
        _backend().delete_object("bucket", name)
    for name, content in state.objects.items():
        if found.get(name) != content:
            _backend().put_object("bucket", name, content)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(state.folder, folder, symlinks=True)


@contextmanager
def bench(scratch: Path, names: Iterable[str] = COMMANDS) -> Iterator[Bench]:
    """Publishes two versions in a bucket, and runs each of these commands once with nothing in its way."""
    with serving() as server:
        folder = scratch / "work"
        made = Bench(server, folder, {}, {}, {})
        folder.mkdir(parents=True)
        _write_config(folder / "etl.yaml")
        _upload(scratch, 1, 0, 40)
        succeeded(made.run("refresh"))
        _upload(scratch, 2, 40, 60)
        made.before["refresh"] = _keep(folder, scratch / "older")
        succeeded(made.run("refresh"))
        newer = _keep(folder, scratch / "newer")
        for name in names:
            state = made.before.setdefault(name, newer)
            _restore(state, folder)
            made.shown[name] = succeeded(made.run(name)).stdout
            made.after[name] = _keep(folder, scratch / f"after {name}")
        yield made


def _keep(folder: Path, target: Path) -> State:
    return State(_objects(), Path(shutil.copytree(folder, target, symlinks=True)))


def _write_config(path: Path) -> None:
    sections = {
        "tag": {"tagger": "whitespace"},
        "table": {"text_column": "text", "label_column": "label"},
        "refresh": {"inputs": [f"{BUCKET}/raw"], "out": f"{BUCKET}/published", "retries": 0},
    }
    path.write_text(yaml.safe_dump(sections), encoding="utf-8")


def _upload(scratch: Path, number: int, start: int, stop: int) -> None:
    rows = write_lines(scratch / f"{number}.jsonl", kept_rows(start, stop))
    fsspec.filesystem("s3").put_file(str(rows), f"bucket/raw/{number}.jsonl")


def requests_of(made: Bench, name: str) -> int:
    """How many requests a command makes."""
    _restore(made.before[name], made.folder)
    made.server.requests.clear()
    succeeded(made.run(name))
    return len(made.server.requests)


def disturb(made: Bench, name: str, fault: str, number: int, *, lasts: bool) -> str:
    """Lets a fault happen at a request of a command.

    Args:
        made: of `bench`.
        name: of `COMMANDS`.
        fault: of `FAULTS`.
        number: of the request, from 0.
        lasts: whether it happens at all later ones too.

    Returns:
        How the command ended.

    Raises:
        AssertionError: it did not end as it is promised.
    """
    _restore(made.before[name], made.folder)
    count = itertools.count()

    def answer(*request: Any) -> Iterable[bytes] | None:
        at = next(count)
        return FAULTS[fault](*request) if at == number or (lasts and at > number) else None

    made.server.fault = answer
    options = ["--debug", "-v"] if number % 2 else []
    try:
        done = made.run(name, *options)
    finally:
        made.server.fault = None
    what = f"{name}, {fault} at request {number}{' and later' if lasts else ''}: {done}"
    _check_no_secret(made.folder, done, what)
    _check_published(made, name, what)
    if done.returncode == 0:
        _check_result(made, name, done, what)
        return "succeeded"
    assert done.returncode in (InputError.exit_code, WriteError.exit_code), what
    assert "\n  Next: " in done.stderr, what
    assert "unexpected happened" not in done.stderr, what
    assert options or "Traceback" not in done.stderr, what
    again = made.run(name)
    assert again.returncode == 0, (what, again.stderr)
    _check_result(made, name, again, what)
    return "was refused"


def _check_no_secret(folder: Path, done: Run, what: str) -> None:
    written = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    for secret in SECRETS.values():
        assert secret not in done.stdout + done.stderr, what
        assert not [content for content in written if secret.encode() in content], what


def _check_published(made: Bench, name: str, what: str) -> None:
    """The current version is that of before or after, with all files that its manifest lists."""
    objects = _objects()
    current = objects.get(POINTER)
    assert current in {state.objects.get(POINTER) for state in (made.before[name], made.after[name])}, what
    if current is None:
        return
    version = f"published/versions/{json.loads(current)['version']}"
    files = json.loads(objects[f"{version}/manifest.json"])["files"]
    for file, entry in files.items():
        content = objects.get(f"{version}/{file}", b"")
        assert hashlib.sha256(content).hexdigest() == entry["sha256"], (what, file)


def _check_result(made: Bench, name: str, done: Run, what: str) -> None:
    """What an undisturbed command gives."""
    found, expected = (
        {key: content for key, content in objects.items() if not key.endswith("version.json")}
        for objects in (_objects(), made.after[name].objects)
    )
    assert found == expected, (what, sorted(found.items() ^ expected.items())[:3])
    if name in SHOWING:
        assert done.stdout == made.shown[name], what
    for part in ("dataset", "report"):
        folders = [path / part for path in (made.folder, made.after[name].folder)]
        assert fingerprints(folders[0]) == fingerprints(folders[1]), what


def run(prepared: Path, folder: Path, say: Callable[[str], None]) -> list[Count]:
    """Lets each fault happen at every STEP-th request of each command, once and for good."""
    counts = {fault: Count(f"S3: {fault}") for fault in FAULTS}
    with bench(folder) as made:
        for name in COMMANDS:
            places = range(0, requests_of(made, name), STEP)
            for fault, lasts, number in itertools.product(FAULTS, (False, True), places):
                counts[fault].tried += 1
                try:
                    disturb(made, name, fault, number, lasts=lasts)
                except AssertionError as error:
                    counts[fault].failures.append(str(error))
            say(f"S3: {name}")
    return list(counts.values())
