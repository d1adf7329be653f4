"""AIHub 감정이 태깅된 자유대화, 성인 and 청소년 (`aihub-free-talk`): one JSON object a dialogue.

    {"File": {"FileName": "…"},
     "Conversation": [{"TextNo": "1", "SpeakerNo": "Speaker1", "StartTime": "0.5", …, "Text": "…",
                       "SpeakerEmotionTarget": "기쁨", "SpeakerEmotionCategory": "긍정",
                       "SpeakerEmotionLevel": "보통", "VerifyEmotionTarget": "기쁨", …}]}

Each utterance has a label of its own, what its speaker felt; what a second person heard is kept beside it.
The dialogue is the group.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import polars as pl

from etl.ingestion.sources import aihub_json
from etl.ingestion.sources.aihub_json import Dialogue, Element, Utterance
from etl.ingestion.sources.raw import InputLog
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.tables.preview import Preview
from etl.settings import Settings

SLUG = "aihub-free-talk"


class _Utterance(msgspec.Struct, gc=False):
    text: str | None = msgspec.field(name="Text", default=None)
    felt: str | None = msgspec.field(name="SpeakerEmotionTarget", default=None)
    speaker: Any = msgspec.field(name="SpeakerNo", default=None)
    category: Any = msgspec.field(name="SpeakerEmotionCategory", default=None)
    level: Any = msgspec.field(name="SpeakerEmotionLevel", default=None)
    heard: Any = msgspec.field(name="VerifyEmotionTarget", default=None)


class _File(msgspec.Struct, gc=False):
    name: str | int | None = msgspec.field(name="FileName", default=None)


class _Dialogue(msgspec.Struct, gc=False):
    utterances: list[msgspec.Raw] = msgspec.field(name="Conversation")
    file: _File | None = msgspec.field(name="File", default=None)


_DIALOGUE, _UTTERANCE = msgspec.json.Decoder(_Dialogue), msgspec.json.Decoder(_Utterance)


def recognise(preview: Preview) -> RecognisedFile | None:
    """Whether a file holds dialogues of which each utterance has its speaker's emotion."""
    if preview.suffix != ".json" or not preview.has_keys("Conversation", "SpeakerEmotionTarget"):
        return None
    return RecognisedFile(SLUG, preview.raw, "dialogue", split=aihub_json.official_split(preview.raw.path))


def group_files(files: list[RecognisedFile]) -> list[list[RecognisedFile]]:
    """The files of one zip or folder together."""
    return aihub_json.by_package(files)


def read(files: list[RecognisedFile], settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:  # noqa: ARG001
    """Reads the utterances, in frames of bounded size. Each has its own label, so all turns are read."""
    return aihub_json.read_dialogues(files, log, _parse)


def _parse(content: Element) -> Dialogue:
    dialogue = _DIALOGUE.decode(content)
    rows = [
        Utterance(turn, detail=each) if isinstance(each, str) else _row(turn, each)
        for turn, each in aihub_json.decode_each(dialogue.utterances, _UTTERANCE)
    ]
    name = dialogue.file.name if dialogue.file else None
    return Dialogue(name, rows)


def _row(turn: int, each: _Utterance) -> Utterance:
    about = aihub_json.join_facts(
        speaker=each.speaker, category=each.category, level=each.level, verified=each.heard
    )
    return Utterance(turn, each.text, each.felt, about)
