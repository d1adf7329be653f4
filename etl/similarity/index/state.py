"""What an index consists of: the content of its `index.json`."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import msgspec

from etl.language.message import tr
from etl.runtime.files import write_atomic, xxh3_bytes
from etl.similarity.index.columns import Columns

VERSION = 1
NAME = "index.json"
PAIR = ("train_high", "train_low", "other_high", "other_low", "similarity")


class File(msgspec.Struct, frozen=True):
    """A file of `columns.write_columns`: its name in the folder, and its checksum."""

    name: str
    checksum: str

    def open(self, folder: Path) -> Columns:
        """Opens it.

        Raises:
            DamagedError: it is missing or damaged.
        """
        return Columns(folder / self.name, self.checksum)


class Texts(msgspec.Struct, frozen=True):
    """Texts, sorted by key: columns `high`, `low`, `side`, `offsets`, `utf8`.

    Attributes:
        file: the file.
        first: the number of the first text; the others follow.
        count: how many there are.
        n_bytes: how many bytes they are long together.
        least, most: the smallest and the greatest `high`.
    """

    file: File
    first: int
    count: int
    n_bytes: int
    least: int
    most: int


class Entries(msgspec.Struct, frozen=True):
    """Entries, see `kernels`, sorted by `order`: columns `order`, `texts`, `bitmaps`.

    Attributes:
        file: the file.
        count: how many there are.
        least, most: the smallest and the greatest `order`.
    """

    file: File
    count: int
    least: int
    most: int


class Contents(msgspec.Struct):
    """All of an index.

    Attributes:
        version, threshold, hashed_by, compare: an index of others is not used.
        generation: how often something was added.
        classes: the frequencies that decide the order of trigrams; the empty list until there are texts.
        texts: all texts.
        sides: texts that were seen on a further side later: columns `high`, `low`, `side`, `numbers`.
        runs: of each generation its entries, in files by ranges of `order`.
        pairs: columns `PAIR`.
    """

    threshold: float
    hashed_by: str
    compare: list[tuple[int, int]]
    version: int = VERSION
    generation: int = 0
    classes: list[File] = []
    texts: list[Texts] = []
    sides: list[File] = []
    runs: list[list[Entries]] = []
    pairs: list[File] = []

    @property
    def n_texts(self) -> int:
        """The number of texts."""
        return self.texts[-1].first + self.texts[-1].count if self.texts else 0

    def files(self) -> list[File]:
        """Returns every file."""
        entries = [piece.file for run in self.runs for piece in run]
        return [*self.classes, *(each.file for each in self.texts), *self.sides, *entries, *self.pairs]


class Place(NamedTuple):
    """Where tasks work: they get it, and the names of files.

    Attributes:
        folder: the folder of the index, which all machines reach by this path.
        generation: number of this addition, part of the names of its files.
        threshold: least similarity of a pair.
        memory: bytes that one task may use.
        compare: the groups that are compared, see `near_index.open_index`.
        is_kept: whether further texts may be added.
    """

    folder: Path
    generation: int
    threshold: float
    memory: int
    compare: tuple[tuple[int, int], ...]
    is_kept: bool


class _Signed(msgspec.Struct, frozen=True):
    contents: msgspec.Raw
    xxh3: str


def load(folder: Path) -> Contents:
    """Reads `index.json`.

    Raises:
        OSError: it cannot be read.
        ValueError: it is damaged, or of another version.
    """
    signed = msgspec.json.decode((folder / NAME).read_bytes(), type=_Signed)
    if xxh3_bytes(bytes(signed.contents)) != signed.xxh3:
        raise ValueError(tr("index.json has another checksum"))
    return msgspec.json.decode(signed.contents, type=Contents)


def save(folder: Path, contents: Contents) -> None:
    """Writes `index.json` in one step.

    Raises:
        WriteError: it cannot be written.
    """
    encoded = msgspec.json.encode(contents)
    write_atomic(folder / NAME, msgspec.json.encode(_Signed(msgspec.Raw(encoded), xxh3_bytes(encoded))))
