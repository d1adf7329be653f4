"""AIHub 공감형 대화 (`aihub-empathy`): one JSON object a dialogue, in zips of an emotion and a relation.

    {"info": {"id": "BE22000001", "relation": "연인", "situation": "…", "speaker_emotion": "기쁨", …},
     "utterances": [{"role": "speaker", "text": "…", "speaker_changeEmotion": null, …},
                    {"role": "listener", "text": "…", "listener_empathy": ["동조"], …}]}

The label belongs to the dialogue and is that of the speaker; what the listener says is no row. As in
감성대화, only the speaker's opening is read unless all turns are asked for. The dialogue is the group.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import msgspec
import polars as pl

from etl.ingestion.sources import aihub_json
from etl.ingestion.sources.aihub_json import Dialogue, Element, Utterance
from etl.ingestion.sources.raw import InputLog
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.tables.preview import Preview
from etl.settings import Settings

SLUG = "aihub-empathy"


class _Utterance(msgspec.Struct, gc=False):
    role: str | None = None
    text: str | None = None
    changed_to: Any = msgspec.field(name="speaker_changeEmotion", default=None)


class _Info(msgspec.Struct, gc=False):
    id: str | int | None = None
    speaker_emotion: str | None = None
    relation: Any = None


class _Dialogue(msgspec.Struct, gc=False):
    info: _Info
    utterances: list[msgspec.Raw]


_DIALOGUE, _UTTERANCE = msgspec.json.Decoder(_Dialogue), msgspec.json.Decoder(_Utterance)


def recognise(preview: Preview) -> RecognisedFile | None:
    """Whether a file holds dialogues of a speaker with one emotion."""
    if preview.suffix != ".json" or not preview.has_keys("utterances", "speaker_emotion"):
        return None
    return RecognisedFile(SLUG, preview.raw, "dialogue", split=aihub_json.official_split(preview.raw.path))


def group_files(files: list[RecognisedFile]) -> list[list[RecognisedFile]]:
    """The files of one zip or folder together."""
    return aihub_json.by_package(files)


def read(files: list[RecognisedFile], settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:
    """Reads what the speakers say, in frames of bounded size."""
    return aihub_json.read_dialogues(files, log, partial(_parse, only_first=settings.read.turns == "first"))


def _parse(content: Element, *, only_first: bool) -> Dialogue:
    dialogue = _DIALOGUE.decode(content)
    rows: list[Utterance] = []
    for turn, each in aihub_json.decode_each(dialogue.utterances, _UTTERANCE):
        if isinstance(each, str):
            rows.append(Utterance(turn, detail=each))
            continue
        role = (each.role or "").strip().lower()
        if role == "speaker":
            about = aihub_json.join_facts(relation=dialogue.info.relation, changed_to=each.changed_to)
            rows.append(Utterance(turn, each.text, dialogue.info.speaker_emotion, about))
            if only_first:
                break
        elif role != "listener":
            rows.append(Utterance(turn, detail=f"expected a role of speaker or listener, got {each.role!r}"))
    return Dialogue(dialogue.info.id, rows)
