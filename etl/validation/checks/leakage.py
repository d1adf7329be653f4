"""Counts rows of validation and test that train has too: the same text, nearly the same, or the same group.

Each level is measured on its own, so a row that has the same raw text is one of L0, L1, L2 and L3: equal
normalised texts are near-duplicates of similarity 1. A finding counts it once, at the strictest of these; the
group is another thing, and counts by itself. Which utterances are short is defined in
`etl.text.normalise`, which texts are near-duplicates in `etl.similarity.pairs`; ingest uses both.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest

import polars as pl

from etl.language.message import tr
from etl.schema.splits import EVALUATION
from etl.text.charts import round_up
from etl.text.html import (
    bar,
    count,
    count_or_dash,
    legend,
    percent,
    percent_axis,
    quoted,
    section,
    table,
    text,
)
from etl.validation.check import Check, ReportContext
from etl.validation.findings import MAX_EXAMPLES, Finding
from etl.validation.rules import Rules
from etl.validation.selection import ROW, number_groups, number_pairs, stack
from etl.validation.sentences import Sentences
from etl.validation.view import View

# (level, finding code, what rows share); L3 goes by the normalised text and those near it.
LEVELS = (
    ("L0", "leak_exact", "raw_text"),
    ("L1", "leak_normalised", "normalised"),
    ("L2", "leak_tokens", "tokens"),
    ("L3", "leak_near", "normalised"),
    ("L4", "leak_group", "group"),
)
# Levels of which a row that has one often has the next, the gravest first.
_NESTED = ("L0", "L1", "L3", "L2")


@dataclass(frozen=True)
class Leak:
    """Rows of one evaluation split that are also in train, at one level.

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
        own_rows: rows that no stricter level has.
        own_examples: the ids of a few of these.
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
    own_rows: int = 0
    own_examples: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """The share of the split that is affected."""
        return self.rows / self.of if self.of else 0.0

    @property
    def own_share(self) -> float:
        """The share of the split that no stricter level has."""
        return self.own_rows / self.of if self.of else 0.0


def measure(view: View) -> tuple[Leak, ...]:
    """Measures what validation and test share with train, level by level.

    An evaluation split without rows is left out; so is L3 where `dedupe.near` is 0.
    """
    rows, dedupe = view.sentences, view.manifest.settings.dedupe
    leaks = []
    for split in EVALUATION:
        found: list[tuple[Leak, pl.DataFrame]] = []
        for level, code, key in LEVELS if rows.count(split) else ():
            if level == "L3" and dedupe.near:
                found.append(_measure_near(rows, split))
            elif level != "L3":
                found.append(_measure_level(rows, level, code, key, split))
        leaks += _count_once(found)
    return tuple(leaks)


def _count_once(found: list[tuple[Leak, pl.DataFrame]]) -> list[Leak]:
    """Adds to each level the rows that no stricter one has; `found` has the rows of each level."""
    counted = {leak.level: rows for leak, rows in found}
    for at, level in enumerate(_NESTED):
        for stricter in _NESTED[:at]:
            if level in counted and stricter in counted:
                counted[level] = counted[level].join(counted[stricter], on=ROW, how="anti")
    return [
        replace(leak, own_rows=own.height, own_examples=tuple(own["id"].sort().head(MAX_EXAMPLES)))
        for leak, _ in found
        for own in [counted[leak.level]]
    ]


def judge(leaks: tuple[Leak, ...], rules: Rules) -> list[Finding]:
    """Judges the rows that leak, level by level and split by split."""
    return [
        finding
        for leak in leaks
        for finding in rules.judge(
            leak.code,
            leak.own_rows,
            examples=leak.own_examples,
            of=leak.of,
            split=leak.split,
            share=leak.own_share,
            groups=leak.groups,
            least=min(leak.similarities, default=1.0),
        )
    ]


def why_not(view: View) -> str:
    """Returns why rows that leak cannot be found, or not all of them."""
    is_near_off = not view.manifest.settings.dedupe.near
    return view.why_no_comparison() or (tr("near-duplicates: dedupe.near is 0") if is_near_off else "")


def _measure_level(rows: Sentences, level: str, code: str, key: str, split: str) -> tuple[Leak, pl.DataFrame]:
    evaluated, train = rows.of(split), rows.of("train")
    # At the text levels a pair counts if neither side is short; a group is a group whatever is said.
    is_countable = pl.lit(True) if level == "L4" else ~pl.col("is_short")
    countable, trained = evaluated.filter(is_countable), train.filter(is_countable)
    shared = evaluated.join(train, on=key, how="semi")
    counted = countable.join(trained, on=key, how="semi")
    counterparts = trained.join(countable, on=key, how="semi")
    first = counterparts.group_by(key).agg(pl.col("id").min().alias("train_id"))
    pairs = counted.sort("id").head(MAX_EXAMPLES).join(first, on=key, how="left", maintain_order="left")
    leak = Leak(
        level=level,
        code=code,
        split=split,
        rows=counted.height,
        of=rows.count(split),
        train_rows=counterparts.height,
        short_rows=shared.height - counted.height,
        groups=counted[key].n_unique() if level == "L4" else 0,
        pairs=tuple(pairs.select("id", "train_id").iter_rows()),
    )
    return leak, counted


def _measure_near(rows: Sentences, split: str) -> tuple[Leak, pl.DataFrame]:
    """Measures L3: rows whose normalised text is that of a row of train, or near one."""
    evaluated, train = rows.of(split), rows.of("train")
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
    leak = Leak(
        level="L3",
        code="leak_near",
        split=split,
        rows=counted.height,
        of=rows.count(split),
        train_rows=trained.join(train_counterpart, on="normalised", how="semi").height,
        short_rows=shared.height - counted.height,
        groups=0,
        pairs=tuple(pairs.select("id", "train_id").iter_rows()),
        similarities=tuple(pairs["similarity"].round(4)),
    )
    return leak, counted


def select(view: View, codes: Collection[str], _measured: tuple[Leak, ...] | None) -> dict[str, pl.DataFrame]:
    """Selects the rows that leak with their counterparts in train, a group for what they share.

    At L3 a group is a text of validation or test, and the first row of train that is most like it.
    """
    return {
        code: _select_near(view.sentences) if level == "L3" else _select_level(view.sentences, level, key)
        for level, code, key in LEVELS
        if code in codes
    }


def _select_level(rows: Sentences, level: str, key: str) -> pl.DataFrame:
    is_countable = pl.lit(True) if level == "L4" else ~pl.col("is_short")
    train = rows.of("train").filter(is_countable)
    selected = [rows.rows.clear().with_columns(leaks_from=pl.lit("", pl.String))]
    for split in EVALUATION:
        evaluated = rows.of(split).filter(is_countable)
        sides = evaluated.join(train, on=key, how="semi"), train.join(evaluated, on=key, how="semi")
        selected += [side.with_columns(leaks_from=pl.lit(split)) for side in sides]
    # A row of validation or test comes before those of train that give it away.
    return number_groups(
        pl.concat(selected).with_columns(is_train=pl.col("split") == "train"),
        ["leaks_from", key],
        ["is_train", "id"],
    )


def _select_near(rows: Sentences) -> pl.DataFrame:
    train = rows.of("train").filter(~pl.col("is_short"))
    selected = []
    for split in EVALUATION:
        evaluated = rows.of(split).filter(~pl.col("is_short"))
        nearest = _nearest(rows.near_texts(split, "train"), evaluated, train)
        selected.append(number_pairs(nearest, evaluated, train))
    return stack(selected)


def _nearest(near: pl.DataFrame, these: pl.DataFrame, those: pl.DataFrame) -> pl.DataFrame:
    """Returns for each text of `these` that is in `those`, or near one: the `other` text, the similarity."""
    equal = these.join(those, on="normalised", how="semi").select("normalised").unique()
    equal = equal.select("normalised", pl.col("normalised").alias("other"), similarity=pl.lit(1.0))
    return pl.concat([equal, near.join(equal, on="normalised", how="anti")])


def render(leaks: tuple[Leak, ...], context: ReportContext) -> str:
    """Draws what validation and test share with train, level by level, and a few pairs."""
    if not leaks:
        return ""
    full = round_up(max(0.01, *(leak.own_share for leak in leaks)))
    columns = [
        (tr("level"), "label"),
        (tr("split"), "name"),
        (tr("share of the split"), "wide"),
        (tr("rows"), "n"),
        (tr("share"), "n"),
        (tr("train rows"), "n"),
        (tr("too short to count"), "n"),
    ]
    about = tr(
        "Rows of validation and test that train has too, each counted once, at the "
        "strictest level that it has; by group, rows are counted again. Utterances so "
        "short that meeting them twice is chance are counted apart."
    )
    colours: dict[str, str] = {tr("an error"): "leak", tr("a warning"): "doubtful"}
    rows = [_render_leak(leak, full, context.rules) for leak in leaks]
    levels = section(tr("Leakage"), about, legend(colours), table(columns, rows, ticks=percent_axis(full)))
    return levels + render_pairs(leaks, context.rules, context.quotes)


def _render_leak(leak: Leak, full: float, rules: Rules) -> list[str]:
    rule = rules[leak.code]
    is_error = rule.judge_severity(leak.own_share) == "error"
    what = tr("{share} of {split}", share=percent(leak.own_share), split=leak.split)
    colour, tone = ("leak", "bad") if is_error else ("doubtful", "doubt")
    return [
        f'<span class="level">{leak.level}</span> {text(tr(rule.short))}',
        text(leak.split),
        bar([(leak.own_share / full, colour, what)], is_tall=True),
        f'<span class="{tone}">{count(leak.own_rows)}</span>' if leak.own_rows else count_or_dash(0),
        percent(leak.own_share) if leak.own_rows else count_or_dash(0),
        count_or_dash(leak.train_rows),
        count_or_dash(leak.short_rows),
    ]


def render_pairs(leaks: tuple[Leak, ...], rules: Rules, quotes: Mapping[str, str]) -> str:
    """Lists a few pairs of each split to look at, each at the strictest level that has it.

    Args:
        leaks: what validation and test share with train.
        rules: the names of the levels.
        quotes: sentences that may be quoted, by row id; usually none.
    """
    rows: dict[tuple[str, str], list[str]] = {}
    for leak in leaks:
        for pair, alike in zip_longest(leak.pairs, leak.similarities):
            level = f'<span class="level">{leak.level}</span> {text(tr(rules[leak.code].short))}'
            similarity = f"{alike:.2f}" if leak.similarities else count_or_dash(0)
            ids = (quoted(row_id, quotes) for row_id in pair)
            rows.setdefault(pair, [level, text(leak.split), *ids, similarity])
    if not rows:
        return ""
    columns = [
        (tr("level"), "label"),
        (tr("split"), "name"),
        (tr("row"), "prose"),
        (tr("row of train"), "prose"),
        (tr("alike"), "n"),
    ]
    about = tr(
        "A few pairs, each at the strictest level that has it. Of near-duplicates they "
        "are the least alike: if these are not the same sentence, the threshold is too "
        "low. How alike they are is the share of character trigrams that two texts have "
        "in common."
    )
    return section(
        tr("Leaking pairs to look at"), about, table(columns, rows.values(), is_stacked=True), anchor="pairs"
    )


CHECK = Check(
    "leakage",
    measure,
    codes=tuple(code for _, code, _ in LEVELS),
    judge=judge,
    render=render,
    chapter="leakage",
    key="leaks",
    why_not=why_not,
    stage="late",
    select=select,
)
