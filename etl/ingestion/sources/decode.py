"""Bytes to text, delimited rows and JSON lines, in bounded memory.

The encoding is UTF-8 (with or without a BOM) or cp949, strictly: a file that is neither is an error,
never a text full of replacement characters.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Literal

import msgspec
import polars as pl

from etl.errors import InputError
from etl.ingestion.sources.header import column_name
from etl.ingestion.sources.raw import HashingStream, OpenFile, RawFile

ENCODINGS = ("utf-8-sig", "cp949")
_CHUNK_BYTES = 4 << 20
# A JSON escape of half a surrogate pair: polars would put nothing in its place without a word.
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
# A value that is an object or an array: polars would give its text.
_NESTED = re.compile(rb'"\s*:\s*[\[{]')

# A JSON value that can stand in a cell.
Plain = str | int | float | bool | None


def utf8(content: bytes, raw: RawFile) -> tuple[bytes, str]:
    """The content as UTF-8 bytes without a BOM, and the encoding it had.

    Raises:
        InputError: neither UTF-8 nor cp949.
    """
    if _is_utf8(content):
        return content.removeprefix(codecs.BOM_UTF8), "utf-8"
    try:
        return content.decode("cp949").encode("utf-8"), "cp949"
    except UnicodeDecodeError as cp949_error:
        try:
            content.decode("utf-8")
        except UnicodeDecodeError as utf8_error:
            raise _neither(raw, utf8_error, cp949_error) from utf8_error
        raise


def _is_utf8(content: bytes) -> bool:
    """Whether bytes are UTF-8: the check of polars is several times faster than decoding them."""

    try:
        pl.Series([content], dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.PolarsError:
        return False
    return True


def array_elements(content: bytes) -> Sequence[bytes | msgspec.Raw]:
    """The elements of a JSON array, undecoded, so that a bad one spoils no other.

    Raises:
        msgspec.DecodeError: not JSON, or no array.
    """
    try:
        return msgspec.json.decode(content, type=list[msgspec.Raw])
    except msgspec.DecodeError as error:
        # For half a surrogate pair in one element msgspec refuses the whole array; json does not.
        try:
            elements = json.loads(content)
        except ValueError:
            raise error from None
        if not isinstance(elements, list):
            raise
        return [json.dumps(element).encode() for element in elements]


def sniff_encoding(raw: RawFile) -> str:
    """The encoding of a text file that may be too large to read at once.

    Reads on until only one of them is left; what both can read is UTF-8.

    Raises:
        InputError: neither UTF-8 nor cp949.
    """
    decoders = {name: codecs.getincrementaldecoder(name)() for name in ENCODINGS}
    errors: dict[str, UnicodeDecodeError] = {}
    with raw.open() as stream:
        while len(decoders) > 1 and (chunk := stream.read(_CHUNK_BYTES)):
            for name, decoder in list(decoders.items()):
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError as error:
                    errors[name] = error
                    del decoders[name]
    if not decoders:
        raise _neither(raw, *(errors[name] for name in ENCODINGS))
    return next(iter(decoders))


def _neither(raw: RawFile, utf8_error: UnicodeDecodeError, cp949_error: UnicodeDecodeError) -> InputError:
    return InputError(
        f"{raw.name} is neither UTF-8 nor cp949",
        details=[
            f"expected {name}, got byte {error.object[error.start]:#04x} at offset {error.start}"
            for name, error in (("UTF-8", utf8_error), ("cp949", cp949_error))
        ],
        cause="The download was cut off inside a character."
        if utf8_error.reason == "unexpected end of data"
        else "The file was saved by a program that used another encoding, or it is damaged.",
        next_step="save it as UTF-8, or run with `--on-bad-file skip` to go on without it.",
    )


def delimited(
    open_file: OpenFile, delimiter: str, *, is_quoted: bool = True
) -> Iterator[tuple[int, list[str]]]:
    """The records of a CSV or TSV file with their number (the first is 1; a quoted field may span lines).

    Raises:
        InputError: neither UTF-8 nor cp949, or a NUL byte or a field beyond all measure.
    """
    encoding = sniff_encoding(open_file.raw)
    open_file.encoding = encoding.removesuffix("-sig")
    text = io.TextIOWrapper(io.BufferedReader(_Readable(open_file.stream), 1 << 18), encoding, newline="")
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if is_quoted else csv.QUOTE_NONE
    number = 0
    try:
        for number, record in enumerate(csv.reader(text, delimiter=delimiter, quoting=quoting), start=1):
            if record:  # a blank line is no record, but it has a number
                yield number, record
    except (UnicodeDecodeError, csv.Error) as error:
        raise _breaks_off(open_file, f"at record {number + 1:,}", error) from error


def _breaks_off(open_file: OpenFile, where: str, error: UnicodeDecodeError | csv.Error) -> InputError:
    return InputError(
        f"{open_file.raw.name} breaks off {where}",
        details=[f"expected {open_file.encoding} text, got: {error}"],
        cause="The file was edited, or mixes encodings.",
        next_step="repair the record, or run with `--on-bad-file skip` to go on without the rest.",
    )


class _Readable(io.RawIOBase):
    """Makes a hashing stream look like a file to the standard library."""

    def __init__(self, stream: HashingStream):
        super().__init__()
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        chunk = self._stream.read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)


def json_lines(open_file: OpenFile, fields: list[str]) -> Iterator[pl.DataFrame]:
    """The given fields of a JSON lines file, chunk by chunk.

    Yields:
        A frame with one string column per field (null where absent), `position` (line number from 1) and
        `problem` (null, or why this line is not an object of plain values). Blank lines are left out.

    Raises:
        InputError: neither UTF-8 nor cp949.
    """
    encoding = sniff_encoding(open_file.raw)
    open_file.encoding = encoding.removesuffix("-sig")
    first_line, rest = 1, b""
    while True:
        chunk = open_file.stream.read(_CHUNK_BYTES)
        block, newline, rest = (rest + chunk).rpartition(b"\n") if chunk else (rest, b"", b"")
        if not chunk and not block:
            return
        lines = block + newline
        if lines:
            content = lines if open_file.encoding == "utf-8" else _transcode(lines, open_file)
            yield _parse_lines(content.removeprefix(codecs.BOM_UTF8), fields, first_line)
            first_line += lines.count(b"\n")


def _transcode(lines: bytes, open_file: OpenFile) -> bytes:
    try:
        return lines.decode(open_file.encoding).encode("utf-8")
    except UnicodeDecodeError as error:
        raise _breaks_off(open_file, f"after {open_file.rows:,} rows", error) from error


def _parse_lines(lines: bytes, fields: list[str], first_line: int) -> pl.DataFrame:
    """The fast way for well-formed lines, and the careful way as soon as one is not."""

    count = lines.count(b"\n") + (not lines.endswith(b"\n"))
    try:
        if _SURROGATE.search(lines) or _NESTED.search(lines):
            raise pl.exceptions.ComputeError("these lines need the careful way")
        frame = pl.read_ndjson(io.BytesIO(lines), schema=dict.fromkeys(fields, pl.String))
    except pl.exceptions.PolarsError:
        return _parse_lines_one_by_one(lines, fields, first_line)
    if frame.height != count:
        return _parse_lines_one_by_one(lines, fields, first_line)
    return frame.rename(column_name).with_columns(
        pl.int_range(first_line, first_line + count, dtype=pl.Int64).alias("position"),
        pl.lit(None, pl.String).alias("problem"),
    )


def _parse_lines_one_by_one(lines: bytes, fields: list[str], first_line: int) -> pl.DataFrame:

    decoder = msgspec.json.Decoder(dict[str, Any])
    records: list[tuple[Any, ...]] = []
    for number, line in enumerate(lines.removesuffix(b"\n").split(b"\n"), start=first_line):
        if not line.strip():
            continue
        try:
            record = decoder.decode(line)
            values = [msgspec.convert(record.get(name), Plain) for name in fields]
            records.append((*map(as_text, values), number, None))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            records.append((*(None for _ in fields), number, str(error)))
    schema = {
        **dict.fromkeys(map(column_name, fields), pl.String),
        "position": pl.Int64,
        "problem": pl.String,
    }
    return pl.DataFrame(records, schema=schema, orient="row")


def as_text(value: Plain) -> str | None:
    """A plain JSON value as text, as polars writes it: `true`, `1` for 1.0, never an exponent."""
    if isinstance(value, float):
        digits = format(Decimal(repr(value)), "f")
        return digits.rstrip("0").rstrip(".") if "." in digits else digits
    return str(value).lower() if isinstance(value, bool) else None if value is None else str(value)
