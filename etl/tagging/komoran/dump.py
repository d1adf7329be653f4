"""Takes Komoran's dictionaries and rules out of the installed KoNLPy. Needs no Java: its model is four files.

What is written is what `etl.tagging.komoran.tables` reads.
"""

from __future__ import annotations

import json
import unicodedata
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from etl.tagging.komoran import entries, models, trie
from etl.tagging.komoran.layout import BLANK, STATE, SYMBOL, UNREADABLE, WORD
from etl.tagging.komoran.made_up import FORMS
from etl.tagging.native.batch import strings_of

_FOREIGN, _NUMBER, _CHINESE = 1, 2, 3
# Unicode's blocks, as Komoran asks for them: StringUtil.isChinese and isForeign, and Komoran.symbolParsing.
_CHINESE_BLOCKS = ((0x3300, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF))
_KANA = ((0x3040, 0x30FF),)
_NO_SYMBOLS = (
    *((0x1100, 0x11FF), (0x3130, 0x318F), (0xA960, 0xA97F), (0xAC00, 0xD7FF)),
    *((0x30A0, 0x30FF), (0x31F0, 0x31FF)),
    *_CHINESE_BLOCKS,
)
_UNREADABLE = (0xD7A4, 0xD7AF)  # of the block of syllables, but none: Komoran fails


def dump(folder: Path) -> None:
    """Writes the tables into a folder that is there and empty.

    Raises:
        OSError: the model is not there, or the folder cannot be written.
        ValueError: the model is not written as this code expects.
    """
    model = model_folder()
    tags, observed = models.tags(model), models.observations(model)
    dictionary, (words, word_ends) = entries.dictionary(
        tags,
        (observed.keys, observed.n_children, observed.is_word),
        (observed.n_tags, observed.tags, observed.scores),
    )
    irregulars = models.irregulars(model)
    contracted = entries.contracted(irregulars, dictionary)
    arrays = {
        **{f"dictionary-{name}": dictionary[name] for name in entries.DICTIONARY},
        **{f"contracted-{name}": contracted[name] for name in entries.CONTRACTED},
        "transitions": entries.transitions(tags, models.transitions(model)),
        "classes": _classes(dictionary["states"], dictionary["keys"], dictionary["words"]),
        "words": words,
        "word-ends": word_ends,
    }
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    forms = list(dict.fromkeys(each.form for each in irregulars))
    codes = np.frombuffer("".join(forms).encode("utf-16-le"), np.uint16).copy()
    forms = strings_of(*entries.written(codes, np.cumsum([len(form) for form in forms]))).to_list()
    (folder / FORMS).write_text(json.dumps(forms), encoding="utf-8")
    (folder / "tags.json").write_text(json.dumps(tags), encoding="utf-8")


def model_folder() -> Path:
    """Where KoNLPy has Komoran's model.

    Raises:
        FileNotFoundError: KoNLPy is not installed.
    """
    found = find_spec("konlpy")
    if found is None or found.origin is None:
        raise FileNotFoundError("konlpy")
    return Path(found.origin).parent / "java" / "data" / "models"


def _classes(states: np.ndarray, keys: np.ndarray, words: np.ndarray) -> np.ndarray:
    """What each character is, see `layout`, uint8, (65536,)."""
    found = np.zeros(1 << 16, np.uint8)
    for blocks, run in ((_KANA, _FOREIGN), (_CHINESE_BLOCKS, _CHINESE)):
        for first, last in blocks:
            found[first : last + 1] = run
    is_symbol = np.ones(len(found), np.bool_)
    for first, last in _NO_SYMBOLS:
        is_symbol[first : last + 1] = False
    for code in range(len(found)):
        character = chr(code)
        if unicodedata.category(character) == "Nd":
            found[code], is_symbol[code] = _NUMBER, False
        elif character.isascii() and character.isalpha():
            found[code], is_symbol[code] = _FOREIGN, False
        if character.isspace():
            found[code] |= BLANK
    is_word = np.zeros(len(found), np.bool_)
    children = trie.children(states, 0)
    longest = states[children, WORD]
    is_word[keys[children]] = (longest >= 0) & (words[longest, STATE] == np.arange(len(states))[children])
    is_symbol[: 1 << 7] &= ~is_word[: 1 << 7]
    is_symbol[ord(" ")] = False
    found[is_symbol] |= SYMBOL
    found[_UNREADABLE[0] : _UNREADABLE[1] + 1] |= UNREADABLE
    return found
