"""What Komoran without its JVM answers, and where that is not what KoNLPy's Komoran answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from etl.settings import Tag
from etl.tagging import dictionary
from etl.tagging.komoran import tables
from etl.tagging.komoran.exact import ExactKomoran
from etl.tagging.pool import Pool

# A long line takes the library some seconds, on a busy machine more than a sentence is given by default.
KOMORAN = Tag(tagger="komoran", seconds=100)


@contextmanager
def library(settings: Tag = KOMORAN) -> Iterator[Pool]:
    """A worker process with the library, from the first text on, in which it is loaded once for all."""
    pool = Pool(settings, 1)
    try:
        yield pool
    finally:
        pool.stop()


def by_library(texts: pl.Series, pool: Pool) -> pl.DataFrame:
    """Tags with the library."""
    answers = pool.tag(texts.to_list())
    lists = {
        "tokens": pl.List(pl.String),
        "tags": pl.List(pl.String),
        "problem": pl.String,
        "found": pl.String,
    }
    frame = pl.DataFrame(answers, schema=lists, orient="row")
    return frame.insert_column(0, texts.rename("text"))


def tagged(texts: list[str], made: Path, pool: Pool) -> tuple[pl.DataFrame, list[str]]:
    """Tags from the tables with the pool's settings; also returns the texts that the library had to tag."""
    left: list[str] = []

    def tag_left(texts: pl.Series) -> pl.DataFrame:
        left.extend(texts)
        return by_library(texts, pool)

    words = dictionary.tagged(pool.settings)
    komoran = ExactKomoran(tables.load(made, words), pool.settings, tag_left)
    return komoran(pl.Series("text", texts, pl.String)), left


def differing(texts: list[str], made: Path, pool: Pool) -> list[dict[str, object]]:
    """What comes out otherwise than from KoNLPy."""
    ours, _ = tagged(texts, made, pool)
    theirs = by_library(ours["text"], pool)
    differs = pl.Series([False]).new_from_index(0, len(texts))
    for name in ("tokens", "tags"):
        differs |= ours[name] != theirs[name]
    for name in ("problem", "found"):
        differs |= ours[name].fill_null("") != theirs[name].fill_null("")
    return [*ours.filter(differs).to_dicts(), *theirs.filter(differs).to_dicts()]
