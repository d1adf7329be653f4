"""Keeps the tokens that carry meaning, chosen by coarse part of speech.

Negation (안, 못, 않다, …) and emoticons (ㅋㅋ, ㅠㅠ, emoji) carry emotion and survive whatever their tag.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.steps.mark import mark
from etl.tagging.policy import Policy

if TYPE_CHECKING:
    import polars as pl


def key_tokens(frame: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Filters `tokens` and `tags`; marks sentences of which nothing is left as `no_key_tokens`.

    Args:
        frame: rows with `tokens` and `tags`, lists of equal length or null.
        policy: which tokens are kept.
    """
    import polars as pl

    if not policy.keeps_all:
        pairs = frame.select("tokens", "tags").with_row_index("row").explode("tokens", "tags")
        kept = pairs.filter(policy.is_kept(pl.col("tokens"), pl.col("tags")))
        lists = kept.group_by("row", maintain_order=True).agg("tokens", "tags")
        nothing = pl.lit([], pl.List(pl.String))
        frame = (
            frame.rename({"tokens": "all_tokens"})
            .drop("tags")
            .with_row_index("row")
            .join(lists, on="row", how="left", maintain_order="left")
            # A row that was not tagged has no tokens; one that lost them all has an empty list.
            .with_columns(
                pl.when(pl.col("all_tokens").is_not_null()).then(pl.col(name).fill_null(nothing)).alias(name)
                for name in ("tokens", "tags")
            )
        )
    else:
        frame = frame.with_columns(pl.col("tokens").alias("all_tokens"))
    is_empty = pl.col("tokens").list.len().fill_null(0) == 0
    before = pl.col("all_tokens").list.len().fill_null(0)
    return mark(frame, is_empty, "no_key_tokens", pl.format("{} tokens, none of them kept", before)).drop(
        "all_tokens", "row", strict=False
    )
