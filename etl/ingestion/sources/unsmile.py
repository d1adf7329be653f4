"""Korean UnSmile (`unsmile`): TSV files with a comment and one column of 0 and 1 for each label.

    문장<TAB>여성/가족<TAB>남성<TAB>…<TAB>악플/욕설<TAB>clean<TAB>개인지칭

The raw label lists the columns that hold a 1. The last column is no label; it is kept in annotations.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from etl.ingestion.sources.copies import find_copy
from etl.ingestion.sources.frame import filled, one_hot_labels
from etl.ingestion.sources.raw import InputLog
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.sources.sentences import read_sentences
from etl.ingestion.tables.preview import Preview
from etl.language.message import tr
from etl.schema import contract
from etl.settings import Settings

SLUG = "unsmile"
_LAYOUT = "one-hot"


def recognise(preview: Preview) -> RecognisedFile | None:
    """Whether a table has the columns."""
    copy = find_copy(preview, SLUG)
    return copy.recognised(SLUG, preview, columns={name: name for name in copy.columns}) if copy else None


def read(files: list[RecognisedFile], settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:  # noqa: ARG001
    """Reads the comments, in frames of bounded size."""
    text, *labels, names_person = contract.load(SLUG).layouts[_LAYOUT].columns
    for file in files:
        if absent := [name for name in labels if name not in file.columns]:
            log.warnings.append(
                tr(
                    "{file} lacks the columns {absent}: no row of it has these labels",
                    file=file.raw.name,
                    absent=", ".join(absent),
                )
            )
    yield from read_sentences(
        files,
        log,
        raw_text=pl.col(text),
        raw_label=one_hot_labels(labels),
        annotations=pl.format("names_person={}", filled(pl.col(names_person))),
    )
