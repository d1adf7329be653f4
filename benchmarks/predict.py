"""Classifies reviews: `etl predict` with a small model of each tagger, against that tagger alone.

Both start from the lines of a file and have nothing tagged before. A model's start is in its time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Case, Setup, make_input, timed
from benchmarks.nsmc_growth import REVIEWS
from benchmarks.report import Comparison, Target

if TYPE_CHECKING:
    import polars as pl

COUNTS = {"whitespace": 200_000, "komoran": 60_000, "okt": 200_000}
LEAST_PER_SECOND, LEAST_SHARE = 5_000, 0.85
_TRAINED, _WORKERS, _BATCH = 20_000, 2, 4096
_OURS = (
    "numpy",
    "polars",
    "torch",
    "etl.runtime.engine.local",
    "etl.models.inference.classifier",
    "etl.models.inference.predict",
)
IMPORTS = {f"{tagger}_{side}": _OURS for tagger in COUNTS for side in ("alone", "predict")}


def run(setup: Setup) -> Comparison:
    """Times both sides of each tagger."""
    title = f"Predict: reviews as lines of a file, {_WORKERS} workers, against the tagger alone"
    if not REVIEWS.exists():
        return Comparison(title, skipped="../shared/data/nsmc is not here")
    cases = {
        f"{tagger}, {side}": Case(__name__, f"{tagger}_{side}", _input(setup, tagger))
        for tagger in COUNTS
        for side in ("alone", "predict")
    }
    runs = timed(cases, setup)
    rates = {
        name: setup.size(COUNTS[name.partition(",")[0]]) / min(run.work_seconds for run in each)
        for name, each in runs.items()
    }
    notes = [f"{name}: {rate:,.0f} sentences/s" for name, rate in rates.items()]
    return Comparison(title, runs, _targets(rates), notes)


def _input(setup: Setup, tagger: str) -> Path:
    """Returns a folder with `reviews.txt` and `model`."""
    return make_input(__name__, setup, f"{tagger}-model", setup.size(COUNTS[tagger]))


def _targets(rates: dict[str, float]) -> list[Target]:
    rate = rates["whitespace, predict"]
    targets = [
        Target(
            "rate: whitespace, predict",
            f"at least {LEAST_PER_SECOND:,}/s",
            f"{rate:,.0f}/s",
            rate,
            rate >= LEAST_PER_SECOND,
        )
    ]
    for tagger in ("komoran", "okt"):
        share = rates[f"{tagger}, predict"] / rates[f"{tagger}, alone"]
        what = f"rate: {tagger}, predict / tagger alone"
        targets.append(Target(what, f"at least {LEAST_SHARE}", f"{share:.2f}", share, share >= LEAST_SHARE))
    return targets


def alone(source: str, _: str) -> pl.DataFrame:
    """Tags the distinct lines with the tagger of the model."""
    import polars as pl

    from etl.dataset import preparation
    from etl.runtime.engine.local import ordered_map

    folder = Path(source)
    how = preparation.load(folder / "model" / preparation.FILE)
    lines = (folder / "reviews.txt").read_text(encoding="utf-8").splitlines()
    texts = pl.Series("text", lines).to_frame().iter_slices(_BATCH)
    with preparation.open_tagger(how, _WORKERS, is_cached=False) as tagger:
        return pl.concat(ordered_map(lambda batch: tagger(batch["text"]), texts, _WORKERS))


def predict(source: str, _: str) -> pl.DataFrame:
    """Runs `etl predict MODEL reviews.txt --split line`."""
    import io

    import polars as pl

    from etl.models.inference.classifier import open_classifier
    from etl.models.inference.documents import classify_inputs
    from etl.models.inference.options import PredictOptions

    folder = Path(source)
    with open_classifier(folder / "model", workers=_WORKERS) as classifier:
        options = PredictOptions(split="line", kind="post")
        found = classify_inputs(
            classifier, [str(folder / "reviews.txt")], options, stdin=io.BytesIO(), workers=_WORKERS
        )
        return pl.concat([rows for rows in found if isinstance(rows, pl.DataFrame)])


whitespace_alone = komoran_alone = okt_alone = alone
whitespace_predict = komoran_predict = okt_predict = predict


def _texts(frame: pl.DataFrame) -> Iterator[tuple[Any, ...]]:
    return frame.select("text").iter_rows()


whitespace_alone_rows = komoran_alone_rows = okt_alone_rows = _texts
whitespace_predict_rows = komoran_predict_rows = okt_predict_rows = _texts


def make(target: str, count: int) -> None:
    """Writes distinct reviews, and a model with the named tagger that is briefly trained on others."""
    import gzip

    import etl
    from etl.dataset import vocab
    from etl.models.baseline.settings import TrainSettings
    from etl.models.train import train
    from etl.settings import Settings, Table, Tag

    folder = Path(target)
    folder.mkdir(parents=True)
    found = re.search(r"(\w+)-model$", target)
    assert found is not None
    with gzip.open(REVIEWS, "rt", encoding="utf-8") as stream:
        rated = {
            " ".join(each["review"].split()): each["rating"]
            for each in map(json.loads, stream)
            if each["review"]
        }
    reviews = [(text, rating) for text, rating in rated.items() if text]
    raw = folder / "rows.jsonl"
    with raw.open("w", encoding="utf-8") as rows:
        for label, ratings in (("기쁨", {"9", "10"}), ("슬픔", {"1", "2", "3", "4"})):
            for text in [text for text, rating in reviews if rating in ratings][-_TRAINED // 2 :]:
                rows.write(json.dumps({"text": text, "label": label}, ensure_ascii=False) + "\n")
    settings = Settings(
        tag=Tag(tagger=found[1]),  # type: ignore[arg-type]
        table=Table(text_column="text", label_column="label"),
    )
    etl.ingest([raw], folder / "dataset", settings, workers=_WORKERS, progress=_quietly)
    vocab.build_vocab(folder / "dataset")
    train(folder / "dataset", folder / "model", TrainSettings(epochs=2, lr=0.002))
    lines = "".join(f"{text}\n" for text, _ in reviews[:count])
    (folder / "reviews.txt").write_text(lines, encoding="utf-8")


def _quietly(amount: int, description: str | None = None) -> None:
    """Nobody watches."""
