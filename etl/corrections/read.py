"""Reads decisions from `corrections.jsonl`, or from CSV with the same columns; strictly, line by line."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from etl.corrections.decision import Decision, problem_of
from etl.errors import InputError
from etl.language.message import tr
from etl.language.system_words import system_words
from etl.runtime.json_text import decode_json
from etl.settings import PathLike
from etl.user_files.plain import plain_file

_log = logging.getLogger(__name__)

CSV = ".csv"
_BOM = b"\xef\xbb\xbf"
_MOST_CELL_CHARS = 1_000_000
_decoder = msgspec.json.Decoder(Decision)


def read_decisions(paths: Sequence[PathLike]) -> list[Decision]:
    """Reads the decisions of several files, each in its order.

    A last line that a crash cut off, which `append_decision` never said to be written, is passed over.

    Args:
        paths: files of JSON lines; those that are called `.csv` are CSV.

    Raises:
        InputError: a file cannot be read, or a line is no decision; file and line are named.
    """
    return [each for path in paths for each in read_file(Path(path))]


def read_file(path: Path) -> list[Decision]:
    """Reads the decisions of one file; see `read_decisions`."""
    try:
        content = plain_file(path).read_bytes()
    except OSError as error:
        raise InputError(
            tr("the corrections {path} cannot be read", path=path),
            details=[system_words(error)],
            next_step=tr("name files of decisions, as docs/review.md describes them."),
        ) from error
    content = content.removeprefix(_BOM)
    read = _read_csv if path.suffix.lower() == CSV else _read_lines
    return list(read(path, content))


def is_torn(line: bytes) -> bool:
    """Whether a last line without an end was cut off by a crash: it is no JSON."""
    try:
        decode_json(line, Any)
    except msgspec.DecodeError:
        return bool(line.strip())
    return False


def _read_lines(path: Path, content: bytes) -> Iterator[Decision]:
    lines = content.split(b"\n")
    if is_torn(lines[-1]):
        _log.warning(
            tr(
                "{path}: the last line is cut off, and passed over; a crash did not let it be written",
                path=path,
            )
        )
        lines.pop()
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                decision = _decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise _bad_line(path, number, problem_of(error)) from error
            yield decision


def _read_csv(path: Path, content: bytes) -> Iterator[Decision]:
    # One limit for the whole process: never below what the readers of tables need.
    csv.field_size_limit(max(_MOST_CELL_CHARS, csv.field_size_limit()))
    try:
        rows = open_cells(_decode(content))
        unknown = [name for name in rows.fieldnames or () if name not in Decision.__struct_fields__]
        if unknown:
            raise _bad_line(path, 1, tr("{name!r} is no column of a decision", name=unknown[0]))
        for row in rows:
            try:
                decision = msgspec.convert(_filled(row), Decision)
            except msgspec.ValidationError as error:
                raise _bad_line(path, rows.line_num, problem_of(error)) from error
            yield decision
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _bad_line(path, line, tr("it is neither UTF-8 nor cp949; save it as `CSV UTF-8`")) from error
    except csv.Error as error:
        raise _bad_line(path, rows.reader.line_num, str(error)) from error


def _decode(content: bytes) -> str:
    """Reads UTF-8, or what Korean Windows calls `CSV`.

    Raises:
        UnicodeDecodeError: it is neither; where UTF-8 ends is said.
    """
    try:
        return content.decode()
    except UnicodeDecodeError:
        with suppress(UnicodeDecodeError):
            return content.decode("cp949")
        raise


def open_cells(text: str) -> csv.DictReader[str]:
    """Returns a reader of CSV, cut by what cuts the header: `,`, or `;` or TAB, as Excel writes, too."""
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)  # of several the first
    return csv.DictReader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)


def _filled(row: dict[Any, Any]) -> dict[str, Any]:
    """Returns the cells that are not empty; several labels are a list in JSON."""
    if None in row:
        return {"a cell without a column": row[None]}
    filled = {name: cell for name, cell in row.items() if cell}
    if filled.get("label", "").startswith("["):
        try:
            filled["label"] = decode_json(filled["label"], Any)
        except msgspec.DecodeError as error:
            problem = tr("the label is no list: {error}", error=str(error))
            raise msgspec.ValidationError(problem) from error
    return filled


def _bad_line(path: Path, number: int, problem: str) -> InputError:
    return InputError(
        tr("{path}, line {number:,}: this is no decision", path=path, number=number),
        details=[
            problem,
            tr("expected the fields {fields}", fields=", ".join(Decision.__struct_fields__)),
        ],
        next_step=tr("correct or remove the line; docs/review.md shows one of each kind."),
    )
