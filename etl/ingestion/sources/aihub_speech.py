"""AIHub 감정 분류를 위한 대화 음성 데이터셋 (`aihub-speech`): cp949 CSV files with five votes a sentence.

    wav_id,발화문,상황,1번 감정,1번 감정세기,…,4번 감정,4번감정세기,5번 감정,5번 감정세기,나이,성별

`raw_label` is the five votes, joined by commas; the label table asks for three that agree. There is no
speaker id, so the sentence is the group. 상황 is what the actor was asked for, not what was heard; it is the
label only in copies that have nothing else (`asked_for:anger`).
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from etl.ingestion.sources.copies import find_copy, locate, read_copy
from etl.ingestion.sources.frame import filled, key_id, rows_frame, stem, whole_number
from etl.ingestion.sources.raw import InputLog
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.tables.preview import Preview
from etl.language.message import tr
from etl.schema import contract
from etl.settings import Settings

SLUG = "aihub-speech"
_VOTES_LAYOUT, _ASKED_FOR_LAYOUT = "votes", "asked-for"
# Where things stand in the contract's list of columns.
_WAV, _SENTENCE, _ASKED_FOR, _AGE, _GENDER = 0, 1, 2, 13, 14
_VOTES, _STRENGTHS = range(3, 13, 2), range(4, 13, 2)
_ASKED_FOR_PREFIX = "asked_for:"
# The release of a file that has another name than those of the publisher.
_COPY = "copy"


def recognise(preview: Preview) -> RecognisedFile | None:
    """Whether a table has the sentence and five votes, or at least the emotion that was asked for."""
    copy = find_copy(preview, SLUG)
    if copy is None:
        return None
    names = contract.load(SLUG).layouts[_VOTES_LAYOUT].columns
    label, prefix = names[_VOTES[0]], ""
    if copy.layout.name == _ASKED_FOR_LAYOUT:
        if locate([names[index] for index in _VOTES], copy.header):  # some votes are there, and some are lost
            return None
        label, prefix = names[_ASKED_FOR], _ASKED_FOR_PREFIX
    if not (preview.is_named or copy.has_labels(SLUG, label, prefix)):
        return None
    release = stem(preview.raw)
    return copy.recognised(
        SLUG, preview, release=release if release in contract.load(SLUG).releases else _COPY
    )


def read(files: list[RecognisedFile], settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:  # noqa: ARG001
    """Reads the sentences, in frames of bounded size."""

    for file in files:
        with log.open_file(file.raw, source=SLUG, release=file.release, split=None) as open_file:
            for raw, records in read_copy(file, open_file, log):
                columns = _columns(records, file)
                yield rows_frame(raw, columns, source=SLUG, release=file.release)
        if file.layout == _ASKED_FOR_LAYOUT:
            log.warnings.append(
                tr(
                    "{file} has no votes: its labels say which emotion the actor was asked for, not "
                    "what listeners heard; the files of the publisher have both",
                    file=file.raw.name,
                )
            )


def _columns(records: pl.DataFrame, file: RecognisedFile) -> pl.DataFrame:
    names = contract.load(SLUG).layouts[_VOTES_LAYOUT].columns
    cells = [pl.col(name) if name in records.columns else pl.lit("") for name in names]
    stripped = [cell.str.strip_chars() for cell in cells]
    numbers = [whole_number(cell) for cell in stripped]
    votes = [filled(cells[index]) for index in _VOTES]
    strengths = pl.concat_str([numbers[index] for index in _STRENGTHS], separator=",")
    about = (stripped[_ASKED_FOR], strengths, numbers[_AGE], stripped[_GENDER])
    if file.layout == _ASKED_FOR_LAYOUT:
        raw_label = pl.format(f"{_ASKED_FOR_PREFIX}{{}}", filled(cells[_ASKED_FOR]))
    else:
        raw_label = pl.concat_str(votes, separator=",", ignore_nulls=True)
    return records.with_columns(
        cells[_SENTENCE].alias("raw_text"),
        raw_label.alias("raw_label"),
        pl.format("asked_for={};strength={};age={};gender={}", *about).alias("annotations"),
        cells[_SENTENCE].str.replace_all(r"\s+", "").alias("group"),
        # The number of a recording is unique over all releases; a copy may have lost it.
        key_id(SLUG, key=filled(cells[_WAV])).alias("id"),
    )
