"""Opens tables of any supported format, in an archive or on disk."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO

import msgspec
import polars as pl
import pyarrow as pa

from etl.errors import InputError
from etl.ingestion.sources.pointer import MAX_BYTES, refuse_pointer
from etl.ingestion.sources.raw import DAMAGE_ERRORS, HashingStream, OpenFile, RawFile
from etl.ingestion.tables import form
from etl.ingestion.tables.columnar import open_columnar
from etl.ingestion.tables.delimited import open_delimited
from etl.ingestion.tables.dialect import FOUND_OUT, Dialect
from etl.ingestion.tables.json_records import open_json
from etl.ingestion.tables.json_tables import find_tables, objects_in_a_row
from etl.ingestion.tables.preview import Preview
from etl.ingestion.tables.table import IsHeader, OpenTable, OpenTables, Selection
from etl.ingestion.tables.workbook import open_workbook
from etl.language.message import joined, tr
from etl.runtime.unpacking import open_gzip
from etl.settings import Limits
from etl.text.encoding import to_utf8
from etl.user_files.plain import plain_file

_log = logging.getLogger(__name__)

# In the order of trust: those that keep types first.
OPENERS: dict[str, Callable[[OpenFile, Preview, IsHeader | None], OpenTables]] = {
    ".parquet": open_columnar,
    ".arrow": open_columnar,
    ".feather": open_columnar,
    ".jsonl": open_json,
    ".csv": open_delimited,
    ".tsv": open_delimited,
    ".json": open_json,
    ".xlsx": open_workbook,
    ".xlsm": open_workbook,
    ".xls": open_workbook,
    form.HTML: open_workbook,
    form.XML: open_workbook,
    ".txt": open_delimited,
}
FORMATS = tuple(suffix for suffix in OPENERS if suffix not in {form.HTML, form.XML})
# What the library `datasets` writes beside the rows.
_METADATA = re.compile(r"dataset_infos?\.json|dataset_dict\.json|state\.json|cache-.*|tmp.*")


def open_tables(open_file: OpenFile, preview: Preview, is_header: IsHeader | None = None) -> OpenTables:
    """Opens the tables in a file; their rows are read from `open_file`, one table after another.

    Args:
        open_file: the file, at its beginning; its `encoding` is set, and its `rows` are counted.
        preview: the same file, previewed; it decides the format.
        is_header: tells whether names of columns are those that are wanted. It finds the header below a
            title, and the sheets of a workbook, or the arrays of a JSON document, that are read. None: the
            first row is the header, of the first sheet. A file of one table is opened in any case.

    Raises:
        InputError: the format is not supported, or the file is damaged or in no known encoding.
    """
    opener = OPENERS.get(preview.suffix)
    if opener is None:
        raise InputError(
            tr("{file} is not a supported table format", file=open_file.raw.name),
            details=[
                tr(
                    "expected {formats}, got {ending}",
                    formats=", ".join(FORMATS),
                    ending=preview.suffix or tr("no ending"),
                )
            ],
            next_step=tr("save it in one of these formats."),
        )
    if not preview.format and preview.suffix != preview.named_suffix:
        found = tr("it is {said}, whatever its name says, and read as that", said=form.SAID[preview.suffix])
        open_file.findings.append(found)
    return opener(open_file, preview, is_header)


def open_table(open_file: OpenFile, preview: Preview, is_header: IsHeader | None = None) -> OpenTable:
    """Opens the first table in a file, see `open_tables`.

    Raises:
        InputError: there is none, or the file cannot be read.
    """
    opened = open_tables(open_file, preview, is_header)
    if not opened.tables:
        raise _no_table(open_file.raw, opened)
    return opened.tables[0]


def _no_table(raw: RawFile, opened: OpenTables) -> InputError:
    return InputError(
        tr("{file} holds no table", file=raw.name),
        details=[joined(": ", (each.part or tr("it"), each.describe())) for each in opened.left_aside],
        cause=tr("The columns are not those that were expected, or the file holds something else."),
        next_step=tr("name the columns, or give another file."),
    )


@contextmanager
def open_file_as_tables(
    raw: RawFile,
    suffix: str = "",
    *,
    next_step: str,
    is_header: IsHeader | None = None,
    dialect: Dialect = FOUND_OUT,
) -> Iterator[list[OpenTable]]:
    """Opens the tables in a file outside ingest; what is left aside is logged as a warning.

    Args:
        raw: the file.
        suffix: of its format, where its name does not have it.
        next_step: what errors advise in place of an option of ingest.
        is_header: see `open_tables`. Where no table has such a header, the first is opened as it is.
        dialect: what the user says of how it is written.

    Raises:
        InputError: the format is not supported, there is no table, or the file is damaged or in no known
            encoding. The same holds for each step of `OpenTable.frames`.
    """
    open_files: list[OpenFile] = []
    with ExitStack() as stack:

        def opened(is_header: IsHeader | None) -> OpenTables:
            stream = stack.enter_context(raw.open())
            open_files.append(OpenFile(raw, HashingStream(stream)))
            return open_tables(open_files[-1], preview, is_header)

        def read(table: OpenTable, selection: Selection) -> Iterator[pl.DataFrame]:
            with _explain_errors(raw.name, next_step):
                yield from table.read(selection)
            for finding in open_files[-1].findings:
                _log.warning("%s: %s", raw.name, finding)
            open_files[-1].findings.clear()

        with _explain_errors(raw.name, next_step):
            refuse_pointer(raw.head(MAX_BYTES), raw.name)
            preview = Preview(raw, suffix, dialect)
            found = opened(is_header)
            tables = found.tables or opened(None).tables[:1]
            if not tables:
                raise _no_table(raw, found)
        if found.tables:
            for left in found.left_aside:
                _log.warning(
                    tr(
                        "{name} is left aside: it has {rows}",
                        name=raw.inside(left.part).name,
                        rows=left.describe(),
                    )
                )
        yield [replace(table, read=partial(read, table)) for table in tables]


@contextmanager
def open_file_as_table(raw: RawFile, suffix: str = "", *, next_step: str) -> Iterator[OpenTable]:
    """Opens the first table in a file outside ingest, see `open_file_as_tables`."""
    with open_file_as_tables(raw, suffix, next_step=next_step) as tables:
        yield tables[0]


@contextmanager
def _explain_errors(name: str, next_step: str) -> Iterator[None]:
    """Gives errors a next step that fits outside ingest, where they have none or name an option of it."""
    try:
        yield
    except InputError as error:
        if error.next_step and "--on-bad-file" not in error.next_step:
            raise
        raise InputError(error.what, details=error.details, cause=error.cause, next_step=next_step) from error
    except (*DAMAGE_ERRORS, UnicodeError, pa.ArrowException, pl.exceptions.PolarsError) as error:
        reason = error if str(error) else tr("no more is known")
        raise InputError(
            tr("{name} cannot be read", name=name),
            details=[joined(": ", (type(error).__name__, reason))],
            cause=tr("The file was cut off, edited, or is something else with this ending."),
            next_step=next_step,
        ) from error


def raw_file_in_memory(content: bytes, name: str) -> RawFile:
    """Returns bytes as a raw file."""
    return RawFile(name, "", len(content), lambda: io.BytesIO(content))


def raw_file_at(path: Path, name: str) -> RawFile:
    """Returns a file on disk as a raw file; if it is compressed (`.gz`), what is in it."""

    def open_stream() -> IO[bytes]:
        stream = plain_file(path).open("rb")
        if path.suffix.lower() != ".gz":
            return stream
        return open_gzip(stream, name, path.stat().st_size, Limits())

    return RawFile(name, "", 0, open_stream)


def format_of(path: Path) -> str:
    """Returns the suffix of a file's format, such as `.csv` for `.csv.gz` and `.jsonl` for `.ndjson`."""
    return form.suffix_of(path.name)


def is_json_table(preview: Preview) -> bool:
    """Whether there is a table in a `.json` file; settings of a program, say, are none."""
    if preview.is_json_table:
        return True
    if not (preview.is_json_document or preview.is_array_of_arrays):
        return False
    with preview.raw.open() as stream:
        content, _ = to_utf8(stream.read(), preview.raw.name)
    try:
        return bool(find_tables(content, bool))
    except (msgspec.DecodeError, RecursionError):  # objects on lines, the first of them a long one
        return b"\n" in content or bool(objects_in_a_row(content))


def is_metadata(path: str) -> bool:
    """Whether a file is one that the library `datasets` writes beside the rows."""
    return _METADATA.fullmatch(path.rpartition("/")[2]) is not None
