"""Measures what each class of tokens is worth: `python -m benchmarks.key_tokens FOLDER [OPTIONS]`.

TF-IDF of tokens and pairs with logistic regression, trained without the class, against all tokens. Rows for
testing are left out of it: each seed divides the rest anew by group, and scores one fifth. Tagged corpora and
scores stay in FOLDER, so that a run that was stopped goes on; at the end it prints tables of docs/tagging.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import polars as pl

from benchmarks.baselines import CORPORA
from etl.settings import Tag
from etl.tagging import policy
from etl.tagging.tagger import open_tagger

LABELS = {"nsmc": "polarity3", "kote": "polarity3", "chatbot": "polarity3"}
MOST_ROWS, LEAST_ROWS = 16_000, 100  # of a corpus; of a label, such as KOTE's 9 neutral rows
NO_STEM = "okt-no-stem"
TAGGERS = ("okt", NO_STEM, "komoran", "mecab", "kiwi", "hannanum")
SEEDS = (1, 2, 3, 4, 5)
LEAST_SHARE = 0.003  # a rarer class is not measured by itself


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.key_tokens", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--taggers", nargs="*", default=TAGGERS)
    parser.add_argument("--drop", nargs="*", help="classes or tags that are dropped together: particle,ETM")
    arguments = parser.parse_args()
    for tagger in arguments.taggers:
        measure(arguments.folder, tagger, arguments.drop)
    for tagger in arguments.taggers:
        show(arguments.folder, tagger)


def measure(folder: Path, tagger: str, drops: Sequence[str] | None) -> None:
    """Scores all tokens, today's policy, and each drop, unless the score is there already."""
    frames = {corpus: tag_corpus(folder, corpus, tagger) for corpus in LABELS}
    classes = pl.concat([frame.select(pl.col("classes").explode()) for frame in frames.values()])
    shares = classes["classes"].value_counts(normalize=True).filter(pl.col("proportion") >= LEAST_SHARE)
    kept = policy.load(_settings(tagger)).keep
    default = ",".join(sorted(set(shares["classes"]) - {*kept}))
    for drop in ["", *(drops if drops is not None else [default, *sorted(shares["classes"])])]:
        for corpus, frame in frames.items():
            for seed in SEEDS:
                _score_once(folder, (tagger, corpus, drop, seed), frame)


def _score_once(folder: Path, trial: tuple[str, str, str, int], frame: pl.DataFrame) -> None:
    path = folder / "scores.jsonl"
    done = {tuple(score["trial"]) for score in read_scores(folder)}
    if trial in done:
        return
    *_, drop, seed = trial
    names = drop.split(",")
    is_left = ~(pl.element().struct["tag"].is_in(names) | pl.element().struct["class"].is_in(names))
    tokens = frame["pairs"].list.eval(pl.element().filter(is_left).struct["token"])
    share = 1 - tokens.list.len().sum() / frame["pairs"].list.len().sum()
    f1 = score(tokens.to_list(), frame["label"].to_list(), frame["group"].to_list(), seed)
    with path.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps({"trial": trial, "macro_f1": f1, "dropped": share}, ensure_ascii=False) + "\n")


def read_scores(folder: Path) -> list[dict[str, Any]]:
    path = folder / "scores.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def score(tokens: list[list[str]], labels: list[str], groups: list[str], seed: int) -> float:
    """Returns the macro-F1 on a fifth of the groups of a model that was trained on the others."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import f1_score
    from sklearn.model_selection import GroupShuffleSplit

    [(train, held_out)] = GroupShuffleSplit(1, test_size=0.2, random_state=seed).split(tokens, groups=groups)
    scale = TfidfVectorizer(analyzer=_terms, min_df=2, sublinear_tf=True)
    learnt = scale.fit_transform([tokens[row] for row in train])
    model = LogisticRegression(C=5, max_iter=200, tol=1e-3).fit(learnt, [labels[row] for row in train])
    predicted = model.predict(scale.transform([tokens[row] for row in held_out]))
    return float(f1_score([labels[row] for row in held_out], predicted, average="macro"))


def _terms(tokens: list[str]) -> list[str]:
    return [*tokens, *map(" ".join, pairwise(tokens))]


def tag_corpus(folder: Path, corpus: str, tagger: str) -> pl.DataFrame:
    """Returns `label`, `group`, and all tokens as `pairs` of token, tag and class; tags them once."""
    path = folder / f"{corpus}-{tagger}.parquet"
    if not path.exists():
        rows = read_rows(folder, corpus)
        chosen = policy.load(_settings(tagger))
        with open_tagger(_settings(tagger), workers=1) as opened:
            tagged = opened(rows["text"].unique(maintain_order=True)).filter(pl.col("problem").is_null())
        token, tag = pl.col("tokens"), pl.col("tags")
        lists = (
            tagged.explode("tokens", "tags")
            .with_columns(coarse=chosen.coarse_class(token, tag))
            .group_by("text", maintain_order=True)
            .agg(pairs=pl.struct(token=token, tag=tag.str.split("+").list.first(), **{"class": "coarse"}))
        )
        rows.join(lists, on="text", maintain_order="left").write_parquet(path)
    frame = pl.read_parquet(path)
    return frame.with_columns(classes=pl.col("pairs").list.eval(pl.element().struct["class"]))


def _settings(tagger: str) -> Tag:
    return Tag(stem=False) if tagger == NO_STEM else Tag(tagger=tagger)  # type: ignore[arg-type]


def read_rows(folder: Path, corpus: str) -> pl.DataFrame:
    """Returns the rows that are not for testing: `text`, `label`, `group`."""
    dataset = folder / f"{corpus}-rows"
    if not (dataset / "manifest.json").exists():
        command = [sys.executable, "-m", "etl", "ingest", CORPORA[corpus][0], "--out", dataset]
        command += ["--taxonomy", LABELS[corpus], "--tagger", "whitespace", "--split", "grouped"]
        subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL)
    rows = pl.read_parquet(dataset / "data" / "**" / "*.parquet", hive_partitioning=True)
    rows = rows.filter(pl.col("split") != "test").sample(fraction=1, shuffle=True, seed=0).head(MOST_ROWS)
    rows = rows.filter(pl.len().over("label") >= LEAST_ROWS)
    return rows.select("text", "label", pl.col("group").fill_null(pl.col("text")))


def show(folder: Path, tagger: str) -> None:
    """Prints what each drop removes, and what it costs on each corpus, beside the seeds' spread."""
    scores: dict[str, dict[str, list[float]]] = {}
    dropped: dict[str, list[float]] = {}
    for each in read_scores(folder):
        name, corpus, drop, _ = each["trial"]
        if name == tagger:
            scores.setdefault(drop, {}).setdefault(corpus, []).append(each["macro_f1"])
            dropped.setdefault(drop, []).append(each["dropped"])
    if "" not in scores:
        return
    everything = scores[""]
    print(f"\n| `{tagger}` without | of the tokens | {' | '.join(LABELS)} |")
    print("|---|---:|" + "---:|" * len(LABELS))
    cells = [f"{mean(everything[corpus]):.4f} ± {stdev(everything[corpus]):.4f}" for corpus in LABELS]
    print(f"| nothing | 0 % | {' | '.join(cells)} |")
    for drop, own in sorted(scores.items(), key=lambda item: -mean(dropped[item[0]])):
        if drop:
            cells = [
                _cost(own[corpus], everything[corpus]) for corpus in LABELS if len(own.get(corpus, [])) > 1
            ]
            print(f"| {drop.replace(',', ', ')} | {mean(dropped[drop]):.1%} | {' | '.join(cells)} |")


def _cost(scores: list[float], all_scores: list[float]) -> str:
    """Returns the mean difference over the seeds and its own spread: each seed divides both alike."""
    differences = [one - other for one, other in zip(scores, all_scores, strict=False)]
    return f"{mean(differences):+.4f} ± {stdev(differences):.4f}"


if __name__ == "__main__":
    main()
