"""Reads rejected rows, each with the row that it repeats, contradicts or gives away."""

from __future__ import annotations

import polars as pl

from etl.dataset.read import Dataset
from etl.schema import votes
from etl.schema.splits import EVALUATION
from etl.text.normalise import normalised_key

# What a row shares with its counterpart, by reason; that of a near-duplicate is named in its detail.
_SHARED = {
    "duplicate": "text",
    "conflicting_labels": "text",
    "leak_exact": "raw_text",
    "leak_normalised": "normalised",
    "leak_group": "grouped",
}
_NEAR = "leak_near"
_RESEMBLED = "(?s): similarity [0-9.]+ to (.+)$"
COUNTERPART = ("counterpart", "counterpart_label", "counterpart_split")


def read_rejects(dataset: Dataset, reason: str | None = None, source: str | None = None) -> pl.LazyFrame:
    """Returns the rejected rows in order, with `label` in words and the columns `COUNTERPART`.

    The counterpart of a duplicate is the train row that is kept, that of a conflict a row of another label,
    that of a leak a row of validation or test, of several the first, and of a near-duplicate the most similar
    one. Without one the columns are null.

    Args:
        dataset: one that `etl ingest` wrote.
        reason: only rows that were rejected for it.
        source: only rows of this corpus.
    """
    rejects = dataset.scan_rejects().with_row_index("row").with_columns(label=votes.in_words())
    wanted = rejects
    if reason is not None:
        wanted = wanted.filter(pl.col("reason") == reason)
    if source is not None:
        wanted = wanted.filter(pl.col("source") == source)
    found = [_find(dataset, rejects, wanted, code, key) for code, key in _SHARED.items()]
    matched = pl.concat([*found, _find_resembled(dataset, wanted)]).unique(
        "row", keep="first", maintain_order=True
    )
    return wanted.join(matched, on="row", how="left", maintain_order="left").drop("row")


def _find(
    dataset: Dataset, rejects: pl.LazyFrame, wanted: pl.LazyFrame, reason: str, key: str
) -> pl.LazyFrame:
    """Returns `row` and the counterpart of the rows of one reason."""
    if reason == "conflicting_labels":
        others = rejects.filter(pl.col("reason") == reason).with_columns(split=pl.lit("train"))
    else:
        splits = ("train",) if reason == "duplicate" else EVALUATION
        others = dataset.scan(*splits).with_columns(label=votes.in_words())
    named = others.select(_key(key), **dict(zip(COUNTERPART, ("id", "label", "split"), strict=True)))
    mine = wanted.filter(pl.col("reason") == reason).select("row", _key(key), "label")
    pairs = mine.join(named, on="key", maintain_order="left_right")
    if reason in ("duplicate", "conflicting_labels"):
        is_same = pl.col("label").eq_missing(pl.col("counterpart_label"))
        pairs = pairs.filter(is_same if reason == "duplicate" else ~is_same)
    return pairs.group_by("row", maintain_order=True).first().select("row", *COUNTERPART)


def _find_resembled(dataset: Dataset, wanted: pl.LazyFrame) -> pl.LazyFrame:
    """Returns `row` and the counterpart of near-duplicates; older datasets do not name it."""
    others = dataset.scan(*EVALUATION).with_columns(label=votes.in_words())
    named = others.select(**dict(zip(COUNTERPART, ("id", "label", "split"), strict=True)))
    mine = wanted.filter(pl.col("reason") == _NEAR).select(
        "row", counterpart=pl.col("detail").str.extract(_RESEMBLED)
    )
    return mine.join(named, on="counterpart", maintain_order="left").select("row", *COUNTERPART)


def _key(name: str) -> pl.Expr:
    keys = {
        "normalised": normalised_key(pl.col("text")),
        "grouped": pl.concat_str("source", "group", separator="\0"),
    }
    return keys.get(name, pl.col(name)).hash().alias("key")
