"""KOTE, Korean Online That-gul Emotions (`kote`): TSV without a header, one comment a line.

    5954<TAB>음료가 몇푼이나 한다고..<TAB>0,6,10,22,23,36

The third field lists label ids 0-43; the official split is the name of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from etl.ingestion.sources.frame import id_column, record_frames, rows_frame, stem
from etl.ingestion.sources.raw import Account
from etl.ingestion.sources.recognised import Found, Peek
from etl.settings import Settings

SLUG = "kote"
_LINE = re.compile(r"^\d+\t.*\t\d{1,2}(,\d{1,2})*$")
_SPLITS = {"train": "train", "val": "validation", "test": "test"}


def recognise(peek: Peek) -> Found | None:
    """Whether most of the first lines are an id, a text and a list of label ids; some may be broken."""
    matching = sum(1 for line in peek.lines if _LINE.match(line))
    is_kote = peek.suffix in {".tsv", ".txt"} and 2 * matching > len(peek.lines)
    return Found(SLUG, peek.raw, "tsv", split=_SPLITS.get(stem(peek.raw))) if is_kote else None


def read(found: list[Found], settings: Settings, account: Account) -> Iterator[pl.DataFrame]:  # noqa: ARG001
    """The comments, in frames of bounded size."""

    for each in found:
        with account.reading(each.raw, source=SLUG, release=each.release, split=each.split) as reading:
            for records in record_frames(reading, "\t", ["number", "raw_text", "raw_label"], is_quoted=False):
                number = pl.coalesce("number", pl.format("{}-{}", pl.lit(stem(each.raw)), "position"))
                yield rows_frame(
                    each.raw,
                    records.with_columns(id_column(SLUG, number).alias("id")),
                    source=SLUG,
                    release=each.release,
                    split=each.split,
                )
