"""Steam reviews of bab2min (`steam`): TAB, no header; copies have one.

    1<TAB>친구랑 하면 시간 가는 줄 모름

The label is 0 or 1, as in any other table of that kind, so the name of the file must say that it is this one.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from etl.ingestion.sources.copies import find_copy, has_name_of
from etl.ingestion.sources.raw import InputLog
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.sources.sentences import find_rated_lines, read_sentences
from etl.ingestion.tables.preview import Preview
from etl.schema import contract
from etl.settings import Settings

SLUG = "steam"


def recognise(preview: Preview) -> RecognisedFile | None:
    """Whether a table of this name has the two columns, with 0 and 1 in the first."""
    if not (preview.is_named or has_name_of(preview.raw, SLUG)):
        return None
    copy = find_copy(preview, SLUG, "rated", "reviews") or find_rated_lines(preview, SLUG)
    is_steam = copy is not None and copy.has_labels(SLUG, copy.layout.columns[0], is_called=True)
    return copy.recognised(SLUG, preview) if copy and is_steam else None


def read(files: list[RecognisedFile], settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:  # noqa: ARG001
    """Reads the reviews, in frames of bounded size."""
    for file in files:
        label, text = contract.load(SLUG).layouts[file.layout].columns
        yield from read_sentences([file], log, raw_text=pl.col(text), raw_label=pl.col(label))
