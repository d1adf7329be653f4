"""Trains baselines to compare taggers, tokens and models: `python -m benchmarks.baselines FOLDER [OPTIONS]`.

Real, openly licensed corpora, split by group; every model beside TF-IDF with logistic regression on the same
rows and tokens. Datasets and finished runs stay in FOLDER, so that a run that was stopped goes on; at the end
it prints the tables of docs/baseline.md.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from benchmarks.measure import ROOT
from etl.runtime import console

SHARED = ROOT / ".." / "shared" / "data"
CORPORA = {
    "nsmc": (SHARED / "nsmc" / "reviews-300k.jsonl.gz", "polarity3"),
    "kote": (SHARED / "kote", "ko7"),
    "chatbot": (SHARED / "chatbot", "polarity3"),
}
TAGGERS = ("okt", "mecab", "kiwi", "komoran", "whitespace")
MODELS = ("lstm", "bilstm", "gru", "cnn", "transformer")


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
    parser.add_argument("--seeds", nargs="*", type=int, default=[1, 2, 3])
    parser.add_argument("--options", nargs="*", default=[], help="further ones of train-baseline, without --")
    arguments = parser.parse_args()
    trials = [
        Trial(*each)
        for each in product(
            arguments.corpora, arguments.taggers, arguments.tokens, arguments.models, arguments.seeds
        )
    ]
    for trial in trials:
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
    own = metrics["model"]["test"]["macro_f1"], metrics["tfidf"]["test"]["macro_f1"]
    console.note(f"{trial.name}: macro-F1 {own[0]:.4f}, TF-IDF {own[1]:.4f}, {document['seconds']} s")


def show(folder: Path) -> None:
    """Prints a line for each corpus, tokens, tagger and model: mean and standard deviation over the seeds.

    The better of model and TF-IDF is set in bold; seconds are of the processor, for the whole command.
    """
    runs: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for trial in product(CORPORA, TAGGERS, ("key", "all"), MODELS):
        done = sorted((folder / "runs").glob(f"{'-'.join(trial)}-*.json"))
        if done:
            runs[trial] = [json.loads(path.read_text(encoding="utf-8")) for path in done]
    console.line("| corpus | tagger | tokens | model | seeds | test macro-F1 | TF-IDF + LR | seconds |")
    console.line("|---|---|---|---|---:|---:|---:|---:|")
    for trial, each in runs.items():
        scores = [one["metrics"]["model"]["test"]["macro_f1"] for one in each]
        tfidf = each[0]["metrics"]["tfidf"]["test"]["macro_f1"]  # it draws nothing: the same for every seed
        own = _bold(f"{mean(scores):.4f}", is_bold=mean(scores) > tfidf)
        if len(scores) > 1:
            own += f" ± {stdev(scores):.4f}"
        other = _bold(f"{tfidf:.4f}", is_bold=mean(scores) <= tfidf)
        seconds = f"{mean(one['seconds'] for one in each):.0f}"
        corpus, tagger, tokens, model = trial
        cells = (corpus, tagger, tokens, f"`{model}`", str(len(each)), own, other, seconds)
        console.line(f"| {' | '.join(cells)} |")


def _bold(cell: str, *, is_bold: bool) -> str:
    return f"**{cell}**" if is_bold else cell


def _child_cpu_seconds() -> float:
    """Returns the CPU seconds of all ended child processes, which hardly depend on other load."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _dataset(trial: Trial, folder: Path) -> Path:
    dataset = folder / "datasets" / f"{trial.corpus}-{trial.tagger}"
    if not (dataset / "vocab.json").exists():
        source, taxonomy = CORPORA[trial.corpus]
        _etl(
            *("ingest", source, "--out", dataset, "--taxonomy", taxonomy, "--tagger", trial.tagger),
            *("--split", "grouped"),
        )
        _etl("build-vocab", dataset)
    return dataset


def _etl(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "etl", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)


if __name__ == "__main__":
    main()
