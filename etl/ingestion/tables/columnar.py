"""Parquet and Arrow, whose columns have types, as frames of strings."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from etl.errors import InputError
from etl.ingestion.sources.raw import OpenFile, RawFile
from etl.ingestion.tables.header import column_name, column_names
from etl.ingestion.tables.preview import Preview
from etl.ingestion.tables.table import (
    BATCH_ROWS,
    IsHeader,
    OpenTable,
    OpenTables,
    Selection,
    with_no_bad_records,
)
from etl.runtime import failures

# polars panics where the name of a field, say, is no text.
_POLARS_ERRORS = (pl.exceptions.PolarsError, pl.exceptions.PanicException)
_FORMATS = {".parquet": "Parquet", ".arrow": "Arrow", ".feather": "Feather"}


def open_columnar(open_file: OpenFile, preview: Preview, is_header: IsHeader | None = None) -> OpenTables:  # noqa: ARG001
    """Opens a Parquet or an Arrow file; of the latter both kinds, a file and a stream.

    Raises:
        InputError: it is damaged, or something else.
    """
    source = _source(open_file.raw)
    with _explained(open_file.raw, preview.suffix):
        schema = pq.read_schema(source) if preview.suffix == ".parquet" else _read_arrow(source).schema
    has_twice = len(set(schema.names)) < len(schema.names)
    schema = _with_own_names(schema)
    columns = [*_paths(schema)]
    read = partial(_read, open_file, source, preview.suffix, schema, has_twice=has_twice)
    classes = {column_name(name): names for name, names in _class_names(schema).items()}
    return OpenTables((OpenTable(open_file.raw.name, columns, read, class_names=classes),))


def _source(raw: RawFile) -> Path | io.BytesIO:
    """The path of a file on disk, of which only the chosen columns are read; else the bytes."""
    with raw.open() as stream:
        if isinstance(stream, io.BufferedReader) and isinstance(stream.raw, io.FileIO):
            return Path(stream.name)
        return io.BytesIO(stream.read())


def _read(
    open_file: OpenFile,
    source: Path | io.BytesIO,
    suffix: str,
    schema: pa.Schema,
    selection: Selection,
    *,
    has_twice: bool,
) -> Iterator[pl.DataFrame]:
    paths = [_paths(schema)[column] for column in selection.columns]
    chosen = list(dict.fromkeys(path[0] for path in paths))
    with _explained(open_file.raw, suffix):
        if suffix == ".parquet" and not has_twice:
            table = pl.read_parquet(source, columns=chosen)
        else:
            whole = _read_arrow(source) if suffix != ".parquet" else pq.ParquetFile(source).read()
            # Metadata is anybody's, and may be no text.
            arrow = whole.rename_columns(schema.names).select(chosen).replace_schema_metadata(None)
            table = cast("pl.DataFrame", pl.from_arrow(arrow))
    open_file.rows = table.height
    classes = _class_names(schema) if selection.has_class_names else {}
    texts = [
        _as_text(
            _at(table, path), open_file.raw, classes.get(".".join(path)), is_list=ours in selection.lists
        ).alias(ours)
        for path, ours in zip(paths, selection.columns, strict=True)
    ]
    position = pl.int_range(1, table.height + 1, dtype=pl.Int64, eager=True).alias("position")
    yield from with_no_bad_records(pl.DataFrame([position, *texts])).iter_slices(BATCH_ROWS)


def _paths(schema: pa.Schema) -> dict[str, tuple[str, ...]]:
    """The columns, and the fields of records in them by path, `input.form`, unless a column is called so."""
    columns = zip(column_names(schema.names), schema.names, strict=True)
    paths: dict[str, tuple[str, ...]] = {ours: (theirs,) for ours, theirs in columns}
    fields: list[tuple[tuple[str, ...], pa.DataType]] = [((field.name,), field.type) for field in schema]
    for above, kind in fields:
        for field in kind if pa.types.is_struct(kind) else ():
            path = (*above, field.name)
            paths.setdefault(column_name(".".join(path)), path)
            fields.append((path, field.type))
    return paths


def _with_own_names(schema: pa.Schema) -> pa.Schema:
    """The schema in which a name that stands twice has its index behind it, as in `column_names`."""
    fields: list[pa.Field] = []
    for index, field in enumerate(schema):
        is_there = any(field.name == other.name for other in fields)
        fields.append(field.with_name(f"{field.name}#{index}") if is_there else field)
    return pa.schema(fields, schema.metadata)


def _at(table: pl.DataFrame, path: tuple[str, ...]) -> pl.Series:
    column = table[path[0]]
    for name in path[1:]:
        column = column.struct.field(name)
    return column


def _read_arrow(source: Path | io.BytesIO) -> pa.Table:
    """An Arrow file, mapped rather than read: a stream, as the library `datasets` writes it, or a file."""
    stream = pa.memory_map(str(source)) if isinstance(source, Path) else pa.BufferReader(source.getvalue())
    try:
        table = pa.ipc.open_stream(stream).read_all()
    except pa.ArrowInvalid:
        stream.seek(0)
        table = pa.ipc.open_file(stream).read_all()
    table.validate(full=True)  # what it says of its own sizes is believed from here on
    return table


def _class_names(schema: pa.Schema) -> dict[str, list[str]]:
    """The names that Hugging Face stores as numbers, by column (`ClassLabel`, or lists of it)."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        single = {
            column: feature.get("feature", feature)
            for column, feature in features.items()
            if isinstance(feature, dict)
        }
        return {
            column: [str(name) for name in feature["names"]]
            for column, feature in single.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (KeyError, ValueError, TypeError, AttributeError):  # metadata is anybody's
        return {}


def _as_text(column: pl.Series, raw: RawFile, classes: list[str] | None, *, is_list: bool) -> pl.Series:
    if is_list and isinstance(column.dtype, pl.List | pl.Array) and _is_plain(column.dtype.inner):
        return _lists_as_text(column, classes or [])
    if column.dtype.is_nested() or column.dtype == pl.Object:
        raise _no_plain_values(column, raw)
    if classes and column.dtype.is_integer():
        names: dict[int, str | None] = {-1: None, **dict(enumerate(classes))}  # -1: it has no label
        return column.replace_strict(names, default=column.cast(pl.String), return_dtype=pl.String)
    if column.dtype.is_float():
        column = column.fill_nan(None)  # what pandas writes where nothing is
    try:
        return column.cast(pl.String)
    except pl.exceptions.PolarsError as error:  # bytes that are no UTF-8
        raise _no_plain_values(column, raw) from error


def _is_plain(dtype: Any) -> bool:
    return (
        dtype in {pl.String, pl.Boolean} or dtype.is_numeric() or isinstance(dtype, pl.Categorical | pl.Enum)
    )


def _lists_as_text(column: pl.Series, classes: list[str]) -> pl.Series:
    """Lists as JSON, the numbers of classes as their names."""
    names = dict(enumerate(classes))
    texts = [
        None if values is None else _json([names.get(each, each) for each in values])
        for values in column.to_list()
    ]
    return pl.Series(column.name, texts, dtype=pl.String)


def _json(values: list[Any]) -> str:
    return json.dumps(values, ensure_ascii=False, default=str)


def _no_plain_values(column: pl.Series, raw: RawFile) -> InputError:
    return InputError(
        f"{raw.name} has no plain values in column {column.name!r}",
        details=[f"expected text or numbers, got {column.dtype}"],
        cause="The column holds lists, records, bytes, durations or the like.",
        next_step="name another column, or write the table again with text in it.",
    )


@contextmanager
def _explained(raw: RawFile, suffix: str) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, *_POLARS_ERRORS, UnicodeError, KeyError) as error:
        if failures.is_shortage(error):
            raise
        lines = str(error).splitlines()
        raise InputError(
            f"{raw.name} is not a readable {_FORMATS[suffix]} file",
            details=lines[:1],
            cause="The download was cut off, or the file is something else with this ending.",
            next_step="write it again, or run with `--on-bad-file skip` to go on without it.",
        ) from error
