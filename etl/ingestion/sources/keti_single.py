"""KETI 한국어 단발성 대화 (`keti-single`): a workbook with `Sentence` and `Emotion`, or a copy of it.

Beside the rows the workbook has a small table of label counts, in cells that have no header.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from etl.ingestion.sources import keti_dialogue
from etl.ingestion.sources.copies import find_copy, read_copy
from etl.ingestion.sources.frame import filled, rows_frame
from etl.ingestion.sources.raw import InputLog, RawFile
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.tables.preview import Preview
from etl.language.message import tr
from etl.settings import Settings

SLUG = "keti-single"
_SENTENCE, _LABEL = "Sentence", "Emotion"  # as the contract spells them


def recognise(preview: Preview) -> RecognisedFile | None:
    """Whether a table has the two columns, with labels of the corpus in the second."""
    copy = find_copy(preview, SLUG)
    if copy is None or not (preview.is_named or copy.has_labels(SLUG, _LABEL)):
        return None
    return copy.recognised(SLUG, preview)


def read(files: list[RecognisedFile], settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:  # noqa: ARG001
    """Reads the sentences, in frames of bounded size."""

    for file in files:
        labels: list[str] = []
        with log.open_file(file.raw, source=SLUG, release=file.release, split=None) as open_file:
            for raw, table in read_copy(file, open_file, log):
                labels += table.select(filled(pl.col(_LABEL)).drop_nulls()).to_series().to_list()
                columns = table.with_columns(
                    pl.col(_SENTENCE).alias("raw_text"),
                    pl.col(_LABEL).alias("raw_label"),
                )
                yield rows_frame(raw, columns, source=SLUG, release=file.release)
        if keti_dialogue.is_likely(file.raw, labels):
            log.warnings.append(_dialogues_are_lost(file.raw))


def _dialogues_are_lost(raw: RawFile) -> str:
    neutral = keti_dialogue.neutral_label()
    return tr(
        "{file} looks like {corpus} without its dialogues, not like {other}, by its name or "
        "as most labels are {neutral}: each row is a group of its own, so utterances of "
        "one dialogue may stand in train and in test; the publisher's workbook says where "
        "a dialogue begins",
        file=raw.name,
        corpus=keti_dialogue.SLUG,
        other=SLUG,
        neutral=neutral,
    )
