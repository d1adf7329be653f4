"""Keeps the tokens that carry meaning, chosen by coarse part of speech.

Negation (안, 못, 않다, …) and emoticons (ㅋㅋ, ㅠㅠ, emoji) carry emotion and are kept whatever their tag.
"""

from __future__ import annotations

import polars as pl

from etl.ingestion.steps.mark import mark
from etl.tagging.policy import Policy


def key_tokens(frame: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Filters `tokens` and `tags`; marks sentences without a kept token as `no_key_tokens`.

    The unfiltered lists stay in `all_tokens` and `all_tags`, for `etl.ingestion.steps.token_report`.

    Args:
        frame: rows with `tokens` and `tags`, lists of equal length or null.
        policy: which tokens are kept.
    """
    frame = frame.with_columns(pl.col("tokens", "tags").name.prefix("all_"))
    if not policy.keeps_all:
        frame = _filter(frame, policy)
    before, after = (pl.col(name).list.len().fill_null(0) for name in ("all_tokens", "tokens"))
    return mark(frame, after == 0, "no_key_tokens", pl.format("{} tokens, none of them kept", before))


def _filter(frame: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    pair = ["tokens", "tags"]
    pairs = frame.select(pair).with_row_index("row").explode(pair)
    # Texts repeat the same words, and classifying a word takes longer than joining on it.
    token, tag = pl.col("tokens"), pl.col("tags")
    distinct = pairs.select(pair).unique().with_columns(coarse=policy.coarse_class(token, tag))
    distinct = distinct.filter(policy.is_class_kept(pl.col("coarse"), token))
    distinct = distinct.select(*pair, is_companion=policy.is_companion(pl.col("coarse")))
    kept = pairs.join(distinct, on=pair, how="inner", maintain_order="left")
    lists = kept.group_by("row", maintain_order=True).agg(*pair, pl.col("is_companion").all())
    lists = lists.filter(~pl.col("is_companion")).drop("is_companion")
    nothing = pl.lit([], pl.List(pl.String))
    return (
        frame.drop(pair)
        .with_row_index("row")
        .join(lists, on="row", how="left", maintain_order="left")
        # A row that was not tagged has no tokens; one that lost them all has an empty list.
        .with_columns(pl.when(pl.col("all_tokens").is_not_null()).then(pl.col(pair).fill_null(nothing)))
        .drop("row")
    )
