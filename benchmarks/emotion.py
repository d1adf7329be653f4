"""Counts the real sentences whose emoticon or negation is in no kept token, for each tagger.

    python -m benchmarks.emotion [TAGGER…] [--rows 20000]

Sentences of KOTE, the Chatbot data and NSMC; Kkma, which is slow, gets a tenth of them. What is looked for
stands in `benchmarks/emotion.yaml`.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import re
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from etl.ingestion.steps.clean import clean
from etl.settings import Clean, Tag
from etl.tagging import policy
from etl.tagging.tagger import open_tagger

DATA = Path(__file__).parents[2] / "shared" / "data"
TAGGERS = ("okt", "komoran", "hannanum", "mecab", "kiwi", "kkma")
SLOW = {"kkma": 10}  # times as few sentences


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.emotion", description=__doc__)
    parser.add_argument("taggers", nargs="*", default=list(TAGGERS))
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--show", type=int, default=0, help="so many of the sentences, with their tokens")
    arguments = parser.parse_args()
    texts = sentences(arguments.rows)
    kinds = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
    columns = {}
    for name in arguments.taggers:
        chosen = texts.gather_every(SLOW.get(name, 1))
        columns[name] = losses(kept_tokens(chosen, Tag(tagger=name)), kinds, arguments.show)
    print_table(columns)


def sentences(count: int) -> pl.Series:
    """Returns `count` distinct cleaned sentences: half of them NSMC, a quarter each of the others."""
    with (DATA / "chatbot" / "ChatbotData.csv").open(encoding="utf-8") as lines:
        chatbot = [row[0] for row in islice(csv.reader(lines), 1, count // 4)]
    kote = [line.split("\t")[1] for line in (DATA / "kote" / "val.tsv").read_text("utf-8").splitlines()]
    with gzip.open(DATA / "nsmc" / "reviews-300k.jsonl.gz", "rt", encoding="utf-8") as lines:
        nsmc = [json.loads(line)["review"] for line in islice(lines, count)]
    raw = [*chatbot, *kote[: count // 4], *nsmc]
    frame = pl.DataFrame({"raw_text": raw, "reason": None, "detail": None}).cast(pl.String)
    cleaned = clean(frame, Clean()).filter(pl.col("reason").is_null())
    return cleaned["text"].unique(maintain_order=True).head(count)


def kept_tokens(texts: pl.Series, settings: Tag) -> list[tuple[str, list[str], list[str]]]:
    """Returns each text that the tagger could tag, with its kept tokens, and those that are negations."""
    chosen = policy.load(settings)
    with open_tagger(settings, workers=1) as tagger:
        tagged = tagger(texts).filter(pl.col("problem").is_null())
    pairs = tagged.select("text", "tokens", "tags").explode("tokens", "tags")
    kept = pairs.filter(chosen.is_kept(pl.col("tokens"), pl.col("tags")))
    negating = kept.filter(chosen.coarse_class(pl.col("tokens"), pl.col("tags")) == "negation")
    lists, negations = (dict(each.group_by("text").agg("tokens").iter_rows()) for each in (kept, negating))
    return [(text, lists.get(text, []), negations.get(text, [])) for text in tagged["text"]]


def losses(
    kept: list[tuple[str, list[str], list[str]]], kinds: dict[str, Any], n_shown: int
) -> dict[str, tuple[int, int]]:
    """Returns for each kind in how many sentences it is written, and in how many of them it is lost."""
    found = {}
    for name, pattern in kinds["emoticons"].items():
        tokens_of = [(text, tokens) for text, tokens, _ in kept]
        found[name] = _count(name, tokens_of, pattern, pattern, n_shown)
    for name, kind in kinds["negations"].items():
        tokens_of = [(text, negations) for text, _, negations in kept]
        found[name] = _count(name, tokens_of, kind["written"], kind["shown"], n_shown)
    return found


def _count(
    name: str, tokens_of: list[tuple[str, list[str]]], written: str, shown: str, n_shown: int
) -> tuple[int, int]:
    having = [(text, tokens) for text, tokens in tokens_of if re.search(written, text)]
    lost = [(text, tokens) for text, tokens in having if not any(re.search(shown, token) for token in tokens)]
    for text, tokens in lost[:n_shown]:
        print(name, "|", text, "|", " ".join(tokens), file=sys.stderr)
    return len(having), len(lost)


def print_table(columns: dict[str, dict[str, tuple[int, int]]]) -> None:
    """Prints a row for each kind, `lost of written` for each tagger."""
    print("| in no kept token | " + " | ".join(f"`{name}`" for name in columns) + " |")
    print("|---|" + "---:|" * len(columns))
    for kind in next(iter(columns.values())):
        cells = (f"{lost} of {written:,}" for written, lost in (column[kind] for column in columns.values()))
        print(f"| {kind} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
