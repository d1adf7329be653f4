"""Plants wrong labels, and looks how many of them a reader of the suspects finds, and what the estimate says.

    python -m benchmarks.label_noise [--seeds 3] [--rows 160000]

Chatbot, KOTE (validation) and NSMC as `etl ingest` keeps them; 0, 2, 5 and 10 % of their labels are changed
into others at random. "found" is the share of these in the first 8 % of the rows. How many labels were wrong
before nobody knows, at most the top of the first interval: so an estimate is right where its interval and
that of the planted share plus so many meet. With `--rows` NSMC alone is timed.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

import etl
from etl.dataset.read import Dataset
from etl.labelling.features import make_features
from etl.labelling.noise import NoiseEstimate, estimate_noise, find_share, plant
from etl.labelling.out_of_fold import predict_out_of_fold
from etl.runtime import console
from etl.text.normalise import normalised_key

DATA = Path(__file__).parents[2] / "shared" / "data"
CORPORA = {"chatbot": ("polarity3", None), "kote": ("ko7", None), "nsmc": ("polarity3", 12_000)}
SHARES = (0.0, 0.02, 0.05, 0.1)

Ints = npt.NDArray[np.int64]


def main() -> None:
    """Prints a line for each corpus and share."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.label_noise", description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rows", type=int, help="time so many rows of NSMC")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="etl-bench-") as folder:
        for name, (taxonomy, limit) in CORPORA.items():
            if arguments.rows and name != "nsmc":
                continue
            dataset = etl.ingest(
                DATA / name, Path(folder) / name, taxonomy=taxonomy, limit=arguments.rows or limit
            )
            if arguments.rows:
                _time(dataset)
            else:
                _show(name, dataset, arguments.seeds)


def _show(name: str, dataset: Dataset, seeds: int) -> None:
    features, labels, groups, said = read(dataset)
    own, lines = 0.0, []
    for share in SHARES:
        for seed in range(1, seeds + 1 if share else 2):
            planted, is_planted = plant(labels, share, seed)
            predictions = predict_out_of_fold(features, planted, groups, said)
            estimate = estimate_noise(features, planted, groups, said, predictions)
            own = own if share or estimate is None else estimate.most
            found = f"{find_share(planted, predictions, is_planted):.1%}" if share else ""
            lines.append([f"{share:.0%}", f"{seed}", found, *_describe(estimate, share, own)])
    console.table(
        f"{name}: {len(labels):,} rows",
        ["planted", "seed", "found in 8 %", "estimate", "95 %", "right", "found, as it is told"],
        lines,
    )


def _describe(estimate: NoiseEstimate | None, share: float, own: float) -> list[str]:
    if estimate is None:
        return ["none", "", "", ""]
    is_right = estimate.least <= share + own * (1 - share) and share <= estimate.most
    interval = f"{estimate.least:.1%}–{estimate.most:.1%}"
    return [f"{estimate.share:.1%}", interval, "yes" if is_right else "no", f"{estimate.found:.0%}"]


def _time(dataset: Dataset) -> None:
    begin = time.perf_counter()
    features, labels, groups, said = read(dataset)
    predictions = predict_out_of_fold(features, labels, groups, said)
    middle = time.perf_counter()
    estimate_noise(features, labels, groups, said, predictions)
    seconds = time.perf_counter() - begin
    console.line(f"{len(labels):,} rows: {seconds:.0f} s, of them {middle - begin:.0f} s for the ranking")


def read(dataset: Dataset) -> tuple[Any, Ints, Ints, Ints]:
    """Returns features, labels, groups, and numbers that are the same for rows that say the same."""
    text = normalised_key(pl.col("text"))
    rows = dataset.scan().filter(pl.col("label").is_not_null()).with_columns(said=text).sort("id").collect()
    group = pl.concat_str("source", "group", separator="\0")
    numbers = (
        rows.select(
            pl.col("label").cast(pl.String).rank("dense"),
            group.rank("dense").alias("group"),
            pl.col("said").rank("dense"),
        ).cast(pl.Int64)
        - 1
    )
    labels, groups, said = (numbers[name].to_numpy() for name in ("label", "group", "said"))
    return make_features(rows["text"], rows["tokens"]), labels, groups, said


if __name__ == "__main__":
    main()
