"""Corpora that are tables of sentences with their labels and nothing else: no numbers, no groups.

Each sentence is a group of its own; its id is made of the text. `copies` finds the columns of a table with a
header; this module also those of lines without one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from etl.ingestion.sources.copies import Copy, read_copy
from etl.ingestion.sources.frame import rows_frame
from etl.ingestion.sources.raw import HashingStream, InputLog, OpenFile, RawFile
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.tables.delimited import record_frames
from etl.ingestion.tables.preview import DELIMITED, Preview
from etl.schema import contract
from etl.schema.contract import Layout

# The layout of lines without a header.
LINES = "lines"
_SAMPLE_ROWS = 1000
# A line that begins with a number of one digit, such as that of stars.
_RATED_LINE = re.compile(r'"?\d"?[\t,;|]')


def find_rated_lines(preview: Preview, slug: str) -> Copy | None:
    """Finds a table without a header that has the columns of the layout `lines`, a rating first.

    Returns:
        The copy, or None where more than half of the first lines are no such row.
    """
    if preview.suffix not in DELIMITED or not preview.lines or not _RATED_LINE.match(preview.lines[0]):
        return None
    layout = contract.load(slug).layouts[LINES]
    with preview.raw.open() as stream:
        records = _read_lines(OpenFile(preview.raw, HashingStream(stream)), layout)
        rows = next(records).head(_SAMPLE_ROWS)
    sample = rows.filter(pl.col("detail").is_null())
    return Copy(layout, layout.columns, sample, ()) if 2 * sample.height >= rows.height else None


def read_sentences(files: list[RecognisedFile], log: InputLog, **columns: pl.Expr) -> Iterator[pl.DataFrame]:
    """Reads the rows of tables, in frames of bounded size.

    Args:
        files: what `Copy.recognised` returned.
        log: records what is read.
        columns: those of the row, such as `raw_text` and `raw_label`, from those of the contract. Of these,
            one that the table has not is null.
    """
    for file in files:
        names = {name for layout in contract.load(file.slug).layouts.values() for name in layout.columns}
        with log.open_file(file.raw, source=file.slug, release=file.release) as open_file:
            for raw, table in _tables(file, open_file, log):
                absent = sorted(names.difference(table.columns))
                filled = table.with_columns(pl.lit(None, pl.String).alias(name) for name in absent)
                rows = filled.select("position", **{"detail": pl.col("detail")} | columns)
                yield rows_frame(raw, rows, source=file.slug, release=file.release)


def _tables(
    file: RecognisedFile, open_file: OpenFile, log: InputLog
) -> Iterator[tuple[RawFile, pl.DataFrame]]:
    layout = contract.load(file.slug).layouts[file.layout]
    if layout.name == LINES:
        frames = _read_lines(open_file, layout)
    elif len(layout.columns) == 1:  # nothing to cut: a comma is text
        frames = record_frames(open_file, "\t")
    else:
        yield from read_copy(file, open_file, log)
        return
    for frame in frames:
        yield file.raw, frame


def _read_lines(open_file: OpenFile, layout: Layout) -> Iterator[pl.DataFrame]:
    """Reads lines without a header. Quotes enclose nothing in those that are cut by tabs."""
    delimiter = Preview(open_file.raw).delimiter
    return record_frames(open_file, delimiter, [*layout.columns], is_quoted=delimiter != "\t")
