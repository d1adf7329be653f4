"""View of a dataset for the checks: values that several of them need are computed once.

Counts of rows are small tables; hashes of the sentences are in `etl.validation.sentences`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from msgspec import structs

from etl.dataset.manifest import Manifest
from etl.dataset.read import Dataset
from etl.errors import InputError
from etl.language.message import tr
from etl.schema import votes
from etl.schema.splits import ALL_SPLITS, EVALUATION
from etl.settings import Dedupe, Labels
from etl.validation import sentences
from etl.validation.sentences import Sentences

if TYPE_CHECKING:
    from etl.validation.external.dataset import ExternalTable

# The splits on which a model is judged.


@dataclass(frozen=True)
class Cell:
    """The number of rows that one split, source and label have together.

    Under `labels: multi` a row counts for each of its labels, under `soft` each label gets its share of it.
    """

    split: str
    source: str
    label: str
    rows: float


@dataclass(frozen=True)
class Breach:
    """One way in which rows of a shard break the output contract: their number, and ids of some of them."""

    code: str
    column: str
    rows: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class View:
    """A dataset as the checks see it.

    Attributes:
        dataset: whose rows are checked. The manifest of an external table says almost nothing.
        table: how an external table was read into the dataset; None for a dataset of `etl ingest`.
        earlier: an earlier dataset to compare with.
        evidence_dir: where to write all rows of the findings; None: they are not written.
        noise_dir: where to list the labels that are likely wrong; None: they are not looked for.
        show_text: whether that list may quote sentences.
        is_raw: whether its cells stay as they are, also those that a spreadsheet takes for formulas.
        pair_cache: a folder with the near-duplicates that earlier runs found.
        memory: bytes that the checks may use; None: half of what is free.
        wait_for_sentences: returns the sentences that another thread reads; None: they are read when needed.
        wait_for_breaches: returns what breaks the contract, which may be checked in another process.
    """

    dataset: Dataset
    table: ExternalTable | None = None
    earlier: Dataset | None = None
    evidence_dir: Path | None = None
    noise_dir: Path | None = None
    show_text: bool = False
    is_raw: bool = False
    pair_cache: Path | None = None
    memory: int | None = None
    wait_for_sentences: Callable[[], Sentences] | None = None
    wait_for_breaches: Callable[[], list[Breach]] = list

    @property
    def manifest(self) -> Manifest:
        """The manifest that ingest wrote; the checks compare it with the rows."""
        return self.dataset.manifest

    @property
    def is_external(self) -> bool:
        """Whether this is a table that `etl ingest` did not write."""
        return self.table is not None

    @cached_property
    def sentences(self) -> Sentences:
        """The hashes of all sentences, and their near-duplicates."""
        if self.wait_for_sentences:
            return self.wait_for_sentences()
        dedupe = self.manifest.settings.dedupe
        return sentences.read_sentences(self.dataset, dedupe, self.pair_cache, self.memory)

    def why_no_comparison(self) -> str:
        """Returns why validation and test cannot be compared with train; "" where they can."""
        if self.table and not self.table.has_splits:
            return tr("no split column")
        splits = {split for split, rows in self.row_counts.select("split", "rows").iter_rows() if rows}
        if "train" not in splits:
            return tr("no rows in train")
        return "" if splits & {*EVALUATION} else tr("no rows in validation or test")

    def why_no_labels(self) -> str:
        """Returns "no labels" where no row has one, else ""."""
        return "" if self.row_counts["labelled"].sum() else tr("no labels")

    @cached_property
    def row_counts(self) -> pl.DataFrame:
        """Kept rows by split and source, see `count_rows`."""
        return count_rows(self.dataset)

    @cached_property
    def reject_counts(self) -> pl.DataFrame:
        """Rejected rows by source and reason, see `count_rejects`."""
        return count_rejects(self.dataset)

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Kept rows by split, source and label, without those that lack one of them."""
        return make_cells(self.dataset, self.manifest.settings.labels)


def with_strict_dedupe(dataset: Dataset, dedupe: Dedupe) -> Dataset:
    """Returns the dataset with the stricter of its own settings and others, as to what is short and near.

    A dataset may promise more than it is asked for; it must not switch off what it is judged by.

    Args:
        dataset: with a manifest.
        dedupe: the settings of whoever judges it.
    """
    own = dataset.manifest.settings.dedupe
    strict = structs.replace(
        dedupe,
        short_eojeols=min(own.short_eojeols, dedupe.short_eojeols),
        short_chars=min(own.short_chars, dedupe.short_chars),
        near=min(filter(None, (own.near, dedupe.near)), default=0.0),  # 0 looks for none
    )
    return with_dedupe(dataset, strict)


def with_dedupe(dataset: Dataset, dedupe: Dedupe) -> Dataset:
    """Returns the dataset with other settings of duplicates than those in its manifest."""
    settings = structs.replace(dataset.manifest.settings, dedupe=dedupe)
    return replace(dataset, manifest=structs.replace(dataset.manifest, settings=settings))


def count_rows(dataset: Dataset) -> pl.DataFrame:
    """Counts rows by `split` and `source` into `rows`, and those with a label into `labelled`; sorted.

    Null sources are included.
    """
    counts = pl.len().alias("rows"), votes.is_labelled().sum().alias("labelled")
    return dataset.scan(*ALL_SPLITS).group_by("split", "source").agg(counts).sort("split", "source").collect()


def count_labelled(row_counts: pl.DataFrame, split: str | None = None) -> dict[str, int]:
    """Returns the labelled rows by source, of what `count_rows` returns.

    Args:
        row_counts: rows by split and source.
        split: whose rows to count; None: all.
    """
    counts: Counter[str] = Counter()
    for of_split, source, _, labelled in row_counts.drop_nulls().iter_rows():
        if split in (None, of_split) and labelled:
            counts[source] += labelled
    return dict(counts)


def make_cells(dataset: Dataset, labels: Labels) -> tuple[Cell, ...]:
    """Counts rows by split, source and label, without rows that lack one of them.

    Those are reported as a breach of the contract.

    Args:
        dataset: whose rows are counted.
        labels: what a label of a row is.
    """
    columns = ("split", "source", "label")
    lines = votes.spread(dataset.scan().select(*columns, votes.COLUMN), labels)
    amounts = lines.group_by(columns).agg(votes.amount(pl.col("weight"))).drop_nulls().sort(columns).collect()
    as_counted = float if labels == "soft" else int
    return tuple(
        Cell(split, source, label, as_counted(rows)) for split, source, label, rows in amounts.iter_rows()
    )


def count_rejects(dataset: Dataset) -> pl.DataFrame:
    """Counts rejected rows by `source` and `reason` into `rows`, sorted.

    Raises:
        InputError: a file of rejects cannot be read.
    """
    rejects = dataset.scan_rejects().group_by("source", "reason").agg(pl.len().alias("rows"))
    try:
        return rejects.sort("source", "reason").collect()
    except (pl.exceptions.ComputeError, OSError) as error:
        raise unreadable_file(dataset.path / "rejects" / "part-*.parquet", error) from error


def parquet_files(dataset: Dataset) -> list[Path]:
    """Returns the shards and rejects that are there, listed in the manifest or not."""
    return sorted([*dataset.path.glob("data/*.parquet"), *dataset.path.glob("rejects/*.parquet")])


def unreadable_file(file: Path, error: Exception) -> InputError:
    """Returns the error to raise for a file of the dataset that cannot be read."""
    name = f"{file.parent.name}/{file.name}"
    return InputError(
        tr("{file} cannot be read as part of the dataset", file=name),
        details=[error if str(error) else type(error).__name__],
        cause=tr("The file was damaged, edited, or cut off while it was copied."),
        next_step=tr("copy the dataset again, or write it again with `etl ingest`"),
    )
