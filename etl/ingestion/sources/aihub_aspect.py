"""AIHub 속성기반 감정분석 (`aihub-aspect`): reviews with a polarity, as JSON arrays or re-exported tables.

    [{"Index": "1", "RawText": "…", "Source": "쇼핑몰", "Domain": "패션", "MainCategory": "여성의류",
      "ProductName": "…", "ReviewScore": "4", "RDate": "20210107", "GeneralPolarity": "1", "Aspects": […]}]

The label is that of the whole review, "1", "0", "-1" or null; the aspects are not read. Each
review is a group of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from etl.ingestion.sources.aihub_json import official_split
from etl.ingestion.sources.copies import find_copy, read_copy
from etl.ingestion.sources.frame import filled, rows_frame
from etl.ingestion.sources.raw import InputLog
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.tables.preview import Preview
from etl.settings import Settings

SLUG = "aihub-aspect"
_TEXT, _LABEL = "RawText", "GeneralPolarity"
_ABOUT = {"Source": "from", "MainCategory": "category", "ReviewScore": "score"}


def recognise(preview: Preview) -> RecognisedFile | None:
    """Whether a table has reviews and their polarity."""
    split = official_split(preview.raw.path)
    if preview.suffix == ".json" and preview.has_keys(_TEXT, _LABEL):  # no need to open thousands of files
        return RecognisedFile(SLUG, preview.raw, "review", split=split)
    copy = find_copy(preview, SLUG)
    return copy.recognised(SLUG, preview, split=split) if copy else None


def read(files: list[RecognisedFile], settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:  # noqa: ARG001
    """Reads the reviews, in frames of bounded size."""
    for file in files:
        with log.open_file(file.raw, source=SLUG, release=file.release, split=file.split) as open_file:
            for raw, table in read_copy(file, open_file, log):
                columns = table.with_columns(
                    pl.col(_TEXT).alias("raw_text"),
                    pl.col(_LABEL).alias("raw_label"),
                    _about(table).alias("annotations"),
                )
                yield rows_frame(raw, columns, source=SLUG, release=file.release, split=file.split)


def _about(table: pl.DataFrame) -> pl.Expr:
    facts = [
        pl.format("{}={}", pl.lit(key), filled(pl.col(name)))
        for name, key in _ABOUT.items()
        if name in table.columns
    ]
    joined = pl.concat_str([pl.lit(None, pl.String), *facts], separator=";", ignore_nulls=True)
    return joined.replace("", None)
