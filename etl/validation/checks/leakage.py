"""Do rows of validation or test also stand in train? The same text, nearly the same, or the same group.

Each level is counted on its own, so a row that has the same raw text counts at L0, L1, L2 and L3: equal
normalised texts are near-duplicates of similarity 1. What an utterance is too short for is decided by
`etl.text.normalise`, and what is nearly the same by `etl.similarity.pairs`; ingest uses both. Texts are
hashed in `etl.validation.sentences`.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from etl.dataset.read import Dataset
from etl.settings import Dedupe
from etl.validation import sentences
from etl.validation.checks.balance import EVALUATION
from etl.validation.findings import MAX_EXAMPLES, Finding, judge
from etl.validation.sentences import Sentences

# (level, finding code, what rows share); L3 goes by the normalised text and those near it.
LEVELS = (
    ("L0", "leak_exact", "raw_text"),
    ("L1", "leak_normalised", "normalised"),
    ("L2", "leak_tokens", "tokens"),
    ("L3", "leak_near", "normalised"),
    ("L4", "leak_group", "group"),
)


@dataclass(frozen=True)
class Leak:
    """What one evaluation split shares with train at one level.

    Attributes:
        level, code: L0 leak_exact, L1 leak_normalised, L2 leak_tokens, L3 leak_near, L4 leak_group.
        split: validation or test.
        rows: rows of this split with a counterpart in train, short utterances aside.
        of: all rows of this split.
        train_rows: rows of train that have a counterpart in this split, short utterances aside.
        short_rows: rows with a counterpart that are too short to count; 0 at L4, where length means nothing.
        groups: groups that the split shares with train; 0 but at L4.
        pairs: a few as (id in this split, id in train), by id; at L3 the least similar ones, to judge by.
        similarities: at L3, for each pair how similar it is (Jaccard similarity of character trigrams, 0 to
            1); else empty.
    """

    level: str
    code: str
    split: str
    rows: int
    of: int
    train_rows: int
    short_rows: int
    groups: int
    pairs: tuple[tuple[str, str], ...]
    similarities: tuple[float, ...] = ()

    @property
    def share(self) -> float:
        """The share of the split that is affected."""
        return self.rows / self.of if self.of else 0.0


def measure(dataset: Dataset, dedupe: Dedupe) -> list[Leak]:
    """Like `leaks`, for who needs nothing else of the rows."""
    return leaks(sentences.read(dataset, dedupe), dedupe)


def leaks(rows: Sentences, dedupe: Dedupe) -> list[Leak]:
    """What validation and test share with train, level by level.

    An evaluation split without rows is left out; so is L3 where `dedupe.near` is 0.
    """
    train = rows.of("train")
    found = []
    for split in EVALUATION:
        evaluated = rows.of(split)
        for level, code, key in LEVELS if evaluated.height else ():
            if level == "L3" and dedupe.near:
                found.append(_measure_near(rows, split, evaluated, train))
            elif level != "L3":
                found.append(_measure_level(level, code, key, split, evaluated, train))
    return found


def check(leaks: list[Leak]) -> list[Finding]:
    """The findings of this module."""
    return [
        finding
        for leak in leaks
        for finding in judge(
            leak.code,
            leak.rows,
            examples=[evaluated for evaluated, _ in leak.pairs],
            of=leak.of,
            split=leak.split,
            share=leak.share,
            groups=leak.groups,
            least=min(leak.similarities, default=1.0),
        )
    ]


def _measure_level(
    level: str, code: str, key: str, split: str, evaluated: pl.DataFrame, train: pl.DataFrame
) -> Leak:

    # At the text levels a pair counts if neither side is short; a group is a group whatever is said.
    is_countable = pl.lit(True) if level == "L4" else ~pl.col("is_short")
    countable, trained = evaluated.filter(is_countable), train.filter(is_countable)
    shared = evaluated.join(train, on=key, how="semi")
    counted = countable.join(trained, on=key, how="semi")
    counterparts = trained.join(countable, on=key, how="semi")
    first = counterparts.group_by(key).agg(pl.col("id").min().alias("train_id"))
    pairs = counted.sort("id").head(MAX_EXAMPLES).join(first, on=key, how="left", maintain_order="left")
    return Leak(
        level=level,
        code=code,
        split=split,
        rows=counted.height,
        of=evaluated.height,
        train_rows=counterparts.height,
        short_rows=shared.height - counted.height,
        groups=counted[key].n_unique() if level == "L4" else 0,
        pairs=tuple(pairs.select("id", "train_id").iter_rows()),
    )


def _measure_near(rows: Sentences, split: str, evaluated: pl.DataFrame, train: pl.DataFrame) -> Leak:
    """L3: rows whose normalised text is that of a row of train, or near one."""

    is_countable = ~pl.col("is_short")
    countable, trained = evaluated.filter(is_countable), train.filter(is_countable)
    counterpart = _nearest(rows.near_texts(split, "train"), countable, trained)
    train_counterpart = _nearest(rows.near_texts("train", split), trained, countable)
    any_counterpart = _nearest(rows.near_texts(split, "train", with_short=True), evaluated, train)
    counted = countable.join(counterpart, on="normalised")
    shared = evaluated.join(any_counterpart, on="normalised", how="semi")
    first = trained.group_by("normalised").agg(pl.col("id").min().alias("train_id"))
    pairs = (
        counted.sort("similarity", "id")
        .head(MAX_EXAMPLES)
        .join(first, left_on="other", right_on="normalised", how="left", maintain_order="left")
    )
    return Leak(
        level="L3",
        code="leak_near",
        split=split,
        rows=counted.height,
        of=evaluated.height,
        train_rows=trained.join(train_counterpart, on="normalised", how="semi").height,
        short_rows=shared.height - counted.height,
        groups=0,
        pairs=tuple(pairs.select("id", "train_id").iter_rows()),
        similarities=tuple(pairs["similarity"].round(4)),
    )


def _nearest(near: pl.DataFrame, these: pl.DataFrame, those: pl.DataFrame) -> pl.DataFrame:
    """For each text of `these` that is in `those`, or near one of them: the `other` text, and how similar."""

    equal = these.join(those, on="normalised", how="semi").select("normalised").unique()
    equal = equal.select("normalised", pl.col("normalised").alias("other"), similarity=pl.lit(1.0))
    return pl.concat([equal, near.join(equal, on="normalised", how="anti")])
