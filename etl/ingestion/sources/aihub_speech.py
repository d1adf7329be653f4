"""AIHub 감정 분류를 위한 대화 음성 데이터셋 (`aihub-speech`): cp949 CSV files with five votes a sentence.

    wav_id,발화문,상황,1번 감정,1번 감정세기,…,4번 감정,4번감정세기,5번 감정,5번 감정세기,나이,성별

`raw_label` is the five votes, joined by commas; the label table asks for three that agree. There is no
speaker id, so the sentence is the group. 상황 is what the actor was asked for, not what was heard.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from etl.ingestion.sources.frame import filled, id_column, rows_frame, stem
from etl.ingestion.sources.raw import InputLog
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.tables.delimited import record_frames
from etl.ingestion.tables.preview import Preview
from etl.schema import contract
from etl.settings import Settings

SLUG = "aihub-speech"
# Where things stand in the contract's list of columns.
_WAV, _SENTENCE, _ASKED_FOR, _AGE, _GENDER = 0, 1, 2, 13, 14
_VOTES, _STRENGTHS = range(3, 13, 2), range(4, 13, 2)


def recognise(preview: Preview) -> RecognisedFile | None:
    """Whether a file has the 15 columns."""
    match = contract.match_layout(contract.load(SLUG), preview.header)
    return RecognisedFile(SLUG, preview.raw, match.name, release=stem(preview.raw)) if match else None


def read(files: list[RecognisedFile], settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:  # noqa: ARG001
    """Reads the sentences, in frames of bounded size."""

    for file in files:
        with log.open_file(file.raw, source=SLUG, release=file.release, split=None) as open_file:
            for records in record_frames(open_file):
                yield rows_frame(
                    file.raw,
                    _columns(records, file.release),
                    source=SLUG,
                    release=file.release,
                )


def _columns(records: pl.DataFrame, release: str) -> pl.DataFrame:

    # The header spells one column without the space that the others have, and not everywhere.
    spelt = {name.replace(" ", ""): name for name in records.columns}
    names = [spelt.get(name.replace(" ", "")) for name in contract.load(SLUG).layouts["csv"].columns]
    cells = [pl.lit("") if name is None else pl.col(name) for name in names]
    stripped = [cell.str.strip_chars() for cell in cells]
    votes = [filled(cells[index]) for index in _VOTES]
    strengths = pl.concat_str([stripped[index] for index in _STRENGTHS], separator=",")
    about = (stripped[_ASKED_FOR], strengths, stripped[_AGE], stripped[_GENDER])
    wav = pl.coalesce(filled(cells[_WAV]), pl.format("row{}", "position"))
    return records.with_columns(
        cells[_SENTENCE].alias("raw_text"),
        pl.concat_str(votes, separator=",", ignore_nulls=True).alias("raw_label"),
        pl.format("asked_for={};strength={};age={};gender={}", *about).alias("annotations"),
        cells[_SENTENCE].str.replace_all(r"\s+", "").alias("group"),
        id_column(SLUG, release, wav).alias("id"),
    )
