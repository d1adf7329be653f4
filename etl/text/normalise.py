"""Text normalisation for comparing sentences, and the test for those too short to be compared.

Ingest finds duplicates and leaks with these functions and validate recounts them with the same ones. They
expect the cleaned `text`, in which repeats are folded already.
"""

from __future__ import annotations

from typing import Literal

import polars as pl

# Hangul fillers and the blank Braille cell are letters or symbols to Unicode, and blank to a reader.
# Variation selectors and the keycap are marks that emoji leave behind. Classes of Rust's regex crate.
INVISIBLE = r"\s\p{C}\u{115F}\u{1160}\u{3164}\u{FFA0}\u{2800}\u{FE00}-\u{FE0F}\u{20E3}"
# Characters outside these ranges may change under normalisation, alone or beside another. Inside them none
# does: ASCII and syllables in both forms; Latin, compatibility jamo (ㅋㅋ) and common punctuation in NFC.
CAN_CHANGE = {
    "NFC": r"[^\x00-\u{2FF}\u{AC00}-\u{D7A3}\u{3131}-\u{318E}\u{2010}-\u{2027}\u{3001}-\u{3020}]",
    "NFKC": r"[^\x00-\x7F\u{AC00}-\u{D7A3}]",
}
_MAY_BE_UPPER_CASE = r"[^\x00-\x40\x5B-\x7F\u{AC00}-\u{D7A3}\u{1100}-\u{11FF}]"
_NOT_SPOKEN = rf"[{INVISIBLE}\p{{P}}\p{{S}}]+"
# Of texts of ASCII, syllables and jamo, which most are, letters and digits are told byte by byte. The line
# feed is needed between texts.
_NOT_SIMPLE = r"[^\x00-\x09\x0B-\x7F\u{AC00}-\u{D7A3}\u{1100}-\u{115E}\u{1161}-\u{11FF}]"
_LOWER_CASE = bytes(range(256)).lower()
_NOT_SPOKEN_BYTES = bytes(each for each in range(128) if not chr(each).isalnum() and chr(each) != "\n")


def normalised_key(expr: pl.Expr) -> pl.Expr:
    """Reduces a text to its letters, digits and jamo, in NFKC and lower case.

    A text of only punctuation or emoji keeps them, else "?" and "!!!" would be the same sentence.

    Args:
        expr: a string column, usually the cleaned `text`; null stays null.

    Returns:
        A string expression; two texts with equal keys are the same at leakage level L1.
    """
    return expr.map_batches(_normalised_key, return_dtype=pl.String)


def _normalised_key(text: pl.Series) -> pl.Series:
    rows = text.str.contains(CAN_CHANGE["NFKC"]).arg_true()
    changed = text.gather(rows).str.normalize("NFKC")
    folded = text.clone().scatter(rows, changed)  # `scatter` changes its column
    is_simple = ~text.str.contains("\n", literal=True)
    is_simple.scatter(rows, ~changed.str.contains(_NOT_SIMPLE))
    others = (~is_simple.fill_null(False)).arg_true()
    spoken = _spoken_bytes(folded.clone().scatter(others, ""))
    spoken.scatter(others, _spoken(folded.gather(others)))
    silent = (spoken == "").arg_true()  # few, so that processing them again is cheap
    return spoken.scatter(silent, folded.gather(silent).str.replace_all(f"[{INVISIBLE}]+", ""))


def _spoken(folded: pl.Series) -> pl.Series:
    """The letters, digits and jamo of texts, in lower case."""
    cased = folded.str.contains(_MAY_BE_UPPER_CASE).arg_true()
    lower = folded.scatter(cased, folded.gather(cased).str.to_lowercase())
    return lower.str.replace_all(_NOT_SPOKEN, "")


def _spoken_bytes(folded: pl.Series) -> pl.Series:
    """The same of texts without `_NOT_SIMPLE`, in a third of the time."""
    if folded.is_empty():
        return folded
    content: bytes = folded.str.join("\n").cast(pl.Binary).item()
    spoken = content.translate(_LOWER_CASE, _NOT_SPOKEN_BYTES)
    return pl.Series([spoken], dtype=pl.Binary).cast(pl.String).str.split("\n").explode()


def normal_form(text: pl.Series, form: Literal["NFC", "NFKC"]) -> pl.Series:
    """Computes the Unicode normal form of a column, only for rows with a character that could change.

    Most Korean sentences consist of ASCII and precomposed syllables, which never change.
    """
    rows = text.str.contains(CAN_CHANGE[form]).arg_true()
    return text.scatter(rows, text.gather(rows).str.normalize(form))


def is_short(expr: pl.Expr, eojeols: int, chars: int) -> pl.Expr:
    """Whether the text is so short that it repeats by chance, such as "네." or "왜?".

    Args:
        expr: a string column, usually the cleaned `text`; null counts as short.
        eojeols: a text with at least so many space-separated words is not short.
        chars: a text with at least so many characters is not short.

    Returns:
        A boolean expression without nulls.
    """
    # Only of texts with few characters, which are few, are words counted. A cleaned text has one space
    # between two words, and none around them.
    with_few_chars = pl.when(expr.str.len_chars() < chars).then(expr)
    return expr.is_null() | (with_few_chars.str.count_matches(" ", literal=True) + 1 < eojeols).fill_null(
        False
    )
