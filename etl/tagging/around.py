"""Tags texts with some of their parts handed around the tagger, which would lose them: each is one token.

Which parts these are stands in `schemas/emoticons.yaml` and `schemas/pos/negation.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from etl.schema import resources

# Distinct texts to a frame with `text`, `tokens`, `tags`, `problem` and `found`, in their order.
TagTexts = Callable[["pl.Series"], "pl.DataFrame"]

_PIECES = {"place": pl.UInt32, "piece": pl.String, "tag": pl.String}
_SKIPPED = "skipped"


@dataclass(frozen=True)
class Part:
    """What is handed around the tagger.

    Args:
        pattern: how it looks, a regular expression.
        tag: its tag.
        token: its token; None: as it is written.
        is_glued: whether the tagger gets it as well, as the end of a word; the token stands behind that.
    """

    pattern: str
    tag: str
    token: str | None = None
    is_glued: bool = False


class Cutter:
    """Cuts texts into what is handed around the tagger, and what lies between.

    Args:
        parts: what is handed around.
        signs: what a text has in which there is any of them, a pattern of polars.
    """

    def __init__(self, parts: Sequence[Part], signs: str):
        self.signs = signs
        skipped = "|".join(resources.load("schemas", "emoticons.yaml")[_SKIPPED])
        self._parts = {f"part{number}": part for number, part in enumerate(parts)}
        self._named = {_SKIPPED: skipped, **{name: part.pattern for name, part in self._parts.items()}}

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        # Compiling takes 40 ms, and a text without signs is never cut.
        return re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in self._named.items()))

    def __call__(self, text: str) -> Iterator[tuple[str, str | None]]:
        """Yields the pieces of a text: a token with its tag, or text for the tagger with None."""
        at = 0
        for match in self._pattern.finditer(text):
            if match.lastgroup == _SKIPPED or match.lastgroup is None:
                continue
            part = self._parts[match.lastgroup]
            yield text[at : match.end() if part.is_glued else match.start()], None
            yield part.token or match[0], part.tag
            at = match.end()
        yield text[at:], None

    def groups(self) -> tuple[str, dict[str, Part]]:
        """Returns the pattern that is searched, and the parts by the names of their groups in it."""
        return self._pattern.pattern, self._parts


def load_cutter(tagger: str, negations: Sequence[Part] = ()) -> Cutter:
    """Returns what cuts emoticons, and the # of hash tags, from the texts of this tagger.

    Args:
        tagger: the tagger's name.
        negations: what is cut as well, from all texts.
    """
    schema = resources.load("schemas", "emoticons.yaml")
    forms = [form for form in schema["forms"] if tagger not in form.get("but", [])]
    parts = [Part("|".join(form["patterns"]), form["tag"]) for form in forms]
    signs = "|".join([schema["signs"], *(form["signs"] for form in forms if "signs" in form)])
    return Cutter([*parts, *negations], "" if negations else signs)


def tag_around(texts: pl.Series, cutter: Cutter, tag_texts: TagTexts) -> pl.DataFrame:
    """Tags distinct texts; what the cutter hands around the tagger stands in its place.

    Args:
        texts: strings, none of them null.
        cutter: cuts a text into pieces.
        tag_texts: tags the pieces, each once.

    Returns:
        What `tag_texts` would return for the texts. A text has the problem of its first piece that has one.
    """
    is_cut, pieces = _cut(texts, cutter)
    if not is_cut.any():
        return tag_texts(texts)
    whole = texts.filter(~is_cut)
    to_tag = pl.concat([whole, pieces.filter(pl.col("tag").is_null())["piece"].rename(texts.name)])
    tagged = tag_texts(to_tag.unique(maintain_order=True))  # the whole texts come first
    rows = texts.rename("text").to_frame().with_row_index("place")
    tagged_whole = tagged.head(len(whole)).insert_column(0, rows["place"].filter(~is_cut))
    joined = _join(rows.filter(is_cut), pieces, tagged)
    return pl.concat([tagged_whole, joined.select(tagged_whole.columns)]).sort("place").drop("place")


def _cut(texts: pl.Series, cutter: Cutter) -> tuple[pl.Series, pl.DataFrame]:
    """Returns which texts the tagger does not get as they are, and the pieces of these.

    Pieces have `place`, of the text, `piece`, and `tag` or null. A blank text has none.
    """
    flags, places, pieces, tags = [], [], [], []
    for place, (text, has_signs) in enumerate(
        zip(texts.to_list(), texts.str.contains(cutter.signs), strict=True)
    ):
        cut = list(cutter(text)) if has_signs else [(text, None)]
        is_whole = len(cut) == 1 and text == text.strip() != ""
        flags.append(not is_whole)
        for piece, tag in () if is_whole else cut:
            if stripped := piece.strip():
                places.append(place)
                pieces.append(stripped)
                tags.append(tag)
    columns = {"place": places, "piece": pieces, "tag": tags}
    return pl.Series(flags, dtype=pl.Boolean), pl.DataFrame(columns, schema=_PIECES)


def _join(rows: pl.DataFrame, pieces: pl.DataFrame, tagged: pl.DataFrame) -> pl.DataFrame:
    """Puts the pieces of texts together: `place`, and what `tag_around` returns.

    Args:
        rows: `place` and `text`.
        pieces: as `_cut` returns them.
        tagged: those that the tagger got.
    """
    is_text = pl.col("tag").is_null()
    answers = pieces.join(tagged, left_on="piece", right_on="text", how="left", maintain_order="left")
    lists = [pl.when(is_text).then("tokens").otherwise(pl.concat_list("piece")).alias("tokens")]
    lists += [pl.when(is_text).then("tags").otherwise(pl.concat_list("tag")).alias("tags")]
    whole = (
        answers.with_columns(lists)
        .group_by("place", maintain_order=True)
        .agg(
            pl.col("tokens", "tags").explode().drop_nulls(),  # an empty list explodes to null
            pl.when(is_text).then(pl.col("problem", "found")).drop_nulls().first(),
        )
    )
    joined = rows.join(whole, on="place", how="left", maintain_order="left")
    nothing = pl.lit([], pl.List(pl.String))
    is_whole = pl.col("problem").is_null()
    return joined.with_columns(pl.when(is_whole).then(pl.col("tokens", "tags")).fill_null(nothing))
