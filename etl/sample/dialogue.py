"""Writes 감성대화 말뭉치 (`aihub-dialogue`) with made-up dialogues, packed as its two releases are.

Each release and split has the dialogues as JSON and a copy as XLSX, in one zip (v1) or in two of the same
name (v2). Ingest leaves the XLSX aside, which has more rows and the known defects of labels, and v1's 원시.
`etl.sample.planted` adds the dialogues that ingest should reject.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count, cycle
from pathlib import Path
from random import Random
from typing import Any

from etl.sample.files import Cell, json_bytes, save, xlsx_bytes, zip_bytes
from etl.sample.phrases import SampleSentence, load_corpus, load_phrases
from etl.schema import resources, taxonomy

SLUG = "aihub-dialogue"
_corpus = partial(load_corpus, SLUG)
_DIALOGUES_PER_PROFILE = 3
_EXTRA_XLSX_ROWS = 2
_TRAILING_SPACE_EVERY, _SPELLING_EVERY = 7, 2


@dataclass(frozen=True)
class Dialogue:
    """One dialogue; `turns` are HS01, SS01, …, SS03, `reason` the reject reason that ingest should find."""

    profile: int
    number: int
    code: str
    situation: tuple[str, str]
    turns: tuple[str, ...]
    reason: str | None = None

    @property
    def text(self) -> str:
        """The first sentence of the person, to which the label belongs."""
        return self.turns[0]

    @property
    def profile_id(self) -> str:
        """The profile as in the corpus, such as `Pro_05349`."""
        return f"Pro_{self.profile:05d}"


@dataclass
class Part:
    """Collects the dialogues of one release and split."""

    profiles_from: int
    sentences: dict[str, Iterator[SampleSentence]]
    codes: dict[str, list[str]]
    rng: Random
    dialogues: list[Dialogue] = field(default_factory=list)

    def draw_sentence(self, emotion: str | None = None) -> SampleSentence:
        """Returns an unused sentence of the emotion; None: of any emotion that has a label in this corpus."""
        return next(self.sentences[emotion or self.rng.choice(list(self.codes))])

    def draw_code(self, emotion: str) -> str:
        """Returns a random code of the emotion."""
        return self.rng.choice(self.codes[emotion])

    def add(
        self,
        sentence: SampleSentence,
        code: str | None = None,
        *,
        reason: str | None = None,
        profile: int | None = None,
    ) -> Dialogue:
        """Appends a dialogue.

        Args:
            sentence: its first sentence.
            code: its label; None: a random code of the sentence's emotion.
            reason: the reject reason that ingest should find; None: kept.
            profile: its group; None: shared with the dialogues next to it.
        """
        number = len(self.dialogues)
        corpus = _corpus()
        dialogue = Dialogue(
            self.profiles_from + number // _DIALOGUES_PER_PROFILE if profile is None else profile,
            number,
            self.draw_code(sentence.emotion) if code is None else code,
            (self.rng.choice(list(corpus["situations"])), self.rng.choice(list(corpus["diseases"]))),
            _turns(sentence, self.rng),
            reason,
        )
        self.dialogues.append(dialogue)
        return dialogue

    def add_ordinary(self, amount: int) -> None:
        """Appends dialogues that ingest should keep, evenly over the emotions."""
        for emotion, _ in zip(cycle(self.codes), range(amount), strict=False):
            self.add(self.draw_sentence(emotion))


def codes_by_emotion() -> dict[str | None, list[str]]:
    """Returns the codes of each target of the default taxonomy; None: codes without a target."""
    targets = taxonomy.load("ko7").maps[SLUG]
    codes: dict[str | None, list[str]] = {}
    for code in sorted(_names()):
        codes.setdefault(targets[code], []).append(code)
    return codes


def make_parts(
    dialogues: int, sentences: dict[str, Iterator[SampleSentence]], rng: Random
) -> dict[tuple[str, str], Part]:
    """Returns the four parts by release and split, with `dialogues` ordinary dialogues in total."""
    codes = {emotion: named for emotion, named in codes_by_emotion().items() if emotion is not None}
    parts: dict[tuple[str, str], Part] = {}
    left = dialogues
    for spec in reversed(_corpus()["parts"]):
        part = Part(spec["profiles_from"], sentences, codes, rng)
        # The last one, a train part, takes the remainder of rounding.
        amount = left if spec is _corpus()["parts"][0] else round(dialogues * spec["share"])
        part.add_ordinary(amount)
        left -= amount
        parts[spec["release"], spec["split"]] = part
    return parts


def write_dialogues(folder: Path, parts: dict[tuple[str, str], Part], rng: Random) -> list[str | None]:
    """Writes all files of the corpus.

    Returns:
        The reject reason of each dialogue that ingest should read; None: kept.
    """
    for spec in _corpus()["parts"]:
        part = parts[spec["release"], spec["split"]]
        rng.shuffle(part.dialogues)
        _write_part(folder, spec, part, rng)
    _write_raw(folder, parts["v1", "train"], rng)
    return [dialogue.reason for part in parts.values() for dialogue in part.dialogues]


def _write_part(folder: Path, spec: dict[str, Any], part: Part, rng: Random) -> None:
    name, release = spec["name"], spec["release"]
    # One file begins with a BOM, as editors on Windows leave it.
    mark = codecs.BOM_UTF8 if (release, spec["split"]) == ("v2", "train") else b""
    as_json = f"{name}.json", mark + json_bytes([_as_json(each) for each in part.dialogues], indent=2)
    as_xlsx = f"{name}.xlsx", _workbook([*part.dialogues, *_extra(part, _EXTRA_XLSX_ROWS, rng)], release)
    if "source" in spec:
        save(folder / spec["labelled"] / f"{name}.zip", zip_bytes([as_json]))
        save(folder / spec["source"] / f"{name}.zip", zip_bytes([as_xlsx]))
    else:
        save(folder / spec["labelled"] / f"{name}.zip", zip_bytes([as_json, as_xlsx]))


def _write_raw(folder: Path, final: Part, rng: Random) -> None:
    """Writes v1's 원시: half of the final dialogues, and others."""
    raw = _corpus()["raw"]
    overlap = final.dialogues[::2]
    rejected = _extra(final, len(overlap) // 4 + 1, rng, profiles_from=raw["profiles_from"])
    dialogues = [*overlap, *rejected]
    members = [
        (f"{raw['name']}.json", json_bytes([_as_json(each) for each in dialogues], indent=2)),
        (f"{raw['name']}.xlsx", _workbook(dialogues, "v1-raw")),
    ]
    save(folder / raw["zip"], zip_bytes(members))


def _extra(part: Part, amount: int, rng: Random, *, profiles_from: int | None = None) -> list[Dialogue]:
    """Returns dialogues that are only in a copy."""
    first_unused = part.profiles_from + len(part.dialogues)
    beside = Part(profiles_from or first_unused, part.sentences, part.codes, rng)
    beside.add_ordinary(amount)
    return beside.dialogues


def _turns(sentence: SampleSentence, rng: Random) -> tuple[str, ...]:
    """Returns HS01, SS01, HS02, SS02 and, sometimes empty, HS03, SS03."""
    replies = load_phrases()["replies"][sentence.register]
    answers = load_phrases()["answers"]
    third = rng.choices(["both", "neither", "person"], [5, 4, 1])[0]
    return (
        sentence.text,
        rng.choice(answers[0]),
        rng.choice(replies[0]),
        rng.choice(answers[1]),
        "" if third == "neither" else rng.choice(replies[1]),
        rng.choice(answers[2]) if third == "both" else "",
    )


def _as_json(dialogue: Dialogue) -> dict[str, Any]:
    age, gender = _persona(dialogue.profile)
    computer = _corpus()["computer"]
    names = (f"{who}{turn:02d}" for turn in count(1) for who in ("HS", "SS"))
    return {
        "profile": {
            "persona-id": dialogue.profile_id,
            "persona": {
                "persona-id": f"{age}_{gender}_{computer}",
                "human": [age, gender],
                "computer": [computer],
            },
            "emotion": {
                "emotion-id": "_".join((*dialogue.situation, dialogue.code)),
                "type": dialogue.code,
                "situation": list(dialogue.situation),
            },
        },
        "talk": {
            "id": {
                "profile-id": dialogue.profile_id,
                "talk-id": f"{dialogue.profile_id}_{dialogue.number:05d}",
            },
            "content": dict(zip(names, dialogue.turns, strict=False)),
        },
    }


def _workbook(dialogues: Sequence[Dialogue], layout: str) -> bytes:
    columns = _corpus()["columns"]
    shape = columns[layout]
    spoken = [
        template.format(turn)
        for turn in range(1, shape["turns"] + 1)
        for template in (columns["person"], shape["reply"])
    ]
    rows: list[list[Cell]] = [[*shape["first"], *columns["about"], *spoken]]
    for index, dialogue in enumerate(dialogues, start=1):
        turns = [turn or None for turn in dialogue.turns]
        turns += [None] * (len(spoken) - len(turns))
        rows.append([*[index] * len(shape["first"]), *_about(dialogue, index), *turns])
    return xlsx_bytes(rows)


def _about(dialogue: Dialogue, index: int) -> list[Cell]:
    """Returns the names that the spreadsheets have instead of codes, with their misspellings."""
    corpus = _corpus()
    age, gender = _persona(dialogue.profile)
    situation, disease = dialogue.situation
    major, minor = _names().get(dialogue.code, [None, None])
    if major and index % _TRAILING_SPACE_EVERY == 0:
        major += " "
    if minor and index % _SPELLING_EVERY == 0:
        minor = corpus["spellings"].get(minor, minor)
    named = corpus["ages"][age], corpus["genders"][gender]
    return [*named, corpus["situations"][situation], corpus["diseases"][disease], major, minor]


def _names() -> dict[str, list[str]]:
    """Returns the major and the minor name of each of the 60 codes."""
    table = resources.load("schemas", "labels", f"{SLUG}.yaml")
    return {code: named.split("/", 1) for code, named in table["codes"].items()}


def _persona(profile: int) -> tuple[str, str]:
    ages, genders = list(_corpus()["ages"]), list(_corpus()["genders"])
    return ages[profile % len(ages)], genders[profile // len(ages) % len(genders)]
