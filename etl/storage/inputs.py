"""Fetches raw files: what a URL names becomes a local file or folder that is called the same.

So the rows of a file, and their ids, do not depend on where it was.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from etl.errors import InputError
from etl.language.message import tr
from etl.runtime.paths import is_remote, local_path
from etl.storage.cache import RemoteFile, open_copy
from etl.storage.remote import Remote, connect, explain_errors, hide_query

# What changes with the content: of S3, Google and Azure; else when it was last written.
_MARKS = ("ETag", "etag", "md5Hash", "LastModified", "last_modified", "updated", "mtime", "created")


@contextmanager
def fetch_inputs(paths: Sequence[str]) -> Iterator[list[Path]]:
    """Gives local paths of files and folders, some of which may be URLs; copies last as long as the block.

    What was fetched before and has the same mark (ETag) and size is not downloaded again.

    Raises:
        InputError: there is nothing at a URL, or it cannot be read.
        SettingsError: a URL cannot be used.
        WriteError: there is no room for the copies.
    """
    with ExitStack() as stack:
        yield [
            stack.enter_context(_copy(connect(path))) if is_remote(path) else local_path(path)
            for path in paths
        ]


@contextmanager
def _copy(remote: Remote) -> Iterator[Path]:
    def find() -> list[RemoteFile]:
        with explain_errors(remote.url):
            found = remote.list()
        if not found:
            raise InputError(
                tr("there is nothing at {url}", url=hide_query(remote.url)),
                cause=tr("The URL is misspelt, or the corpus is elsewhere."),
                next_step=tr("check it; `etl sources` says what each corpus is called and where to get it."),
            )
        return [_wanted(remote, name, facts) for name, facts in sorted(found.items())]

    with open_copy(remote.url, remote.name, find) as path:
        yield path


def _wanted(remote: Remote, name: str, facts: dict[str, Any]) -> RemoteFile:
    path, mark = facts["name"], _mark(facts)

    def load(target: Path) -> None:
        with explain_errors(remote.url):
            remote.files.get_file(path, str(target))
            now = _mark(remote.files.info(path))
        if now != mark:
            raise InputError(
                tr("{name} changed while it was downloaded", name=name or remote.name),
                details=[tr("expected {mark}, got {now}", mark=mark, now=now)],
                cause=tr("Somebody was writing it."),
                next_step=tr("run the command again when the file is complete."),
            )

    content = [path, mark or secrets.token_hex(8), facts["size"]]  # without a mark nobody knows what it is
    return RemoteFile(name, json.dumps(content), facts["size"], load)


def _mark(facts: dict[str, Any]) -> str:
    # The two ways to ask S3 for a time differ in the object that says the time zone.
    return next((str(facts[name]).strip('"') for name in _MARKS if facts.get(name)), "")
