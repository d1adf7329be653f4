"""KETI 한국어 연속적 대화 (`keti-dialogue`): one XLSX whose header stands in the first data row.

    dialog # | 발화                  | 감정
    S        | 아 진짜! 사무실에서 …   | 분노
             | 그럴 때는 …            | 혐오

`S` marks the first utterance of a dialogue; the dialogue is the group.
"""

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

SLUG = "keti-dialogue"
_START, _SENTENCE, _LABEL = 0, 1, 2  # the columns in the order of the contract
_HEADER_ROWS = 3


def recognise(preview: Preview) -> RecognisedFile | None:
    """Whether one of the first rows of a workbook is the header."""
    for index in range(_HEADER_ROWS):
        match = contract.match_layout(contract.load(SLUG), preview.sheet_header(index))
        if match:
            return RecognisedFile(SLUG, preview.raw, match.name, cells=preview.cells, header_index=index)
    return None


def read(files: list[RecognisedFile], settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:  # noqa: ARG001
    """Reads the utterances, one frame a workbook. Each has its own label, so all turns are read."""

    for file in files:
        with log.open_file(file.raw, source=SLUG, release=file.release, split=None) as open_file:
            assert file.cells is not None
            columns = contract.load(SLUG).layouts[file.layout].columns
            table = with_header(file.cells, file.header_index)
            starts = pl.col(columns[_START]).str.strip_chars().str.to_uppercase() == "S"
            table = table.with_columns(dialogue=starts.fill_null(value=False).cum_sum())
            open_file.rows = table.height
            yield rows_frame(
                file.raw,
                table.with_columns(
                    pl.int_range(1, pl.len() + 1).over("dialogue").alias("turn"),
                    pl.format("{}-{}", pl.lit(stem(file.raw)), "dialogue").alias("group"),
                    pl.col(columns[_SENTENCE]).alias("raw_text"),
                    pl.col(columns[_LABEL]).alias("raw_label"),
                    id_column(SLUG, stem(file.raw), pl.col("position")).alias("id"),
                ),
                source=SLUG,
                release=file.release,
            )
