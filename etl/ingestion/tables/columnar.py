"""Parquet and Arrow, whose columns have types, as frames of strings."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, cast

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from etl.errors import InputError
from etl.ingestion.sources.raw import OpenFile, RawFile
from etl.ingestion.tables.header import column_name, column_names
from etl.ingestion.tables.preview import Preview
from etl.ingestion.tables.table import (
    BATCH_BYTES,
    BATCH_ROWS,
    IsHeader,
    OpenTable,
    OpenTables,
    Selection,
    with_no_bad_records,
)
from etl.language.message import tr
from etl.runtime import failures

# polars panics where the name of a field, say, is no text.
_POLARS_ERRORS = (pl.exceptions.PolarsError, pl.exceptions.PanicException)
# What is larger is not held in memory.
_MEMORY_BYTES = 64 << 20
_FORMATS = {".parquet": "Parquet", ".arrow": "Arrow", ".feather": "Feather"}


def open_columnar(open_file: OpenFile, preview: Preview, is_header: IsHeader | None = None) -> OpenTables:  # noqa: ARG001
    """Opens a Parquet or an Arrow file; of the latter both kinds, a file and a stream.

    Raises:
        InputError: it is damaged, or something else.
        WriteError: there is no room for a temporary copy of one in an archive.
    """
    source = _source(open_file.raw)
    with _explained(open_file.raw, preview.suffix):
        schema = pq.read_schema(source) if preview.suffix == ".parquet" else _open_arrow(source).schema
    has_twice = len(set(schema.names)) < len(schema.names)
    schema = _with_own_names(schema)
    columns = [*_paths(schema)]
    read = partial(_read, open_file, source, preview.suffix, schema, has_twice=has_twice)
    classes = {column_name(name): names for name, names in _class_names(schema).items()}
    return OpenTables((OpenTable(open_file.raw.name, columns, read, class_names=classes),))


def _source(raw: RawFile) -> Path | IO[bytes]:
    """The path of a file on disk; else the bytes, in a temporary file if they are many."""
    with raw.open() as stream:
        if isinstance(stream, io.BufferedReader) and isinstance(stream.raw, io.FileIO):
            return Path(stream.name)
        content = stream.read(_MEMORY_BYTES)
        if len(content) < _MEMORY_BYTES:
            return io.BytesIO(content)
        copy = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the table is
        while content:
            try:
                copy.write(content)
            except OSError as error:
                raise failures.write_error(Path(tempfile.gettempdir()), error) from error
            content = stream.read(1 << 20)
    copy.seek(0)
    return copy


def _read(
    open_file: OpenFile,
    source: Path | IO[bytes],
    suffix: str,
    schema: pa.Schema,
    selection: Selection,
    *,
    has_twice: bool,
) -> Iterator[pl.DataFrame]:
    paths = [_paths(schema)[column] for column in selection.columns]
    classes = _class_names(schema) if selection.has_class_names else {}
    chosen = [*dict.fromkeys(path[0] for path in paths)]
    # Of columns of one name none can be chosen by it.
    wanted = None if has_twice or suffix != ".parquet" else chosen
    for batch in _batches(open_file.raw, source, suffix, wanted):
        # Metadata is anybody's, and may be no text.
        named = batch.rename_columns(schema.names) if wanted is None else batch
        arrow = named.select(chosen).replace_schema_metadata(None)
        with _explained(open_file.raw, suffix):
            table = cast("pl.DataFrame", pl.from_arrow(pa.Table.from_batches([arrow])))
        texts = {
            ours: _as_text(
                _at(table, path), open_file.raw, classes.get(".".join(path)), is_list=ours in selection.lists
            )
            for path, ours in zip(paths, selection.columns, strict=True)
        }
        first = open_file.rows + 1
        open_file.rows += table.height
        position = pl.int_range(first, first + table.height, dtype=pl.Int64, eager=True)
        yield with_no_bad_records(pl.DataFrame({"position": position, **texts}))


def _batches(
    raw: RawFile, source: Path | IO[bytes], suffix: str, columns: list[str] | None
) -> Iterator[pa.RecordBatch]:
    """Some columns of Parquet, or all, in batches of bounded size, however large the row groups are."""
    with _explained(raw, suffix):
        batches = _parquet_batches(source, columns) if suffix == ".parquet" else _arrow_batches(source)
        for batch in batches:
            rows = _rows_of(batch.num_rows, batch.nbytes)
            for start in range(0, batch.num_rows, rows):
                yield batch.slice(start, rows)


def _rows_of(n_rows: int, n_bytes: int) -> int:
    """How many of some rows make a batch, where all are about equally long."""
    return max(1, min(BATCH_ROWS, BATCH_BYTES * n_rows // n_bytes)) if n_bytes and n_rows else BATCH_ROWS


def _parquet_batches(source: Path | IO[bytes], columns: list[str] | None) -> Iterator[pa.RecordBatch]:
    file = pq.ParquetFile(source)
    groups = [file.metadata.row_group(number) for number in range(file.num_row_groups)]
    rows = min((_rows_of(group.num_rows, _n_bytes(group, columns)) for group in groups), default=BATCH_ROWS)
    return cast("Iterator[pa.RecordBatch]", file.iter_batches(rows, columns=columns))


def _n_bytes(group: pq.RowGroupMetaData, columns: list[str] | None) -> int:
    """The bytes of some columns of a row group once they are unpacked, or of all."""
    chunks = map(group.column, range(group.num_columns))
    chosen = (each for each in chunks if columns is None or each.path_in_schema.split(".")[0] in columns)
    return sum(each.total_uncompressed_size for each in chosen)


def _arrow_batches(source: Path | IO[bytes]) -> Iterator[pa.RecordBatch]:
    reader = _open_arrow(source)
    if isinstance(reader, pa.RecordBatchFileReader):
        batches = map(reader.get_batch, range(reader.num_record_batches))
    else:
        batches = iter(reader)
    for batch in batches:
        batch.validate(full=True)  # what it says of its own sizes is believed from here on
        yield batch


def _open_arrow(source: Path | IO[bytes]) -> pa.RecordBatchStreamReader | pa.RecordBatchFileReader:
    """Opens an Arrow stream, as the library `datasets` writes it, or an Arrow file; on disk it is mapped."""
    if isinstance(source, Path):
        stream = pa.memory_map(str(source))
    else:
        source.seek(0)
        stream = pa.PythonFile(source)
    try:
        return pa.ipc.open_stream(stream)
    except pa.ArrowInvalid:
        stream.seek(0)
        return pa.ipc.open_file(stream)


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
        tr("{file} has no plain values in column {name!r}", file=raw.name, name=column.name),
        details=[tr("expected text or numbers, got {type}", type=column.dtype)],
        cause=tr("The column holds lists, records, bytes, durations or the like."),
        next_step=tr("name another column, or write the table again with text in it."),
    )


@contextmanager
def _explained(raw: RawFile, suffix: str) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, *_POLARS_ERRORS, UnicodeError, KeyError, OSError) as error:
        is_of_system = isinstance(error, OSError) and error.errno is not None  # else it is of Arrow
        if is_of_system or failures.is_shortage(error):
            raise
        lines = str(error).splitlines()
        raise InputError(
            tr("{file} is not a readable {format} file", file=raw.name, format=_FORMATS[suffix]),
            details=lines[:1],
            cause=tr("The download was cut off, or the file is something else with this ending."),
            next_step=tr("write it again, or run with `--on-bad-file skip` to go on without it."),
        ) from error
