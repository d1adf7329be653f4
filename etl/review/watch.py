"""Sees that a dataset is written again, or gone, while its rows are on show."""

from __future__ import annotations

from etl.dataset.manifest import MANIFEST, Manifest, read_manifest
from etl.dataset.read import Dataset
from etl.errors import InputError


class Watch:
    """Compares the rows on disk with those that were read.

    Args:
        dataset: as it was opened.
    """

    def __init__(self, dataset: Dataset):
        self._dataset = dataset
        self._stamp = self._look()
        self._is_replaced = False

    def is_replaced(self) -> bool:
        """Returns whether the dataset has other rows now, or is gone; a vocabulary may be added to it."""
        stamp = self._look()
        if stamp != self._stamp:
            self._stamp, self._is_replaced = stamp, self._compare()
        return self._is_replaced

    def _look(self) -> tuple[int, ...]:
        try:
            found = (self._dataset.path / MANIFEST).stat()
        except OSError:
            return ()
        return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size

    def _compare(self) -> bool:
        try:
            manifest = read_manifest(self._dataset.path)
        except InputError:
            return True
        return _sums(manifest) != _sums(self._dataset.manifest)


def _sums(manifest: Manifest) -> dict[str, str]:
    return {name: entry.sha256 for name, entry in manifest.files.items() if name.endswith(".parquet")}
