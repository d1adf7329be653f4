"""KOTE, Korean Online That-gul Emotions (`kote`): TSV without a header, one comment a line.

    5954<TAB>음료가 몇푼이나 한다고..<TAB>0,6,10,22,23,36

The third field lists label ids 0-43; the official split is the name of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from etl.ingestion.sources.frame import id_column, rows_frame, stem
from etl.ingestion.sources.raw import InputLog
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.tables.delimited import record_frames
from etl.ingestion.tables.preview import Preview
from etl.settings import Settings

SLUG = "kote"
_LINE = re.compile(r"^\d+\t.*\t\d{1,2}(,\d{1,2})*$")
_SPLITS = {"train": "train", "val": "validation", "test": "test"}


def recognise(preview: Preview) -> RecognisedFile | None:
    """Whether most of the first lines are an id, a text and a list of label ids; some may be broken."""
    matching = sum(1 for line in preview.lines if _LINE.match(line))
    is_kote = preview.suffix in {".tsv", ".txt"} and 2 * matching > len(preview.lines)
    return RecognisedFile(SLUG, preview.raw, "tsv", split=_SPLITS.get(stem(preview.raw))) if is_kote else None


def read(files: list[RecognisedFile], settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:  # noqa: ARG001
    """Reads the comments, in frames of bounded size."""

    for file in files:
        with log.open_file(file.raw, source=SLUG, release=file.release, split=file.split) as open_file:
            for records in record_frames(
                open_file, "\t", ["number", "raw_text", "raw_label"], is_quoted=False
            ):
                number = pl.coalesce("number", pl.format("{}-{}", pl.lit(stem(file.raw)), "position"))
                yield rows_frame(
                    file.raw,
                    records.with_columns(id_column(SLUG, number).alias("id")),
                    source=SLUG,
                    release=file.release,
                    split=file.split,
                )
