"""Chatbot data of songys (`chatbot`): `ChatbotData.csv` with `Q,A,label`; the question is the sentence.

Q,A,label
12시 땡!,하루가 또 가네요.,0
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from etl.ingestion.sources.frame import id_column, rows_frame, stem
from etl.ingestion.sources.raw import InputLog
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.tables.delimited import record_frames
from etl.ingestion.tables.preview import Preview
from etl.schema import contract
from etl.settings import Settings

SLUG = "chatbot"


def recognise(preview: Preview) -> RecognisedFile | None:
    """Whether a CSV file has the three columns."""
    match = contract.match_layout(contract.load(SLUG), preview.header)
    return RecognisedFile(SLUG, preview.raw, match.name) if match else None


def read(files: list[RecognisedFile], settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:  # noqa: ARG001
    """Reads the questions, in frames of bounded size."""

    for file in files:
        with log.open_file(file.raw, source=SLUG, release=file.release, split=None) as open_file:
            for records in record_frames(open_file):
                columns = records.with_columns(
                    pl.col("Q").alias("raw_text"),
                    pl.col("label").alias("raw_label"),
                    id_column(SLUG, stem(file.raw), pl.col("position")).alias("id"),
                )
                yield rows_frame(file.raw, columns, source=SLUG, release=file.release)
