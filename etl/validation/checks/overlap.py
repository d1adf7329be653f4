"""What repeats within a split, and what two corpora share: texts, rows, and how often their labels agree.

Neither is leakage: validation and test are never thinned, and corpora may quote each other. What a row says
is hashed by `etl.validation.sentences`; short utterances are counted apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from etl.dataset.read import SPLITS
from etl.settings import Dedupe
from etl.validation.findings import MAX_EXAMPLES, Finding, judge
from etl.validation.sentences import Sentences

# Fewer shared texts say nothing of how two corpora label.
_FEWEST_TEXTS = 20
# (level, what rows share); L3 goes by the normalised text and those near it.
_LEVELS = (("L0", "raw_text"), ("L1", "normalised"))


@dataclass(frozen=True)
class Repeat:
    """What one split says more than once at one level.

    Attributes:
        level: L0 same raw text, L1 same normalised text, L3 near-duplicates, which include L1.
        split: train, validation or test.
        rows: rows that another row of the split is the same as, short utterances aside.
        of: all rows of the split.
        texts: how many texts these rows are; 0 at L3, since two texts near a third need not be near.
        short_rows: rows with a counterpart that are too short to count.
        pairs: a few as (id, id), by id; at L3 the least similar ones.
        similarities: at L3, for each pair how similar it is, 0 to 1; else empty.
    """

    level: str
    split: str
    rows: int
    of: int
    texts: int
    short_rows: int
    pairs: tuple[tuple[str, str], ...]
    similarities: tuple[float, ...] = ()

    @property
    def share(self) -> float:
        """The share of the split that is affected."""
        return self.rows / self.of if self.of else 0.0


@dataclass(frozen=True)
class SourceOverlap:
    """What two corpora share: one cell of the matrix. Short utterances are left out, but for `short_texts`.

    Attributes:
        source, other: their slugs, the smaller one first.
        texts: distinct normalised texts that both have.
        rows, other_rows: the rows of each that have such a text.
        of, other_of: all rows of each.
        compared: shared texts that are labelled in both.
        agreeing: those of them whose rows all carry one label, in both.
        short_texts: texts that are too short to count.
        pairs: a few as (id in source, id in other), by id; first those whose labels differ.
    """

    source: str
    other: str
    texts: int
    rows: int
    other_rows: int
    of: int
    other_of: int
    compared: int
    agreeing: int
    short_texts: int
    pairs: tuple[tuple[str, str], ...]

    @property
    def agreement(self) -> float | None:
        """The share of the shared texts on whose label both agree; None if none are labelled in both."""
        return self.agreeing / self.compared if self.compared else None


def repeats(rows: Sentences, dedupe: Dedupe) -> list[Repeat]:
    """What each split that has rows says more than once; without L3 where `dedupe.near` is 0."""
    found = []
    for split in SPLITS:
        of_split = rows.of(split)
        if of_split.height:
            found += [_same(level, key, split, of_split) for level, key in _LEVELS]
            found += [_near(rows, split, of_split)] if dedupe.near else []
    return found


def sources(rows: Sentences) -> list[SourceOverlap]:
    """Every two corpora that share a text, short or not; sorted."""

    counts = dict(rows.rows.group_by("source").len().iter_rows())
    cells = _cells(rows.rows)
    right = cells.rename({name: f"other_{name}" for name in cells.columns if name != "normalised"})
    shared = cells.join(right, on="normalised").filter(pl.col("source") < pl.col("other_source"))
    shared = shared.with_columns(is_short=pl.col("is_short") | pl.col("other_is_short"))
    return [
        _overlap(pair, counts)
        for pair in shared.sort("source", "other_source").partition_by(
            "source", "other_source", maintain_order=True
        )
    ]


def check(repeats: list[Repeat], overlaps: list[SourceOverlap]) -> list[Finding]:
    """The findings of this module."""
    findings: list[Finding] = []
    near = {repeat.split: repeat.rows for repeat in repeats if repeat.level == "L3"}
    for repeat in repeats:
        if repeat.level == "L1":
            findings += judge(
                "repeats",
                repeat.share,
                examples=[row_id for pair in repeat.pairs for row_id in pair],
                split=repeat.split,
                rows=repeat.rows,
                of=repeat.of,
                texts=repeat.texts,
                near=near.get(repeat.split, repeat.rows),
            )
    for overlap in overlaps:
        findings += _judge_overlap(overlap)
    return findings


def _judge_overlap(overlap: SourceOverlap) -> list[Finding]:
    facts: dict[str, Any] = {
        "source": overlap.source,
        "other": overlap.other,
        "rows": overlap.rows,
        "other_rows": overlap.other_rows,
        "compared": overlap.compared,
        "agreeing": overlap.agreeing,
    }
    examples = [row_id for pair in overlap.pairs for row_id in pair]
    found = judge("source_overlap", overlap.texts, examples=examples, **facts)
    if overlap.compared >= _FEWEST_TEXTS:
        disagreement = 1 - overlap.agreeing / overlap.compared
        found += judge("source_disagreement", disagreement, examples=examples, **facts)
    return found


def _same(level: str, key: str, split: str, rows: pl.DataFrame) -> Repeat:

    repeated = rows.filter(pl.col(key).is_not_null() & pl.col(key).is_duplicated())
    long = repeated.filter(~pl.col("is_short"))
    counted = long.filter(pl.col(key).is_duplicated())
    ids = pl.col("id").sort()
    pairs = counted.group_by(key).agg(ids.first().alias("one"), ids.get(1).alias("two"))
    return Repeat(
        level=level,
        split=split,
        rows=counted.height,
        of=rows.height,
        texts=pairs.height,
        short_rows=repeated.height - counted.height,
        pairs=tuple(pairs.sort("one").head(MAX_EXAMPLES).select("one", "two").iter_rows()),
    )


def _near(rows: Sentences, split: str, of_split: pl.DataFrame) -> Repeat:

    is_repeated = pl.col("normalised").is_not_null() & pl.col("normalised").is_duplicated()
    long = of_split.filter(~pl.col("is_short"))
    near = rows.near_texts(split, split)
    any_near = rows.near_texts(split, split, with_short=True)
    counted = long.filter(is_repeated | pl.col("normalised").is_in(near["normalised"].implode()))
    repeated = of_split.filter(is_repeated | pl.col("normalised").is_in(any_near["normalised"].implode()))
    first = long.group_by("normalised").agg(pl.col("id").min())
    # Each pair of texts once: of two that are each other's nearest, the first.
    pairs = (
        near.join(first, on="normalised")
        .join(first.select(other="normalised", other_id="id"), on="other")
        .select(
            "similarity", one=pl.min_horizontal("id", "other_id"), two=pl.max_horizontal("id", "other_id")
        )
        .unique()
        .sort("similarity", "one", "two")
        .head(MAX_EXAMPLES)
    )
    return Repeat(
        level="L3",
        split=split,
        rows=counted.height,
        of=of_split.height,
        texts=0,
        short_rows=repeated.height - counted.height,
        pairs=tuple(pairs.select("one", "two").iter_rows()),
        similarities=tuple(pairs["similarity"].round(4)),
    )


def _cells(rows: pl.DataFrame) -> pl.DataFrame:
    """A row for each text of each source that another source has too: its rows, its labels, its first id."""

    texts = rows.filter(pl.col("normalised").is_not_null())
    met = texts.select("normalised", "source").unique()
    shared = met.filter(pl.col("normalised").is_duplicated()).select("normalised").unique()
    labels = pl.col("label").drop_nulls()
    return (
        texts.join(shared, on="normalised", how="semi")
        .group_by("normalised", "source")
        .agg(
            pl.len().cast(pl.Int64).alias("rows"),
            labels.n_unique().alias("n_labels"),
            labels.min().alias("label"),
            pl.col("id").min(),
            pl.col("is_short").all(),
        )
    )


def _overlap(shared: pl.DataFrame, counts: dict[str, int]) -> SourceOverlap:
    """One cell of the matrix, of the texts that two sources share."""

    source, other = shared["source"][0], shared["other_source"][0]
    is_labelled = (pl.col("n_labels") > 0) & (pl.col("other_n_labels") > 0)
    is_one_label = (pl.col("n_labels") == 1) & (pl.col("other_n_labels") == 1)
    counted = shared.filter(~pl.col("is_short")).with_columns(
        is_compared=is_labelled,
        is_agreed=is_one_label & (pl.col("label") == pl.col("other_label")),
    )
    # What differs is what to look at.
    ordered = counted.sort(pl.col("is_compared") & ~pl.col("is_agreed"), "id", descending=[True, False])
    return SourceOverlap(
        source=source,
        other=other,
        texts=counted.height,
        rows=int(counted["rows"].sum()),
        other_rows=int(counted["other_rows"].sum()),
        of=counts[source],
        other_of=counts[other],
        compared=int(counted["is_compared"].sum()),
        agreeing=int(counted["is_agreed"].fill_null(value=False).sum()),
        short_texts=shared.height - counted.height,
        pairs=tuple(ordered.head(MAX_EXAMPLES).select("id", "other_id").iter_rows()),
    )
