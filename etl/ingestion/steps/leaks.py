"""Marks train rows that share a text or a group with a row of validation or test."""

from __future__ import annotations

import polars as pl

from etl.ingestion.exchange import KEY
from etl.ingestion.steps.mark import mark
from etl.schema.splits import EVALUATION

_RAW = ("key_low", "raw_key")


def mark_text_leaks(records: pl.DataFrame) -> pl.DataFrame:
    """Marks `leak_exact` and `leak_normalised`; rows with a reason are ignored.

    Args:
        records: the `texts` of `etl.ingestion.steps.records` in the order of the rows; and `reason` and
            `detail`.
    """
    records = _mark(records, _RAW, "leak_exact", "the same raw text is in")
    return _mark(records, KEY, "leak_normalised", "the same text, normalised, is in")


def mark_group_leaks(records: pl.DataFrame) -> pl.DataFrame:
    """Marks `leak_group`; rows with a reason are ignored. No utterance is too short for this one.

    Args:
        records: the `groups` of `etl.ingestion.steps.records` in the order of the rows; and `reason` and
            `detail`.
    """
    return _mark(records, KEY, "leak_group", "the same group has rows in")


def _mark(records: pl.DataFrame, key: tuple[str, ...], reason: str, detail: str) -> pl.DataFrame:
    alive = records.filter(pl.col("reason").is_null()).select("row", *key, "split")
    is_train, is_evaluated = pl.col("split") == "train", pl.col("split").is_in(EVALUATION)
    evaluated = alive.filter(is_evaluated).unique(key, keep="first", maintain_order=True)
    leaks = alive.filter(is_train).join(evaluated.select(*key, leaks_to="split"), on=key)
    records = records.join(leaks.select("row", "leaks_to"), on="row", how="left", maintain_order="left")
    is_leak = pl.col("leaks_to").is_not_null()
    return mark(records, is_leak, reason, pl.format(f"{detail} {{}}", "leaks_to")).drop("leaks_to")
