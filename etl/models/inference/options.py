"""The options of `etl predict`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from etl.documents.passage import Kind
from etl.documents.sentences import Split
from etl.ingestion.tables.dialect import FOUND_OUT, Dialect

Per = Literal["sentence", "document"]


@dataclass(frozen=True)
class PredictOptions:
    """Options for reading inputs, cutting them into sentences and aggregating these.

    `split` None cuts files and texts into sentences, and takes each line of a stream as one, and a text that
    `etl.documents.sentences.is_one_sentence` takes for one.
    """

    per: Per = "sentence"
    split: Split | None = None
    kind: Kind | None = None
    text_column: str | None = None
    has_quotes: bool = False
    dialect: Dialect = FOUND_OUT
    keep_markup: bool = False
