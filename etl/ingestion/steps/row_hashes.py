"""Hashes ids, groups and texts, so that the steps on the whole corpus need no texts.

A hash has 128 bits, so two different texts share one with probability 10^-38. The hashes of ten million rows
need a gigabyte, however long the sentences are. Near-duplicates cannot be found by hashes: unless
`dedupe.near` is 0, normalised texts that are not short are kept too: 120 MB for a million rows of 40
characters.
"""

from __future__ import annotations

import polars as pl

from etl.schema import votes
from etl.schema.text_ids import is_text_id
from etl.settings import Dedupe
from etl.text.hashes import hash_text
from etl.text.normalise import is_short, normalised_key

# Whether the id was made of the text, and lacks its number still, see `etl.schema.text_ids`.
HAS_TEXT_ID = "has_text_id"


def hash_rows(frame: pl.DataFrame, settings: Dedupe) -> pl.DataFrame:
    """Returns a row of hashes for each row.

    Args:
        frame: rows with `id`, `source`, `group`, `raw_text`, `text`, `label`, `label_votes`, `split`,
            `reason`, `detail`.
        settings: the length below which a text is short, and whether near-duplicates will be searched for.

    Returns:
        A frame with `source`, `label`, `label_votes`, `split`, `reason`, `detail`, `is_short`,
        `has_text_id`; `id_key`, `group_key`, `raw_key`, `text_key` and `normalised_key`, each a struct of two
        64-bit hashes; and `normalised`, the text itself, unless `settings.near` is 0.
    """

    # In a step of its own, or it would be computed once for each half of the hash.
    frame = frame.with_columns(normalised_key(pl.col("text")).alias("normalised"))
    short = is_short(pl.col("text"), settings.short_eojeols, settings.short_chars)
    is_comparable = ~short & pl.col("reason").is_null()
    return frame.select(
        "source",
        "label",
        votes.COLUMN,
        "split",
        "reason",
        "detail",
        short.alias("is_short"),
        is_text_id(pl.col("id")).alias(HAS_TEXT_ID),
        hash_text(pl.col("id")).alias("id_key"),
        group_key(pl.col("group")).alias("group_key"),
        hash_text(pl.col("raw_text")).alias("raw_key"),
        hash_text(pl.col("text")).alias("text_key"),
        hash_text(pl.col("normalised")).alias("normalised_key"),
        *([pl.when(is_comparable).then(pl.col("normalised")).alias("normalised")] if settings.near else []),
    )


def group_key(group: pl.Expr) -> pl.Expr:
    """Returns the hash of a group of the row's `source`."""
    return hash_text(pl.concat_str("source", group, separator="\0"))
