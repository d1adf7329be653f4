"""Cleans the sentence: `raw_text` to `text`.

NFC, every kind of white space and invisible filler to one space, endless repeats folded. Nothing that
carries emotion is taken away: ㅋㅋㅋ, ㅠㅠ, !!! and emoji stay.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from etl.normalise import normal_form
from etl.settings import Clean
from etl.steps.mark import mark

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

# White space, control characters and what looks like nothing at all: soft hyphen, Hangul and Braille
# fillers, zero-width and direction marks. Not U+200D, which holds emoji together.
_BLANKS = (
    r"[\s\p{Z}\p{Cc}\u{AD}\u{34F}\u{61C}\u{115F}\u{1160}\u{17B4}\u{17B5}\u{180B}-\u{180E}\u{200B}\u{200C}"
    r"\u{200E}\u{200F}\u{202A}-\u{202E}\u{2060}-\u{206F}\u{2800}\u{3164}\u{FEFF}\u{FFA0}\u{FFF9}-\u{FFFB}]+"
)
_VISIBLE = r"[^\s\u{200D}\u{FE0E}\u{FE0F}]"
_UNIT_CHARS = 3  # 하하하하 and ㅋㅎㅋㅎㅋㅎㅋㅎ are repeats; a repeated sentence is somebody's choice
_UNIT_BYTES = 4 * _UNIT_CHARS  # in UTF-8


def clean(frame: pl.DataFrame, settings: Clean) -> pl.DataFrame:
    """Adds `text`; marks `empty_text` and `text_too_long`.

    Args:
        frame: rows with `raw_text`, which may be null.
        settings: the longest text in characters, and how often a repeat may repeat.
    """
    import polars as pl

    composed = normal_form(frame["raw_text"].fill_null("").alias("text"), "NFC")
    text = composed.str.replace_all(_BLANKS, " ").str.strip_chars(" ")
    frame = frame.with_columns(fold_repeats(text, settings.max_repeats))
    chars = pl.col("text").str.len_chars()
    is_empty = ~pl.col("text").str.contains(_VISIBLE)
    frame = mark(
        frame,
        is_empty,
        "empty_text",
        pl.format("{} raw characters", pl.col("raw_text").str.len_chars().fill_null(0)),
    )
    return mark(frame, chars > settings.max_chars, "text_too_long", pl.format("{} characters", chars))


def fold_repeats(text: pl.Series, times: int) -> pl.Series:
    """Folds a unit of up to three characters that repeats more than `times` times in a row.

    Digits and spaces are left alone, so that 10000000 stays ten million.
    """
    rows = _rows_with_runs(text, times)
    if not len(rows):
        return text
    pattern = re.compile(rf"([^\d\s]{{1,{_UNIT_CHARS}}}?)\1{{{times},}}")
    return text.scatter(rows, [_fold(sentence, pattern, times) for sentence in text.gather(rows)])


def _fold(sentence: str, pattern: re.Pattern[str], times: int) -> str:
    """Folds until nothing is left to fold, so that cleaning twice is cleaning once."""
    while True:
        folded = pattern.sub(lambda match: match[1] * times, sentence)
        if folded == sentence:
            return folded
        sentence = folded


def _rows_with_runs(text: pl.Series, times: int) -> NDArray[np.int64]:
    """The rows whose bytes repeat; some of them by chance, none is missed.

    A unit of n bytes that occurs times + 1 times makes n * times consecutive bytes equal to those n
    further on. Comparing all bytes of a column at once is some twenty times faster than a regular
    expression on each row, and few rows are left for that.
    """
    import numpy as np
    import polars as pl

    arrow: Any = text.to_arrow(compat_level=pl.CompatLevel.oldest())  # offsets of 64 bits, and UTF-8
    _, offset_buffer, bytes_buffer = arrow.buffers()
    offsets = np.frombuffer(offset_buffer, np.int64)[arrow.offset : arrow.offset + len(arrow) + 1]
    if offsets[-1] == offsets[0]:
        return np.empty(0, np.int64)
    content = np.frombuffer(bytes_buffer, np.uint8)[: offsets[-1]]
    rows = [
        np.searchsorted(offsets, _starts_of_runs(content, lag, times), side="right") - 1
        for lag in range(1, min(_UNIT_BYTES, len(content) - 1) + 1)
    ]
    return np.unique(np.concatenate(rows)) if rows else np.empty(0, np.int64)


def _starts_of_runs(content: NDArray[np.uint8], lag: int, times: int) -> NDArray[np.int64]:
    """Where `lag * times` consecutive bytes equal those `lag` bytes further on."""
    import numpy as np

    is_run = content[:-lag] == content[lag:]
    length, needed = 1, lag * times
    while length < needed and len(is_run):
        step = min(length, needed - length)
        is_run = is_run[:-step] & is_run[step:]
        length += step
    return np.flatnonzero(is_run)
