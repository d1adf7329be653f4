"""Makes the records of rows: the little of each that the steps on the whole corpus need, by its key.

Equal keys meet in one partition, see `etl.ingestion.exchange`. A key has 128 bits, so two different texts
share one with probability 10^-38. Near-duplicates cannot be found by hashes: unless `dedupe.near` is 0, the
normalised text is part of the record.
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from etl.schema import votes
from etl.schema.splits import ALL_SPLITS
from etl.schema.text_ids import is_text_id, split_number
from etl.settings import Settings
from etl.text.hashes import hash_text
from etl.text.normalise import is_short, normalised_key

SPLIT = pl.Enum(ALL_SPLITS)


class Records(NamedTuple):
    """The records of one batch; each has `position`, that of the row in the batch, `key_high` and `key_low`.

    Attributes:
        ids: of each row, by its id without number: `number`, see `etl.schema.text_ids.split_number`, null
            where the row will get one; and `is_alive`, whether it has no reason.
        texts: of rows that are alive and not short, by the normalised text: `text_key` and `raw_key`, which
            tell texts of one key apart; `split`, `label`; `label_votes` unless rows have one label each; and
            `normalised`, the text, unless near-duplicates are not looked for.
        groups: of rows that are alive, but for those whose group is made of their text, by the group:
            `split`.
    """

    ids: pl.DataFrame
    texts: pl.DataFrame
    groups: pl.DataFrame


def make_records(rows: pl.DataFrame, settings: Settings) -> Records:
    """Makes the records of a batch.

    Args:
        rows: with `id`, `source`, `group`, `raw_text`, `text`, `label`, `label_votes`, `split`, `reason`.
        settings: `labels`; and in `dedupe` below which length a text is short, and whether near-duplicates
            will be looked for.
    """
    position = pl.int_range(pl.len(), dtype=pl.UInt32).alias("position")
    rows = rows.with_columns(position, pl.col("split").cast(SPLIT), is_text_id(pl.col("id")).alias("is_text"))
    alive = rows.filter(pl.col("reason").is_null())
    short = is_short(pl.col("text"), settings.dedupe.short_eojeols, settings.dedupe.short_chars)
    # In a step of its own, or it would be computed once for each half of the hash.
    comparable = alive.filter(~short).with_columns(normalised=normalised_key(pl.col("text")))
    base, number = split_number(rows["id"])
    ids = rows.select("position", base.alias("id"), is_alive=pl.col("reason").is_null())
    return Records(
        ids.select("position", *key_of("id"), "is_alive").with_columns(number),
        comparable.select(
            "position",
            *key_of("normalised"),
            pl.col("text").hash(1).alias("text_key"),
            pl.col("raw_text").hash(1).alias("raw_key"),
            "split",
            "label",
            *([] if settings.labels == "majority" else [votes.COLUMN]),
            *(["normalised"] if settings.dedupe.near else []),
        ),
        alive.filter(~pl.col("is_text") | (pl.col("group") != pl.col("id")))
        .with_columns(group=pl.concat_str("source", "group", separator="\0"))
        .select("position", *key_of("group"), "split"),
    )


def key_of(column: str) -> list[pl.Expr]:
    """Returns the expressions of the key of a text: `key_high` and `key_low`."""
    key = hash_text(pl.col(column)).struct
    return [key.field("high").alias("key_high"), key.field("low").alias("key_low")]
