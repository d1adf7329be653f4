"""Tags texts exactly as KoNLPy's Okt does, from the tables: the way on the page of `etl.tagging.okt`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from etl.settings import Tag
from etl.tagging.lists import Lists, expand, numbered, replaced, strings
from etl.tagging.okt import cut
from etl.tagging.okt.normalise import Normaliser
from etl.tagging.okt.tables import ADJECTIVE, POS_NAMES, VERB, Tables
from etl.tagging.okt.words import texts_of, words_of

if TYPE_CHECKING:
    import polars as pl

# Texts to a frame with `text`, `tokens`, `tags`, `problem` and `found`, in their order.
TagTexts = Callable[["pl.Series"], "pl.DataFrame"]


class ExactOkt:
    """Okt with the options of the settings.

    Args:
        tables: Okt's dictionaries and rules.
        settings: `norm` and `stem`.
        tag_odd: tags the eojeols that only the library itself can: a frame like that of
        `etl.tagging.tagger`.
    """

    def __init__(self, tables: Tables, settings: Tag, tag_odd: TagTexts):
        self._tables = tables
        self._normalise = Normaliser(tables) if settings.norm else None
        self._stems: dict[int, pl.Series] = {}
        if settings.stem:
            words = tables.words
            self._stems = {VERB: words["verb"], ADJECTIVE: words["adjective"]}
        self._tag_odd = tag_odd

    def __call__(self, texts: pl.Series) -> pl.DataFrame:
        """Tags distinct texts; see `etl.tagging.tagger.Tagger`."""
        import polars as pl

        of_texts, eojeols = numbered(cut.eojeols(texts))
        forms = self._normalise(eojeols) if self._normalise else eojeols
        odd = (cut.is_odd(eojeols) | cut.is_odd(forms)).arg_true()
        # An odd eojeol is a piece of its own, which nothing else can be.
        lists = replaced(
            cut.pieces(forms), odd, eojeols.gather(odd).reshape((-1, 1)).cast(pl.List(pl.String))
        )
        of_eojeols, pieces = numbered(lists)
        tagged = self._tag_odd(eojeols.gather(odd))
        of_pieces, tokens, tags = self._tokens(pieces, tagged)
        whole = expand(expand(of_texts, of_eojeols), of_pieces)
        columns = {"text": texts, "tokens": strings(whole, tokens), "tags": strings(whole, tags)}
        return _with_problems(pl.DataFrame(columns), of_texts, odd, tagged)

    def _tokens(self, pieces: pl.Series, odd: pl.DataFrame) -> tuple[Lists, pl.Series, pl.Series]:
        """The tokens of each distinct piece, all tokens one after another, and their tags."""
        import numpy as np
        import polars as pl

        frame = pl.DataFrame({"piece": pieces}).with_row_index("row").with_columns(_tag_of_whole())
        is_odd = pl.col("piece").is_in(odd["text"].implode())
        is_hangul = pl.col("tag") == "Korean"
        signs = frame.filter(~is_odd & ~is_hangul).select(
            "row",
            pl.col("piece").str.strip_prefix(cut.FOREIGN_MARK).alias("tokens"),
            pl.col("tag").alias("tags"),
        )
        library = frame.filter(is_odd).select("row", text="piece").join(odd, on="text", maintain_order="left")
        library = library.select("row", "tokens", "tags")
        tokens = pl.concat(
            [
                self._parsed(frame.filter(~is_odd & is_hangul)),
                signs.filter(~_is_blank(signs["tokens"])),
                library.explode("tokens", "tags", empty_as_null=False),
            ]
        ).sort("row", maintain_order=True)
        ends = np.cumsum(np.bincount(tokens["row"].to_numpy(), minlength=frame.height))
        return Lists(ends, np.arange(tokens.height)), tokens["tokens"], tokens["tags"]

    def _parsed(self, runs: pl.DataFrame) -> pl.DataFrame:
        """Runs of Hangul with their `row`, parsed: a row a token."""
        import numpy as np
        import polars as pl

        tokens, token_ends = words_of(runs["piece"], self._tables)
        names = texts_of(runs["piece"], tokens)
        for pos, stems in self._stems.items():
            places = np.flatnonzero(tokens[:, 2] == pos)
            names = replaced(names, pl.Series(places), stems.gather(tokens[places, 3]))
        rows = np.repeat(runs["row"].to_numpy(), np.diff(token_ends, prepend=0))
        tags = pl.Series(POS_NAMES).gather(tokens[:, 2])
        return pl.DataFrame({"row": rows, "tokens": names, "tags": tags}, schema_overrides={"row": pl.UInt32})


def _tag_of_whole() -> pl.Expr:
    """What a piece is as a whole, `tag`, by its first character."""
    import polars as pl

    first = pl.col("piece").str.slice(0, 1)
    kind = pl.lit("Foreign")
    for name, script in cut.scripts().items():
        kind = pl.when(first.str.contains(f"[{script}]")).then(pl.lit(name)).otherwise(kind)
    return kind.alias("tag")


def _is_blank(tokens: pl.Series) -> pl.Series:
    return tokens.str.strip_chars() == ""


def _with_problems(
    frame: pl.DataFrame, of_texts: Lists, odd: pl.Series, tagged: pl.DataFrame
) -> pl.DataFrame:
    """Marks the texts with an eojeol that the library itself could not tag."""
    import numpy as np
    import polars as pl

    nothing = [pl.lit(None, pl.String).alias(name) for name in ("problem", "found")]
    frame = frame.with_columns(nothing)
    failed = tagged.with_columns(odd.alias("number")).filter(pl.col("problem").is_not_null())
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
