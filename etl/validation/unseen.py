"""Tokens of one set of rows that another never has: counted, judged, and drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from etl.dataset.read import SPLITS
from etl.language.message import tr
from etl.text.charts import round_up
from etl.text.html import bar, count, heading, percent, percent_axis, table, text
from etl.validation.findings import Finding
from etl.validation.rules import Rules

# Samples of the same sentences come close to the share of unseen tokens that is to be expected.
_BEYOND_EXPECTED = 2


@dataclass(frozen=True)
class UnseenTokens:
    """The tokens of one set of rows that another never has.

    Attributes:
        split, reference: the rows whose tokens are looked up, and those they are looked up in.
        tokens, distinct: how many tokens there are, and how many different ones.
        unseen, distinct_unseen: how many of either the reference lacks.
        by_chance: the share of tokens to expect if both were drawn from the same sentences: the share of
            tokens of the reference that occur in it once (Good and Turing's estimate).
    """

    split: str
    reference: str
    tokens: int
    distinct: int
    unseen: int
    distinct_unseen: int
    by_chance: float

    @property
    def share(self) -> float:
        """The share of tokens that the reference lacks, 0 to 1."""
        return self.unseen / self.tokens if self.tokens else 0.0


def count_tokens(rows: pl.LazyFrame) -> pl.DataFrame:
    """Counts how often each token occurs in each split: `split`, `token`, `rows` (occurrences), unordered."""
    # One split after another: tokens alone are grouped in two thirds of the time of tokens with their split.
    return pl.concat(_count_in(rows.filter(pl.col("split") == split), split) for split in SPLITS)


def _count_in(rows: pl.LazyFrame, split: str) -> pl.DataFrame:
    tokens = rows.select(token=pl.col("tokens").explode()).drop_nulls()
    counted = tokens.group_by("token").agg(pl.len().cast(pl.Int64).alias("rows")).collect(engine="streaming")
    return counted.select(pl.lit(split).alias("split"), "token", "rows")


def of_split(counted: pl.DataFrame, split: str) -> pl.DataFrame:
    """Returns `token` and `rows` of one split, of what `count_tokens` returns."""
    return counted.filter(pl.col("split") == split).select("token", "rows")


def find_unseen(these: pl.DataFrame, those: pl.DataFrame, split: str, reference: str) -> UnseenTokens:
    """Counts the tokens of `these` that are not among `those`.

    Args:
        these, those: `token` and `rows`, each token once.
        split, reference: what to call them.
    """
    lacking = these.join(those, on="token", how="anti")["rows"]
    total = int(those["rows"].sum())
    return UnseenTokens(
        split=split,
        reference=reference,
        tokens=int(these["rows"].sum()),
        distinct=these.height,
        unseen=int(lacking.sum()),
        distinct_unseen=len(lacking),
        by_chance=those.filter(pl.col("rows") == 1).height / total if total else 1.0,
    )


def judge_unseen(unseen: UnseenTokens, rules: Rules, code: str) -> list[Finding]:
    """Judges tokens that the reference lacks: a finding if more than two random samples would show.

    Args:
        unseen: what was measured.
        rules: thresholds and words.
        code: the finding to make.
    """
    return rules.judge(
        code,
        unseen.share,
        threshold=max(rules[code].threshold, _BEYOND_EXPECTED * unseen.by_chance),
        split=unseen.split,
        reference=unseen.reference,
        by_chance=unseen.by_chance,
        distinct=unseen.distinct_unseen,
    )


def render_unseen(counts: Sequence[UnseenTokens]) -> str:
    """Draws tokens out of vocabulary as a table; nothing where there are none."""
    if not counts:
        return ""
    full = round_up(max(max(unseen.share, unseen.by_chance) for unseen in counts) or 1.0)
    rows = [
        [
            text(_title(unseen)),
            bar(
                [(unseen.share / full, unseen.split, percent(unseen.share))],
                is_tall=True,
                mark=(
                    unseen.by_chance / full,
                    tr("{share} to be expected", share=percent(unseen.by_chance)),
                ),
            ),
            percent(unseen.share),
            percent(unseen.by_chance),
            count(unseen.unseen),
            count(unseen.tokens),
            count(unseen.distinct_unseen),
        ]
        for unseen in counts
    ]
    columns = [
        (tr("tokens of"), "label"),
        (tr("share unseen"), "wide"),
        (tr("unseen"), "n"),
        (tr("to be expected"), "n"),
        (tr("tokens unseen"), "n"),
        (tr("of"), "n"),
        (tr("different ones"), "n"),
    ]
    return heading(tr("Tokens out of vocabulary")) + table(columns, rows, ticks=percent_axis(full))


def _title(unseen: UnseenTokens) -> str:
    if unseen.reference == "train":
        return tr("{split}, not in train", split=unseen.split)
    return tr("{split}, not in earlier", split=unseen.split)
