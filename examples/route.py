"""The whole route from Python: a table of comments becomes a dataset, a vocabulary, and a model.

    python examples/route.py [FOLDER]

It takes a few seconds. `comments.csv` stands beside it: made-up comments, three emotions.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import etl

COMMENTS = Path(__file__).with_name("comments.csv")


def main(folder: Path) -> None:
    """Writes a dataset and a model into the folder, and prints what each stage says."""
    # `whitespace` needs neither Java nor a dictionary; leave it out for Okt.
    dataset = etl.ingest(
        COMMENTS,
        folder / "dataset",
        text_column="comment",
        label_column="emotion",
        group_column="author",
        tagger="whitespace",
    )
    for source, counts in dataset.manifest.counts.items():
        print(f"{source}: {counts.read} read, {counts.kept} kept, rejected: {counts.rejected}")

    result = etl.validate(dataset)
    for finding in result.findings:
        print(f"{finding.severity}: {finding.message}")
    if result.exit_code("error"):
        sys.exit("the dataset has errors; nothing is trained on it")

    vocabulary = etl.build_vocab(dataset)
    print(f"vocabulary: {len(vocabulary)} ids")

    report = etl.train(dataset, folder / "model")
    for name, scores in (("linear", report.model), ("TF-IDF", report.tfidf), ("constant", report.constant)):
        print(f"{name}: macro-F1 {scores['test'].macro_f1:.2f} on {scores['test'].rows} test rows")

    for prediction in etl.predict(folder / "model", ["합격해서 정말 기쁘다", "층간 소음 때문에 진짜 화난다"]):
        print(f"{prediction.text}: {prediction.label} ({prediction.probability:.2f})")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(Path(temporary))
