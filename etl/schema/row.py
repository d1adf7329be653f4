"""The columns of a row, and their types in polars and Arrow; their meaning is in `schemas/columns.yaml`."""

from __future__ import annotations

from functools import cache
from typing import Any

import polars as pl
import pyarrow as pa

from etl.schema import resources


def column_specs() -> list[dict[str, Any]]:
    """Returns the entries of `schemas/columns.yaml`: name, type, file (`in`) and meaning of each column."""
    return list(resources.load("schemas", "columns.yaml")["columns"])


def columns(*, is_reject: bool, of_format: int | None = None) -> list[str]:
    """Returns the names of the columns of a shard, or of a file of rejects, in order.

    Args:
        is_reject: whether rejects are meant.
        of_format: that of the dataset's manifest; None: the one that is written now.
    """
    places = {"both", "rejects"} if is_reject else {"both", "shards"}
    return [
        column["name"]
        for column in column_specs()
        if column["in"] in places and (of_format is None or column.get("since", 1) <= of_format)
    ]


def reasons() -> dict[str, str]:
    """Returns every reject reason with its explanation."""
    return dict(resources.load("schemas", "columns.yaml")["reasons"])


def domains() -> list[str]:
    """Returns the kinds of text, such as `review`."""
    return list(resources.load("schemas", "columns.yaml")["domains"])


@cache
def read_schema() -> pl.Schema:
    """Returns the schema of rows as a reader yields them; `split` and `reason` are mostly null."""
    made_by_steps = {"text", "label", "label_votes", "tokens", "tags", "corrected"}
    types = {"int64": pl.Int64()}
    return pl.Schema(
        {
            column["name"]: types.get(column["type"], pl.String())
            for column in column_specs()
            if column["name"] not in made_by_steps
        }
    )


def dictionary_columns() -> list[str]:
    """Returns the Parquet columns to be dictionary-encoded: those that repeat their values in a row group."""
    names = [column["name"] for column in column_specs() if column["type"] == "dictionary"]
    return [
        *names,
        "raw_label",
        "tokens.list.element",
        "tags.list.element",
        *(f"label_votes.list.element.{part}" for part in ("label", "weight")),
    ]


def integer_columns() -> list[str]:
    """Returns the Parquet columns of integers, which differ little from row to row."""
    return [column["name"] for column in column_specs() if column["type"] == "int64"]


def statistics_columns() -> list[str]:
    """Returns the Parquet columns written with minimum and maximum, so that readers can skip row groups."""
    return [column["name"] for column in column_specs() if column["type"] in {"dictionary", "int64"}]


@cache
def arrow_schema(*, is_reject: bool, of_format: int | None = None) -> pa.Schema:
    """Returns the Arrow schema of a shard, or of a file of rejects; see `columns`."""
    types = {
        "string": pa.string(),
        "dictionary": pa.string(),  # on disk only: see `dictionary_columns`
        "int64": pa.int64(),
        "list<string>": pa.list_(pa.string()),
        "list<vote>": pa.list_(pa.struct({"label": pa.string(), "weight": pa.float64()})),
    }
    kinds = {column["name"]: column["type"] for column in column_specs()}
    return pa.schema(
        [pa.field(name, types[kinds[name]]) for name in columns(is_reject=is_reject, of_format=of_format)]
    )
