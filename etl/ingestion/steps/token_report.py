"""Statistics of the key-token filter: tokens before and after, by class, and the most frequent ones.

Each batch is counted by itself, the counts are summed, and the policy is applied once to each distinct token.
So the report depends neither on the order of the batches nor on their size.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from etl.dataset.manifest import ClassCounts, FrequentToken, TokenCounts, TokenReport
from etl.tagging.policy import Policy

MOST_FREQUENT = 20
_FEW = 500_000  # counts that may wait to be summed


@dataclass(frozen=True)
class TokenTables:
    """Token counts of some batches, as two frames.

    Args:
        sources: `source`; number of `sentences` that were tagged, of those `emptied` (no token was kept), and
            of tokens `before` and `after` the filter.
        tokens: `token`, `tag` and `count` of all tokens before the filter; whether they are of sentences of
            which no token was kept (`is_emptied`); and a `hash` of all but the count.
    """

    sources: pl.DataFrame
    tokens: pl.DataFrame


def count_filtered_tokens(frame: pl.DataFrame) -> TokenTables:
    """Counts the tokens of tagged rows, which have no reason other than that of `key_tokens`.

    Args:
        frame: rows with `source`, `reason` and the columns that `key_tokens` returns.
    """
    is_emptied = pl.col("reason") == "no_key_tokens"
    tagged = frame.select("source", "reason", "tokens", "all_tokens", "all_tags").filter(
        pl.col("reason").is_null() | is_emptied
    )
    counts = {
        "sentences": pl.len(),
        "emptied": is_emptied.sum(),
        "before": pl.col("all_tokens").list.len().sum(),
        "after": pl.col("tokens").list.len().sum(),
    }
    sources = tagged.group_by("source").agg(
        count.cast(pl.Int64).alias(name) for name, count in counts.items()
    )
    pairs = (
        tagged.select("all_tokens", "all_tags", is_emptied=is_emptied.fill_null(value=False))
        .explode("all_tokens", "all_tags", empty_as_null=False, keep_nulls=False)
        .rename({"all_tokens": "token", "all_tags": "tag"})
        # Numbers are grouped twice as fast as pairs of strings. Two of ten million tokens share a hash of 64
        # bits once in 400,000 runs, and would be counted as one.
        .with_columns(
            hash=pl.col("token").hash(1) ^ pl.col("tag").hash(2) ^ pl.col("is_emptied").cast(pl.UInt64)
        )
    )
    return TokenTables(sources, _distinct(pairs, pl.len().cast(pl.Int64)))


def add_counts(counts: list[TokenTables], further: TokenTables) -> list[TokenTables]:
    """Appends the counts of a batch; sums all of them when they are many, which bounds their memory."""
    counts = [*counts, further]
    waiting = sum(each.tokens.height for each in counts[1:])
    return [sum_counts(counts)] if waiting > max(counts[0].tokens.height, _FEW) else counts


def make_token_report(counts: list[TokenTables], policy: Policy) -> TokenReport:
    """Builds the report in the manifest under `tokens`, as described in docs/dataset.md."""
    summed = sum_counts(counts)
    token, tag = pl.col("token"), pl.col("tag")
    is_kept = pl.lit(value=True) if policy.keeps_all else policy.is_kept(token, tag)
    tokens = summed.tokens.with_columns(
        policy.coarse_class(token, tag).alias("class"), is_kept=is_kept & ~pl.col("is_emptied")
    )
    if tokens["is_emptied"].any():  # else no token stands twice
        tokens = tokens.group_by("token", "tag", "class", "is_kept").agg(pl.col("count").sum())
    sums = summed.sources.drop("source").sum().row(0, named=True)
    sources = summed.sources.sort("source").iter_rows(named=True)
    return TokenReport(
        **sums,
        sources={each.pop("source"): TokenCounts(**each) for each in sources},
        classes=_classes(tokens, sums["before"]),
        most_removed=_most_frequent(tokens.filter(~pl.col("is_kept"))),
        most_kept=_most_frequent(tokens.filter("is_kept")),
    )


def sum_counts(counts: list[TokenTables]) -> TokenTables:
    """Sums the counts of several batches."""
    sources = pl.concat([each.sources for each in counts]).group_by("source").sum()
    return TokenTables(sources, _distinct(pl.concat([each.tokens for each in counts]), pl.col("count").sum()))


def _distinct(tokens: pl.DataFrame, count: pl.Expr) -> pl.DataFrame:
    return tokens.group_by("hash").agg(pl.col("token", "tag", "is_emptied").first(), count.alias("count"))


def _classes(tokens: pl.DataFrame, before: int) -> dict[str, ClassCounts]:
    """Returns tokens before and after by class, the largest first, and the removed share of all tokens."""
    by_class = tokens.group_by("class").agg(
        before=pl.col("count").sum(), after=pl.col("count").filter("is_kept").sum()
    )
    return {
        name: ClassCounts(of_class, after, round((of_class - after) / before, 4))
        for name, of_class, after in by_class.sort("before", "class", descending=[True, False]).iter_rows()
    }


def _most_frequent(tokens: pl.DataFrame) -> tuple[FrequentToken, ...]:
    most = (
        tokens.filter(pl.col("count") >= pl.col("count").top_k(MOST_FREQUENT).min())
        .sort("count", "token", "tag", descending=[True, False, False])
        .head(MOST_FREQUENT)
        .select("token", "tag", "class", "count")
    )
    return tuple(FrequentToken(*each) for each in most.iter_rows())
