"""Writes the two KETI workbooks (`keti-single`, `keti-dialogue`), whose labels are typed by hand."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import cycle
from pathlib import Path
from random import Random

from etl.sample.files import Cell, save, xlsx_bytes
from etl.sample.phrases import SampleSentence, load_corpus, load_phrases

SINGLE, DIALOGUE = "keti-single", "keti-dialogue"
_corpus = partial(load_corpus, "keti")
_SENTENCES, _DIALOGUES, _TURNS = 300, 60, 5
_LEADING_SPACE_EVERY, _TRAILING_SPACE_EVERY = 5, 11
_BLANK_COLUMNS = 3

# Sentence, label, and the reject reason that ingest should find.
_Row = tuple[str, str | None, str | None]


def write_single(folder: Path, sentences: dict[str, Iterator[SampleSentence]]) -> list[str | None]:
    """Writes the file of single sentences; returns the reject reason of each row, None: kept."""
    corpus = _corpus()
    rows: list[_Row] = []
    for index, (emotion, label) in zip(range(_SENTENCES), cycle(corpus["labels"].items()), strict=False):
        leading = " " if index % _LEADING_SPACE_EVERY == 0 else ""
        trailing = " " if index % _TRAILING_SPACE_EVERY == 0 else ""
        rows.append((leading + next(sentences[emotion]).text, label + trailing, None))
    spare = [next(sentences[emotion]).text for emotion in corpus["labels"]]
    rows[_SENTENCES // 2 : _SENTENCES // 2] = [
        ("   ", next(iter(corpus["labels"].values())), "empty_text"),
        (load_phrases()["planted"]["blank"][1], next(iter(corpus["labels"].values())), "empty_text"),
        (spare[0], None, "missing_label"),
        (spare[1], corpus["single"]["unknown"], "unknown_label"),
    ]
    header: list[Cell] = [*corpus["single"]["columns"], *[""] * _BLANK_COLUMNS]
    content = xlsx_bytes([header, *([text, label] for text, label, _ in rows)])
    save(folder / corpus["folder"] / corpus["single"]["file"], content)
    return [reason for _, _, reason in rows]


def write_dialogue(
    folder: Path, sentences: dict[str, Iterator[SampleSentence]], rng: Random
) -> list[str | None]:
    """Writes the file of dialogues; returns the reject reason of each utterance, None: kept."""
    corpus = _corpus()
    labels = corpus["labels"]
    rows: list[_Row] = []
    for _ in range(_DIALOGUES * _TURNS):
        emotion = rng.choice(list(labels))
        rows.append((next(sentences[emotion]).text, labels[emotion], None))
    # Each misspelt label once, in rows that are not a multiple of the length of a dialogue.
    emotion_of = {label: emotion for emotion, label in labels.items()}
    for index, (typo, label) in enumerate(corpus["dialogue"]["typos"].items()):
        rows[index * 7 + 3] = (next(sentences[emotion_of[label]]).text, typo, None)
    rows[101] = (rows[101][0], corpus["dialogue"]["unknown"], "unknown_label")
    rows[102] = (rows[102][0], None, "missing_label")
    rows[103] = (" ", rows[103][1], "empty_text")
    start = corpus["dialogue"]["start"]
    body: list[list[Cell]] = [
        [start if index % _TURNS == 0 else None, text, label] for index, (text, label, _) in enumerate(rows)
    ]
    header: list[Cell] = corpus["dialogue"]["columns"]
    # The real header is the second row, as in the published file.
    above: list[Cell] = [""] * len(header)
    save(folder / corpus["folder"] / corpus["dialogue"]["file"], xlsx_bytes([above, header, *body]))
    return [reason for _, _, reason in rows]
