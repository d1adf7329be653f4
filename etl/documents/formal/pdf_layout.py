"""The reading order of the lines of a page, and the paragraphs that they make.

A line goes on in the next one where the next word would not have fitted; whether a blank belongs between the
two is said by the file, or else by Kiwi.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from etl.documents.formal.soft_breaks import is_within_word, kiwi

# In sizes of the letters: a line that goes on is at least so long, the next one so near, an indent so wide,
# and at most so wide. In a narrow column such a line takes this share of it, and has some letters.
_COLUMN_LETTERS, _LINE_PITCH, _INDENT = 9.0, 2.2, 0.7
_FILLED_SHARE, _MIN_LETTERS = 0.6, 5.0
_MAX_PITCH = 3.2
_MAX_INDENT = 4.0
_SAME_SIZE = 0.2  # letters of one paragraph differ by this share at most
_MAX_LINES = 1500  # of a page; the time grows with their square
_SENTENCE_ENDS = (".", "?", "!", "…", "。")


@dataclass(frozen=True)
class Line:
    """Letters on one baseline, or a part of it.

    Args:
        text: of the line.
        left, bottom, right, top: its box, in points from the lower left corner of the page.
        size: of its letters on average, in points.
        page: from 1.
        has_space: whether a blank of the file ends it.
        is_hyphenated: whether a hyphen that only the end of the line made ends it.
        is_stretched: whether its letters were moved apart to fill it, so that its blanks are not known.
        is_apart: it stands nowhere, and is a paragraph of its own.
        column: left and right edge of the lines around it.
        turn: quarters of a circle by which it is turned to the left; its box is as if it were not.
    """

    text: str
    left: float
    bottom: float
    right: float
    top: float
    size: float
    page: int
    has_space: bool = False
    is_hyphenated: bool = False
    is_stretched: bool = False
    is_apart: bool = False
    column: tuple[float, float] = (0.0, 0.0)
    turn: int = 0

    def goes_on_with(self, box: tuple[float, float, float, float], size: float, gap: float) -> bool:
        """Whether a letter stands on this line, no further than `gap` sizes behind it."""
        left, bottom, _, top = box
        middle = (bottom + top) / 2
        is_level = self.bottom - 0.3 * size <= middle <= self.top + 0.3 * size
        return is_level and self.right - size <= left <= self.right + gap * max(size, self.size)

    def add(self, character: str, box: tuple[float, float, float, float], size: float) -> Line:
        """Returns the line with one more letter."""
        left, bottom, right, top = box
        return replace(
            self,
            text=self.text + character,
            left=min(self.left, left),
            bottom=min(self.bottom, bottom),
            right=max(self.right, right),
            top=max(self.top, top),
            size=(self.size * len(self.text) + size) / (len(self.text) + 1),
            has_space=False,
        )


@dataclass(frozen=True)
class Block:
    """Lines below each other, and their box in points."""

    lines: list[Line]
    left: float
    right: float
    bottom: float
    top: float


def in_reading_order(lines: Sequence[Line]) -> list[Line]:
    """Orders the lines of a page: block after block, column after column, and a table row after row.

    A block is a run of lines each of which has one neighbour above and one below. Blocks are parted by
    horizontal cuts, and where a gutter parts some that follow each other, these are columns.
    """
    placed = [line for line in lines if not line.is_apart]
    apart = [line for line in lines if line.is_apart]
    if len(placed) > _MAX_LINES:  # no page of prose: from top to bottom, for the price of a sort
        return [*sorted(placed, key=lambda line: (-line.top, line.left)), *apart]
    turns = [turn for turn, _ in Counter(line.turn for line in placed).most_common()]
    blocks = (_blocks([line for line in placed if line.turn == turn]) for turn in turns)
    return [*(line for each in blocks for block in _in_order(each) for line in block.lines), *apart]


def _blocks(lines: Sequence[Line]) -> list[Block]:
    """The blocks, with the edges of each in its lines."""
    pitch = _pitch(lines)
    below = {id(line): _neighbours(line, lines, pitch, is_below=True) for line in lines}
    above = {id(line): _neighbours(line, lines, pitch, is_below=False) for line in lines}
    following = {
        id(line): after[0]
        for line in lines
        if len(after := below[id(line)]) == 1 and len(above[id(after[0])]) == 1
    }
    starts = {id(line) for line in lines} - {id(line) for line in following.values()}
    blocks = []
    for line in lines:
        if id(line) in starts:
            block = [line]
            while id(block[-1]) in following:
                block.append(following[id(block[-1])])
            edges = (min(each.left for each in block), max(each.right for each in block))
            bottom, top = min(each.bottom for each in block), max(each.top for each in block)
            blocks.append(Block([replace(each, column=edges) for each in block], *edges, bottom, top))
    return blocks


def _pitch(lines: Sequence[Line]) -> float:
    """How far lines that follow each other are apart at most, in sizes; more where a page is set wide."""
    middles = sorted((((line.top + line.bottom) / 2, line.size) for line in lines), reverse=True)
    steps = [(middle - below) / size for (middle, size), (below, _) in pairwise(middles)]
    if not steps or min(steps) < 1:  # columns, or a table
        return _LINE_PITCH
    return min(_MAX_PITCH, max(_LINE_PITCH, 1.1 * median(steps)))


def _neighbours(line: Line, lines: Sequence[Line], pitch: float, *, is_below: bool) -> list[Line]:
    """The nearest lines above or below, no further than `pitch`, of the same size, whose width overlaps."""
    near: list[tuple[float, Line]] = []
    for other in lines:
        gap = line.bottom - other.top if is_below else other.bottom - line.top
        overlap = min(line.right, other.right) - max(line.left, other.left)
        if (
            other is not line
            and -0.6 * line.size < gap < (pitch - 1) * line.size
            and (other.top < line.top if is_below else other.top > line.top)
            and not _is_level(line, other)
            and overlap > 0
            and _is_aligned(line, other)
        ):
            near.append((gap, other))
    nearest = min((gap for gap, _ in near), default=0.0)
    found = [other for gap, other in near if gap < nearest + 0.5 * line.size]
    return found if all(abs(other.size - line.size) <= _SAME_SIZE * line.size for other in found) else []


def _is_aligned(line: Line, other: Line) -> bool:
    """Whether two lines begin at about the same place, or are centred or end at the same."""
    left, right = other.left - line.left, other.right - line.right
    return abs(left) < _MAX_INDENT * line.size or min(abs(left + right) / 2, abs(right)) < line.size


def _in_order(blocks: list[Block]) -> list[Block]:
    """Blocks in reading order."""
    ordered: list[Block] = []
    for group in _column_groups(_bands(blocks)):
        gutter = _gutter(group)
        if gutter is None:
            ordered += sorted(group, key=lambda block: (-block.top, block.left))
        else:
            ordered += _in_order([block for block in group if block.right <= gutter])
            ordered += _in_order([block for block in group if block.right > gutter])
    return ordered


def _bands(blocks: list[Block]) -> list[list[Block]]:
    """Blocks that stand beside each other, from top to bottom."""
    bands: list[list[Block]] = []
    bottom = 0.0
    for block in sorted(blocks, key=lambda block: -block.top):
        if bands and block.top > bottom:
            bands[-1].append(block)
            bottom = min(bottom, block.bottom)
        else:
            bands.append([block])
            bottom = block.bottom
    return bands


def _column_groups(bands: list[list[Block]]) -> list[list[Block]]:
    """Joins bands that are parts of the same columns; the rows of a table stay apart."""
    groups: list[list[Block]] = []
    for band in bands:
        joined = [*groups[-1], *band] if groups else band
        gutter = _gutter(joined) if groups else None
        if gutter is not None and _fills_columns(groups[-1], gutter) and _fills_columns(band, gutter):
            groups[-1] = joined
        else:
            groups.append(band)
    return groups


def _fills_columns(blocks: list[Block], gutter: float) -> bool:
    """Whether these are parts of columns: not the cells of one row, and on no side only a short line."""
    sides = [[block for block in blocks if (block.right <= gutter) == is_left] for is_left in (True, False)]
    if all(sides):
        first, second = (max(side, key=lambda block: block.top) for side in sides)
        middles = (first.top + first.bottom - second.top - second.bottom) / 2
        is_row = min(abs(first.top - second.top), abs(middles)) < 0.3 * first.lines[0].size
        return not (is_row and all(len(side) == 1 for side in sides))
    return all(len(block.lines) > 1 for block in blocks)


def _gutter(blocks: Sequence[Block]) -> float | None:
    """The middle of the widest upright strip that no block crosses; None where there is none."""
    strips = []
    right = -math.inf
    for block in sorted(blocks, key=lambda block: block.left):
        if block.left > right > -math.inf:
            strips.append((block.left - right, (block.left + right) / 2))
        right = max(right, block.right)
    return max(strips)[1] if strips else None


def join_lines(lines: Sequence[Line]) -> Iterator[tuple[int, str]]:
    """Joins lines in reading order to paragraphs, also over the end of a column or page.

    Yields:
        The page on which a paragraph begins, and its text.
    """
    runs: list[list[Line]] = []
    for line in lines:
        if runs and _goes_on(runs[-1][-1], line):
            runs[-1].append(line)
        else:
            runs.append([line])
    has_spaces = any(line.has_space for run in runs for line in run[:-1])
    for run in runs:
        yield run[0].page, _joined(run, has_spaces=has_spaces)


def _goes_on(line: Line, following: Line) -> bool:
    if line.is_apart or following.is_apart or abs(line.size - following.size) > _SAME_SIZE * line.size:
        return False
    is_ended = line.text.endswith(_SENTENCE_ENDS)
    filled = _FILLED_SHARE * (line.column[1] - line.column[0]) / line.size
    n_letters = _COLUMN_LETTERS if is_ended else max(_MIN_LETTERS, min(_COLUMN_LETTERS, filled))
    if line.right - line.left < n_letters * line.size:
        return False
    first_word = following.text.split(maxsplit=1)[0]
    letter = (following.right - following.left) / len(following.text)
    if line.column[1] - line.right > letter * (len(first_word) + 1) + 0.5 * line.size:
        return False  # the next word would have fitted
    is_same_block = line.column == following.column and line.page == following.page
    if line.turn != following.turn:
        return False
    if not is_same_block:
        is_further_down = (
            following.page == line.page and following.left < line.right and following.top < line.top
        )
        if is_further_down or is_ended:
            return False
    elif not is_ended:
        return True  # centred, set to the right, or with an indent below the first line
    indent = following.left - following.column[0]
    return indent < _INDENT * following.size or abs(following.left - line.left) < _INDENT * line.size


def _is_level(line: Line, other: Line) -> bool:
    middle = (other.top + other.bottom) / 2
    return line.page == other.page and line.bottom <= middle <= line.top


def _joined(run: Sequence[Line], *, has_spaces: bool) -> str:
    """The text of a paragraph.

    Args:
        run: its lines.
        has_spaces: whether lines of the file that end between words can end with a blank.
    """
    pieces = [run[0].text]
    for line, following in pairwise(run):
        if line.is_hyphenated:
            pieces[-1] += following.text
        elif line.has_space or line.text.endswith(_SENTENCE_ENDS):
            pieces[-1] += " " + following.text
        else:
            pieces.append(following.text)
    if len(pieces) == 1 and not run[0].is_stretched:
        return pieces[0]
    analyser = kiwi()
    if analyser and any(line.is_stretched for line in run):
        return str(analyser.space("".join(pieces), reset_whitespace=True))
    if analyser is None:
        return ("" if has_spaces else " ").join(pieces)
    text = pieces[0]
    for piece in pieces[1:]:
        text += piece if is_within_word(text, piece, analyser) else f" {piece}"
    return text
