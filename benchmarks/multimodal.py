"""Reads a zip of clips of 멀티모달 영상 into frames, against `json.load` of each clip and a loop.

Both find each utterance once although it stands on every frame. Ours also keeps all modalities, groups the
speakers, and must not grow with the number of clips.
"""

from __future__ import annotations

import json
import mmap
import zipfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from benchmarks import made_up
from benchmarks.measure import Case, Setup, compared, make_input, timed
from benchmarks.report import Comparison, at_least_times, megabytes, peak_below

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

CLIPS, MANY_CLIPS = 60, 180
TIMES = 4.0
PEAK_MB = 400
IMPORTS = {"etl": ("etl.ingestion.ingest", "polars", "yaml"), "json_load": ("pandas",)}
_FRAMES = 1500
_LABELS = ("happy", "surprise", "angry", "sad", "dislike", "fear", "contempt", "neutral")
_VERBS, _PREPOSITIONS = ("sit", "turn", "lean", "reach", "hold"), ("at", "by", "on", "to")
_PREDICATES = [f"{verb}_{preposition}" for verb in _VERBS for preposition in _PREPOSITIONS]
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def run(setup: Setup) -> Comparison:
    """Compares the two sides on the smaller zip, and ours with itself on the larger one."""
    few, many = setup.size(CLIPS), setup.size(MANY_CLIPS)
    sides = cases(setup)
    runs = compared(sides, setup)
    many_clips = f"etl, {many} clips"
    larger = make_input(__name__, setup, "clips.zip", many)
    runs |= timed({many_clips: Case(__name__, "etl", larger)}, setup)
    with zipfile.ZipFile(sides["etl"].source) as archive:
        clip_bytes = sum(member.file_size for member in archive.infolist()) / few
    return Comparison(
        f"멀티모달: {few} clips of {clip_bytes / 1e6:.1f} MB, zipped {megabytes(sides['etl'].source)}; "
        "json.load: of each clip, and a loop into a pandas DataFrame",
        runs,
        [
            at_least_times(TIMES, runs["json.load"], runs["etl"]),
            peak_below(PEAK_MB, runs["etl"], f"{few} clips"),
            peak_below(PEAK_MB, runs[many_clips], f"{many} clips"),
        ],
    )


def cases(setup: Setup) -> dict[str, Case]:
    source = make_input(__name__, setup, "clips.zip", setup.size(CLIPS))
    return {"etl": Case(__name__, "etl", source), "json.load": Case(__name__, "json_load", source)}


def etl(source: str, out: str) -> list[pl.DataFrame]:  # noqa: ARG001 - a reader writes nothing
    from etl.ingestion.ingest import discover
    from etl.ingestion.sources.units import read_units
    from etl.settings import Settings

    found, account = discover([Path(source)], Settings())
    return list(read_units(found, Settings(), account))


def json_load(source: str, out: str) -> pd.DataFrame:  # noqa: ARG001
    import pandas as pd

    seen = set()
    rows = []
    with zipfile.ZipFile(source) as archive:
        for member in archive.infolist():
            with archive.open(member) as stream:
                clip = json.load(stream)
            for frame in clip["data"].values():
                for thing in frame.values():
                    spoken = thing.get("text")
                    if spoken is None:
                        continue
                    key = (
                        clip["clip_id"],
                        thing["person_id"],
                        spoken["script_start"],
                        spoken["script_end"],
                    )
                    if key not in seen:
                        seen.add(key)
                        rows.append((*key, spoken["script"], thing["emotion"]["text"]["emotion"]))
    return pd.DataFrame(rows, columns=["clip", "person", "start", "end", "sentence", "label"])


def etl_rows(frames: list[pl.DataFrame]) -> list[tuple[str, ...]]:
    # The id is <slug>:<clip>:<person>:<start>:<end>.
    return sorted(
        (*row_id.split(":")[1:], *rest)
        for frame in frames
        for row_id, *rest in frame.select("id", "raw_text", "raw_label").iter_rows()
    )


def json_load_rows(frame: pd.DataFrame) -> list[tuple[str, ...]]:
    return sorted(tuple(map(str, row)) for row in frame.itertuples(index=False, name=None))


def make(target: str, count: int) -> None:
    """Writes a zip as Korean Windows tools do: names in cp949, without the UTF-8 flag.

    `zipfile` cannot write such names: each member gets an ASCII name of as many bytes, replaced at the end.
    """
    rng = Random(3)
    sentences = made_up.sentences(rng)
    names = {}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(1, count + 1):
            wanted = f"0001-0400-수정본/clip_{number}/clip_{number}.json".encode("cp949")
            stand_in = f"<{number:06d}>".ljust(len(wanted), "~")
            names[stand_in.encode()] = wanted
            member = zipfile.ZipInfo(stand_in, _ZIP_TIME)
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, json.dumps(_clip(number, sentences, rng), ensure_ascii=False))
    with Path(target).open("r+b") as stream, mmap.mmap(stream.fileno(), 0) as archived:
        for stand_in_bytes, wanted in names.items():
            # Once before the content, once in the directory at the end.
            for start in (archived.find(stand_in_bytes), archived.rfind(stand_in_bytes)):
                archived[start : start + len(wanted)] = wanted


def _clip(number: int, sentences: Iterator[str], rng: Random) -> dict[str, Any]:
    people = [100 + number // 40 * 2, 101 + number // 40 * 2]
    frames: dict[str, Any] = {}
    frame, turn = 1, 0
    while frame < _FRAMES:
        end = min(frame + rng.randint(30, 90), _FRAMES)
        spoken = _spoken(next(sentences), frame, end, rng)
        for at in range(frame, end + 1):
            frames[str(at)] = {
                str(place): _person(person, at, spoken if person == people[turn % 2] else None, rng)
                for place, person in enumerate(people, start=1)
            }
        frame, turn = end + rng.randint(1, 10), turn + 1
    actor = {str(person): {"age": "30", "gender": "male"} for person in people}
    return {
        "clip_id": str(number),
        "nr_frame": _FRAMES,
        "situation": "talk",
        "video_size": "1920x1080",
        "category": "drama",
        "actor": actor,
        "data": frames,
    }


def _spoken(sentence: str, start: int, end: int, rng: Random) -> dict[str, Any]:
    """Returns the annotation that is repeated on each frame of an utterance."""
    labels = {
        name: {
            "emotion": rng.choice(_LABELS),
            "valence": str(rng.randint(1, 10)),
            "arousal": str(rng.randint(1, 10)),
        }
        for name in ("sound", "text", "multimodal")
    }
    text = {
        "script": sentence,
        "script_start": str(start),
        "script_end": str(end),
        "morpheme": " + ".join(f"{eojeol}/NNG" for eojeol in sentence.split()),
        "intent": "statement",
        "strategy": "none",
    }
    return {"emotion": labels, "text": text}


def _person(person: int, frame: int, spoken: dict[str, Any] | None, rng: Random) -> dict[str, Any]:
    image = {
        "emotion": rng.choice(_LABELS),
        "emotion_sub": "",
        "valence": str(rng.randint(1, 10)),
        "arousal": str(rng.randint(1, 10)),
    }
    seen: dict[str, Any] = {
        "person_id": str(person),
        "frame": str(frame),
        **{corner: round(1920 * rng.random(), 6) for corner in ("xtl", "ytl", "xbr", "ybr")},
        "label": "person",
        "position": "center",
        "predicate": {
            name: {"object": "3", "begin": rng.getrandbits(16), "end": rng.getrandbits(16)}
            for name in _PREDICATES
        },
        "emotion": {"image": image},
    }
    if spoken is not None:
        seen["emotion"] |= spoken["emotion"]
        seen["text"] = spoken["text"]
    return seen
