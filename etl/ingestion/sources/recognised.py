"""A raw file of which we know the corpus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from etl.ingestion.sources.raw import RawFile
from etl.ingestion.tables.dialect import FOUND_OUT, Dialect
from etl.ingestion.tables.preview import Preview
from etl.ingestion.tables.sheet import Workbook


@dataclass(frozen=True)
class RecognisedFile:
    """A raw file that belongs to a corpus.

    Args:
        slug: the corpus.
        raw: the file.
        layout: which of the contract's layouts it has.
        release: `v1`, `v2`, …
        split: the official split that the corpus says, or None.
        part: files with the same release, split and part are copies of each other.
        rank: which copy is read: the lowest.
        workbook: all sheets of a workbook that was read.
        header_index: of lines, which is the header; -1 where there is none.
        is_known_by_name: whether its name says what its content belongs to: then equal bytes are no copy, and
            no word of the name is a split.
        columns: the names of its columns by those of the contract, where the adapter needs them to read it.
    """

    slug: str
    raw: RawFile
    layout: str
    release: str = "v1"
    split: str | None = None
    part: str = ""
    rank: int = 0
    header_index: int = 0
    is_known_by_name: bool = False
    workbook: Workbook | None = None
    columns: Mapping[str, str] = field(default_factory=dict)

    def __getstate__(self) -> dict[str, Any]:
        """Pickles it without the cells of a workbook, which are read again where it arrives."""
        return {**self.__dict__, "workbook": None}

    @property
    def official_split(self) -> str | None:
        """The official split: what the corpus says, or else the name of the file."""
        return self.split or self.raw.split

    def preview(self, dialect: Dialect = FOUND_OUT) -> Preview:
        """A first look into the file; a workbook that was read is not read again.

        Args:
            dialect: what the user says of how the table is written.
        """
        preview = Preview(self.raw, dialect=dialect)
        if self.workbook is not None:
            preview.workbook = self.workbook
        return preview
