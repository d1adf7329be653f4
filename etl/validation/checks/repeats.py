"""Counts rows that another row of the same split repeats: the same text, or nearly the same.

This is no leakage: validation and test are never thinned. Short utterances are counted apart.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from etl.dataset.read import SPLITS
from etl.language.message import tr
from etl.text.charts import round_up
from etl.text.html import bar, count_or_dash, percent, percent_axis, section, table, text
from etl.validation.check import Check, ReportContext
from etl.validation.findings import MAX_EXAMPLES, Finding
from etl.validation.rules import Rules
from etl.validation.selection import number_groups, number_pairs, stack
from etl.validation.sentences import Sentences
from etl.validation.view import View

# (level, what rows share); L3 goes by the normalised text and those near it.
_LEVELS = (("L0", "raw_text"), ("L1", "normalised"))


@dataclass(frozen=True)
class Repeat:
    """Texts that one split repeats, at one level.

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


def measure(view: View) -> tuple[Repeat, ...]:
    """Measures what each split that has rows repeats; without L3 where `dedupe.near` is 0."""
    rows = view.sentences
    repeats = []
    for split in SPLITS:
        if rows.count(split):
            repeats += [_same(rows, level, key, split) for level, key in _LEVELS]
            repeats += [_near(rows, split)] if view.manifest.settings.dedupe.near else []
    return tuple(repeats)


def judge(repeats: tuple[Repeat, ...], rules: Rules) -> list[Finding]:
    """Judges the share of each split that repeats a normalised text."""
    near = {repeat.split: repeat.rows for repeat in repeats if repeat.level == "L3"}
    return [
        finding
        for repeat in repeats
        if repeat.level == "L1"
        for finding in rules.judge(
            "repeats",
            repeat.share,
            examples=[row_id for pair in repeat.pairs for row_id in pair],
            rows_to_see=repeat.rows,
            split=repeat.split,
            rows=repeat.rows,
            of=repeat.of,
            texts=repeat.texts,
            near=near.get(repeat.split, repeat.rows),
        )
    ]


def _same(rows: Sentences, level: str, key: str, split: str) -> Repeat:
    repeated = rows.of(split).filter(pl.col(key).is_not_null() & pl.col(key).is_duplicated())
    long = repeated.filter(~pl.col("is_short"))
    counted = long.filter(pl.col(key).is_duplicated())
    ids = pl.col("id").sort()
    pairs = counted.group_by(key).agg(ids.first().alias("one"), ids.get(1).alias("two"))
    return Repeat(
        level=level,
        split=split,
        rows=counted.height,
        of=rows.count(split),
        texts=pairs.height,
        short_rows=repeated.height - counted.height,
        pairs=tuple(pairs.sort("one").head(MAX_EXAMPLES).select("one", "two").iter_rows()),
    )


def _near(rows: Sentences, split: str) -> Repeat:
    of_split = rows.of(split)
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
        of=rows.count(split),
        texts=0,
        short_rows=repeated.height - counted.height,
        pairs=tuple(pairs.select("one", "two").iter_rows()),
        similarities=tuple(pairs["similarity"].round(4)),
    )


def select(
    view: View, codes: Collection[str], _measured: tuple[Repeat, ...] | None
) -> dict[str, pl.DataFrame]:
    """Selects the rows that repeat a text of their split, then pairs that are nearly the same."""
    if "repeats" not in codes:
        return {}
    long = view.sentences.rows.filter(~pl.col("is_short") & pl.col("normalised").is_not_null())
    same = number_groups(
        long.filter(pl.struct("split", "normalised").is_duplicated()), ["split", "normalised"]
    ).with_columns(similarity=pl.lit(1.0))
    selected = [same.select("row", "group", "similarity")]
    for split in SPLITS:
        of_split = long.filter(pl.col("split") == split)
        # Of two texts that are each other's nearest, one pair.
        near = (
            view.sentences.near_texts(split, split)
            .with_columns(
                pair=pl.concat_list(
                    pl.min_horizontal("normalised", "other"), pl.max_horizontal("normalised", "other")
                )
            )
            .unique("pair", keep="first", maintain_order=True)
        )
        selected.append(number_pairs(near, of_split, of_split))
    return {"repeats": stack(selected)}


def render(repeats: tuple[Repeat, ...], _context: ReportContext) -> str:
    """Draws what each split repeats."""
    names = {"L0": tr("same raw text"), "L1": tr("same normalised text"), "L3": tr("near-duplicate")}
    full = round_up(max(0.01, *(repeat.share for repeat in repeats))) if repeats else 0
    rows = [
        [
            f'<span class="level">{repeat.level}</span> {text(names[repeat.level])}',
            text(repeat.split),
            bar([(repeat.share / full, "doubtful", _share(repeat))]),
            count_or_dash(repeat.rows),
            percent(repeat.share) if repeat.rows else count_or_dash(0),
            count_or_dash(repeat.texts),
            count_or_dash(repeat.short_rows),
        ]
        for repeat in repeats
    ]
    if not any(repeat.rows or repeat.short_rows for repeat in repeats):
        return ""
    columns = [
        (tr("level"), "label"),
        (tr("split"), "name"),
        (tr("share of the split"), "wide"),
        (tr("rows"), "n"),
        (tr("share"), "n"),
        (tr("texts"), "n"),
        (tr("too short to count"), "n"),
    ]
    about = tr("Rows that another row of the same split repeats, each level counted on its own.")
    return section(
        tr("Duplicates within a split"),
        about,
        table(columns, rows, ticks=percent_axis(full)),
        anchor="repeats",
    )


def _share(repeat: Repeat) -> str:
    return tr("{share} of {split}", share=percent(repeat.share), split=repeat.split)


CHECK = Check(
    "repeats",
    measure,
    codes=("repeats",),
    judge=judge,
    render=render,
    chapter="leakage",
    key="repeats",
    stage="late",
    select=select,
)
