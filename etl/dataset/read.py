"""Opens a dataset that `etl ingest` wrote: its manifest, its shards by split, its rejects."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from etl.dataset.manifest import Manifest, read_manifest
from etl.runtime.paths import local_path
from etl.schema import row
from etl.settings import PathLike

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Dataset:
    """A dataset folder and its manifest."""

    path: Path
    manifest: Manifest = field(repr=False)  # a page of text

    @property
    def labels(self) -> list[str]:
        """The targets of the taxonomy, in order: the index of a label is its class id."""
        return list(self.manifest.taxonomy.targets)

    def shards(self, split: str) -> list[Path]:
        """The Parquet shards of one split, in order."""
        return sorted(self.path.glob(f"data/{split}-*.parquet"))

    def scan(self, *splits: str) -> pl.LazyFrame:
        """The kept rows of the given splits (all by default), in order."""
        return _scan([shard for split in splits or SPLITS for shard in self.shards(split)], is_reject=False)

    def scan_rejects(self) -> pl.LazyFrame:
        """The rejected rows with `reason` and `detail`, in order."""
        return _scan(sorted(self.path.glob("rejects/*.parquet")), is_reject=True)


def open_dataset(dataset: PathLike | Dataset) -> Dataset:
    """Opens a dataset.

    A link, such as the `current` of published versions, is followed once, here. So everything that is read
    belongs to the same version, whatever is published meanwhile.

    Args:
        dataset: its folder; or an open dataset, whose manifest is read again, since `build_vocab` changes it.

    Raises:
        InputError: there is no dataset at the path, or its manifest is damaged.
    """
    path = dataset.path if isinstance(dataset, Dataset) else local_path(dataset)
    path = path.resolve() if path.is_symlink() else path
    return Dataset(path, read_manifest(path))


def _scan(files: list[Path], *, is_reject: bool) -> pl.LazyFrame:
    if files:
        return pl.concat([pl.scan_parquet(file) for file in files])
    empty = pl.from_arrow(row.arrow_schema(is_reject=is_reject).empty_table())
    assert isinstance(empty, pl.DataFrame)
    return empty.lazy()
