"""Measures tokens: how many a sentence has, how many of them a vocabulary would know, sentences without any.

Tokens are those of the column `tokens`, whichever tagger made them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import polars as pl

from etl.dataset.read import SPLITS, Dataset
from etl.language.message import joined, tr
from etl.text.html import (
    bar,
    count,
    count_or_dash,
    heading,
    legend,
    name,
    percent,
    percent_axis,
    section,
    table,
    text,
)
from etl.text.normalise import INVISIBLE
from etl.validation import lengths, unseen
from etl.validation.check import Check, ReportContext
from etl.validation.findings import MAX_EXAMPLES, Finding
from etl.validation.lengths import Lengths, render_lengths
from etl.validation.rules import Rules
from etl.validation.selection import number_rows
from etl.validation.unseen import UnseenTokens
from etl.validation.view import View

VOCABULARY_SIZES = (1_000, 5_000, 10_000, 20_000, 50_000)
MAX_LEN_STEP = 8
# Of the rows of train, what the suggested `max_len` may cut.
CUT_AT_MOST = 0.01
_HAS_NO_TOKEN = (pl.col("tokens").list.len() == 0).fill_null(value=True)
_IS_EMPTY = (pl.col("length") == 0).fill_null(value=True)


@dataclass(frozen=True)
class VocabularyCoverage:
    """Coverage by the most frequent tokens of train.

    Attributes:
        size: how many distinct tokens, ids of `<pad>` and `<unk>` not counted.
        shares: for each split with tokens, the share of its tokens that are among them, 0 to 1.
    """

    size: int
    shares: dict[str, float]


@dataclass(frozen=True)
class Emptied:
    """The sentences of one source of which no token is left.

    Attributes:
        rows: kept rows, and rows rejected because no token was left.
        kept: rows without a token among the kept ones.
        rejected: rows rejected as `no_key_tokens`.
    """

    source: str
    rows: int
    kept: int
    rejected: int


@dataclass(frozen=True)
class TokenStats:
    """The tokens of a dataset.

    Attributes:
        lengths: tokens a row: each split, then all.
        max_len: the smallest multiple of 8 that cuts at most one per cent of the rows of train; None where
            train has no rows.
        cut_rows, cut_share: the rows of train with more tokens than that, and their share.
        cut_by_split: the share of the rows of each split that it cuts.
        tokens, distinct: how many tokens train has, and how many different ones.
        once: how many tokens occur a single time in train.
        coverage: what vocabularies of growing size know, the last of every token of train.
        unseen: tokens of validation and test that train lacks.
        emptied: sentences without a token, by source.
        examples: ids of a few kept rows without a token, the first in order.
    """

    lengths: tuple[Lengths, ...]
    max_len: int | None
    cut_rows: int
    cut_share: float
    cut_by_split: dict[str, float]
    tokens: int
    distinct: int
    once: int
    coverage: tuple[VocabularyCoverage, ...]
    unseen: tuple[UnseenTokens, ...]
    emptied: tuple[Emptied, ...]
    examples: tuple[str, ...]


def measure(view: View) -> TokenStats:
    """Counts tokens by row and by token; memory grows with the distinct tokens, not with the rows."""
    rows = _rows(view)
    kept = _count_kept(rows)
    by_length = lengths.add_up(kept)
    counted = unseen.count_tokens(rows)
    train = unseen.of_split(counted, "train")
    max_len = _max_len(by_length.filter(pl.col("split") == "train"))
    cut = {split: _longer(by_length.filter(pl.col("split") == split), max_len or 0) for split in SPLITS}
    cut_rows, train_rows = cut["train"]
    return TokenStats(
        lengths=lengths.describe(by_length),
        max_len=max_len,
        cut_rows=cut_rows if max_len else 0,
        cut_share=cut_rows / train_rows if max_len else 0.0,
        cut_by_split={split: above / of for split, (above, of) in cut.items() if of and max_len},
        tokens=int(train["rows"].sum()),
        distinct=train.height,
        once=int((train["rows"] == 1).sum()),
        coverage=_coverage(counted),
        unseen=tuple(
            unseen.find_unseen(unseen.of_split(counted, split), train, split, "train")
            for split in SPLITS[1:]
            if train.height and (counted["split"] == split).any()
        ),
        emptied=_emptied(kept, view.dataset),
        examples=_examples(rows) if kept.filter(_IS_EMPTY).height else (),
    )


def judge(stats: TokenStats, rules: Rules) -> list[Finding]:
    """Judges the suggested `max_len`, sentences without a token, and tokens that train lacks."""
    findings = []
    if stats.max_len:
        train = stats.lengths[0]
        findings += rules.judge(
            "max_len",
            stats.max_len,
            cut=stats.cut_share,
            rows=stats.cut_rows,
            p50=train.p50,
            p99=train.p99,
            longest=train.longest,
        )
        for split, share in stats.cut_by_split.items():
            findings += rules.judge("max_len_cuts", share, split=split, max_len=stats.max_len)
    for emptied in stats.emptied:
        findings += rules.judge(
            "emptied",
            (emptied.kept + emptied.rejected) / emptied.rows,
            source=emptied.source or tr("no source"),
            rows=emptied.kept + emptied.rejected,
            of=emptied.rows,
            rejected=emptied.rejected,
        )
    findings += rules.judge(
        "rows_without_tokens", sum(emptied.kept for emptied in stats.emptied), examples=stats.examples
    )
    for tokens in stats.unseen:
        findings += unseen.judge_unseen(tokens, rules, "unseen_tokens")
    return findings


def _rows(view: View) -> pl.LazyFrame:
    """The rows with a sentence: in a table of others may be blank ones, which `blank_text` counts."""
    rows = view.dataset.scan().with_row_index("row")
    return rows.filter(pl.col("raw_text").str.contains(f"[^{INVISIBLE}]")) if view.is_external else rows


def _max_len(counted: pl.DataFrame) -> int | None:
    if counted.is_empty():
        return None
    enough = lengths.percentile(counted, 1 - CUT_AT_MOST)
    return max(1, -(-enough // MAX_LEN_STEP)) * MAX_LEN_STEP


def _longer(counted: pl.DataFrame, limit: int) -> tuple[int, int]:
    """Rows longer than `limit`, and all rows."""
    above = counted.filter(pl.col("length") > limit)
    return int(above["rows"].sum()), int(counted["rows"].sum())


def _coverage(counted: pl.DataFrame) -> tuple[VocabularyCoverage, ...]:
    train = unseen.of_split(counted, "train").sort("rows", "token", descending=[True, False])
    sizes = [size for size in VOCABULARY_SIZES if size < train.height]
    if not train.height:
        return ()
    ranked = counted.join(train.select("token").with_row_index("rank"), on="token", how="left")
    known = {
        split: ranked.filter(pl.col("split") == split).select("rank", "rows")
        for split in SPLITS
        if (counted["split"] == split).any()
    }
    return tuple(VocabularyCoverage(size, _shares(known, size)) for size in (*sizes, train.height))


def _shares(known: Mapping[str, pl.DataFrame], size: int) -> dict[str, float]:
    return {
        split: int(ranked.filter(pl.col("rank") < size)["rows"].sum()) / int(ranked["rows"].sum())
        for split, ranked in known.items()
    }


def _count_kept(rows: pl.LazyFrame) -> pl.DataFrame:
    """Counts rows by `split`, `source` and `length`, the number of tokens, into `rows`; nulls count too."""
    length = pl.col("tokens").list.len().cast(pl.Int64).alias("length")
    counted = rows.select("split", "source", length).group_by("split", "source", "length")
    return counted.agg(pl.len().cast(pl.Int64).alias("rows")).collect(engine="streaming")


def _emptied(counted: pl.DataFrame, dataset: Dataset) -> tuple[Emptied, ...]:
    source = pl.col("source").fill_null("")
    kept = counted.group_by(source).agg(pl.col("rows").sum(), kept=pl.col("rows").filter(_IS_EMPTY).sum())
    rejected = (
        dataset.scan_rejects()
        .filter(pl.col("reason") == "no_key_tokens")
        .group_by(source)
        .agg(rejected=pl.len())
        .collect(engine="streaming")
    )
    both = kept.join(rejected, on="source", how="full", coalesce=True).fill_null(0).sort("source")
    return tuple(
        Emptied(source=name, rows=rows + of_rejects, kept=empty, rejected=of_rejects)
        for name, rows, empty, of_rejects in both.iter_rows()
    )


def select(view: View, codes: Collection[str], _measured: TokenStats | None) -> dict[str, pl.DataFrame]:
    """Selects the rows that have no token, in order."""
    if "rows_without_tokens" not in codes:
        return {}
    rows = _rows(view).filter(_HAS_NO_TOKEN).select("row")
    return {"rows_without_tokens": number_rows(rows.collect(engine="streaming").sort("row"))}


def _examples(rows: pl.LazyFrame) -> tuple[str, ...]:
    named = rows.filter(_HAS_NO_TOKEN).select("id").drop_nulls().sort("id").head(MAX_EXAMPLES)
    return tuple(named.collect(engine="streaming").to_series())


def render(stats: TokenStats, _context: ReportContext) -> str:
    """Draws lengths and the `max_len` they suggest, coverage by vocabulary size, and emptied sentences."""
    if not stats.lengths:
        return ""
    return section(
        tr("Tokens"),
        _about(stats),
        render_lengths(stats.lengths, tr("tokens")),
        _render_coverage(stats.coverage),
        _render_emptied(stats),
    )


def _about(stats: TokenStats) -> str:
    if not stats.max_len:
        return tr("What a model gets to see of the sentences.")
    cut = [
        tr("{share} of {split}", share=text(percent(share)), split=text(split))
        for split, share in stats.cut_by_split.items()
    ]
    return tr(
        "A <code>max_len</code> of <strong>{max_len}</strong> cuts {cut}. Train has {tokens:,} tokens, "
        "{distinct:,} different ones; {once:,} of these ({share}) occur once.",
        max_len=stats.max_len,
        cut=joined(", ", cut),
        tokens=stats.tokens,
        distinct=stats.distinct,
        once=stats.once,
        share=text(percent(stats.once / stats.distinct) if stats.distinct else tr("none")),
    )


def _render_coverage(coverages: tuple[VocabularyCoverage, ...]) -> str:
    if not coverages:
        return ""
    splits = list(coverages[-1].shares)
    rows = [
        [
            text(
                tr("every token of train")
                if coverage is coverages[-1]
                else tr("{size:,} commonest", size=coverage.size)
            ),
            "".join(
                bar([(share, split, f"{split} {percent(share)}")]) for split, share in coverage.shares.items()
            ),
            *(percent(coverage.shares[split]) for split in splits),
            percent(1 - coverage.shares[splits[-1]]) if len(splits) > 1 else count_or_dash(0),
        ]
        for coverage in coverages
    ]
    columns = [
        (tr("vocabulary"), "label"),
        (tr("share of the tokens it knows"), "wide"),
        *((split, "n") for split in splits),
        (tr("unknown in {split}", split=splits[-1]), "n"),
    ]
    colours = {split: split for split in splits}
    return (
        heading(tr("Coverage by vocabulary size"))
        + legend(colours)
        + table(columns, rows, ticks=percent_axis())
    )


def _render_emptied(stats: TokenStats) -> str:
    if not any(emptied.kept or emptied.rejected for emptied in stats.emptied):
        return ""
    rows = [
        [
            name(emptied.source or tr("no source")),
            count(emptied.rows),
            count_or_dash(emptied.kept),
            count_or_dash(emptied.rejected),
            percent((emptied.kept + emptied.rejected) / emptied.rows),
        ]
        for emptied in stats.emptied
    ]
    columns = [
        (tr("source"), "label"),
        (tr("sentences"), "n"),
        (tr("kept without a token"), "n"),
        (tr("rejected for it"), "n"),
        (tr("share"), "n"),
    ]
    return heading(tr("Sentences of which no token is left")) + table(columns, rows)


CHECK = Check(
    "tokens",
    measure,
    codes=("max_len", "max_len_cuts", "emptied", "rows_without_tokens", "unseen_tokens"),
    judge=judge,
    render=render,
    chapter="tokens",
    key="tokens",
    select=select,
)
