"""Naver shopping reviews of bab2min (`naver-shopping`): TAB, no header; copies have one.

    5<TAB>배송이 빨라서 좋아요

The label is the number of stars. Three stars were left out: so a file of another name is told from
other ratings.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from etl.ingestion.sources.copies import Copy, find_copy, has_name_of
from etl.ingestion.sources.raw import InputLog
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.sources.sentences import find_rated_lines, read_sentences
from etl.ingestion.tables.preview import Preview
from etl.schema import contract
from etl.settings import Settings

SLUG = "naver-shopping"
_NO_STAR = "0"


def recognise(preview: Preview) -> RecognisedFile | None:
    """Whether a table has one, two, four and five stars and no others; of a file called so, some."""
    copy = find_copy(preview, SLUG, "rated", "ratings") or find_rated_lines(preview, SLUG)
    return copy.recognised(SLUG, preview) if copy and _has_stars(copy, preview) else None


def _has_stars(copy: Copy, preview: Preview) -> bool:
    stars, expected = set(copy.values(copy.layout.columns[0])), contract.load(SLUG).labels
    if preview.is_named:
        return _NO_STAR not in stars  # its 1 would be that of a good review
    return stars == expected or (stars <= expected and has_name_of(preview.raw, SLUG))


def read(files: list[RecognisedFile], settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:  # noqa: ARG001
    """Reads the reviews, in frames of bounded size."""
    for file in files:
        label, text = contract.load(SLUG).layouts[file.layout].columns
        yield from read_sentences([file], log, raw_text=pl.col(text), raw_label=pl.col(label))
