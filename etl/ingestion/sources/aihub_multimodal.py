"""AIHub 멀티모달 영상 (`aihub-multimodal`): one JSON object a clip, utterances repeated on every frame.

    {"clip_id": "12", "nr_frame": "240", "actor": {"114": {"age": …, "gender": …}},
     "data": {"1": {"1": {"person_id": "114",
                          "emotion": {"image": {"emotion": "angry", "valence": 3, …}, "sound": {…},
                                      "text": {…}, "multimodal": {…}},
                          "text": {"script": "…", "script_start": "1", "script_end": 57, …}}}}}

An utterance is known by (clip_id, person_id, script_start, script_end), never by its text: "왜?" occurs
188 times. Forty consecutive clips come from one video; the videos that share an actor are one group, or
the test speakers would be known from training.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import attrgetter, itemgetter

import msgspec
import polars as pl

from etl.errors import InputError
from etl.ingestion.sources.frame import id_column, rows_frame
from etl.ingestion.sources.raw import InputLog, OpenFile, read_ahead
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.tables.delimited import in_batches
from etl.ingestion.tables.preview import Preview
from etl.language.message import tr
from etl.settings import Settings
from etl.text.encoding import to_utf8

SLUG = "aihub-multimodal"
MODALITIES = ("text", "sound", "image", "multimodal")
_CLIPS_PER_VIDEO = 40

Number = str | int | float | None


class _Label(msgspec.Struct, gc=False):
    emotion: str | None = None
    valence: Number = None
    arousal: Number = None


class _Emotion(msgspec.Struct, gc=False):
    text: _Label | None = None
    sound: _Label | None = None
    image: _Label | None = None
    multimodal: _Label | None = None


class _Script(msgspec.Struct, gc=False):
    script: str | None = None
    script_start: Number = None
    script_end: Number = None


class _Thing(msgspec.Struct, gc=False):
    """One object in one frame. All that we do not name is skipped without being decoded."""

    person_id: Number = None
    emotion: _Emotion | None = None
    text: _Script | None = None


class _Clip(msgspec.Struct, gc=False):
    clip_id: str | int
    data: dict[str, dict[str, _Thing]]


# Holds nothing that refers back, so the garbage collector need not look at it (gc=False above).
_DECODER = msgspec.json.Decoder(_Clip)


@dataclass
class _Utterance:
    """One utterance, with the emotions of all frames on which it is repeated."""

    clip: int
    person: str
    start: str
    end: str
    script: str | None
    frame: int
    file: RecognisedFile
    emotions: list[_Emotion] = field(default_factory=list)
    labels: dict[str, _Label] = field(default_factory=dict)


def recognise(preview: Preview) -> RecognisedFile | None:
    """Whether a file is one clip."""
    is_object = preview.suffix == ".json" and preview.head.lstrip()[:1] == b"{"
    # The keys of an object have no order: clip_id may follow megabytes of frames.
    is_clip = is_object and (preview.has_keys("clip_id") or preview.has_keys("data", "person_id"))
    return RecognisedFile(SLUG, preview.raw, "clip") if is_clip else None


def group_files(files: list[RecognisedFile]) -> list[list[RecognisedFile]]:
    """All clips together: which of them share an actor decides the groups."""
    return [files]


def read(files: list[RecognisedFile], settings: Settings, log: InputLog) -> Iterator[pl.DataFrame]:
    """Reads the utterances of the clips, in frames of bounded size.

    The utterances (some 80,000) are held together, since groups are known only when all actors are; the
    clips are not, so memory does not grow with the size of the videos' annotation.
    """
    utterances: list[_Utterance] = []
    actors: dict[int, set[str]] = {}
    for file, raw in zip(files, read_ahead([file.raw for file in files]), strict=True):
        with log.open_file(raw, source=SLUG, release=file.release, split=None) as open_file:
            spoken = _utterances(file, _decode(open_file))
            for utterance in spoken:
                actors.setdefault(_block(utterance.clip), set()).add(utterance.person)
            utterances.extend(spoken)
            open_file.rows = len(spoken)
    groups = speaker_groups(actors)
    for batch in in_batches(utterances):
        yield _frame(batch, groups, settings.read.modality)


def speaker_groups(actors: dict[int, set[str]]) -> dict[int, int]:
    """Union-find over video blocks: blocks that share an actor, directly or through others, are one group.

    Args:
        actors: for each block, the actors in it.

    Returns:
        For each block the smallest block of its group.
    """
    parent = {block: block for block in actors}

    def root(block: int) -> int:
        while parent[block] != block:
            parent[block] = parent[parent[block]]
            block = parent[block]
        return block

    first_block_of: dict[str, int] = {}
    for block in sorted(actors):
        for actor in sorted(actors[block]):
            one, other = root(block), root(first_block_of.setdefault(actor, block))
            parent[max(one, other)] = min(one, other)
    return {block: root(block) for block in actors}


def _block(clip: int) -> int:
    return (clip - 1) // _CLIPS_PER_VIDEO


def _decode(open_file: OpenFile) -> _Clip:
    content, open_file.encoding = to_utf8(open_file.stream.read(), open_file.raw.name)
    try:
        return _DECODER.decode(content)
    except msgspec.DecodeError as error:
        raise InputError(
            tr("{file} is not the clip its contract describes", file=open_file.raw.name),
            details=[error],
            cause=tr("The file was edited, or the download was cut off."),
            next_step=tr("download it again, or run with `--on-bad-file skip` to go on without it."),
        ) from error


def _utterances(file: RecognisedFile, clip: _Clip) -> list[_Utterance]:
    """The utterances of one clip in the order of their first frames; frames are read in numeric order."""
    try:
        number = int(clip.clip_id)
        frames = sorted(((int(frame), things) for frame, things in clip.data.items()), key=itemgetter(0))
    except ValueError as error:
        raise InputError(
            tr("{file} is not the clip its contract describes", file=file.raw.name),
            details=[tr("expected numbers as clip_id and as keys of data, got: {error}", error=error)],
            cause=tr("The file was edited."),
            next_step=tr("repair it, or run with `--on-bad-file skip` to go on without it."),
        ) from error
    utterances: dict[tuple[str, str, str], _Utterance] = {}
    known: dict[tuple[Number, Number, Number], _Utterance] = {}  # by the numbers as they are spelt
    for frame, things in frames:
        for thing in things.values():
            spoken = thing.text
            if spoken is None:
                continue
            spelt = (thing.person_id, spoken.script_start, spoken.script_end)
            utterance = known.get(spelt)
            if utterance is None:
                key = (_number(spelt[0]), _number(spelt[1]), _number(spelt[2]))
                new = _Utterance(number, *key, spoken.script, frame, file)
                utterance = known[spelt] = utterances.setdefault(key, new)
            if thing.emotion is not None:
                utterance.emotions.append(thing.emotion)
    for utterance in utterances.values():
        utterance.labels = _labels(utterance.emotions)
        utterance.emotions = []
    return list(utterances.values())


def _labels(emotions: list[_Emotion]) -> dict[str, _Label]:
    """For each modality the label of most frames, of several the earliest; only `image` ever differs."""
    chosen: dict[str, _Label] = {}
    for name in MODALITIES:
        found: list[_Label] = [label for label in map(attrgetter(name), emotions) if label and label.emotion]
        if found:
            winner = Counter([label.emotion for label in found]).most_common(1)[0][0]
            chosen[name] = next(label for label in found if label.emotion == winner)
    return chosen


def _number(value: Number) -> str:
    """`57`, `57.0` and `"57"` are one number; what is no number stays as it is."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "?" if value is None else str(value).strip()


def _frame(batch: list[_Utterance], groups: dict[int, int], modality: str) -> pl.DataFrame:

    columns = pl.DataFrame(
        {
            "file": [each.file.raw.file for each in batch],
            "member": [each.file.raw.member for each in batch],
            "position": [each.frame for each in batch],
            "clip": [each.clip for each in batch],
            "person": [each.person for each in batch],
            "start": [each.start for each in batch],
            "end": [each.end for each in batch],
            "group": [f"block{groups[_block(each.clip)]:04d}" for each in batch],
            "raw_text": [each.script for each in batch],
            "raw_label": [label.emotion if (label := each.labels.get(modality)) else None for each in batch],
            "annotations": [_annotations(each) for each in batch],
        },
        schema_overrides=dict.fromkeys(("raw_text", "raw_label"), pl.String),
    )
    keys = (pl.col(name) for name in ("clip", "person", "start", "end"))
    return rows_frame(
        None,
        columns.with_columns(id_column(SLUG, *keys).alias("id")),
        source=SLUG,
        release="v1",
    )


def _annotations(utterance: _Utterance) -> str:
    """All modalities with valence/arousal, so that another choice of label needs no second reading."""
    return ";".join(
        f"{name}={label.emotion},{_number(label.valence)}/{_number(label.arousal)}"
        for name, label in utterance.labels.items()
    )
