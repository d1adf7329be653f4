"""What can be read by itself, whatever else there is: one raw file, or the files whose rows need each other.

A unit knows all that decides its rows but for the settings and the code: what its files are called, what was
recognised in them, and the sha256 of their bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from etl.ingestion.sources.detect import ADAPTERS
from etl.ingestion.sources.raw import DAMAGE, Account, damaged
from etl.ingestion.sources.recognised import Found
from etl.settings import Settings

BATCH_ROWS = 20_000

# The sha256 of the bytes of a raw file, by its `file` and `member`.
Hashes = Mapping[tuple[str, str], str]


@dataclass(frozen=True)
class Unit:
    """Raw files of one corpus that are read together."""

    slug: str
    files: tuple[Found, ...]

    def read(self, settings: Settings, account: Account) -> Iterator[pl.DataFrame]:
        """The rows in batches, at most `read.limit` of them."""
        left = settings.read.limit
        for frame in ADAPTERS[self.slug].read(list(self.files), settings, account):
            batch = frame if left is None else frame.head(left)
            yield from batch.iter_slices(BATCH_ROWS)
            if left is not None:
                left -= batch.height
                if left <= 0:
                    break

    def content(self, known: Hashes) -> list[dict[str, Any]]:
        """What the rows are read from.

        Args:
            known: hashes that need not be computed again.

        Raises:
            InputError: a file is damaged.
        """
        return [
            {
                "slug": each.slug,
                "layout": each.layout,
                "release": each.release,
                "split": each.split,
                "header_index": each.header_index,
                "file": each.raw.file,
                "member": each.raw.member,
                "sha256": known.get((each.raw.file, each.raw.member)) or _sha256(each),
            }
            for each in self.files
        ]


def units(found: dict[str, list[Found]], settings: Settings) -> Iterator[Unit]:
    """The units in the order in which they are read.

    By default each file is one. An adapter whose files need each other, or another order, says so by a
    function `units` from its files to lists of them. With a limit, which counts the rows of a corpus, all its
    files are one.
    """
    for slug, files in found.items():
        divide = getattr(ADAPTERS[slug], "units", _one_by_one)
        parts: list[list[Found]] = divide(files)
        if settings.read.limit is not None:
            parts = [[each for part in parts for each in part]]
        for part in parts:
            yield Unit(slug, tuple(part))


def _one_by_one(files: list[Found]) -> list[list[Found]]:
    return [[each] for each in files]


def _sha256(found: Found) -> str:
    try:
        with found.raw.open() as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
    except DAMAGE as error:
        raise damaged(found.raw.name, error) from error
