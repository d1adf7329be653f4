"""Writes 멀티모달 영상 (`aihub-multimodal`): zips of clips, each a JSON file beside a video.

An utterance is repeated on each frame of its span; listeners have no `text`, objects no `emotion`. Names in
the zips are cp949 without a flag, one zip is in two parts, and one JSON file is cp949.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from etl.errors import SettingsError
from etl.language.message import tr
from etl.sample.files import json_bytes, korean_zip_bytes, save
from etl.sample.phrases import SampleSentence, load_corpus, load_phrases

SLUG = "aihub-multimodal"
_corpus = partial(load_corpus, SLUG)
MIN_CLIPS = 3
_CLIPS_PER_BLOCK, _BLOCKS_PER_ZIP, _BLOCK = 5, 10, 40
_UTTERANCES, _FRAMES, _PAUSE = range(8, 12), range(5, 12), range(1, 4)
_FIRST_PERSON = 101
# The beginning of an MP4 header, by which programs recognise the format.
_VIDEO = b"\x00\x00\x00\x18ftypmp42" + bytes(64)


@dataclass(frozen=True)
class Utterance:
    """An utterance of one person on the frames `start` to `end`.

    `label` is that of the modality text, None: missing; `reason` the reject reason that ingest should find.
    """

    script: str
    label: str | None
    person: int
    start: int
    end: int
    reason: str | None = None


def write_clips(
    folder: Path, clips: int, sentences: dict[str, Iterator[SampleSentence]], rng: Random
) -> list[str | None]:
    """Writes all zips.

    Returns:
        The reject reason of each utterance that ingest should read; None: kept.

    Raises:
        SettingsError: more clips than the zips can hold, or fewer than the planted ones.
    """
    corpus = _corpus()
    reasons: list[str | None] = []
    numbered = _clip_numbers(clips)
    planted = _plants()
    for batch_index, batch in enumerate(corpus["batches"]):
        members: list[tuple[str, bytes]] = []
        for index, (block, clip) in enumerate(numbered[batch_index]):
            people = _people(batch_index, block)
            utterances = _conversation(people, sentences, rng)
            if index == 0:
                utterances = planted[batch_index](utterances)
            reasons += [utterance.reason for utterance in utterances]
            # As clip_1052 and clip_2050 are: everything else is UTF-8.
            encoding = "cp949" if (batch_index, index) == (1, 0) else "utf-8"
            is_text = (batch_index, index) == (2, 0)
            document = _clip(clip, people, utterances, rng, is_text=is_text)
            path = f"{batch['prefix']}/clip_{clip}/clip_{clip}"
            members.append((f"{path}.json", json_bytes(document, encoding=encoding)))
            members.append((f"{path}.mp4", _VIDEO))
        _save_in_parts(folder / corpus["folder"] / batch["zip"], korean_zip_bytes(members), batch["parts"])
    return reasons


def _clip_numbers(clips: int) -> list[list[tuple[int, int]]]:
    """Returns for each zip the (block, clip id) of its clips: a few of each block of 40 clips."""
    batches = _corpus()["batches"]
    most = len(batches) * _BLOCKS_PER_ZIP * _BLOCK
    if not MIN_CLIPS <= clips <= most:
        raise SettingsError(
            tr("{clips:,} clips cannot be made", clips=clips),
            details=[
                tr(
                    "expected {least} to {most:,}: each zip holds a planted one, and 400 at most",
                    least=MIN_CLIPS,
                    most=most,
                )
            ],
            next_step=tr("give --clips a number between {least} and {most:,}", least=MIN_CLIPS, most=most),
        )
    blocks = len(batches) * _BLOCKS_PER_ZIP
    per_block = max(_CLIPS_PER_BLOCK if clips >= len(batches) * _CLIPS_PER_BLOCK else 1, -(-clips // blocks))
    numbered: list[list[tuple[int, int]]] = [[] for _ in batches]
    for index in range(clips):
        which, offset = divmod(index, per_block)
        batch, block = which % len(batches), which // len(batches)
        numbered[batch].append((block, batches[batch]["first_clip"] + block * _BLOCK + offset))
    return numbered


def _people(batch: int, block: int) -> list[int]:
    """Returns the two actors of a block. Some blocks share one with the previous, so both are one group."""
    first = _FIRST_PERSON + 100 * batch + 2 * block
    return [first - 1 if block % 4 == 1 else first, first + 1]


def _conversation(
    people: list[int], sentences: dict[str, Iterator[SampleSentence]], rng: Random
) -> list[Utterance]:
    labels = _corpus()["labels"]
    utterances = []
    frame = 1
    for turn in range(rng.choice(_UTTERANCES)):
        emotion = rng.choice(list(labels))
        start, end = frame, frame + rng.choice(_FRAMES)
        script = next(sentences[emotion]).text
        utterances.append(Utterance(script, rng.choice(labels[emotion]), people[turn % 2], start, end))
        frame = end + rng.choice(_PAUSE)
    return utterances


def _plants() -> list[Callable[[list[Utterance]], list[Utterance]]]:
    return [_with_short_answers, _with_aliases, _with_bad_labels]


def _with_short_answers(utterances: list[Utterance]) -> list[Utterance]:
    """Adds repeated answers that are too short to be duplicates."""
    answers = load_phrases()["planted"]["short_answers"] * 2
    frame = utterances[-1].end + 2
    label = _corpus()["short_answer_label"]
    people = [utterances[0].person, utterances[1].person]
    return [
        *utterances,
        *(
            Utterance(answer, label, people[index % 2], frame + 3 * index, frame + 3 * index + 1)
            for index, answer in enumerate(answers)
        ),
    ]


def _with_aliases(utterances: list[Utterance]) -> list[Utterance]:
    """Replaces adjectives by the nouns that some files have as labels."""
    aliases = _corpus()["aliases"]
    return [replace(one, label=aliases.get(one.label, one.label)) for one in utterances]


def _with_bad_labels(utterances: list[Utterance]) -> list[Utterance]:
    """Plants a missing and a blank modality, an unknown label and a blank script."""
    missing, blank, unknown, empty, *rest = utterances
    return [
        replace(missing, label=None, reason="missing_label"),
        replace(blank, label="", reason="missing_label"),
        replace(unknown, label=_corpus()["unknown"], reason="unknown_label"),
        replace(empty, script=load_phrases()["planted"]["blank"][0], reason="empty_text"),
        *rest,
    ]


def _clip(
    clip: int, people: list[int], utterances: list[Utterance], rng: Random, *, is_text: bool
) -> dict[str, Any]:
    """Returns the annotation of a clip; with `is_text` numbers are strings."""
    frames: dict[str, Any] = {}
    for utterance in utterances:
        # The same boxes on each frame of an utterance: ingest ignores them, and the zips stay small.
        things = _things(utterance, people, rng, is_text=is_text)
        for frame in range(utterance.start, utterance.end + 1):
            frames[str(frame)] = {key: {**thing, "frame": str(frame)} for key, thing in things.items()}
    last = utterances[-1].end + 1
    return {
        "clip_id": str(clip) if is_text else clip,
        "nr_frame": str(last) if is_text else last,
        "situation": rng.choice(_corpus()["situations"]),
        "video_size": "1920x1080",
        "category": _corpus()["category"],
        "actor": {
            str(person): {"age": str(20 + person % 40), "gender": ("male", "female")[person % 2]}
            for person in people
        },
        "data": frames,
    }


def _things(utterance: Utterance, people: list[int], rng: Random, *, is_text: bool) -> dict[str, Any]:
    things = {}
    for key, person in enumerate(people, start=1):
        seen = {**_box(rng), "label": "person", "person_id": str(person), "predicate": {"action": "sit"}}
        if person == utterance.person:
            seen |= {
                "emotion": _emotion(utterance.label, rng),
                "text": _text(utterance, rng, is_text=is_text),
            }
        else:
            image = {**_label(rng.choice(_corpus()["images"]), rng), "emotion_sub": ""}
            seen |= {"emotion": {"image": image}}
        things[str(key)] = seen
    things[str(len(people) + 1)] = {**_box(rng), "label": "cup", "predicate": {}}
    return things


def _emotion(label: str | None, rng: Random) -> dict[str, Any]:
    """Returns the labels of the four modalities, which agree about as often as in the corpus."""
    images = _corpus()["images"]
    overall = rng.choice(images) if label is None or rng.random() > 1 / 3 else label
    emotion = {
        "image": {**_label(rng.choice(images), rng), "emotion_sub": ""},
        "sound": _label(overall if rng.random() < 3 / 4 else rng.choice(images), rng),
        "text": _label(label, rng),
        "multimodal": _label(overall, rng),
    }
    if label is None:
        del emotion["text"]
    return emotion


def _label(label: str | None, rng: Random) -> dict[str, Any]:
    return {"emotion": label, "valence": rng.randint(1, 10), "arousal": rng.randint(1, 10)}


def _text(utterance: Utterance, rng: Random, *, is_text: bool) -> dict[str, Any]:
    start, end = utterance.start, utterance.end
    return {
        "script": utterance.script,
        # Some are not integers: they lie between two frames.
        "script_start": (f"{start}.5" if start % 2 else str(start)) if is_text else start,
        "script_end": str(end) if is_text else end,
        "morpheme": " ".join(utterance.script.split()),
        "intent": rng.choice(_corpus()["intents"]),
        "strategy": rng.choice(_corpus()["strategies"]),
    }


def _box(rng: Random) -> dict[str, Any]:
    left, top = rng.randint(0, 1200), rng.randint(0, 500)
    corners = {"xtl": left, "ytl": top, "xbr": left + 400, "ybr": top + 500}
    return {**{name: float(value) for name, value in corners.items()}, "position": ""}


def _save_in_parts(path: Path, content: bytes, parts: int) -> None:
    if parts == 1:
        save(path, content)
        return
    size = -(-len(content) // parts)
    for index in range(parts):
        save(path.with_name(f"{path.name}.part{index}"), content[index * size : (index + 1) * size])
