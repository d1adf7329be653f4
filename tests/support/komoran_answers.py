"""What Komoran without its JVM answers, and where that is not what KoNLPy's Komoran answers."""

from pathlib import Path

import polars as pl

from etl.settings import Tag
from etl.tagging import dictionary
from etl.tagging.komoran import tables
from etl.tagging.komoran.exact import ExactKomoran
from etl.tagging.pool import Pool

KOMORAN = Tag(tagger="komoran")


def by_library(texts: pl.Series, settings: Tag = KOMORAN) -> pl.DataFrame:
    """Tags with the library in a worker process."""
    pool = Pool(settings, 1)
    try:
        answers = pool.tag(texts.to_list())
    finally:
        pool.stop()
    lists = {
        "tokens": pl.List(pl.String),
        "tags": pl.List(pl.String),
        "problem": pl.String,
        "found": pl.String,
    }
    frame = pl.DataFrame(answers, schema=lists, orient="row")
    return frame.insert_column(0, texts.rename("text"))


def tagged(texts: list[str], made: Path, settings: Tag = KOMORAN) -> tuple[pl.DataFrame, list[str]]:
    """Tags from the tables; also returns the texts that the library had to tag."""
    left: list[str] = []

    def tag_left(texts: pl.Series) -> pl.DataFrame:
        left.extend(texts)
        return by_library(texts, settings)

    komoran = ExactKomoran(tables.load(made, dictionary.tagged(settings)), settings, tag_left)
    return komoran(pl.Series("text", texts, pl.String)), left


def differing(texts: list[str], made: Path, settings: Tag = KOMORAN) -> list[dict[str, object]]:
    """What comes out otherwise than from KoNLPy."""
    ours, _ = tagged(texts, made, settings)
    theirs = by_library(ours["text"], settings)
    differs = pl.Series([False]).new_from_index(0, len(texts))
    for name in ("tokens", "tags"):
        differs |= ours[name] != theirs[name]
    for name in ("problem", "found"):
        differs |= ours[name].fill_null("") != theirs[name].fill_null("")
    return [*ours.filter(differs).to_dicts(), *theirs.filter(differs).to_dicts()]
