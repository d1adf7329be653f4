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
from etl.ingestion.sources.frame import filled, id_column, rows_frame
from etl.ingestion.sources.raw import InputLog
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.tables.preview import Preview
from etl.ingestion.tables.reader import open_table
from etl.schema import contract
from etl.settings import Settings

SLUG = "aihub-aspect"
_TEXT, _LABEL = "RawText", "GeneralPolarity"
_ABOUT = {"Source": "from", "MainCategory": "category", "ReviewScore": "score"}


def recognise(preview: Preview) -> RecognisedFile | None:
    """Whether a file holds reviews with their polarity."""
    if preview.suffix in {".json", ".jsonl"}:
        layout = "review" if preview.has_keys(_TEXT, _LABEL) else None
    else:
        match = contract.match_layout(contract.load(SLUG), preview.header or preview.sheet_header(0))
        layout = match.name if match else None
    if layout is None:
        return None
    split = official_split(preview.raw.path)
    return RecognisedFile(SLUG, preview.raw, layout, split=split, cells=preview.cells)


def read(files: list[RecognisedFile], settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:  # noqa: ARG001
    """Reads the reviews, in frames of bounded size."""
    for file in files:
        with log.open_file(file.raw, source=SLUG, release=file.release, split=file.split) as open_file:
            table = open_table(open_file, file.preview())
            about = {name: key for name, key in _ABOUT.items() if name in table.columns}
            for frame in table.frames([_TEXT, _LABEL, *about]):
                facts = [pl.format("{}={}", pl.lit(key), filled(pl.col(name))) for name, key in about.items()]
                columns = frame.with_columns(
                    pl.col(_TEXT).alias("raw_text"),
                    pl.col(_LABEL).alias("raw_label"),
                    pl.concat_str(facts or [pl.lit("")], separator=";", ignore_nulls=True)
                    .replace("", None)
                    .alias("annotations"),
                    id_column(SLUG, file.raw.path, pl.col("position")).alias("id"),
                )
                yield rows_frame(file.raw, columns, source=SLUG, release=file.release, split=file.split)
