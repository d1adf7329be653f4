"""Asks a trained model what it says of rows of the dataset: the queue of those it is unsure of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from etl.documents.passage import Passage
from etl.documents.sentences import Sentence
from etl.models.inference.classifier import Classifier, probability_column
from etl.review.queues import Queue, by_confidence
from etl.review.rows import Rows

# The most probable labels, each with its probability.
Says = list[dict[str, Any]]
Ask = Callable[[int], Says]

_SHOWN = 3
_BATCH = 2000


def ask(classifier: Classifier, rows: Rows, number: int) -> Says:
    """Returns the labels that a model finds most probable for a row; none if it cannot read the text."""
    scored = _predict(classifier, rows, [number]).row(0, named=True)
    found = [(label, scored[probability_column(label)]) for label in classifier.labels]
    known = [(label, probability) for label, probability in found if probability is not None]
    likeliest = sorted(known, key=lambda each: -each[1])[:_SHOWN]
    return [{"label": label, "probability": round(probability, 4)} for label, probability in likeliest]


def low_confidence(classifier: Classifier, rows: Rows) -> Queue:
    """Returns the kept rows in which the model trusts itself least, least first."""
    numbers = np.flatnonzero(~rows.is_rejected).tolist()
    parts = []
    for start in range(0, len(numbers), _BATCH):
        batch = numbers[start : start + _BATCH]
        scored = _predict(classifier, rows, batch).select(
            pl.Series("number", batch, pl.Int64), likely_label="label", confidence="probability"
        )
        parts.append(scored.drop_nulls("confidence"))
    schema = {"number": pl.Int64(), "likely_label": pl.String(), "confidence": pl.Float64()}
    return by_confidence(pl.concat([pl.DataFrame(schema=schema), *parts]))


def _predict(classifier: Classifier, rows: Rows, numbers: list[int]) -> pl.DataFrame:
    texts = rows.frame["text"].gather(numbers).fill_null("")
    passages = [Passage(text, "text", "row", number) for number, text in zip(numbers, texts, strict=True)]
    return classifier(None, [Sentence(passage, 1, passage.text) for passage in passages])
