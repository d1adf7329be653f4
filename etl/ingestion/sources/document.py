"""Mails, chats, posts and formal documents (`read.documents`): their sentences are rows that wait for labels.

They are rows of the source `table`, the user's own. `etl.documents` reads them as it does for `etl predict`:
it stands above this room, since it reads tables with it, and is imported where it is needed.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import polars as pl

from etl.ingestion.sources.frame import rows_frame
from etl.ingestion.sources.raw import OpenFile, RawFile
from etl.ingestion.sources.recognised import RecognisedFile
from etl.schema.splits import UNLABELLED
from etl.schema.taxonomy import TABLE
from etl.settings import DocumentParts

if TYPE_CHECKING:
    from etl.documents.passage import Passage
    from etl.documents.sentences import Sentence

LAYOUT = "document"
_PASSAGES = 4096  # at a time
# What kind of text the sentences of a document are.
_DOMAINS = {"text": "comment", "mail": "mail", "chat": "dialogue", "post": "sns", "formal": "formal"}


def are_documents(suffixes: Iterable[str]) -> bool:
    """Whether one of these is a suffix of documents that are read."""
    from etl.documents.formats import FORMATS

    return any(suffix in form.suffixes for suffix in suffixes for form in FORMATS)


def recognise(raw: RawFile) -> RecognisedFile | None:
    """Whether a file, which belongs to no corpus, is a document of a form that is read.

    Raises:
        InputError: it is too large for a document.
    """
    from etl.documents.file import DocumentFile, ReadOptions
    from etl.documents.formats import recognise as find_format
    from etl.documents.read import refuse_too_large

    refuse_too_large(raw.name, raw.size)
    with raw.open() as stream:
        file = DocumentFile(raw.name, Path(raw.path), stream.read())
    found = find_format(file, ReadOptions())
    return RecognisedFile(TABLE, raw, LAYOUT, part=raw.path, is_known_by_name=True) if found else None


def read(raw: RawFile, open_file: OpenFile, parts: DocumentParts) -> Iterator[pl.DataFrame]:
    """Reads the sentences of a document, in frames of bounded size.

    Args:
        raw: the file.
        open_file: the same, open.
        parts: what is a row.

    Raises:
        InputError: it cannot be read, or nothing is in it.
        SettingsError: what cuts texts into sentences is not installed.
    """
    from etl.documents.read import read_document
    from etl.documents.sentences import splitter

    cut = splitter(parts, workers=1)
    groups: dict[int, str] = {}
    with tempfile.TemporaryDirectory(prefix="etl-document-") as folder:
        path = Path(folder) / PurePosixPath(raw.path).name
        with path.open("wb") as copy:
            shutil.copyfileobj(open_file.stream, copy)
        for passages in _batches(read_document(path, raw.name)):
            sentences = cut(passages)
            open_file.rows += len(sentences)
            for passage in passages:
                groups.setdefault(passage.document, _name_document(passage))
            yield _rows(raw, sentences, groups)


def _batches(passages: Iterable[Passage]) -> Iterator[list[Passage]]:
    left = iter(passages)
    while batch := list(islice(left, _PASSAGES)):
        yield batch


def _name_document(first: Passage) -> str:
    """Returns a name for a document that no new name of its file and nothing added at its end changes."""
    said = "\0".join([first.kind, first.speaker or "", first.time or "", first.text])
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _rows(raw: RawFile, sentences: Sequence[Sentence], groups: Mapping[int, str]) -> pl.DataFrame:
    passages = [sentence.passage for sentence in sentences]
    columns = pl.DataFrame(
        {
            "raw_text": [sentence.text for sentence in sentences],
            "position": [passage.position for passage in passages],
            "domain": [_DOMAINS[passage.kind] for passage in passages],
            "reason": [passage.reason for passage in passages],
            "group": [groups[passage.document] for passage in passages],
            "turn": [passage.position if passage.kind == "chat" else 1 for passage in passages],
            # Who has written it is nobody's business here.
            "annotations": [passage.time and f"time={passage.time}" for passage in passages],
        },
        schema_overrides={"reason": pl.String, "annotations": pl.String},
    ).with_columns(split=pl.lit(UNLABELLED))
    return rows_frame(raw, columns, source=TABLE, release="v1")
