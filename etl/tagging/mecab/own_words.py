"""The user's own words, compiled by MeCab itself, which finds out what each costs and what it connects to."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from etl.errors import EtlError
from etl.language.message import tr

_ATTRIBUTES = ["", "", ""]  # left, right and cost: MeCab's to find
_FIRST, _LAST, _CODAS = 0xAC00, 0xD7A3, 28


def compile_words(words: Sequence[tuple[str, str]], folder: Path) -> Path:
    """Writes a user dictionary of MeCab.

    Args:
        words: each with a tag of mecab-ko-dic.
        folder: for the dictionary and its source; is there.

    Returns:
        The dictionary.

    Raises:
        EtlError: MeCab does not compile them.
    """
    source, target = folder / "words.csv", folder / "words.dic"
    with source.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows(
            [word, *_ATTRIBUTES, tag, "*", _coda(word), _reading(word), *"****"] for word, tag in words
        )
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "mecab",
        "dict-index",
        "-f",
        "utf-8",
        "-t",
        "utf-8",
        "-u",
        target,
        source,
    ]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - our own interpreter
    if done.returncode or not target.is_file():
        raise EtlError(
            tr("MeCab cannot compile the words of tag.dictionary"),
            details=(done.stderr or done.stdout).decode("utf-8", "replace").splitlines()[-3:],
            next_step=tr("leave out the word that it names, or choose another tagger with `--tagger`."),
        )
    return target


def _coda(word: str) -> str:
    """Whether the last syllable has a final consonant; what is no syllable has none."""
    last = ord(word[-1])
    return "T" if _FIRST <= last <= _LAST and (last - _FIRST) % _CODAS else "F"


def _reading(word: str) -> str:
    """The word itself; python-mecab-ko cuts features at commas, quoted or not."""
    return "*" if set(word) & set(',"') else word
