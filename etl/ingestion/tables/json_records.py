"""JSON lines, and JSON arrays of objects, as frames of strings; `json_tables` finds tables of other forms.

Lines are read in bounded memory: polars parses well-formed chunks, and as soon as a line is not well-formed
its chunk is parsed line by line, so that it spoils no other.
"""

from __future__ import annotations

import codecs
import io
import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any, get_args

import msgspec
import polars as pl

from etl.errors import InputError
from etl.ingestion.sources.raw import OpenFile
from etl.ingestion.tables.delimited import breaks_off
from etl.ingestion.tables.header import column_name
from etl.ingestion.tables.json_keys import has_odd_escape, may_repeat_keys, refuse_repeated_keys
from etl.ingestion.tables.json_tables import Elements, find_tables, objects_in_a_row
from etl.ingestion.tables.json_tables import array_elements as array_elements
from etl.ingestion.tables.preview import Preview
from etl.ingestion.tables.table import (
    BATCH_ROWS,
    TOO_LONG,
    IsHeader,
    LeftAside,
    OpenTable,
    OpenTables,
    Selection,
    Unit,
    with_no_bad_records,
)
from etl.language.message import tr
from etl.settings import MAX_RAW_CHARS
from etl.text.encoding import CHUNK_BYTES, is_utf8, plain_name, to_utf8

# A value that is an object or an array: polars would give its text.
_NESTED = re.compile(rb'"\s*:\s*[\[{]')
# A key that none of the first objects has is taken for a column that is not there.
_OBJECTS_LOOKED_AT = 1000
_MAX_DEPTH = 5
# What Python writes where no number is, and JSON does not know.
_NO_NUMBER = re.compile(rb"\b(?:NaN|Infinity)\b")
# More than a chunk, so that few lines can be so long.
_MAX_LINE_BYTES = 5 * MAX_RAW_CHARS
_SHOWN_BYTES = 1000

# A JSON value that can stand in a cell.
Plain = str | int | float | bool | None
_PLAIN_TYPES = get_args(Plain)
# The keys that lead to a value, from the outermost on.
Path = tuple[str, ...]
# The position of the first of some lines, and the lines.
Block = tuple[int, bytes]


def open_json(open_file: OpenFile, preview: Preview, is_header: IsHeader | None = None) -> OpenTables:
    """Opens a JSON array of objects, objects on lines, or the tables in a document of another form.

    Raises:
        InputError: the file is in no known encoding, or an array or a document that is damaged.
    """
    if preview.is_json_array and not preview.is_array_of_arrays:
        return OpenTables((open_array(open_file),))
    if preview.is_json_document or preview.is_array_of_arrays:
        return _open_document(open_file, preview, is_header)
    return OpenTables((open_lines(open_file, preview),))


def open_lines(open_file: OpenFile, preview: Preview) -> OpenTable:
    """Opens a file with one JSON object a line; a position is the number of the line, from 1.

    Raises:
        InputError: the file is in no known encoding.
    """
    codec = _codec_of_lines(preview)
    open_file.encoding = plain_name(codec)
    return _open_blocks(open_file, _blocks_of_lines(_utf8_chunks(open_file, codec)), "line")


def _codec_of_lines(preview: Preview) -> str:
    """The codec of a file; where a line spoils it, that of most lines if it is UTF-8."""
    try:
        return preview.codec
    except InputError:
        lines = preview.head.splitlines()
        if 2 * sum(map(is_utf8, lines)) > len(lines):
            return "utf-8-sig"
        raise


def _open_document(open_file: OpenFile, preview: Preview, is_header: IsHeader | None) -> OpenTables:
    """Opens the tables in a document that is one object, or an array of arrays; see `json_tables`."""
    content, open_file.encoding = to_utf8(open_file.stream.read(), open_file.raw.name)
    try:
        found = find_tables(content, is_header or bool, has_header=preview.dialect.has_header)
    except (msgspec.DecodeError, RecursionError) as error:
        if preview.is_array_of_arrays:
            raise _no_json(open_file.raw.name, error) from error
        if not _is_object(content.lstrip().partition(b"\n")[0]) and (elements := objects_in_a_row(content)):
            return OpenTables((open_elements(open_file, elements),))
        # Its first line is longer than what was looked into, or broken.
        return OpenTables((_open_blocks(open_file, _blocks_of_lines([content]), "line"),))
    if not found and b"\n" not in content.strip():  # the only line of JSON lines
        return OpenTables((_open_blocks(open_file, [(1, content)], "line"),))
    tables, left_aside = [], []
    for path, elements in found.items():
        table = replace(open_elements(open_file, elements), part=path if len(found) > 1 else "")
        if is_header is None or is_header(table.columns):
            tables.append(table)
        else:
            left_aside.append(LeftAside(path, len(elements), table.columns))
    return OpenTables(tuple(tables), tuple(left_aside))


def _is_object(line: bytes) -> bool:
    try:
        msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def open_array(open_file: OpenFile) -> OpenTable:
    """Opens a JSON array of objects, which is held in memory; a position is the index of the object, from 0.

    Raises:
        InputError: the file is in no known encoding, or no JSON array.
    """
    content, open_file.encoding = to_utf8(open_file.stream.read(), open_file.raw.name)
    try:
        elements = array_elements(content)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _no_json(open_file.raw.name, error) from error
    return open_elements(open_file, elements)


def _no_json(name: str, error: Exception) -> InputError:
    return InputError(
        tr("{file} is not a JSON array", file=name),
        details=[error],
        cause=tr("The file was edited, or the download was cut off."),
        next_step=tr("write it again, or run with `--on-bad-file skip` to go on without it."),
    )


def open_elements(open_file: OpenFile, elements: Elements) -> OpenTable:
    """Opens the elements of an array, see `array_elements`."""
    blocks = (
        (start, b"\n".join(_on_one_line(bytes(element)) for element in elements[start : start + BATCH_ROWS]))
        for start in range(0, len(elements), BATCH_ROWS)
    )
    return _open_blocks(open_file, blocks, "element")


def _on_one_line(element: bytes) -> bytes:
    try:
        return msgspec.json.format(element, indent=-1)
    except (msgspec.DecodeError, RecursionError):  # NaN, for one; it becomes a bad record
        return element.replace(b"\n", b" ")


def _open_blocks(open_file: OpenFile, blocks: Iterable[Block], unit: Unit) -> OpenTable:
    """Opens what stands in blocks of lines; only the first is looked into now."""
    more = iter(blocks)
    first = list(itertools.islice(more, 1))
    keys = _first_keys(first[0][1]) if first else {}
    read = partial(_read, open_file, itertools.chain(first, more), keys)
    return OpenTable(open_file.raw.name, list(keys), read, unit, has_fixed_columns=False)


def _first_keys(lines: bytes) -> dict[str, Path]:
    """The columns that the keys of the first objects make, and the keys; those within objects by path."""
    keys: dict[str, Path] = {}
    filled = (line for line in io.BytesIO(lines) if line.strip())
    for line in itertools.islice(filled, _OBJECTS_LOOKED_AT):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):  # it is reported when it is read as a row
            continue
        if isinstance(record, dict):
            for path in _paths(record):
                keys.setdefault(column_name(".".join(path)), path)
    return keys


def _paths(record: Mapping[str, Any], above: Path = ()) -> Iterator[Path]:
    """The keys of an object, and below each the paths to those of the objects within."""
    for key, value in record.items():
        path = (*above, key)
        yield path
        if isinstance(value, dict) and len(path) < _MAX_DEPTH:
            yield from _paths(value, path)


def _find(record: Mapping[str, Any], path: Path) -> Any:
    """The value at a path; a key that is spelt like the whole path goes first."""
    name = ".".join(path)
    if len(path) == 1 or name in record:
        return record.get(name)
    value: Any = record
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _blocks_of_lines(chunks: Iterable[bytes]) -> Iterator[Block]:
    first, rest = 1, b""
    for chunk in chunks:
        block, newline, rest = (rest + chunk).rpartition(b"\n")
        if newline:
            yield first, block + newline
            first += block.count(b"\n") + 1
        rest = rest[: _MAX_LINE_BYTES + 1]
    if rest:
        yield first, rest


def _utf8_chunks(open_file: OpenFile, codec: str) -> Iterator[bytes]:
    """The content in UTF-8, without a BOM. UTF-8 itself is not checked: a bad line spoils no other."""
    decoder = codecs.getincrementaldecoder(codec)()
    is_first = is_more = True
    while is_more:
        chunk = open_file.stream.read(CHUNK_BYTES)
        is_more = bool(chunk)
        if open_file.encoding == "utf-8":
            yield chunk.removeprefix(codecs.BOM_UTF8) if is_first else chunk
        else:
            try:
                yield decoder.decode(chunk, final=not is_more).encode("utf-8")
            except UnicodeDecodeError as error:
                raise breaks_off(open_file, tr("after {rows:,} rows", rows=open_file.rows), error) from error
        is_first = False


def _read(
    open_file: OpenFile, blocks: Iterable[Block], keys: Mapping[str, Path], selection: Selection
) -> Iterator[pl.DataFrame]:
    chosen = {column: keys.get(column, tuple(column.split("."))) for column in selection.columns}
    plain = {column: path[0] for column, path in chosen.items() if len(path) == 1}
    is_careful = len(plain) < len(chosen)
    for first, lines in blocks:
        frame = None if is_careful else _parse_block(lines, plain, first)
        if frame is None:
            frame = _parse_line_by_line(lines, chosen, selection, first)
        open_file.rows += frame.height
        yield frame


def _parse_block(lines: bytes, keys: Mapping[str, str], first: int) -> pl.DataFrame | None:
    """The fast way, for lines that are all well-formed; None as soon as one is not."""
    if has_odd_escape(lines) or _NESTED.search(lines) or _has_long_line(lines):
        return None
    count = lines.count(b"\n") + (not lines.endswith(b"\n"))
    try:
        frame = pl.read_ndjson(io.BytesIO(lines), schema=dict.fromkeys(keys.values(), pl.String))
    except pl.exceptions.PolarsError:
        return None
    if frame.height != count or may_repeat_keys(lines, frame):
        return None
    position = pl.int_range(first, first + count, dtype=pl.Int64).alias("position")
    return with_no_bad_records(
        frame.select(position, *(pl.col(key).alias(name) for name, key in keys.items()))
    )


def _has_long_line(lines: bytes) -> bool:
    return len(lines) > _MAX_LINE_BYTES and max(map(len, lines.split(b"\n"))) > _MAX_LINE_BYTES


def _parse_line_by_line(
    lines: bytes, keys: Mapping[str, Path], selection: Selection, first: int
) -> pl.DataFrame:
    """The careful way: a line that is no object of plain values is a bad record."""
    decoder = msgspec.json.Decoder(dict[str, Any])
    is_json = _NO_NUMBER.search(lines) is None
    cells = [(path, _cell_of(column, selection)) for column, path in keys.items()]
    blanks = [None] * len(cells)
    records: list[tuple[Any, ...]] = []
    read_keys = {key for path in keys.values() for key in path}
    for number, line in enumerate(lines.removesuffix(b"\n").split(b"\n"), start=first):
        if not line.strip():
            continue
        if len(line) > _MAX_LINE_BYTES:
            records.append((number, *blanks, TOO_LONG, line[:_SHOWN_BYTES].decode("utf-8", "replace")))
            continue
        try:
            refuse_repeated_keys(line, read_keys)
            record = decoder.decode(line if is_json else _with_nulls(line))
            records.append((number, *(cell(_find(record, path)) for path, cell in cells), None, None))
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            records.append((number, *blanks, str(error), line.decode("utf-8", "replace")))
    strings = dict.fromkeys((*keys, "detail", "bad_record"), pl.String)
    return pl.DataFrame(records, schema={"position": pl.Int64, **strings}, orient="row")


def _with_nulls(line: bytes) -> bytes:
    """Writes a line with null for NaN and Infinity; one that is no JSON even so stays as it is."""
    try:
        return json.dumps(json.loads(line, parse_constant=lambda _: None), allow_nan=False).encode()
    except (ValueError, RecursionError):
        return line


def _cell_of(column: str, selection: Selection) -> Callable[[Any], str | None]:
    """Converts a value to a cell; raises where the value makes its record bad."""
    if column in selection.lists:
        return _list_or_plain
    if column in selection.optional:
        return lambda value: as_text(value) if isinstance(value, _PLAIN_TYPES) else None
    return lambda value: as_text(msgspec.convert(value, Plain))


def _list_or_plain(value: Any) -> str | None:
    if isinstance(value, list):
        return msgspec.json.encode(msgspec.convert(value, list[Plain])).decode()
    return as_text(msgspec.convert(value, Plain))


def as_text(value: Plain) -> str | None:
    """Writes a plain JSON value as polars does: `true`, `1` for 1.0, never an exponent."""
    if isinstance(value, float):
        digits = format(Decimal(repr(value)), "f")
        return digits.rstrip("0").rstrip(".") if "." in digits else digits
    return str(value).lower() if isinstance(value, bool) else None if value is None else str(value)
