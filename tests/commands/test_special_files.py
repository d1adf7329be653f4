"""Pipes, devices and sockets in the place of files: refused at once, never opened."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from etl.dataset.manifest import MANIFEST, read_manifest
from etl.documents.read import read_document
from etl.errors import EtlError
from etl.ingestion.ingest import discover
from etl.ingestion.sentence_files import read_sentences
from etl.schema import taxonomy
from etl.settings import Settings, Tag, load
from etl.tagging import dictionary, policy
from etl.user_files.plain import plain_file
from etl.validation.run import validate

Read = Callable[[Path], Any]
READERS: dict[str, Read] = {
    "ingest": lambda path: discover([path], Settings()),
    "validate": validate,
    "predict": lambda path: list(read_document(path, path.name)),
    "tokens": lambda path: read_sentences(path, 1),
    "settings": lambda path: load(path, {}),
    "taxonomy": lambda path: taxonomy.load(str(path)),
    "dictionary": lambda path: dictionary.load(str(path)),
    "stop words": lambda path: policy.load(Tag("whitespace", stop_words=str(path))),
    "manifest": lambda path: read_manifest(path.parent),
}


@pytest.mark.parametrize("what", READERS)
def test_a_pipe_is_refused_before_it_is_opened(what: str, tmp_path: Path) -> None:
    pipe = tmp_path / (MANIFEST if what == "manifest" else "a.csv")
    os.mkfifo(pipe)  # whoever opens it waits for ever: nobody writes to it
    with pytest.raises(EtlError, match="it is a pipe, not a file"):
        READERS[what](pipe)


def test_devices_and_sockets_are_no_files_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # names of sockets are short
    with socket.socket(socket.AF_UNIX) as end:
        end.bind("socket")
        for path, kind in (("/dev/zero", "device"), ("socket", "socket")):
            with pytest.raises(OSError, match=f"it is a {kind}, not a file"):
                plain_file(Path(path))
    (tmp_path / "file").touch()
    assert plain_file(Path("file")) == Path("file")
