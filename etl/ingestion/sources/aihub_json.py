"""JSON as AIHub packs it: dialogues, one object a file, thousands of files in a zip of the official split.

An adapter says which rows are in one object; this module reads the objects, of files or of an array of them,
and makes the frames. `archive` finds the files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple, TypeVar

import msgspec
import polars as pl

from etl.errors import InputError
from etl.ingestion.sources.frame import id_column, rows_frame
from etl.ingestion.sources.raw import InputLog, RawFile, read_ahead
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.tables.delimited import in_batches
from etl.ingestion.tables.json_records import array_elements
from etl.language.message import tr
from etl.text.encoding import to_utf8

# Folders, and the zips of the labels (TL, VL) and of what was labelled (TS, VS).
_VALIDATION = re.compile(r"(?i:validation)|(?<![A-Za-z])V[LS][_.]")
_TRAIN = re.compile(r"(?i:training)|(?<![A-Za-z])T[LS][_.]")

Element = bytes | msgspec.Raw
Decoded = TypeVar("Decoded")


class Utterance(NamedTuple):
    """One row of a dialogue; with a `detail` it is no row, and the detail says why."""

    turn: int = 1
    text: str | None = None
    label: str | None = None
    annotations: str | None = None
    detail: str | None = None


class Dialogue(NamedTuple):
    """The rows of one object, and the publisher's id of it."""

    id: str | int | None
    utterances: list[Utterance]


def official_split(path: str) -> str | None:
    """Returns the split that the folders or zips of AIHub's packages say, None where they say nothing."""
    if _VALIDATION.search(path):
        return "validation"
    return "train" if _TRAIN.search(path) else None


def by_package(files: list[RecognisedFile]) -> list[list[RecognisedFile]]:
    """Groups files that lie in the same archive or folder, to be read, and read again, together."""
    return [list(each) for _, each in groupby(files, lambda file: _package(file.raw))]


def _package(raw: RawFile) -> str:
    return raw.file if raw.member else raw.file.rpartition("/")[0]


def read_dialogues(
    files: list[RecognisedFile], log: InputLog, parse: Callable[[Element], Dialogue]
) -> Iterator[pl.DataFrame]:
    """Reads the rows of dialogues, in frames of bounded size.

    Args:
        files: of one corpus and release.
        log: records each file.
        parse: decodes one object; a `msgspec.ValidationError` makes the whole object one bad row.

    Raises:
        InputError: a file is no JSON, and bad files are not skipped.
    """
    names = ("file", "member", "position", "split", "group", *Utterance._fields)
    schema: dict[str, Any] = {name: pl.Int64 if name in {"position", "turn"} else pl.String for name in names}
    slug, release = files[0].slug, files[0].release
    for batch in in_batches(_rows(files, log, parse)):
        rows = pl.DataFrame(batch, schema=schema, orient="row").rename(
            {"text": "raw_text", "label": "raw_label"}
        )
        identified = rows.with_columns(id_column(slug, pl.col("group"), pl.col("turn")).alias("id"))
        yield rows_frame(None, identified, source=slug, release=release)


def _rows(
    files: list[RecognisedFile], log: InputLog, parse: Callable[[Element], Dialogue]
) -> Iterator[tuple[Any, ...]]:
    for file, raw in zip(files, read_ahead([file.raw for file in files]), strict=True):
        facts = {"source": file.slug, "release": file.release, "split": file.official_split}
        with log.open_file(raw, **facts) as open_file:
            content, open_file.encoding = to_utf8(open_file.stream.read(), raw.name)
            for position, element in enumerate(_objects(content, raw)):
                dialogue = _parse(element, parse, raw)
                group = str(dialogue.id or f"{raw.path}-{position}")
                for utterance in dialogue.utterances:
                    open_file.rows += 1
                    yield (raw.file, raw.member, position, file.official_split, group, *utterance)


def _objects(content: bytes, raw: RawFile) -> Sequence[Element]:
    if not content.lstrip().startswith(b"["):
        return [content]
    try:
        return array_elements(content)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _no_json(raw, error) from error


def _parse(element: Element, parse: Callable[[Element], Dialogue], raw: RawFile) -> Dialogue:
    try:
        return parse(element)
    except (msgspec.DecodeError, RecursionError) as error:
        # Half a surrogate pair is JSON, too, though no text.
        if isinstance(error, msgspec.ValidationError) or _is_json(bytes(element)):
            return Dialogue(None, [Utterance(detail=str(error))])
        raise _no_json(raw, error) from error


def _is_json(content: bytes) -> bool:
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return False
    return True


def _no_json(raw: RawFile, error: Exception) -> InputError:
    return InputError(
        tr("{file} is not the dialogue its contract describes", file=raw.name),
        details=[error],
        cause=tr("The file was edited, or the download was cut off."),
        next_step=tr("download it again, or run with `--on-bad-file skip` to go on without it."),
    )


def decode_each(
    elements: Sequence[msgspec.Raw], decoder: msgspec.json.Decoder[Decoded]
) -> Iterator[tuple[int, Decoded | str]]:
    """Yields the number of each element, from 1, and the element; in its place what is wrong with it."""
    for number, element in enumerate(elements, start=1):
        try:
            yield number, decoder.decode(element)
        except (msgspec.DecodeError, RecursionError) as error:
            yield number, str(error)


def join_facts(**facts: Any) -> str | None:
    """Returns the facts that are there as `key=value`, joined by semicolons; None where none is."""
    return ";".join(f"{key}={value}" for key, value in facts.items() if value not in (None, "")) or None
