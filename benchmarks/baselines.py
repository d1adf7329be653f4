"""Trains baselines to compare taggers, tokens and models: `python -m benchmarks.baselines FOLDER [OPTIONS]`.

Real, openly licensed corpora, split by group; every model beside the strongest linear model and TF-IDF with
logistic regression on the same rows and tokens. Datasets and finished runs stay in FOLDER, so that a run that
was stopped goes on; at the end it prints the table of docs/baseline.md, from whatever is there (`--show`).
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path
from statistics import mean, stdev

from benchmarks.measure import ROOT
from etl.runtime import console

SHARED = ROOT / ".." / "shared" / "data"
CORPORA = {
    "nsmc": (SHARED / "nsmc" / "reviews-300k.jsonl.gz", "polarity3"),
    "nsmc-sample": (SHARED / "nsmc" / "reviews-300k.jsonl.gz", "polarity3"),
    "kote": (SHARED / "kote", "ko7"),
    "kote-polarity3": (SHARED / "kote", "polarity3"),
    "chatbot": (SHARED / "chatbot", "polarity3"),
}
SAMPLE_LINES = 60_000  # of nsmc-sample: the first lines of the file, which is in no order
SPLITS = ("validation", "test")
REFERENCES = ("tfidf", "constant")
TAGGERS = ("okt", "mecab", "kiwi", "komoran", "whitespace")
MODELS = ("linear", "lstm", "bilstm", "gru", "cnn", "transformer")


@dataclass(frozen=True)
class Trial:
    """One training run."""

    corpus: str
    tagger: str
    tokens: str
    model: str
    seed: int

    @property
    def name(self) -> str:
        return "-".join(map(str, vars(self).values()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    for name, choices in (("corpora", CORPORA), ("taggers", TAGGERS), ("models", MODELS)):
        parser.add_argument(f"--{name}", nargs="*", choices=list(choices), default=list(choices))
    parser.add_argument("--tokens", nargs="*", choices=["key", "all"], default=["key", "all"])
    parser.add_argument("--seeds", nargs="*", type=int, default=[1, 2, 3, 4, 5])
    parser.add_argument("--options", nargs="*", default=[], help="further ones of train-baseline, without --")
    parser.add_argument("--show", action="store_true", help="train nothing, print the table of what is there")
    arguments = parser.parse_args()
    # A linear model draws nothing: one seed is enough.
    trials = [
        Trial(*each)
        for each in product(
            arguments.corpora, arguments.taggers, arguments.tokens, arguments.models, arguments.seeds
        )
        if each[3] != "linear" or each[4] == arguments.seeds[0]
    ]
    for trial in [] if arguments.show else trials:
        run(trial, arguments.folder, arguments.options)
    show(arguments.folder)


def run(trial: Trial, folder: Path, options: Sequence[str]) -> None:
    """Trains, unless the result is there already."""
    result = folder / "runs" / f"{trial.name}.json"
    if result.exists():
        return
    result.parent.mkdir(parents=True, exist_ok=True)
    dataset = _dataset(trial, folder)
    model = folder / "models" / trial.name
    start = _child_cpu_seconds()
    extra = [part for option in options for part in f"--{option}".split("=")]
    done = _etl(
        *("train-baseline", dataset, "--out", model, "--model", trial.model, "--tokens", trial.tokens),
        *("--seed", trial.seed, "--json", *extra),
    )
    metrics = json.loads(done.stdout)["metrics"]
    document = vars(trial) | {"seconds": round(_child_cpu_seconds() - start, 1), "metrics": metrics}
    result.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    # What is chosen is chosen by validation; the test rows stay out of sight until the table.
    console.note(f"{trial.name}: {metrics['model']['validation']['macro_f1']:.4f}, {document['seconds']} s")


def show(folder: Path) -> None:
    """Prints a line for each corpus, tagger, tokens and model: mean and standard deviation over the seeds.

    The lead is that of the first seed over the strongest linear model on the test rows, with its interval;
    seconds are of the processor, for the whole command.
    """
    console.line(
        "| corpus | tagger | tokens | model | seeds | validation macro-F1 | test macro-F1 | linear "
        "| TF-IDF + LR | constant | lead over linear (95 %) | seconds |"
    )
    console.line("|---|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for trial in product(CORPORA, TAGGERS, ("key", "all"), MODELS):
        found = sorted((folder / "runs").glob(f"{'-'.join(trial)}-[0-9]*.json"))
        runs = [json.loads(path.read_text(encoding="utf-8")) for path in found]
        if not runs:
            continue
        first = runs[0]["metrics"]
        linear = (first["linear"] or first["model"])["test"]["macro_f1"]
        leads = [
            each for each in first["comparisons"] if (each["split"], each["other"]) == ("test", "linear")
        ]
        lead = "".join(f"{own['difference']:+.4f} ({own['low']:+.4f} to {own['high']:+.4f})" for own in leads)
        corpus, tagger, tokens, model = trial
        cells = (
            *(corpus, tagger, tokens, f"`{model}`", str(len(runs))),
            *(_spread([run["metrics"]["model"][split]["macro_f1"] for run in runs]) for split in SPLITS),
            *(
                f"{score:.4f}"
                for score in (linear, *(first[name]["test"]["macro_f1"] for name in REFERENCES))
            ),
            *(lead, f"{mean(run['seconds'] for run in runs):.0f}"),
        )
        console.line(f"| {' | '.join(cells)} |")


def _spread(scores: list[float]) -> str:
    return f"{mean(scores):.4f}" + (f" ± {stdev(scores):.4f}" if len(scores) > 1 else "")


def _child_cpu_seconds() -> float:
    """Returns the CPU seconds of all ended child processes, which hardly depend on other load."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _dataset(trial: Trial, folder: Path) -> Path:
    dataset = folder / "datasets" / f"{trial.corpus}-{trial.tagger}"
    if not (dataset / "vocab.json").exists():
        source, taxonomy = CORPORA[trial.corpus]
        if trial.corpus == "nsmc-sample":
            source = _sample(source, folder / "raw" / "reviews.jsonl.gz")
        _etl(
            *("ingest", source, "--out", dataset, "--taxonomy", taxonomy, "--tagger", trial.tagger),
            *("--split", "grouped"),
        )
        _etl("build-vocab", dataset)
    return dataset


def _sample(source: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(source, "rb") as lines, gzip.open(target, "wb") as sample:
        sample.writelines(islice(lines, SAMPLE_LINES))
    return target


def _etl(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "etl", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)


if __name__ == "__main__":
    main()
