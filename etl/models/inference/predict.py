"""Classifies texts that a Python program holds: `etl.predict`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from etl.documents.passage import Passage
from etl.documents.sentences import Sentence
from etl.models.inference.classifier import Classifier, open_classifier, probability_column
from etl.settings import PathLike


@dataclass(frozen=True)
class Prediction:
    """The emotion of one text.

    Attributes:
        text: as it was given.
        label: the most probable label, or all of a set, joined by commas; None where there is a `reason`.
        labels: the same as a list: one label, or all of a set; empty where there is a `reason`.
        probability: the highest of a label, 0 to 1.
        probabilities: of all labels, in the order of the model's; empty where there is a `reason`.
        reason: None, or why the text has no label: a code of `schemas/columns.yaml` such as `no_key_tokens`.
        tokens: how many tokens or word pieces of it the model saw; 0 where there is a `reason`.
        known: how many of these it knows.
    """

    text: str
    label: str | None
    labels: list[str]
    probability: float | None
    probabilities: dict[str, float]
    reason: str | None
    tokens: int = 0
    known: int = 0


def predict(model: PathLike, texts: str | Iterable[str]) -> list[Prediction]:
    """Classifies texts, each as one sentence.

    Loading a model and starting its tagger takes seconds: give all texts at once, or use `open_classifier`.

    Args:
        model: a folder that `etl train-baseline` or `etl train-transformer` wrote.
        texts: one text, or several.

    Returns:
        A prediction for each text, in their order.

    Raises:
        InputError: the model is damaged, or the installed tagger would give other tokens than in training.
        SettingsError: the tagger, or the extra [transformer], is not installed.
    """
    given = [texts] if isinstance(texts, str) else list(texts)
    with open_classifier(model) as classifier:
        return classify_texts(classifier, given)


def classify_texts(classifier: Classifier, texts: Sequence[str]) -> list[Prediction]:
    """Classifies texts, each as one sentence, with a model that is open; see `predict`."""
    if not texts:
        return []
    passages = [Passage(text, "text", "line", number, number) for number, text in enumerate(texts, start=1)]
    rows = classifier(None, [Sentence(passage, 1, passage.text) for passage in passages])
    # Column by column: a dictionary for each row would take as long as a tenth of the rest.
    fields = ("label", "labels", "probability", "reason", "weight", "known")
    columns = [rows[name].to_list() for name in fields]
    probabilities = rows.select(map(probability_column, classifier.labels)).rows()
    return [
        Prediction(
            text=text,
            label=label,
            labels=labels or [],
            probability=probability,
            probabilities=dict(zip(classifier.labels, own, strict=True)) if label else {},
            reason=reason,
            tokens=int(weight or 0),
            known=int(known or 0),
        )
        for text, own, label, labels, probability, reason, weight, known in zip(
            texts, probabilities, *columns, strict=True
        )
    ]
