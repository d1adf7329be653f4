"""Pipes, devices and sockets in the place of files: refused at once, never opened."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.reading import kote, read_all

from etl.dataset.manifest import MANIFEST, read_manifest
from etl.documents.read import read_document
from etl.errors import EtlError
from etl.ingestion.ingest import discover
from etl.ingestion.tagger_comparison import parse_sentences
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
    "tokens": lambda path: parse_sentences(str(path), 1),
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


@pytest.mark.parametrize("what", READERS)
def test_links_to_nowhere_are_called_that(what: str, tmp_path: Path) -> None:
    path = tmp_path / (MANIFEST if what == "manifest" else "a.csv")
    path.symlink_to(path)
    with pytest.raises(EtlError, match="it is a link that leads back to itself"):
        READERS[what](path)
    if what == "manifest":  # where it is missing, the folder is no dataset
        return
    path.unlink()
    path.symlink_to("nothing")
    with pytest.raises(EtlError, match="it is a link to nothing, which does not exist"):
        READERS[what](path)


def test_what_is_no_file_in_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_bytes(kote("비가 온다"))
    (tmp_path / "inside").mkdir()
    os.mkfifo(tmp_path / "inside" / "pipe.csv")
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    (tmp_path / "gone.csv").symlink_to("nothing")
    (tmp_path / "linked").symlink_to("inside")
    _, log = read_all(tmp_path)
    assert sorted(log.warnings) == [
        "gone.csv is left aside: it is a link to nothing, which does not exist",
        "inside/pipe.csv is left aside: it is a pipe, not a file",
        "linked is left aside: it is a link to a folder, which is not followed",
        "loop.csv is left aside: it is a link that leads back to itself",
    ]
    assert [entry["file"] for entry in log.inputs] == ["a.tsv"]


def test_devices_and_sockets_are_no_files_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # names of sockets are short
    with socket.socket(socket.AF_UNIX) as end:
        end.bind("socket")
        for path, kind in (("/dev/zero", "device"), ("socket", "socket")):
            with pytest.raises(OSError, match=f"it is a {kind}, not a file"):
                plain_file(Path(path))
    (tmp_path / "file").touch()
    assert plain_file(Path("file")) == Path("file")
