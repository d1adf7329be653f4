"""KETI 한국어 단발성 대화 (`keti-single`): one XLSX with `Sentence`, `Emotion` and blank columns."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from etl.ingestion.sources.frame import id_column, rows_frame, stem
from etl.ingestion.sources.raw import InputLog
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.tables.preview import Preview
from etl.ingestion.tables.sheet import with_header
from etl.schema import contract
from etl.settings import Settings

SLUG = "keti-single"


def recognise(preview: Preview) -> RecognisedFile | None:
    """Whether a workbook has the two columns."""
    match = contract.match_layout(contract.load(SLUG), preview.sheet_header(0))
    return RecognisedFile(SLUG, preview.raw, match.name, cells=preview.cells) if match else None


def read(files: list[RecognisedFile], settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:  # noqa: ARG001
    """Reads the sentences, one frame a workbook."""

    for file in files:
        with log.open_file(file.raw, source=SLUG, release=file.release, split=None) as open_file:
            assert file.cells is not None
            table = with_header(file.cells, 0)
            open_file.rows = table.height
            yield rows_frame(
                file.raw,
                table.with_columns(
                    pl.col("Sentence").alias("raw_text"),
                    pl.col("Emotion").alias("raw_label"),
                    id_column(SLUG, stem(file.raw), pl.col("position")).alias("id"),
                ),
                source=SLUG,
                release=file.release,
            )
