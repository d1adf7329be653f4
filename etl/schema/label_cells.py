"""Takes a cell apart into labels, as people write several of them: `기쁨,슬픔`, `['기쁨', '슬픔']`, `[2, 3]`.

`etl.schema.resolver` says what each label is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from etl.text.composition import composed

# What stands between the labels in a cell of a user's own table; white space comes last.
SEPARATORS = (",", ";", "|", "/", "\n", "\t", "·", "、", "，", "+", "&", None)
_QUOTED = re.compile(r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)\"""")
_QUOTED_LIST = re.compile(rf"(?:(?:{_QUOTED.pattern})[\s,]*)+")
_ESCAPE = re.compile(r"\\(.)")
# Of one label in one row; more is no count of raters.
_MOST_VOTES = 999
# A weight counts billionths, so that sums and majorities are exact.
WHOLE = 10**9
NUMBER = r"(?:\d{1,3}(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?"
_WEIGHT = re.compile(rf"\s*({NUMBER})\s*%?\s*")
_WEIGHED_PIECE = re.compile(rf"(.*\S)\s*[:=]\s*({NUMBER}\s*%?)", re.DOTALL)
_WEIGHED_ITEM = re.compile(rf"\s*(?:{_QUOTED.pattern})\s*:\s*({NUMBER})\s*(?:,|$)")
_BRACKETS = {"[": "]", "(": ")", "{": "}"}


def normalise_label(raw: str) -> str:
    """Normalises a raw label for look-up: NFC, without white space around it.

    >>> normalise_label(" 기쁨 ")
    '기쁨'
    """
    return composed(raw).strip()


def split_cell(raw: str | None, separator: str | None, is_known: Callable[[str], bool]) -> list[str]:
    """Returns the labels of a cell of a corpus, normalised, without blank ones.

    A cell that is a known label as a whole is one label, whatever stands in it.

    Args:
        raw: the cell.
        separator: between the labels of one row; None: a row has one label, or a written list of them.
        is_known: whether something is a label.
    """
    cell = normalise_label(raw or "")
    if not cell or is_known(cell):
        return [cell] if cell else []
    listed = list_items(cell)
    if listed is not None:
        return listed
    return _pieces(cell, separator) if separator else [cell]


def split_table_cell(raw: str | None, is_known: Callable[[str], bool]) -> list[str]:
    """Returns the labels of a cell of a user's own table, normalised, without blank ones.

    The first of `SEPARATORS` that cuts the cell into known labels counts. Where none does, it is the first
    that gives a known label at all, or that stands between numbers; else the cell is one label.

    Args:
        raw: the cell.
        is_known: whether something is a label.
    """
    whole = split_cell(raw, None, is_known)
    if len(whole) != 1 or is_known(whole[0]):
        return whole
    # A separator behind the only label separates nothing.
    cuts = [pieces for separator in SEPARATORS if (pieces := _pieces(whole[0], separator)) not in ([], whole)]
    for judge in (all, any):
        for pieces in cuts:
            if judge(map(is_known, pieces)):
                return pieces
    return next((pieces for pieces in cuts if all(map(is_number, pieces))), whole)


def list_pieces(raw: str) -> list[str]:
    """Returns all that may be a label in a cell, normalised: the whole, and what any separator cuts out."""
    whole = normalise_label(raw)
    return [whole, *(piece for separator in SEPARATORS for piece in _pieces(whole, separator))]


def weigh_table_cell(raw: str | None, is_known: Callable[[str], bool]) -> dict[str, int] | None:
    """Returns the labels of a cell that gives each a number, normalised, and their weights in billionths.

    Such are `기쁨:0.6/슬픔:0.4`, `기쁨=60%, 슬픔=40%` and `{'기쁨': 0.6, '슬픔': 0.4}`; 0 is no weight.

    Args:
        raw: the cell.
        is_known: whether something is a label.

    Returns:
        None for any other cell.
    """
    cell = normalise_label(raw or "")
    if not (cell[-1:].isdigit() or cell.endswith(("}", "%"))) or is_known(cell):
        return None
    pairs = _object_pairs(cell) if cell[0] == "{" else _piece_pairs(cell, is_known)
    found: dict[str, int] = {}
    for label, number in pairs or ():
        weight = _read_weight(number)
        if weight is None:
            return None
        found[label] = found.get(label, 0) + weight
    return {label: weight for label, weight in found.items() if weight} if pairs else None


def _read_weight(number: object) -> int | None:
    """Returns a number up to 999 in billionths, None for anything else."""
    match = _WEIGHT.fullmatch(number) if isinstance(number, str) else None
    value = float(match[1]) if match else -1.0
    return round(value * WHOLE) if 0 <= value <= _MOST_VOTES else None


def _object_pairs(cell: str) -> list[tuple[str, object]] | None:
    """Returns names and numbers, as they are written, of an object as JSON or Python writes it."""
    try:
        pairs = json.loads(cell, object_pairs_hook=tuple, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        body, pairs, at = cell[1:-1], [], 0
        while at < len(body):
            if (match := _WEIGHED_ITEM.match(body, at)) is None:
                return None
            quoted = match[1] if match[1] is not None else match[2]
            pairs.append((_ESCAPE.sub(r"\1", quoted), match[3]))
            at = match.end()
    return [(normalise_label(name), number) for name, number in pairs]


def _piece_pairs(cell: str, is_known: Callable[[str], bool]) -> list[tuple[str, object]] | None:
    for separator in SEPARATORS:
        matches = [_WEIGHED_PIECE.fullmatch(piece) for piece in _pieces(cell, separator)]
        pairs: list[tuple[str, object]] = [(match[1], match[2]) for match in matches if match is not None]
        if len(pairs) == len(matches) and all(is_known(label) for label, _ in pairs):
            return pairs
    return None


def list_items(cell: str) -> list[str] | None:
    """Returns the items of a list as JSON, Python or NumPy write it, None for anything else.

    Of an object of counts, `{"기쁨": 3, "슬픔": 2}`, each label is an item as often as it was given.

    >>> list_items("['기쁨' '슬픔']"), list_items('["기쁨", 2]'), list_items("[2, 3]"), list_items("(기쁨)")
    (['기쁨', '슬픔'], ['기쁨', '2'], ['2', '3'], None)
    """
    if len(cell) < 2 or _BRACKETS.get(cell[0]) != cell[-1]:
        return None
    try:
        items = json.loads(cell, object_pairs_hook=tuple)
    except (ValueError, RecursionError):
        return _python_items(cell)
    if isinstance(items, tuple):
        return _counted(items)
    if not isinstance(items, list) or any(isinstance(item, list | tuple) for item in items):
        return None
    return [label for item in items if item is not None and (label := normalise_label(str(item)))]


def _counted(counts: tuple[tuple[str, Any], ...]) -> list[str] | None:
    if any(type(count) is not int or not 0 <= count <= _MOST_VOTES for _, count in counts):
        return None
    return [label for name, count in counts for label in [normalise_label(name)] * count]


def is_number(label: str) -> bool:
    """Whether a label is written without a letter, such as a class id, which means nothing by itself."""
    return not any(character.isalpha() for character in label)


def without_fraction(label: str) -> str:
    """Writes a whole number without the fraction that spreadsheets and pandas add: `2` for `2.0`."""
    return re.sub(r"(?<=\d)\.0+$", "", label)


def _pieces(cell: str, separator: str | None) -> list[str]:
    return [piece for part in cell.split(separator) if (piece := normalise_label(part))]


def _python_items(cell: str) -> list[str] | None:
    body = cell[1:-1].strip()
    if _QUOTED_LIST.fullmatch(body):
        quoted = [match[1] if match[1] is not None else match[2] for match in _QUOTED.finditer(body)]
        return [label for item in quoted if (label := normalise_label(_ESCAPE.sub(r"\1", item)))]
    if cell[0] != "[" or re.search(r"""['"\[\]{}:]""", body):
        return None
    return _pieces(body, "," if "," in body else None)
