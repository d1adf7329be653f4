"""Tags texts exactly as KoNLPy's Okt does, from the tables: the way on the page of `etl.tagging.okt`."""

from __future__ import annotations

import numpy as np
import polars as pl

from etl.settings import Tag
from etl.tagging.lists import Lists, expand, numbered, replaced, strings
from etl.tagging.native.batch import is_blank
from etl.tagging.native.native import TagTexts
from etl.tagging.okt import code, cut
from etl.tagging.okt.normalise import Normaliser
from etl.tagging.okt.tables import ADJECTIVE, POS_NAMES, VERB, Tables
from etl.tagging.okt.words import texts_of, words_of


class ExactOkt:
    """Okt with the options of the settings.

    Args:
        tables: Okt's dictionaries and rules.
        settings: `norm` and `stem`.
        tag_left: tags the eojeols that only the library itself can: a frame like that of
            `etl.tagging.tagger`.
    """

    def __init__(self, tables: Tables, settings: Tag, tag_left: TagTexts):
        self._tables = tables
        self._cut = cut.Cutter(tables.patterns)
        self._normalise = Normaliser(tables) if settings.norm else None
        self._stems: dict[int, pl.Series] = {}
        if settings.stem:
            words = tables.words
            self._stems = {VERB: words["verb"], ADJECTIVE: words["adjective"]}
        self._tag_left = tag_left
        code.parse()  # linked here, while texts are read

    def __call__(self, texts: pl.Series) -> pl.DataFrame:
        """Tags distinct texts; see `etl.tagging.tagger.Tagger`."""
        of_texts, eojeols = numbered(cut.eojeols(texts))
        forms = self._normalise(eojeols) if self._normalise else eojeols
        lists, left = self._cut(forms)
        lists = replaced(lists, left, self._cut.left(eojeols.gather(left)))
        of_eojeols, pieces = numbered(lists)
        tagged = self._tag_left(eojeols.gather(left))
        of_pieces, tokens, tags = self._tokens(pieces, tagged)
        whole = expand(expand(of_texts, of_eojeols), of_pieces)
        columns = {"text": texts, "tokens": strings(whole, tokens), "tags": strings(whole, tags)}
        return _with_problems(pl.DataFrame(columns), of_texts, left, tagged)

    def _tokens(self, pieces: pl.Series, left: pl.DataFrame) -> tuple[Lists, pl.Series, pl.Series]:
        """The tokens of each distinct piece, all tokens one after another, and their tags."""
        texts = self._cut.texts(pl.col("piece"))
        frame = pl.DataFrame({"piece": pieces, "tags": self._cut.kinds(pieces)}).with_row_index("row")
        is_left, is_hangul = (pl.col("tags") == kind for kind in (cut.LIBRARY, "Korean"))
        whole = frame.filter(~is_left & ~is_hangul).select("row", texts.alias("tokens"), "tags")
        library = frame.filter(is_left).select("row", texts.alias("text"))
        library = library.join(left, on="text", maintain_order="left").select("row", "tokens", "tags")
        tokens = pl.concat(
            [
                self._parsed(frame.filter(is_hangul)),
                whole.filter(~is_blank(whole["tokens"])),
                library.explode("tokens", "tags", empty_as_null=False),
            ]
        ).sort("row", maintain_order=True)
        ends = np.cumsum(np.bincount(tokens["row"].to_numpy(), minlength=frame.height))
        return Lists(ends, np.arange(tokens.height)), tokens["tokens"], tokens["tags"]

    def _parsed(self, runs: pl.DataFrame) -> pl.DataFrame:
        """Runs of Hangul with their `row`, parsed: a row a token."""
        runs = runs.sort("piece")
        tokens, token_ends = words_of(runs["piece"], self._tables)
        names = texts_of(runs["piece"], tokens)
        for pos, stems in self._stems.items():
            places = np.flatnonzero(tokens[:, 2] == pos)
            names = replaced(names, pl.Series(places), stems.gather(tokens[places, 3]))
        rows = np.repeat(runs["row"].to_numpy(), np.diff(token_ends, prepend=0))
        tags = pl.Series(POS_NAMES).gather(tokens[:, 2])
        return pl.DataFrame({"row": rows, "tokens": names, "tags": tags}, schema_overrides={"row": pl.UInt32})


def _with_problems(
    frame: pl.DataFrame, of_texts: Lists, left: pl.Series, tagged: pl.DataFrame
) -> pl.DataFrame:
    """Marks the texts with an eojeol that the library itself could not tag."""
    nothing = [pl.lit(None, pl.String).alias(name) for name in ("problem", "found")]
    frame = frame.with_columns(nothing)
    if left.is_empty():
        return frame
    failed = tagged.with_columns(left.alias("number")).filter(pl.col("problem").is_not_null())
    for number, problem, found in failed.select("number", "problem", "found").iter_rows():
        rows = np.unique(
            np.searchsorted(of_texts.ends, np.flatnonzero(of_texts.index == number), side="right")
        )
        is_hit = pl.int_range(pl.len()).is_in(rows.tolist())
        empty = pl.lit([], pl.List(pl.String))
        frame = frame.with_columns(
            pl.when(is_hit).then(empty).otherwise(pl.col("tokens", "tags")).name.keep(),
            pl.when(is_hit).then(pl.lit(problem)).otherwise("problem").alias("problem"),
            pl.when(is_hit).then(pl.lit(found)).otherwise("found").alias("found"),
        )
    return frame
