"""Times an epoch of the LSTM against the usual Keras code, which pads all rows to 40 tokens.

`make bench-keras` runs it: TensorFlow lives in an environment of its own, whose Python is the first argument.

    python -m benchmarks.keras_lstm KERAS_PYTHON [--rows N] [--rounds N]

Both sides see the same ids and labels of real reviews, with the same sizes; each runs in a fresh process, in
turn, and its clock starts once everything is loaded and one batch has been trained.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.nsmc_growth import REVIEWS
from etl.runtime import console

VOCABULARY, EMBEDDING, HIDDEN, MAX_LEN, BATCH = 20_000, 128, 128, 40, 64
TIMES = 4
_KERAS = """
import sys, time, json, os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import keras
rows = np.load(sys.argv[1])
ids, lengths, labels = rows["ids"], rows["lengths"], rows["labels"]
vocabulary, embedding, hidden, max_len, batch = map(int, sys.argv[2:])
padded = np.zeros((len(lengths), max_len), np.int32)
inside = np.arange(max_len) < np.minimum(lengths, max_len)[:, None]
starts = np.cumsum(lengths) - lengths
padded[inside] = ids[(starts[:, None] + np.arange(max_len))[inside]]
keras.utils.set_random_seed(1)
model = keras.Sequential([
    keras.layers.Embedding(vocabulary, embedding),
    keras.layers.LSTM(hidden),
    keras.layers.Dropout(0.3),
    keras.layers.Dense(2, activation="softmax"),
])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
model.fit(padded[:batch], labels[:batch], batch_size=batch, verbose=0)
start = time.perf_counter()
history = model.fit(padded, labels, batch_size=batch, epochs=1, verbose=0)
print(json.dumps([time.perf_counter() - start, float(history.history["loss"][0])]))
"""
_OURS = """
import sys, time, json
import numpy as np
import torch
from benchmarks import keras_lstm
print(json.dumps(keras_lstm.ours(sys.argv[1])))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("keras_python")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if not REVIEWS.exists():
        console.line("../shared/data/nsmc is not here: nothing to compare on")
        return
    with tempfile.TemporaryDirectory(prefix="etl-bench-") as folder:
        rows = Path(folder) / "rows.npz"
        mean = make(rows, arguments.rows)
        sizes = [str(size) for size in (VOCABULARY, EMBEDDING, HIDDEN, MAX_LEN, BATCH)]
        sides = {
            "Keras, TensorFlow": [arguments.keras_python, "-c", _KERAS, str(rows), *sizes],
            "etl train-baseline --model lstm": [sys.executable, "-c", _OURS, str(rows)],
        }
        runs: dict[str, list[list[float]]] = {name: [] for name in sides}
        for _ in range(arguments.rounds):
            for name, command in sides.items():
                runs[name].append(_run(command))
    rates = {name: arguments.rows / median(seconds for seconds, _ in each) for name, each in runs.items()}
    theirs, ours = rates.values()
    console.table(
        f"One epoch: {arguments.rows:,} real reviews of {mean:.1f} tokens on average, {os.cpu_count()} cores",
        ["side", "sentences/s", "seconds (all rounds)", "train loss"],
        [
            [
                name,
                round(rates[name]),
                ", ".join(f"{seconds:.1f}" for seconds, _ in each),
                round(each[0][1], 4),
            ]
            for name, each in runs.items()
        ],
    )
    verdict = "met" if ours >= TIMES * theirs else "missed"
    console.line(f"ours / theirs: {ours / theirs:.1f}×, wanted at least {TIMES}×: {verdict}")


def _run(command: list[str]) -> list[float]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    answer = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    seconds, loss = json.loads(answer.stdout.splitlines()[-1])
    return [seconds, loss]


def make(target: Path, count: int) -> float:
    """Writes the key tokens of reviews as ingest does by default; returns their mean number."""
    import gzip
    from itertools import islice

    import numpy as np
    import polars as pl

    from etl.dataset import preparation
    from etl.ingestion.prepare import prepare
    from etl.settings import Settings

    with gzip.open(REVIEWS, "rt", encoding="utf-8") as lines:
        found = [json.loads(line) for line in islice(lines, 2 * count)]
    how = preparation.of(Settings())
    with preparation.open_tagger(how, os.cpu_count() or 1) as tagger:
        texts = pl.Series([each["review"] for each in found])
        prepared = prepare(how, texts, tagger).with_columns(
            label=pl.Series([int(each["rating"]) > 5 for each in found]).cast(pl.Int64)
        )
    rows = prepared.filter(pl.col("reason").is_null()).head(count)
    tokens = rows["tokens"]
    flat = tokens.explode().drop_nulls()
    frequent = flat.value_counts(sort=True).head(VOCABULARY - 2)[flat.name]
    ids = flat.cast(pl.Enum(frequent), strict=False).to_physical().cast(pl.Int64) + 2
    lengths = tokens.list.len().to_numpy().astype(np.int64)
    np.savez(target, ids=ids.fill_null(1).to_numpy(), lengths=lengths, labels=rows["label"].to_numpy())
    return float(lengths.mean())


def ours(source: str) -> list[float]:
    """Returns seconds and loss of one epoch of the training loop alone."""
    import time

    import numpy as np

    from etl.models.baseline.network import build_network
    from etl.models.baseline.settings import TrainSettings
    from etl.models.baseline.train import start_training
    from etl.models.training import loop
    from etl.models.training.batches import Rows

    held = np.load(source)
    lengths = held["lengths"]
    starts = np.where(lengths > 0, np.cumsum(lengths) - lengths, len(held["ids"]))
    everything = Rows(
        ids=np.append(held["ids"], 0),
        starts=starts,
        lengths=np.maximum(lengths, 1),
        labels=held["labels"],
        sources=np.full(len(lengths), "nsmc"),
        unknown_share=0.0,
        empty_share=0.0,
    )
    few = Rows(
        everything.ids, starts[:BATCH], everything.lengths[:BATCH], everything.labels[:BATCH],
        everything.sources[:BATCH], 0.0, 0.0,
    )  # fmt: skip
    settings = TrainSettings(
        model="lstm", embedding=EMBEDDING, hidden=HIDDEN, max_len=MAX_LEN, batch_size=BATCH, epochs=1, seed=1
    )
    with loop.deterministic(1):
        training = start_training(build_network(VOCABULARY, 2, settings), settings)
        next(loop.epochs(training, few, few))
        training.epoch = 0
        start = time.perf_counter()
        epoch = next(loop.epochs(training, everything, few))
        return [time.perf_counter() - start, epoch.train_loss]


if __name__ == "__main__":
    main()
