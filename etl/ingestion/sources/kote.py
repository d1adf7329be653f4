"""KOTE, Korean Online That-gul Emotions (`kote`): TSV without a header, one comment a line.

    5954<TAB>음료가 몇푼이나 한다고..<TAB>0,6,10,22,23,36

The third field lists label ids 0-43; the first layout had the same as 44 zeros and ones in a fourth. The
official split is the name of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import polars as pl

from etl.ingestion.sources.copies import are_labels, find_copy, has_name_of, read_copy
from etl.ingestion.sources.frame import id_column, place, rows_frame, stem
from etl.ingestion.sources.raw import InputLog, OpenFile, RawFile
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.tables.delimited import record_frames
from etl.ingestion.tables.preview import Preview
from etl.settings import Settings

SLUG = "kote"
_LAYOUTS = {
    "tsv": (re.compile(r"\d+\t[^\t]*\t(\d{1,2}(?:,\d{1,2})*)"), ["number", "raw_text", "raw_label"]),
    "tsv-one-hot": (
        re.compile(r"\d+\t[^\t]*\t(\d{1,2}(?:,\d{1,2})*)\t[01](?:,[01]){43}"),
        ["number", "raw_text", "raw_label", "one_hot"],
    ),
}
# The layout of copies with a header.
_TABLE = "table"
_SPLITS = {"train": "train", "val": "validation", "test": "test"}


def recognise(preview: Preview) -> RecognisedFile | None:
    """Whether most of the first lines are an id, a text and a list of label ids, or these are columns."""
    split = _SPLITS.get(stem(preview.raw))
    is_certain = preview.is_named or has_name_of(preview.raw, SLUG)
    for layout, (pattern, _) in _LAYOUTS.items():
        lists = [match[1] for line in preview.lines if (match := pattern.fullmatch(line))]
        if 2 * len(lists) > len(preview.lines) and (is_certain or _are_lists(lists)):
            return RecognisedFile(SLUG, preview.raw, layout, split=split)
    copy = find_copy(preview, SLUG, _TABLE)
    if copy is None or not (is_certain or _are_lists(copy.values("labels"))):
        return None
    return copy.recognised(SLUG, preview, split=split)


def _are_lists(lists: Sequence[str]) -> bool:
    """Whether labels are lists of ids: a comment has eight on average, and one in a hundred has only one."""
    ids = [re.findall(r"\d+", each) for each in lists]
    flat = [number for each in ids for number in each]
    return 2 * sum(len(each) > 1 for each in ids) > len(ids) and are_labels(SLUG, flat)


def read(files: list[RecognisedFile], settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:  # noqa: ARG001
    """Reads the comments, in frames of bounded size."""

    for file in files:
        with log.open_file(file.raw, source=SLUG, release=file.release, split=file.split) as open_file:
            for raw, records in _records(file, open_file, log):
                where = "-".join(place(file.raw, raw))
                number = pl.coalesce("number", pl.format("{}-{}", pl.lit(where), "position"))
                yield rows_frame(
                    raw,
                    records.with_columns(id_column(SLUG, number).alias("id")),
                    source=SLUG,
                    release=file.release,
                    split=file.split,
                )


def _records(
    file: RecognisedFile, open_file: OpenFile, log: InputLog
) -> Iterator[tuple[RawFile, pl.DataFrame]]:
    if file.layout in _LAYOUTS:
        for records in record_frames(open_file, "\t", _LAYOUTS[file.layout][1], is_quoted=False):
            yield file.raw, records
        return
    for raw, table in read_copy(file, open_file, log):
        # As Python, numpy and JSON write a list.
        ids = pl.col("labels").str.strip_chars(" \t[](){}").str.replace_all(r"[\s,'\"]+", ",")
        number = pl.col("ID") if "ID" in table.columns else pl.lit(None, pl.String)
        yield (
            raw,
            table.with_columns(
                ids.str.strip_chars(",").alias("raw_label"),
                number.alias("number"),
                pl.col("text").alias("raw_text"),
            ),
        )
