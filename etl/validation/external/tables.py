"""Reads any table as columns of text: CSV, TSV, JSON lines, a JSON array, XLSX, Parquet, Arrow.

Which columns hold what, and what becomes of the rows, is the business of `etl.validation.external.dataset`.
"""

from __future__ import annotations

import codecs
import gzip
import io
import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import msgspec
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from etl.errors import InputError
from etl.ingestion.sources import decode
from etl.ingestion.sources.frame import BATCH_ROWS, record_frames
from etl.ingestion.sources.header import column_name, column_names
from etl.ingestion.sources.raw import DAMAGE_ERRORS, HashingStream, OpenFile, RawFile
from etl.ingestion.sources.recognised import Preview
from etl.ingestion.sources.sheet import header_of, with_header

_DELIMITED, _JSON, _COLUMNAR = (".csv", ".tsv", ".txt"), (".jsonl", ".json"), (".parquet", ".arrow")
# In the order of trust: those that keep types first.
KINDS = (*_COLUMNAR, ".jsonl", ".csv", ".tsv", ".json", ".xlsx", ".txt")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# A key that none of the first objects has is taken for a column that is not there.
_OBJECTS_LOOKED_AT = 1000


@dataclass(frozen=True)
class Table:
    """One file that holds a table.

    Attributes:
        name: what to call it.
        columns: the names of its columns, as `etl.ingestion.sources.header` has them.
        frames: called with some of the columns, gives them as text, frame by frame, with `position` (as in
            the row's schema) and `detail`, which is null or says why a record is no row.
    """

    name: str
    columns: list[str]
    frames: Callable[[list[str]], Iterator[pl.DataFrame]]


def kind(path: Path) -> str:
    """The ending that says what a file is: `.csv`, …; `.jsonl` for `.ndjson`, and `.csv` for `.csv.gz`."""
    return Preview(_raw_file(path, path.name)).suffix


def open_table(path: Path, name: str) -> Table:
    """Opens a file that holds a table.

    Raises:
        InputError: it is of no kind that holds a table, damaged, or in no encoding we know. The same holds
            for each step of `Table.frames`.
    """
    with _explained(name):
        preview = Preview(_in_utf8(_raw_file(path, name)))
        if preview.suffix in _DELIMITED:
            columns, frames = _delimited(preview)
        elif preview.suffix in _JSON:
            columns, frames = _json(preview)
        elif preview.suffix in _COLUMNAR:
            columns, frames = _columnar(path, preview)
        elif preview.suffix == ".xlsx":
            columns, frames = _sheet(preview)
        else:
            raise InputError(
                f"{name} is of no kind that holds a table",
                details=[f"expected {', '.join(KINDS)}, got {preview.suffix or 'no ending'}"],
                next_step="give a dataset, a table, or a folder with tables",
            )
    return Table(name, columns, lambda wanted: _explained_frames(name, frames(wanted)))


def _raw_file(path: Path, name: str) -> RawFile:
    def opened() -> IO[bytes]:
        return cast("IO[bytes]", gzip.open(path)) if path.suffix.lower() == ".gz" else path.open("rb")

    return RawFile(name, "", 0, opened)


def _in_utf8(raw: RawFile) -> RawFile:
    """The file itself, or if it begins with the mark of UTF-16, its content in UTF-8."""
    if not raw.head(2).startswith(_UTF16):
        return raw
    with raw.open() as stream:
        content = stream.read()
    try:
        return _in_memory(raw.file, content.decode("utf-16").encode())
    except UnicodeDecodeError as error:
        raise InputError(
            f"{raw.file} is not the UTF-16 that its first two bytes promise",
            details=[str(error.reason)],
            cause="The file is cut off, or it is something else.",
        ) from error


def _in_memory(name: str, content: bytes) -> RawFile:
    return RawFile(name, "", len(content), lambda: io.BytesIO(content))


def _delimited(preview: Preview) -> tuple[list[str], Callable[[list[str]], Iterator[pl.DataFrame]]]:
    delimiter = preview.delimiter
    with preview.raw.open() as stream:
        records = decode.delimited(OpenFile(preview.raw, HashingStream(stream)), delimiter)
        header = column_names(next(records, (0, []))[1])

    def frames(wanted: list[str]) -> Iterator[pl.DataFrame]:
        with preview.raw.open() as opened:
            for frame in record_frames(OpenFile(preview.raw, HashingStream(opened)), delimiter):
                yield frame.select("position", "detail", *wanted)

    return header, frames


def _json(preview: Preview) -> tuple[list[str], Callable[[list[str]], Iterator[pl.DataFrame]]]:
    is_array = preview.suffix == ".json" and preview.head.lstrip().startswith(b"[")
    raw = _array_as_lines(preview.raw) if is_array else preview.raw
    keys = _keys(raw)

    def frames(wanted: list[str]) -> Iterator[pl.DataFrame]:

        named = [key for key in keys if column_name(key) in wanted]
        with raw.open() as stream:
            for frame in decode.json_lines(OpenFile(raw, HashingStream(stream)), named):
                # A line is counted from 1, an element of an array from 0.
                yield frame.select(
                    pl.col("position") - int(is_array), pl.col("problem").alias("detail"), *wanted
                )

    return list(dict.fromkeys(column_name(key) for key in keys)), frames


def _array_as_lines(raw: RawFile) -> RawFile:
    with raw.open() as stream:
        content, _ = decode.utf8(stream.read(), raw)
    try:
        elements = decode.array_elements(content)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(
            f"{raw.file} is not a JSON array",
            details=[str(error)],
            cause="The file was edited, or the download was cut off.",
        ) from error
    return _in_memory(raw.file, b"\n".join(_on_one_line(bytes(each)) for each in elements))


def _on_one_line(element: bytes) -> bytes:
    try:
        return msgspec.json.format(element, indent=-1)
    except msgspec.DecodeError:  # NaN, for one; it becomes a bad row
        return element.replace(b"\n", b" ")


def _keys(raw: RawFile) -> list[str]:
    """The keys of the first objects, in order."""
    keys: dict[str, None] = {}
    with io.TextIOWrapper(raw.open(), decode.sniff_encoding(raw)) as lines:
        filled = (line for line in lines if line.strip())
        for line in itertools.islice(filled, _OBJECTS_LOOKED_AT):
            try:
                found = json.loads(line)
            except (ValueError, RecursionError):  # a bad line is reported when it is read as a row
                continue
            if isinstance(found, dict):
                keys |= dict.fromkeys(found)
    return list(keys)


def _sheet(preview: Preview) -> tuple[list[str], Callable[[list[str]], Iterator[pl.DataFrame]]]:
    cells = preview.cells
    assert cells is not None

    def frames(wanted: list[str]) -> Iterator[pl.DataFrame]:

        body = with_header(cells, 0).with_columns(detail=pl.lit(None, pl.String))
        yield from body.select("position", "detail", *wanted).iter_slices(BATCH_ROWS)

    return column_names(header_of(cells, 0)), frames


def _columnar(
    path: Path, preview: Preview
) -> tuple[list[str], Callable[[list[str]], Iterator[pl.DataFrame]]]:
    schema = _parquet_schema(path) if preview.suffix == ".parquet" else _read_arrow(path).schema
    names = column_names(schema.names)

    def frames(wanted: list[str]) -> Iterator[pl.DataFrame]:

        chosen = [schema.names[names.index(name)] for name in wanted]
        if preview.suffix == ".parquet":
            with path.open("rb") as stream:
                table = pl.read_parquet(stream, columns=chosen)
        else:
            table = cast("pl.DataFrame", pl.from_arrow(_read_arrow(path).select(chosen)))
        classes = _class_names(schema)
        texts = [
            _as_text(table[theirs], preview.raw, classes.get(theirs)).alias(ours)
            for theirs, ours in zip(chosen, wanted, strict=True)
        ]
        position = pl.int_range(1, table.height + 1, dtype=pl.Int64, eager=True).alias("position")
        yield from (
            pl.DataFrame([position, *texts])
            .with_columns(detail=pl.lit(None, pl.String))
            .iter_slices(BATCH_ROWS)
        )

    return names, frames


def _parquet_schema(path: Path) -> pa.Schema:

    return pq.read_schema(path)


def _read_arrow(path: Path) -> pa.Table:
    """An Arrow file, mapped rather than read: a stream, as the library `datasets` writes it, or a file."""

    source = pa.memory_map(str(path))
    try:
        return pa.ipc.open_stream(source).read_all()
    except pa.ArrowInvalid:
        source.seek(0)
        return pa.ipc.open_file(source).read_all()


def _class_names(schema: pa.Schema) -> dict[str, list[str]]:
    """The names of the labels that Hugging Face stores as numbers, by column (`ClassLabel`)."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return {
            column: [str(name) for name in feature["names"]]
            for column, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (KeyError, ValueError, TypeError, AttributeError):  # metadata is anybody's
        return {}


def _as_text(column: pl.Series, raw: RawFile, classes: list[str] | None) -> pl.Series:

    if column.dtype.is_nested() or column.dtype in (pl.Object, pl.Binary):
        raise InputError(
            f"{raw.name} has no plain values in column {column.name!r}",
            details=[f"expected text or numbers, got {column.dtype}"],
            cause="The column holds lists, records or bytes.",
            next_step="name another column, or write the table again with text in it",
        )
    if classes and column.dtype.is_integer():
        names = dict(enumerate(classes))
        return column.replace_strict(names, default=column.cast(pl.String), return_dtype=pl.String)
    if column.dtype.is_float():
        column = column.fill_nan(None)  # what pandas writes where nothing is
    return column.cast(pl.String)


def _explained_frames(name: str, frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    with _explained(name):
        yield from frames


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Turns what goes wrong while a file is read into an error with a next step that fits here."""

    next_step = "save it again, as UTF-8 where it is text, and validate that"
    try:
        yield
    except InputError as error:
        if "--on-bad-file" not in error.next_step and error.next_step:
            raise
        raise InputError(error.what, details=error.details, cause=error.cause, next_step=next_step) from error
    except (*DAMAGE_ERRORS, UnicodeError, pa.ArrowException, pl.exceptions.PolarsError) as error:
        found: Any = str(error).splitlines()
        raise InputError(
            f"{name} cannot be read",
            details=[f"{type(error).__name__}: {found[0] if found else 'no more is known'}"],
            cause="The file was cut off, edited, or is something else with this ending.",
            next_step=next_step,
        ) from error
