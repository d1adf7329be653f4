"""AIHub 감정 분류를 위한 대화 음성 데이터셋 (`aihub-speech`): cp949 CSV files with five votes a sentence.

    wav_id,발화문,상황,1번 감정,1번 감정세기,…,4번 감정,4번감정세기,5번 감정,5번 감정세기,나이,성별

`raw_label` is the five votes, joined by commas; the label table asks for three that agree. There is no
speaker id, so the sentence is the group. 상황 is what the actor was asked for, not what was heard.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from etl import contract
from etl.settings import Settings
from etl.sources.found import Found, Peek
from etl.sources.frame import id_column, record_frames, rows_frame, stem
from etl.sources.raw import Account

if TYPE_CHECKING:
    import polars as pl

SLUG = "aihub-speech"
# Where things stand in a record; the header spells one of them in its own way, so names do not help.
_WAV, _SENTENCE, _ASKED_FOR, _AGE, _GENDER = 0, 1, 2, 13, 14
_VOTES, _STRENGTHS = range(3, 13, 2), range(4, 13, 2)


def recognise(peek: Peek) -> Found | None:
    """Whether a file has the 15 columns."""
    match = contract.match_layout(contract.load(SLUG), peek.header)
    return Found(SLUG, peek.raw, match.name, release=stem(peek.raw)) if match else None


def read(found: list[Found], settings: Settings, account: Account) -> Iterator[pl.DataFrame]:  # noqa: ARG001
    """The sentences, in frames of bounded size."""

    for each in found:
        with account.reading(each.raw, source=SLUG, release=each.release, split=None) as reading:
            for records in record_frames(reading, ","):
                yield rows_frame(
                    each.raw,
                    _columns(records, each.release),
                    source=SLUG,
                    release=each.release,
                    domain="speech",
                )


def _columns(records: pl.DataFrame, release: str) -> pl.DataFrame:
    import polars as pl

    names = records.columns[1:]  # all but `position`
    stripped = {name: pl.col(name).str.strip_chars() for name in names}
    votes = [pl.when(stripped[names[index]] != "").then(stripped[names[index]]) for index in _VOTES]
    strengths = pl.concat_str([stripped[names[index]].fill_null("") for index in _STRENGTHS], separator=",")
    wav = pl.coalesce(stripped[names[_WAV]], pl.format("row{}", "position"))
    return records.with_columns(
        pl.col(names[_SENTENCE]).alias("raw_text"),
        pl.concat_str(votes, separator=",", ignore_nulls=True).alias("raw_label"),
        pl.format(
            "asked_for={};strength={};age={};gender={}",
            stripped[names[_ASKED_FOR]],
            strengths,
            stripped[names[_AGE]],
            stripped[names[_GENDER]],
        ).alias("annotations"),
        pl.col(names[_SENTENCE]).str.replace_all(r"\s+", "").alias("group"),
        id_column(SLUG, release, wav).alias("id"),
    )
