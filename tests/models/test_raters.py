"""What a rater scores against the others of the same row."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import accuracy_score, f1_score
from support.small_datasets import Row
from support.training_datasets import write_votes

from etl.models.linear.train import train_linear
from etl.models.training.raters import score_counts
from etl.schema import taxonomy


@given(arrays(np.int64, (8, 3), elements=st.integers(0, 4)))
def test_each_judgement_is_compared_with_the_majority_of_the_other_raters(counts: np.ndarray) -> None:
    own, majorities, pairs = [], [], []
    for row in counts:
        judged = [label for label in range(3) for _ in range(row[label])]
        for place, label in enumerate(judged if len(judged) > 1 else []):
            others = Counter(judged[:place] + judged[place + 1 :])
            pairs += [(float(label == each), others[each] / others.total()) for each in range(3)]
            winner, most = others.most_common(1)[0]
            if 2 * most > others.total():
                own.append(label)
                majorities.append(winner)
    scores = score_counts(counts)
    if scores is None:
        assert not own
        return
    assert (scores.decided, 3 * scores.judgements) == (len(own), len(pairs))
    assert scores.accuracy == pytest.approx(accuracy_score(majorities, own))
    assert scores.macro_f1 == pytest.approx(f1_score(majorities, own, average="macro"))
    assert scores.correlation == pytest.approx(np.corrcoef(np.array(pairs).T)[0, 1])


def test_raters_are_known_of_corpora_that_list_the_vote_of_each(tmp_path: Path) -> None:
    chance = random.Random(0)
    words = {"기쁨": "Happiness", "슬픔": "Sadness", "중립": "Neutral"}

    def rate(row: Row) -> Row:
        """Four raters as the votes say, and a fifth whose word the taxonomy does not map."""
        votes = row["label_votes"] or [{"label": row["label"], "weight": 1.0}]
        said = [words[vote["label"]] for vote in votes for _ in range(round(4 * vote["weight"]))]
        chance.shuffle(said)
        return row | {"source": "aihub-speech", "raw_label": ",".join([*said, "sleepy"])}

    ko7 = taxonomy.load("ko7")
    known = {"name": "ko7", "targets": list(ko7.targets), "sha256": ko7.sha256}
    dataset = write_votes(tmp_path / "dataset", "soft", change=rate, taxonomy=known)
    report = train_linear(dataset, tmp_path / "model")
    scores = report.raters["validation"]
    assert (scores.rows, scores.judgements) == (120, 480)
    assert 0.5 < scores.accuracy < report.model["validation"].accuracy
    written = json.loads((tmp_path / "model" / "metrics.json").read_bytes())
    assert written["raters"]["validation"]["correlation"] == scores.correlation
    assert "A rater against the others" in (tmp_path / "model" / "report.html").read_text()
    other = write_votes(tmp_path / "other", "soft", change=rate)
    assert train_linear(other, tmp_path / "model").raters == {}, "the taxonomy is another one"
