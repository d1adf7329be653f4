"""K-MHaS (`k-mhas`): TSV files with a comment and the ids of its labels.

    document<TAB>label
    "오늘도 좋은 하루 보내세요"<TAB>8

The columns are those of other corpora too; lists of ids and the 8 of no hate speech tell it from them.
The copy on the Hugging Face Hub has `text`, and lists of names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from etl.ingestion.sources.copies import find_copy, has_name_of
from etl.ingestion.sources.raw import InputLog
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.sources.sentences import read_sentences
from etl.ingestion.tables.preview import Preview
from etl.settings import Settings

SLUG = "k-mhas"
_IDS = re.compile(r"[0-8](\s*,\s*[0-8])*")
# Of the Hub, ids or names.
_LIST = re.compile(r"\[.*\]")
_HUB = "hub"
_NO_HATE = "8"


def recognise(preview: Preview) -> RecognisedFile | None:
    """Whether a table has comments and lists of ids, or single ids if the user or its name says so."""
    copy = find_copy(preview, SLUG)
    if copy is None:
        return None
    labels = copy.values("label")
    pattern = _LIST if copy.layout.name == _HUB else _IDS
    lists = [label for label in labels if pattern.fullmatch(label)]
    is_telling = pattern is _IDS and _NO_HATE in lists and any("," in label for label in lists)
    is_certain = is_telling or preview.is_named or has_name_of(preview.raw, SLUG)
    return copy.recognised(SLUG, preview) if is_certain and 2 * len(lists) > len(labels) else None


def read(files: list[RecognisedFile], settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:  # noqa: ARG001
    """Reads the comments, in frames of bounded size."""
    text = pl.coalesce("document", "text")
    yield from read_sentences(files, log, raw_text=text, raw_label=pl.col("label"))
