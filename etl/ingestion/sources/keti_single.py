"""KETI 한국어 단발성 대화 (`keti-single`): one XLSX with `Sentence`, `Emotion` and blank columns."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from etl.ingestion.sources.frame import id_column, rows_frame, stem
from etl.ingestion.sources.raw import Account
from etl.ingestion.sources.recognised import Found, Peek
from etl.ingestion.sources.sheet import with_header
from etl.schema import contract
from etl.settings import Settings

SLUG = "keti-single"


def recognise(peek: Peek) -> Found | None:
    """Whether a workbook has the two columns."""
    match = contract.match_layout(contract.load(SLUG), peek.sheet_header(0))
    return Found(SLUG, peek.raw, match.name, cells=peek.cells) if match else None


def read(found: list[Found], settings: Settings, account: Account) -> Iterator[pl.DataFrame]:  # noqa: ARG001
    """The sentences, one frame a workbook."""

    for each in found:
        with account.reading(each.raw, source=SLUG, release=each.release, split=None) as reading:
            assert each.cells is not None
            table = with_header(each.cells, 0)
            reading.rows = table.height
            yield rows_frame(
                each.raw,
                table.with_columns(
                    pl.col("Sentence").alias("raw_text"),
                    pl.col("Emotion").alias("raw_label"),
                    id_column(SLUG, stem(each.raw), pl.col("position")).alias("id"),
                ),
                source=SLUG,
                release=each.release,
            )
