"""Finance sentiment corpus (`finance`): `finance_data.csv` with `labels,sentence,kor_sentence`.

    neutral,The company has no plans.,그 회사는 계획이 없다.

The Korean sentence is read, the English one is not.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from etl.ingestion.sources.copies import find_copy
from etl.ingestion.sources.raw import InputLog
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.sources.sentences import read_sentences
from etl.ingestion.tables.preview import Preview
from etl.settings import Settings

SLUG = "finance"


def recognise(preview: Preview) -> RecognisedFile | None:
    """Whether a table has the columns, with labels of the corpus in the first."""
    copy = find_copy(preview, SLUG)
    if copy is None or not (preview.is_named or copy.has_labels(SLUG, "labels")):
        return None
    return copy.recognised(SLUG, preview)


def read(files: list[RecognisedFile], settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:  # noqa: ARG001
    """Reads the Korean sentences, in frames of bounded size."""
    yield from read_sentences(files, log, raw_text=pl.col("kor_sentence"), raw_label=pl.col("labels"))
