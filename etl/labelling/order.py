"""Says which unlabelled rows of a dataset a person labels next, so that few labels teach much.

`etl.labelling.choose` chooses by the features of `etl.labelling.features`; here rows become both.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl
import xxhash

from etl.corrections import Decision, resolve, text_hash
from etl.dataset.read import Dataset
from etl.labelling.choose import UNKNOWN, choose_rows
from etl.labelling.features import make_features, require_extra
from etl.language.message import tr
from etl.schema.splits import UNLABELLED
from etl.text.normalise import normalised_key

BATCH = 50
# Of more rows with a label, and of more without, a sample is looked at: an answer takes seconds.
MOST_ROWS = 50_000


def order_labelling(dataset: Dataset, decisions: Iterable[Decision] = (), n: int = BATCH) -> list[str]:
    """Returns the ids of the rows to label next, the most instructive first.

    The same dataset and decisions give the same ids, whatever the order of the decisions. Of rows that say
    the same one is asked for. Rows of validation and test teach nothing here: they are there to measure.

    Args:
        dataset: with rows in the split `unlabelled`.
        decisions: so far; texts with one are not asked for again, and those that got a label teach. Like in
            ingest a decision on another text than the row now has is none.
        n: how many ids are wanted; fewer are returned where fewer are left.

    Raises:
        SettingsError: scikit-learn is not installed.
        InputError: the dataset cannot be read.
    """
    require_extra(tr("what to label next cannot be found"), tr("label the rows in the order of the dataset"))
    rows = _read(dataset, decisions)
    if rows["is_open"].sum() == 0:
        return []
    names = rows["answer"].drop_nulls().unique().sort()
    labels = rows["answer"].replace_strict(
        names, np.arange(len(names)), default=UNKNOWN, return_dtype=pl.Int64
    )
    chosen = choose_rows(make_features(rows["text"]), labels.to_numpy(), n)
    return rows["id"].gather(chosen).to_list()


def _read(dataset: Dataset, decisions: Iterable[Decision]) -> pl.DataFrame:
    """Reads `id`, `text`, `answer` (null: not known), and `is_open`, whether the row waits for a label."""
    decided = resolve(decisions, taxonomy=dataset.manifest.taxonomy.name).decisions
    verdicts = decided.filter(pl.col("id") != "").select(
        "text_hash", verdict=pl.col("labels").list.join(",").replace("", None), is_decided=pl.lit(value=True)
    )
    columns = ["id", "text", pl.col("label").cast(pl.String)]
    waiting = dataset.scan(UNLABELLED).select(columns)
    learnt = dataset.scan("train").select(columns).filter(pl.col("label").is_not_null())
    rows = pl.concat([_sample(waiting), _sample(learnt)])
    answered = (
        rows.with_columns(text_hash=text_hash(pl.col("text")))
        .join(verdicts.unique("text_hash", keep="first", maintain_order=True), on="text_hash", how="left")
        .with_columns(answer=pl.coalesce("verdict", "label"), said=normalised_key(pl.col("text")))
    )
    is_open = pl.col("answer").is_null() & pl.col("is_decided").is_null()
    return (
        answered.with_columns(is_open=is_open)
        .filter(pl.col("answer").is_not_null() | pl.col("is_open"))
        .sort("is_open", "id")
        .unique("said", keep="first", maintain_order=True)
    )


def _sample(rows: pl.LazyFrame) -> pl.DataFrame:
    """Returns the rows, or so many of them by a hash of their ids, which stays when rows are added."""
    found = rows.collect()
    if found.height <= MOST_ROWS:
        return found
    hashes = pl.Series([xxhash.xxh3_64_intdigest(each) for each in found["id"]], dtype=pl.UInt64)
    return found[hashes.arg_sort()[:MOST_ROWS].sort()]
