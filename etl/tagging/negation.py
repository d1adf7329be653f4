"""Finds the sentences in which a tagger has swallowed a negation, and how they are cut to be tagged again.

How negation is spelled, and which tokens show it, stands in `schemas/pos/negation.yaml`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec
import polars as pl

from etl.schema import resources
from etl.settings import Tag
from etl.tagging import policy
from etl.tagging.around import Part

_TAG, CLASS = "Negation", "negation"


class Kind(msgspec.Struct, frozen=True):
    """A negation that may be swallowed.

    Args:
        token: its token, where a sentence is tagged again.
        stemmed: the same where Okt gives dictionary forms.
        alone: how it is spelled as a word, or before one; a regular expression.
        glued: how it is spelled behind a word; empty if it is not.
        shown: how a token of the class negation shows it; a regular expression.
        signs: only texts with one of these are looked at; a pattern of polars.
    """

    token: str
    stemmed: str
    alone: str
    shown: str
    signs: str
    glued: str = ""

    def count(self, text: str) -> int:
        """Returns how often a text spells it."""
        return sum(len(re.findall(pattern, text)) for pattern in (self.alone, self.glued) if pattern)

    def count_each(self, texts: pl.Series) -> list[int]:
        """Returns how often each text spells it."""
        has_signs = texts.str.contains(self.signs)
        return [
            self.count(text) if is_likely else 0 for text, is_likely in zip(texts, has_signs, strict=True)
        ]


@dataclass(frozen=True)
class Negation:
    """The negations to look for in the tokens of one tagger; made by `load`."""

    kinds: tuple[Kind, ...]
    classes: policy.Policy
    is_stemmed: bool

    def parts(self) -> list[Part]:
        """Returns what is handed around the tagger where a negation was swallowed."""
        parts = []
        for kind in self.kinds:
            token = kind.stemmed if self.is_stemmed else kind.token
            parts.append(Part(kind.alone, _TAG, token))
            if kind.glued:
                parts.append(Part(kind.glued, _TAG, token, is_glued=True))
        return parts

    def is_swallowed(self, tagged: pl.DataFrame) -> pl.Series:
        """Returns whether a text spells a negation more often than its tokens show it.

        Args:
            tagged: `text`, `tokens`, `tags` and `problem`.
        """
        signs = "|".join(kind.signs for kind in self.kinds)
        may_be = pl.col("problem").is_null() & pl.col("text").str.contains(signs)
        rows = tagged.with_row_index("row").filter(may_be)
        if rows.is_empty():
            return pl.repeat(False, tagged.height, dtype=pl.Boolean, eager=True)
        written = pl.DataFrame(
            {kind.token: kind.count_each(rows["text"]) for kind in self.kinds},
            schema=dict.fromkeys((kind.token for kind in self.kinds), pl.Int64),
        )
        rows = pl.concat([rows.select("row", "tokens", "tags"), written], how="horizontal")
        rows = rows.filter(pl.any_horizontal(pl.col(written.columns) > 0))
        pairs = rows.select("row", "tokens", "tags").explode("tokens", "tags")
        # Few tokens look like it, and their class takes longer to tell.
        pairs = pairs.filter(
            pl.any_horizontal(pl.col("tokens").str.contains(kind.shown) for kind in self.kinds)
        )
        negating = pairs.filter(self.classes.coarse_class(pl.col("tokens"), pl.col("tags")) == CLASS)
        shown = negating.group_by("row").agg(
            pl.col("tokens").str.contains(kind.shown).sum().cast(pl.Int64).alias(f"shown {kind.token}")
            for kind in self.kinds
        )
        both = rows.drop("tokens", "tags").join(shown, on="row", how="left")
        fewer = [pl.col(f"shown {kind.token}").fill_null(0) < pl.col(kind.token) for kind in self.kinds]
        swallowed = both.filter(pl.any_horizontal(fewer))["row"]
        return pl.int_range(tagged.height, eager=True).is_in(swallowed.implode())


def load(settings: Tag) -> Negation:
    """Returns the negations that the tagger of the settings may swallow."""
    schema = resources.load("schemas", "pos", "negation.yaml")
    return Negation(
        kinds=msgspec.convert(schema["kinds"], tuple[Kind, ...]),
        classes=policy.load(Tag(tagger=settings.tagger)),
        is_stemmed=settings.tagger == "okt" and settings.stem,
    )
