"""Writes 감정 분류를 위한 대화 음성 (`aihub-speech`): three cp949 CSV files with five votes a sentence."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from etl.sample.files import save
from etl.sample.phrases import SampleSentence, load_corpus

SLUG = "aihub-speech"
_corpus = partial(load_corpus, SLUG)
_ROWS = 200
_DISAGREE_EVERY, _SURE_SHARE = 20, 0.6
_VOTES = 5


def write_speech(
    folder: Path, sentences: dict[str, Iterator[SampleSentence]], rng: Random
) -> list[str | None]:
    """Writes the three files; returns the reject reason of each row, None: kept."""
    corpus = _corpus()
    files: list[dict[str, Any]] = corpus["files"]
    reasons: list[str | None] = []
    for index, file in enumerate(files):
        rows = _ROWS // len(files) + (index < _ROWS % len(files))
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(corpus["columns"])
        for number in range(rows):
            is_ambiguous = number % _DISAGREE_EVERY == _DISAGREE_EVERY - 1
            emotion = rng.choice(list(corpus["labels"]))
            label = corpus["labels"][emotion]
            strengths = [rng.randint(0, 2) for _ in range(_VOTES)]
            votes = _votes(label, rng, is_ambiguous=is_ambiguous)
            writer.writerow(
                [
                    f"{rng.getrandbits(96):024x}",
                    next(sentences[emotion]).text,
                    file["asked_for"].get(label, label.lower()),
                    *(cell for pair in zip(votes, strengths, strict=True) for cell in pair),
                    rng.randint(20, 59),
                    rng.choice(corpus["genders"]),
                ]
            )
            reasons.append("label_ambiguous" if is_ambiguous else None)
        name = unicodedata.normalize("NFD" if file.get("is_decomposed") else "NFC", file["name"])
        save(folder / corpus["folder"] / name, text.getvalue().encode("cp949"))
    return reasons


def _votes(label: str, rng: Random, *, is_ambiguous: bool) -> list[str]:
    """Returns five votes in random order: two, two and one, or at least three for `label`."""
    others = rng.sample([other for other in _corpus()["labels"].values() if other != label], 2)
    if is_ambiguous:
        votes = [label, label, others[0], others[0], others[1]]
    elif rng.random() < _SURE_SHARE:
        votes = [label] * _VOTES
    else:
        votes = [label, label, label, *others]
    rng.shuffle(votes)
    return votes
