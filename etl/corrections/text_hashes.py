"""The hash of the text that a decision was made on, by which a changed text is told."""

from __future__ import annotations

import hashlib
from typing import overload

import polars as pl

from etl.text.composition import composed
from etl.text.normalise import normal_form

_DIGITS = 32


@overload
def text_hash(texts: str) -> str: ...
@overload
def text_hash(texts: pl.Expr) -> pl.Expr: ...
def text_hash(texts: str | pl.Expr) -> str | pl.Expr:
    """Returns the first 32 hexadecimal digits of the sha256 of a cleaned `text`, in NFC and UTF-8.

    Args:
        texts: one text, or the expression of a column; null stays null.
    """
    if isinstance(texts, str):
        return _hash(composed(texts))
    return texts.map_batches(_hash_column, return_dtype=pl.String)


def _hash_column(texts: pl.Series) -> pl.Series:
    composed_texts = normal_form(texts, "NFC").to_list()
    hashes = [None if text is None else _hash(text) for text in composed_texts]
    return pl.Series(texts.name, hashes, pl.String)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
