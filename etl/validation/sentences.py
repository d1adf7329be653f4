"""Reads hashes of the texts of rows that meet: for the checks of leakage, repeats, overlap and conflicts.

All rows are read once, into a temporary file; held are only those that share something with another row.
Memory: a byte a row, those rows, and one partition of the hashes of all, or of the texts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from etl.dataset.read import SPLITS, Dataset
from etl.runtime.failures import write_error
from etl.runtime.machine import read_memory_limit
from etl.runtime.scratch import temporary_folder
from etl.schema import votes
from etl.schema.splits import EVALUATION
from etl.settings import Dedupe
from etl.similarity.index.warm_up import warmed_up
from etl.text.normalise import is_short, normalised_key
from etl.validation import near_texts
from etl.validation.partitions import count_partitions, deal, read_partitions

# The texts that two rows may share; a group is another thing.
_TEXT_KEYS = ("raw_text", "normalised", "tokens")
_INDEX = "validated"  # in the folder of what earlier runs found
_READ = ("id", "source", "label", votes.COLUMN, "corrected", "group", "raw_text", "text", "tokens")
_ROWS_AT_A_TIME = 50_000
# Of a text, while the equal ones of a partition are found.
_TEXT_BYTES = 400


@dataclass(frozen=True)
class Sentences:
    """The rows of a dataset, by what they share.

    Attributes:
        rows: the rows that share a text with another one or a group with another split, or have a
            near-duplicate: `row`, the number in the order of the dataset, `id`, `source`, `split`, `label`,
            `label_votes`, `is_short`, `is_no_conflict` (a person decided so), and hashes of `raw_text`,
            `normalised`, `tokens`, `group`; a null hash matches nothing. Where only the majority of votes
            counts, there are none; under `labels: soft` all rows that have votes are here.
        counts: how many there are in all: `rows` by `split`, `source` and `is_labelled`.
        near: for each pair of splits (`these`, `those`; the same twice: within it) the normalised texts of
            the first that have a near-duplicate in the second: `normalised`, the most similar `other` (both
            hashes), `similarity`. Equal texts are not among them. `with_short`: whether short utterances
            took part.
    """

    rows: pl.DataFrame
    counts: pl.DataFrame
    near: pl.DataFrame

    def of(self, split: str) -> pl.DataFrame:
        """Returns the rows of one split that meet another row, in order."""
        return self.rows.filter(pl.col("split") == split)

    def count(self, *splits: str, labelled: bool = False) -> int:
        """Counts all rows of splits, those that meet no other included; or those with a label only."""
        is_counted = pl.col("split").is_in(splits) & (pl.col("is_labelled") | (not labelled))
        return int(self.counts.filter(is_counted)["rows"].sum())

    def near_texts(self, these: str, those: str, *, with_short: bool = False) -> pl.DataFrame:
        """Returns `normalised`, `other` and `similarity` for one pair of splits."""
        is_wanted = (
            (pl.col("these") == these) & (pl.col("those") == those) & (pl.col("with_short") == with_short)
        )
        return self.near.filter(is_wanted).select("normalised", "other", "similarity")


def read_sentences(
    dataset: Dataset, dedupe: Dedupe, pair_cache: Path | None = None, memory: int | None = None
) -> Sentences:
    """Reads the rows of all splits.

    Args:
        dataset: with the columns id, source, group, label, raw_text, text and tokens.
        dedupe: which utterances are too short to count, and how similar near-duplicates are; with `near` 0
            none are looked for.
        pair_cache: a folder with the near-duplicates that earlier runs found.
        memory: bytes that the run may use, which never changes the result; None: half of what is free.

    Raises:
        WriteError: there is no room for the temporary file.
    """
    memory = read_memory_limit() if memory is None else memory
    with temporary_folder("sentences") as folder:
        path, texts = folder / "rows.arrow", folder / "texts"
        texts.mkdir()
        n_rows = int(dataset.scan().select(pl.len()).collect().item())
        n_parts = count_partitions(n_rows, memory, _TEXT_BYTES) if dedupe.near else 0
        with warmed_up(is_wanted=bool(dedupe.near)):
            counts = _write_rows(dataset, dedupe, path, texts, n_parts)
        near = pl.DataFrame(schema=near_texts.SCHEMA)
        if dedupe.near:
            index = pair_cache and pair_cache / _INDEX
            near = near_texts.find_near(texts, n_rows, n_parts, dedupe.near, memory, index)
        is_met = _find_met(path, n_rows, count_partitions(n_rows, memory))
        has_votes = pl.col(votes.COLUMN).is_not_null() & (dataset.manifest.settings.labels == "soft")
        is_near = pl.col("normalised").is_in(near["normalised"].append(near["other"]).unique().implode())
        return Sentences(_read_rows(path, is_met, has_votes | is_near), counts, near)


def _write_rows(dataset: Dataset, dedupe: Dedupe, path: Path, texts: Path, n_parts: int) -> pl.DataFrame:
    """Writes all rows as an Arrow file, as in `Sentences.rows`, and deals out their texts; counts them."""
    counts: list[pl.DataFrame] = []
    n_rows, writer = 0, None
    by = ["split", "source", "is_labelled"]
    try:
        for frame in _read_splits(dataset, dedupe):
            numbered = frame.with_row_index("row", offset=n_rows)
            n_rows += frame.height
            is_labelled = votes.is_labelled().alias("is_labelled")
            counts.append(numbered.group_by("split", "source", is_labelled).agg(rows=pl.len().cast(pl.Int64)))
            if n_parts:
                said = numbered.filter(pl.col("text") != "")
                kept = said.select("normalised", "text", places=near_texts.places())
                deal(kept, pl.col("normalised") % n_parts, texts)
            table = numbered.drop("text").to_arrow(compat_level=pl.CompatLevel.oldest())
            if writer is None:
                options = pa.ipc.IpcWriteOptions(compression="lz4")
                writer = pa.ipc.new_file(path, table.schema, options=options)
            writer.write_table(table)
        if writer is not None:
            writer.close()
    except OSError as error:
        raise write_error(path, error) from error
    return pl.concat(counts).group_by(by).agg(pl.col("rows").sum()).sort(by, nulls_last=True)


def _read_splits(dataset: Dataset, dedupe: Dedupe) -> Iterator[pl.DataFrame]:
    """Reads the rows of all splits in order, at least one frame."""
    is_majority = dataset.manifest.settings.labels == "majority"
    yield _hashed(dataset.scan().select(_READ).head(0).collect(), SPLITS[0], dedupe, is_majority)
    for split in SPLITS:
        rows = dataset.scan(split).select(_READ)
        for frame in rows.collect_batches(chunk_size=_ROWS_AT_A_TIME, maintain_order=True):
            yield _hashed(frame, split, dedupe, is_majority)


def _hashed(frame: pl.DataFrame, split: str, dedupe: Dedupe, is_majority: bool) -> pl.DataFrame:
    """Returns rows of one split with their hashes and the normalised `text`."""
    column = pl.col
    # Unit separator: no tagger makes a token with it.
    tokens = pl.when(column("tokens").list.len() > 0).then(column("tokens").list.join("\x1f"))
    # The group of one corpus says nothing about that of another.
    group = pl.when(column("group") != "").then(pl.concat_str("source", "group", separator="\x1f"))
    label = column("label").cast(pl.String).str.strip_chars()
    counted_votes = pl.lit(None, votes.VOTES) if is_majority else column(votes.COLUMN)
    keys = {"raw_text": column("raw_text"), "normalised": column("text"), "tokens": tokens, "group": group}
    return frame.with_columns(
        is_short(column("text"), dedupe.short_eojeols, dedupe.short_chars).alias("is_short"),
        normalised_key(column("text")).alias("text"),
    ).select(
        column("id").cast(pl.String),
        column("source").cast(pl.String),
        pl.lit(split).alias("split"),
        pl.when(label != "").then(label).alias("label"),
        counted_votes.alias(votes.COLUMN),
        "is_short",
        column("corrected").eq_missing("not_a_conflict").alias("is_no_conflict"),
        *(pl.when(key.is_not_null()).then(key.hash()).alias(name) for name, key in keys.items()),
        "text",
    )


def _find_met(path: Path, n_rows: int, n_partitions: int) -> NDArray[np.bool_]:
    """Returns which rows share a text with another row, or a group with another side of the leak check."""
    is_met = np.zeros(n_rows, np.bool_)
    for key in _TEXT_KEYS:
        for rows in read_partitions(path, key, ["row"], n_partitions):
            is_met[rows["row"].filter(rows[key].is_duplicated()).to_numpy()] = True
    for rows in read_partitions(path, "group", ["row", "split"], n_partitions):
        sides = pl.col("split") == "train", pl.col("split").is_in(EVALUATION)
        is_leak = pl.all_horizontal(side.any() for side in sides)
        leaking = rows.group_by("group").agg(is_leak.alias("is_leak")).filter("is_leak")
        is_met[rows.join(leaking, on="group", how="semi")["row"].to_numpy()] = True
    return is_met


def _read_rows(path: Path, is_met: NDArray[np.bool_], is_wanted: pl.Expr) -> pl.DataFrame:
    """Reads the rows that meet another, and those that are wanted besides, in order."""
    rows = pl.scan_ipc(path, glob=False)
    found = [rows.head(0).collect()]
    for frame in rows.collect_batches(chunk_size=_ROWS_AT_A_TIME, maintain_order=True):
        found.append(frame.filter(is_wanted | pl.Series(is_met[frame["row"].to_numpy()])))
    return pl.concat(found)
