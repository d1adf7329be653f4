"""What a single rater scores against the others: what a model of the votes can reach, and hardly more.

How many raters said what is known only of corpora whose rows list the vote of each of them (`min_votes` in
their label table). The several labels of KOTE, or shares, do not tell it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from etl.errors import EtlError
from etl.language.message import tr
from etl.models.training import metrics
from etl.schema import taxonomy
from etl.schema.resolver import make_counter

if TYPE_CHECKING:
    from etl.models.training.inputs import Inputs

    Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class RaterScores:
    """Scores of each rater against the other raters of a row, each judgement counting once."""

    rows: int  # those with the votes of two raters or more
    judgements: int  # of these rows
    decided: int  # judgements beside which the others have a majority: accuracy and macro-F1 are of them
    accuracy: float
    macro_f1: float
    correlation: float  # Pearson's, of a judgement and the shares of the others, over all labels


def score_raters(inputs: Inputs) -> dict[str, RaterScores]:
    """Scores the raters of the held-out rows, by split; only of splits whose raters are known.

    Args:
        inputs: the rows; those of `labels: soft` have votes.
    """
    if inputs.dataset.manifest.settings.labels != "soft":
        return {}
    counts = {split: _count_votes(inputs, inputs.frames[split]) for split in inputs.held_out}
    return {split: scores for split, own in counts.items() if (scores := score_counts(own)) is not None}


def score_counts(counts: Ints) -> RaterScores | None:
    """Scores each rater against the others of the same row; None where no two others ever decide.

    Args:
        counts: (rows, labels), how many raters gave each label.
    """
    counts = counts[counts.sum(axis=1) >= 2]
    rows, labels = np.nonzero(counts)
    times = counts[rows, labels]
    rows, labels = np.repeat(rows, times), np.repeat(labels, times)  # a judgement each
    own = np.zeros((len(rows), counts.shape[1]))
    own[np.arange(len(rows)), labels] = 1
    others = counts[rows] - own
    shares = others / np.maximum(others.sum(axis=1, keepdims=True), 1)
    is_decided = shares.max(axis=1, initial=0) > 0.5
    if not is_decided.any():
        return None
    table = metrics.confusion(shares.argmax(axis=1)[is_decided], labels[is_decided], counts.shape[1])
    return RaterScores(
        rows=len(counts),
        judgements=len(rows),
        decided=int(is_decided.sum()),
        accuracy=metrics.accuracy(table),
        macro_f1=metrics.macro_f1(table),
        correlation=float(np.corrcoef(own.ravel(), shares.ravel())[0, 1]),
    )


def _count_votes(inputs: Inputs, frame: pl.DataFrame) -> Ints:
    """Returns how many raters gave each label, (rows, labels); 0 where that is not known.

    It is not where the dataset was made with a taxonomy of the user's own, or of another version.
    """
    labels, manifest = inputs.dataset.labels, inputs.dataset.manifest
    places = {label: place for place, label in enumerate(labels)}
    counts = np.zeros((frame.height, len(labels)), dtype=np.int64)
    voted = [slug for slug in taxonomy.corpora() if taxonomy.label_table(slug).min_votes]
    rows = frame.select("source", "raw_label").with_row_index("row").filter(pl.col("source").is_in(voted))
    if rows.is_empty():
        return counts
    try:
        chosen = taxonomy.load(manifest.taxonomy.name)
    except EtlError:
        return counts
    if chosen.sha256 != manifest.taxonomy.sha256:
        return counts
    count = {source: make_counter(chosen, source) for source in rows["source"].unique()}
    for row, source, raw_label in rows.select("row", "source", "raw_label").iter_rows():
        for label, n_raters in count[source](raw_label).items():
            counts[row, places[label]] = n_raters
    return counts


def describe(split: str, scores: RaterScores) -> str:
    """Returns the scores as a sentence."""
    return tr(
        "A rater against the others, {split}: accuracy {accuracy:.4f} and macro-F1 "
        "{macro_f1:.4f} where these have a majority ({decided:,} of {judgements:,} "
        "judgements), correlation {correlation:.4f}.",
        split=split,
        accuracy=scores.accuracy,
        macro_f1=scores.macro_f1,
        decided=scores.decided,
        judgements=scores.judgements,
        correlation=scores.correlation,
    )
