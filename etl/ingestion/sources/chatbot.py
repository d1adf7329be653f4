"""Chatbot data of songys (`chatbot`): `ChatbotData.csv` with `Q,A,label`; the question is the sentence.

Q,A,label
12시 땡!,하루가 또 가네요.,0
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from etl.ingestion.sources.frame import id_column, record_frames, rows_frame, stem
from etl.ingestion.sources.raw import Account
from etl.ingestion.sources.recognised import Found, Peek
from etl.schema import contract
from etl.settings import Settings

SLUG = "chatbot"


def recognise(peek: Peek) -> Found | None:
    """Whether a CSV file has the three columns."""
    match = contract.match_layout(contract.load(SLUG), peek.header)
    return Found(SLUG, peek.raw, match.name) if match else None


def read(found: list[Found], settings: Settings, account: Account) -> Iterator[pl.DataFrame]:  # noqa: ARG001
    """The questions, in frames of bounded size."""

    for each in found:
        with account.reading(each.raw, source=SLUG, release=each.release, split=None) as reading:
            for records in record_frames(reading, Peek(each.raw).delimiter):
                columns = records.with_columns(
                    pl.col("Q").alias("raw_text"),
                    pl.col("label").alias("raw_label"),
                    id_column(SLUG, stem(each.raw), pl.col("position")).alias("id"),
                )
                yield rows_frame(each.raw, columns, source=SLUG, release=each.release)
