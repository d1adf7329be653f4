"""Counts the labels that a model needs, chosen by `etl.labelling` and at random.

    python -m benchmarks.active [--seeds 5]

The texts of the Chatbot data are unlabelled at first; a fifth of them, by text, is kept to measure. Labels
are given in batches of 50. The score is the macro-F1 of a linear model on the same features, the better one
of those with and without class weights, as a share of what all labels give: the mean (least–most).
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from etl.labelling.choose import UNKNOWN, choose_rows
from etl.labelling.features import make_features
from etl.labelling.order import BATCH
from etl.runtime import console
from etl.text.normalise import normalised_key

CHATBOT = Path(__file__).parents[2] / "shared" / "data" / "chatbot" / "ChatbotData.csv"
HELD_OUT = 0.2
COUNTS = (100, 200, 300, 500)
SHARES = (0.1, 0.2, 0.3, 0.4, 0.6, 0.8)

Ints = npt.NDArray[np.int64]


def main() -> None:
    """Prints both curves."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.active", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    seeds = parser.parse_args().seeds
    texts, labels = read_chatbot()
    features = make_features(texts)
    said = pl.select(normalised_key(pl.lit(texts))).to_series().rank("dense").to_numpy() - 1
    runs = [measure(features, labels, said, seed) for seed in range(1, seeds + 1)]
    rows = []
    for at, size in enumerate(runs[0][0]):
        chosen, random = ([run[side][at] for run in runs] for side in (1, 2))
        rows.append([f"{size:,}", f"{size / runs[0][3]:.0%}", _spread(chosen), _spread(random)])
    full = np.mean([run[4] for run in runs])
    console.table(
        f"macro-F1 as a share of {full:.3f}, that of all {runs[0][3]:,} labels; {seeds} seeds",
        ["labels", "share", "chosen", "at random"],
        rows,
    )


def read_chatbot() -> tuple[pl.Series, Ints]:
    """Returns the texts, and the classes of their own labels."""
    with CHATBOT.open(encoding="utf-8", newline="") as opened:
        rows = [(row["Q"].strip(), int(row["label"])) for row in csv.DictReader(opened)]
    return pl.Series("text", [text for text, _ in rows]), np.array([label for _, label in rows])


def measure(
    features: Any, labels: Ints, said: Ints, seed: int
) -> tuple[list[int], list[float], list[float], int, float]:
    """Returns sizes, scores of chosen and of random labels, the number of all labels, and their score."""
    chance = np.random.default_rng(seed)
    texts = chance.permutation(said.max() + 1)
    is_held_out = np.isin(said, texts[: int(HELD_OUT * len(texts))])
    pool, held_out = np.flatnonzero(~is_held_out), np.flatnonzero(is_held_out)
    random = chance.permutation(pool)
    full = _score(features, labels, pool, held_out)
    sizes = [*COUNTS, *(int(share * len(pool)) for share in SHARES)]
    given = np.full(len(pool), UNKNOWN)
    chosen_scores, random_scores = [], []
    for size in sizes:
        while (missing := size - int((given != UNKNOWN).sum())) > 0:
            chosen = choose_rows(features[pool], given, min(BATCH, missing))
            given[chosen] = labels[pool[chosen]]
        chosen_scores.append(_score(features, labels, pool[given != UNKNOWN], held_out) / full)
        random_scores.append(_score(features, labels, random[:size], held_out) / full)
    return sizes, chosen_scores, random_scores, len(pool), full


def _score(features: Any, labels: Ints, train: Ints, test: Ints) -> float:
    from sklearn.metrics import f1_score
    from sklearn.svm import LinearSVC

    models = [LinearSVC(C=0.5, class_weight=weight, random_state=0) for weight in (None, "balanced")]
    predicted = [model.fit(features[train], labels[train]).predict(features[test]) for model in models]
    return max(float(f1_score(labels[test], each, average="macro")) for each in predicted)


def _spread(scores: list[float]) -> str:
    return f"{np.mean(scores):.3f} ({min(scores):.3f}–{max(scores):.3f})"


if __name__ == "__main__":
    main()
