"""What makes ids of a prepared sentence, for a pack.

`vocabulary`: the tokens in the order of their ids, one a line. A token without an id has `unknown_id`.

`features` of a linear model: the symbols of each kind of n-gram, one a line, `feature_tokens` and
`feature_characters`; and the n-grams in the order of their ids as digits, the symbols' places counted from 1,
`token_grams` uint16 or uint32 (2, n-grams) and `character_grams` uint16 (4, n-grams). Shorter n-grams begin
with zeros. Those of tokens have the ids from 2 on, those of characters follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from etl.models.baseline.tokens import TokenEncoder
from etl.models.export.pack.container import Tensors
from etl.models.linear import grams
from etl.models.linear.features import FeatureEncoder, Grams


def pack_encoder(encoder: TokenEncoder | FeatureEncoder, max_len: int) -> tuple[dict[str, Any], Tensors]:
    """Returns the part `encoder` of a config, and its tensors.

    Args:
        encoder: of a model.
        max_len: the most ids of a sentence; a linear model takes all.
    """
    ids = {"unknown_id": encoder.unknown_id, "padding_id": encoder.padding_id}
    if isinstance(encoder, TokenEncoder):
        vocabulary = _lines(encoder.vocabulary.tokens)
        return {"kind": "vocabulary", "max_len": max_len, **ids}, {"vocabulary": vocabulary}
    return {"kind": "features", "max_len": None, **ids}, {
        "feature_tokens": _lines(encoder.tokens.symbols),
        "feature_characters": _lines(encoder.characters.symbols),
        "token_grams": _digits(encoder.tokens, grams.TOKENS),
        "character_grams": _digits(encoder.characters, grams.CHARACTERS),
    }


def _lines(strings: Sequence[str]) -> np.ndarray:
    """Strings in UTF-8, one a line: tokens and characters hold no line break, since cleaning leaves none."""
    return np.frombuffer("\n".join(strings).encode(), np.uint8)


def _digits(found: Grams, longest: int) -> np.ndarray:
    base = len(found.symbols) + 1
    digits, left = [], found.codes
    for _ in range(longest):
        left, digit = np.divmod(left, base)
        digits.append(digit)
    kind = np.uint16 if base <= 1 << 16 else np.uint32
    return np.stack(digits[::-1]).astype(kind)
