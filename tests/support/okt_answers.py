"""What our Okt answers, and where that is not what KoNLPy's Okt answers."""

import itertools
from collections.abc import Callable

import polars as pl

from etl.settings import Tag
from etl.tagging.tagger import open_tagger

Answers = list[list[tuple[str, str]]]
PlainOkt = Callable[[list[str], Tag], Answers]
OPTIONS = list(itertools.product([False, True], repeat=2))


def tagged(texts: list[str], settings: Tag) -> Answers:
    """Tags texts of which nothing is handed around the tagger."""
    with open_tagger(settings, workers=1) as tagger:
        frame = tagger.tag_whole(pl.Series("text", texts, pl.String))
    assert frame["problem"].null_count() == len(texts)
    return [list(zip(*row, strict=True)) for row in frame.select("tokens", "tags").iter_rows()]


def differing(texts: list[str], settings: Tag, plain_okt: PlainOkt) -> list[tuple[str, object, object]]:
    """What comes out otherwise than from KoNLPy."""
    both = zip(texts, tagged(texts, settings), plain_okt(texts, settings), strict=True)
    return [each for each in both if each[1] != each[2]]
