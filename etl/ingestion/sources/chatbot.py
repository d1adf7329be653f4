"""Chatbot data of songys (`chatbot`): `ChatbotData.csv` with `Q,A,label`; the question is the sentence.

Q,A,label
12시 땡!,하루가 또 가네요.,0
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from etl.ingestion.sources.copies import find_copy, read_copy
from etl.ingestion.sources.frame import rows_frame
from etl.ingestion.sources.raw import InputLog
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.tables.preview import Preview
from etl.settings import Settings

SLUG = "chatbot"


def recognise(preview: Preview) -> RecognisedFile | None:
    """Whether a table has the three columns, with labels of the corpus in the last."""
    copy = find_copy(preview, SLUG)
    if copy is None or not (preview.is_named or copy.has_labels(SLUG, "label")):
        return None
    return copy.recognised(SLUG, preview)


def read(files: list[RecognisedFile], settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:  # noqa: ARG001
    """Reads the questions, in frames of bounded size."""

    for file in files:
        with log.open_file(file.raw, source=SLUG, release=file.release, split=None) as open_file:
            for raw, table in read_copy(file, open_file, log):
                columns = table.with_columns(
                    pl.col("Q").alias("raw_text"),
                    pl.col("label").alias("raw_label"),
                )
                yield rows_frame(raw, columns, source=SLUG, release=file.release)
