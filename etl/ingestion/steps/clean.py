"""Cleans the sentence: `raw_text` to `text`.

Normalises to NFC, takes HTML out, collapses white space and invisible characters to one space, and shortens
long repeats.
Whatever carries emotion stays: ㅋㅋㅋ, ㅠㅠ, !!! and emoji.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from etl.ingestion.steps.mark import mark
from etl.schema import resources
from etl.settings import Clean
from etl.text.markup import MAY_HOLD_MARKUP, remove_markup_of
from etl.text.normalise import CAN_CHANGE, normal_form

# White space, control characters and invisible ones: soft hyphen, Hangul and Braille fillers, zero-width and
# direction marks. Not U+200D, which joins emoji.
_BLANK = (
    r"\s\p{Z}\p{Cc}\u{AD}\u{34F}\u{61C}\u{115F}\u{1160}\u{17B4}\u{17B5}\u{180B}-\u{180E}\u{200B}\u{200C}"
    r"\u{200E}\u{200F}\u{202A}-\u{202E}\u{2060}-\u{206F}\u{2800}\u{3164}\u{FEFF}\u{FFA0}\u{FFF9}-\u{FFFB}"
)
BLANKS = f"[{_BLANK}]+"
_NEEDS_COLLAPSING = rf"^ | $|  |[{_BLANK}&&[^ ]]"
# Most texts have none of these, and are clean but for repeats. One search is cheaper than one for each.
_MAY_BE_UNCLEAN = f"{_NEEDS_COLLAPSING}|{MAY_HOLD_MARKUP}|{CAN_CHANGE['NFC']}"
# Joiners, variation selectors and tags are invisible alone.
VISIBLE = r"[^\s\u{200D}\u{FE00}-\u{FE0F}\u{E0000}-\u{E01EF}]"
_UNIT_CHARS = 3  # 하하하하 and ㅋㅎㅋㅎㅋㅎㅋㅎ are repeats, a repeated sentence is not
_UNIT_BYTES = 4 * _UNIT_CHARS  # in UTF-8
_FIRST_OF_4_BYTES = 0xF0  # an emoji, say; other characters have at most 3
_DENSE_BYTES = 8
# Hangul syllables in Unicode: initial by initial, in each vowel by vowel, in each final by final, none first.
_FIRST_SYLLABLE, _INITIALS, _FINALS = 0xAC00, 19, 28
BLOCK_BYTES = 256 << 10  # what is looked at together: it and its buffers fit into a processor's cache


def clean(frame: pl.DataFrame, settings: Clean) -> pl.DataFrame:
    """Adds `text`; marks `empty_text` and `text_too_long`. A text that is too long as it stands becomes "".

    Args:
        frame: rows with `raw_text`, which may be null.
        settings: whether HTML stays, the maximum lengths before and after cleaning, and the maximum number
            of repeats.
    """
    frame = _mark_too_long(frame, "raw_text", settings.max_raw_chars, "{} raw characters")
    # Folding a text of many megabytes would take minutes and gigabytes.
    is_foldable = pl.col("raw_text").str.len_chars() <= settings.max_raw_chars
    has_long = _may_be_longer(frame["raw_text"], settings.max_raw_chars)
    raw = frame.select(pl.when(is_foldable).then("raw_text") if has_long else "raw_text").to_series()
    text = raw.fill_null("").alias("text")
    rows = text.str.contains(_MAY_BE_UNCLEAN).arg_true()
    if len(rows):
        text = text.scatter(rows, _tidy(text.gather(rows), keep_markup=settings.keep_markup))
    text = fold_repeats(text, settings.max_repeats)
    frame = frame.with_columns(fold_vowels(text) if settings.fold_vowels else text)
    is_empty = ~pl.col("text").str.contains(VISIBLE)
    frame = mark(
        frame,
        is_empty,
        "empty_text",
        pl.format("{} raw characters", pl.col("raw_text").str.len_chars().fill_null(0)),
    )
    return _mark_too_long(frame, "text", settings.max_chars, "{} characters")


def _mark_too_long(frame: pl.DataFrame, column: str, max_chars: int, detail: str) -> pl.DataFrame:
    if not _may_be_longer(frame[column], max_chars):
        return frame
    chars = pl.col(column).str.len_chars()
    return mark(frame, chars > max_chars, "text_too_long", pl.format(detail, chars))


def _may_be_longer(texts: pl.Series, max_chars: int) -> bool:
    """Whether a text may have more characters: it has at most as many as bytes, which need no counting."""
    return int(texts.str.len_bytes().max() or 0) > max_chars  # type: ignore[arg-type]


def _tidy(texts: pl.Series, *, keep_markup: bool) -> pl.Series:
    """Composes texts, takes their markup out, and collapses blanks."""
    composed = normal_form(texts, "NFC")
    if not keep_markup:
        composed = remove_markup_of(composed)
    rows = composed.str.contains(_NEEDS_COLLAPSING).arg_true()
    collapsed = composed.gather(rows).str.replace_all(BLANKS, " ").str.strip_chars(" ")
    return composed.scatter(rows, collapsed)


def fold_vowels(text: pl.Series) -> pl.Series:
    """Drops syllables that draw out the one before them: two or more of its vowel, such as 너무우우.

    One alone may be a word's own.
    """
    drawn_out = find_drawn_out()
    rows = text.str.contains(drawn_out.pattern).arg_true()
    folded = (drawn_out.sub(lambda found: found[found.lastindex or 0], each) for each in text.gather(rows))
    return text.scatter(rows, list(folded)) if len(rows) else text


@cache
def find_drawn_out() -> re.Pattern[str]:
    """Returns what finds a syllable that is drawn out, a group, with what draws it out; for Rust as well."""
    echoes = resources.load("schemas", "vowels.yaml")["echoes"]
    stems: dict[str, list[str]] = {}
    for initial in range(_INITIALS):
        for vowel, echo in enumerate(echoes):
            syllable = chr(_FIRST_SYLLABLE + (initial * len(echoes) + vowel) * _FINALS)
            stems.setdefault(echo, []).append(syllable)
    forms = (f"([{''.join(of_echo)}]){echo}{{2,}}" for echo, of_echo in stems.items())
    return re.compile("|".join(forms))


def fold_repeats(text: pl.Series, times: int) -> pl.Series:
    """Shortens runs of a unit of up to three characters to `times` repeats.

    Digits and spaces are left alone, so that 10000000 stays ten million. Folds until nothing is left to fold,
    so that cleaning is idempotent.
    """
    pattern = re.compile(repeats(times))
    rows = _rows_with_runs(text, times)
    while len(rows):
        before = text.gather(rows)
        after = pl.Series([pattern.sub(lambda match: match[1] * times, each) for each in before.to_list()])
        text = text.scatter(rows, after)
        is_changed = (before != after).to_numpy()
        rows = rows[is_changed][_rows_with_runs(after.filter(is_changed), times)]
    return text


def repeats(times: int) -> str:
    """The pattern of a unit, a group, with more than so many of it in a row."""
    return rf"([^\d\s]{{1,{_UNIT_CHARS}}}?)\1{{{times},}}"


def _rows_with_runs(text: pl.Series, times: int) -> NDArray[np.int64]:
    """Returns a superset of the rows with such runs.

    A unit of n bytes that occurs times + 1 times makes n * times consecutive bytes equal to those n
    further on. Comparing all bytes of a column at once is some twenty times faster than a regular
    expression on each row, which then runs on few rows.
    """
    arrow: Any = text.to_arrow(compat_level=pl.CompatLevel.oldest())  # offsets of 64 bits, and UTF-8
    _, offset_buffer, bytes_buffer = arrow.buffers()
    offsets = np.frombuffer(offset_buffer, np.int64)[arrow.offset : arrow.offset + len(arrow) + 1]
    if offsets[-1] == offsets[0]:
        return np.empty(0, np.int64)
    content = np.frombuffer(bytes_buffer, np.uint8)[offsets[0] : offsets[-1]]
    has_run = np.zeros(len(arrow), np.bool_)
    # Two buffers for all comparisons: allocating memory for each would take longer than comparing.
    longest = min(len(content), BLOCK_BYTES + _UNIT_BYTES * (times + 1))
    buffers = [np.empty(longest, np.bool_) for _ in range(2)]
    for start in range(0, len(content), BLOCK_BYTES):
        has_wide = content[start : start + BLOCK_BYTES + _UNIT_BYTES].max() >= _FIRST_OF_4_BYTES
        for lag in range(1, _UNIT_CHARS * (4 if has_wide else 3) + 1):
            block = content[start : start + BLOCK_BYTES + lag * (times + 1)]
            found = offsets[0] + start + _find_runs(block, lag, times, buffers)
            has_run[np.searchsorted(offsets, found, side="right") - 1] = True
    return np.flatnonzero(has_run)


def _find_runs(
    content: NDArray[np.uint8], lag: int, times: int, buffers: list[NDArray[np.bool_]]
) -> NDArray[np.int64]:
    """Returns the positions at which `lag * times` consecutive bytes equal those `lag` bytes further on."""
    needed = lag * times
    if len(content) <= lag:
        return np.empty(0, np.int64)
    is_run, spare = buffers[0][: len(content) - lag], buffers[1]
    np.equal(content[:-lag], content[lag:], out=is_run)
    length = 1
    while length < min(needed, _DENSE_BYTES) and len(is_run) > min(length, needed - length):
        step = min(length, needed - length)
        longer = np.logical_and(is_run[:-step], is_run[step:], out=spare[: len(is_run) - step])
        is_run, spare = longer, is_run
        length += step
    if length < min(needed, _DENSE_BYTES):
        return np.empty(0, np.int64)
    # So many equal bytes in a row are rare; from here on only those positions are followed.
    starts = np.flatnonzero(is_run)
    for further in range(length, needed, length):
        at = starts + min(further, needed - length)
        is_inside = at < len(is_run)
        starts = starts[is_inside][is_run[at[is_inside]]]
    return starts
