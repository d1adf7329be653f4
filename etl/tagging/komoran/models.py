"""Reads the four files of Komoran's model as KoNLPy brings them. No Java is needed for it.

pos.table           lines of a tag and its number
transition.model    how likely one tag follows another
observation.model   the dictionary: a trie of letters, with tags and their scores where a word ends
irregular.model     a trie as well: what contracted forms stand for
"""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from etl.tagging.komoran.java_objects import read_objects

# A state is what its parent has children, its character and its value. Most have none: nine bytes, whose runs
# are found at once. The value is a list of tags: the number, the name, and the score, which is all we need.
_STATE, _NONE = rb"w\x06[\s\S]{6}", rb"p"
_TAG, _TAG_BYTES = rb"sq\x00~\x00\x02[\s\S]{4}q[\s\S]{12}", 23
_LIST, _LIST_BYTES = rb"sq\x00~\x00\x00[\s\S]{4}w\x04[\s\S]{4}", 16
_WORD = re.compile(b"((?:%b%b)*%b)%b((?:%b)+)x" % (_STATE, _NONE, _STATE, _LIST, _TAG))
_END = re.compile(rb"w\x04([\s\S]{4})$")
# The first object of a class brings the class with it, and so do many names; others are referred to.
_IN_FULL = (
    (rb"sr\x00\x13java\.util\.ArrayList[\s\S]{8}\x03\x00\x01I\x00\x04sizexp", b"sq\x00~\x00\x00", 1),
    (rb"sr\x00\x2bkr\.co\.[\s\S]{100,200}?xp", b"sq\x00~\x00\x02", 1),
    (rb"(sq\x00~\x00\x02[\s\S]{4})t\x00(?:\x02[A-Z]{2}|\x03[A-Za-z]{3})", b"\\1q\x00~\x00\x00", 0),
)


@dataclass(frozen=True)
class Observations:
    """The dictionary as a trie, parents first.

    Args:
        keys: the character of each state, uint16, (n_states,).
        n_children: int32, (n_states,).
        is_word: whether a word ends there, bool, (n_states,).
        n_tags: how many tags each word has, int64, (n_words,).
        tags: their numbers, int64, (n_tags,).
        scores: float64, (n_tags,).
    """

    keys: np.ndarray
    n_children: np.ndarray
    is_word: np.ndarray
    n_tags: np.ndarray
    tags: np.ndarray
    scores: np.ndarray


@dataclass(frozen=True)
class Irregular:
    """What one contracted form may stand for.

    Args:
        form: its letters.
        first: the tag that what stands before must fit to.
        tokens: letters and tag of each word.
    """

    form: str
    first: int
    tokens: list[tuple[str, int]]


def tags(folder: Path) -> dict[str, int]:
    """The number of each tag."""
    lines = (folder / "pos.table").read_text(encoding="utf-8").splitlines()
    return {name: int(number) for name, number in (line.split("\t") for line in lines)}


def transitions(folder: Path) -> np.ndarray:
    """Scores of a tag, in rows, before another, float64, (n_tags, n_tags); minus infinity for never."""
    (matrix,) = read_objects(_unpacked(folder / "transition.model"))
    return np.array(matrix, np.float64)


def observations(folder: Path) -> Observations:
    """The dictionary.

    Raises:
        ValueError: the file is not written as this code expects.
    """
    stream = _unpacked(folder / "observation.model")[4:]
    for in_full, short, count in _IN_FULL:
        stream = re.sub(in_full, short, stream, count=count)
    found, end = _WORD.findall(stream), _END.search(stream)
    states, words = [states for states, _ in found], [tags for _, tags in found]
    if end is None or sum(map(len, (*states, *words))) + (_LIST_BYTES + 1) * len(found) != end.start():
        raise ValueError("observation.model is not written as expected")
    # Nine bytes a state: what the one before has children, its character, and how its value begins.
    rows = np.frombuffer(b"p".join([*states, b""]), np.uint8).reshape(-1, 9)
    is_word = np.zeros(len(rows) + 1, np.bool_)
    is_word[np.cumsum([len(each) // 9 + 1 for each in states])] = True
    tagged = np.frombuffer(b"".join(words), np.uint8).reshape(-1, _TAG_BYTES)
    n_children = np.append(_numbers(rows[:, 2:6], ">i4"), int.from_bytes(end[1]))
    return Observations(
        keys=np.append(0, _numbers(rows[:, 6:8], ">u2")).astype(np.uint16),
        n_children=n_children.astype(np.int32),
        is_word=is_word,
        n_tags=np.array([len(each) // _TAG_BYTES for each in words]),
        tags=_numbers(tagged[:, 6:10], ">i4").astype(np.int64),
        scores=_numbers(tagged[:, 15:23], ">f8").astype(np.float64),
    )


def irregulars(folder: Path) -> list[Irregular]:
    """All contracted forms, in the order of their letters, and those of one form as Komoran tries them."""
    contents = list(read_objects(_unpacked(folder / "irregular.model")))
    # Between the values stand what the state before has children, and the character: the first begins with
    # those of the root, and the last ends with those of the last state.
    blocks, values = contents[::2], contents[1::2]
    counts = [int.from_bytes(block[:4]) for block in blocks]
    left, letters, found = [counts[0]], "", list[Irregular]()
    for block, n_children, value in zip(blocks, counts[1:], values, strict=False):
        while left[-1] == 0:
            left.pop()
        left[-1] -= 1
        letters = letters[: len(left) - 1] + chr(int.from_bytes(block[4:]))
        left.append(n_children)
        found.extend(_irregular(letters, each) for each in value or ())
    return found


def _irregular(form: str, fields: dict[str, Any]) -> Irregular:
    tokens = [(pair["first"], pair["second"]) for pair in fields["irrNodeTokens"]]
    return Irregular(form, fields["firstPosId"], tokens)


def _numbers(columns: np.ndarray, kind: str) -> np.ndarray:
    """Numbers whose bytes stand side by side in the rows."""
    return np.ascontiguousarray(columns).view(kind).ravel()


def _unpacked(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())
