"""Small datasets for training, in the format that ingest writes, and what was trained on one."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from etl.dataset import preparation, vocab
from etl.models.training.report import Report
from etl.settings import Settings, Tag
from support.small_datasets import Row, make_row, write_dataset

LABELS = ["기쁨", "슬픔", "중립"]
WORDS = {
    "기쁨": ["좋다", "행복", "웃다", "신나다", "최고"],
    "슬픔": ["울다", "눈물", "그립다", "아프다", "외롭다"],
    "중립": ["회의", "점심", "버스", "우산", "창문"],
}
FILLERS = ["오늘", "나", "집", "친구", "진짜", "요즘", "그냥", "어제"]

# tokens, label, source
Sentence = tuple[list[str], str, str]
Splits = Mapping[str, Sequence[Sentence]]


@dataclass(frozen=True)
class Trained:
    """A model, its dataset beside it, and the report of its run."""

    dataset: Path
    model: Path
    report: Report


def write_splits(folder: Path, splits: Splits, *, has_vocabulary: bool = True) -> Path:
    """Writes splits as a dataset that can be trained on."""
    prepared = preparation.of(Settings(tag=Tag(tagger="whitespace")))
    write_dataset(
        folder,
        [
            _make_row(split, position, sentence)
            for split, sentences in splits.items()
            for position, sentence in enumerate(sentences)
        ],
        taxonomy={"name": "small", "targets": LABELS, "sha256": "0" * 64},
        tagger={"name": "whitespace", "fingerprint": prepared.fingerprint},
        key_tokens={"sha256": prepared.key_tokens},
    )
    (folder / preparation.FILE).write_bytes(preparation.to_bytes(prepared))
    if has_vocabulary:
        vocab.build_vocab(folder, min_count=1)
    return folder


def _make_row(split: str, position: int, sentence: Sentence) -> Row:
    tokens, label, source = sentence
    return make_row(
        position,
        id=f"{source}:{split}-{position}",
        source=source,
        group=f"{split}-{position}",
        raw_text=" ".join(tokens),
        text=" ".join(tokens),
        raw_label=label,
        label=label,
        tokens=tokens,
        tags=["Noun"] * len(tokens),
        split=split,
    )


def draw(n: int, *, seed: int) -> list[Sentence]:
    """`n` sentences of fillers and one or two words of their label."""
    chance = random.Random(seed)
    sentences: list[Sentence] = []
    for _ in range(n):
        label = chance.choice(LABELS)
        own = chance.sample(WORDS[label], chance.randint(1, 2))
        tokens = [*chance.sample(FILLERS, chance.randint(1, 4)), *own]
        chance.shuffle(tokens)
        sentences.append((tokens, label, chance.choice(["chatbot", "kote"])))
    return sentences


def write_votes(
    folder: Path,
    mode: str,
    *,
    validation: int = 120,
    change: Callable[[Row], Row] = lambda row: row,
    taxonomy: Mapping[str, object] | None = None,
) -> Path:
    """Writes a dataset of `labels: soft` or `multi`: half of the sentences have words of two labels.

    The votes for them are one to one, without a majority, or three to one; `change` makes each row another.
    """
    prepared = preparation.of(Settings(tag=Tag(tagger="whitespace")))
    rows = [
        change(_draw_voted(split, position, random.Random(f"{split} {position}")))
        for split, n in (("train", 400), ("validation", validation))
        for position in range(n)
    ]
    write_dataset(
        folder,
        rows,
        settings={"labels": mode, "dedupe": {"short_eojeols": 3, "short_chars": 10}},
        taxonomy=taxonomy or {"name": "small", "targets": LABELS, "sha256": "0" * 64},
        tagger={"name": "whitespace", "fingerprint": prepared.fingerprint},
        key_tokens={"sha256": prepared.key_tokens},
    )
    (folder / preparation.FILE).write_bytes(preparation.to_bytes(prepared))
    vocab.build_vocab(folder, min_count=1)
    return folder


def _draw_voted(split: str, position: int, chance: random.Random) -> Row:
    first, second = chance.sample(LABELS, 2)
    tokens = chance.sample(FILLERS, chance.randint(1, 3))
    weights = chance.choice([{first: 1.0}, {first: 0.5, second: 0.5}, {first: 0.75, second: 0.25}])
    for label, weight in weights.items():
        tokens += [chance.choice(WORDS[label]) for _ in range(round(4 * weight))]
    chance.shuffle(tokens)
    votes = [{"label": label, "weight": weights[label]} for label in LABELS if label in weights]
    label = first if weights[first] > 0.5 else None
    row = _make_row(split, position, (tokens, first, "kote"))
    return row | {"label": label, "label_votes": votes if len(votes) > 1 else None}


def deal_labels(sentences: Sequence[Sentence]) -> list[Sentence]:
    """The same sentences, the labels dealt out at random: there is nothing to learn."""
    chance = random.Random(3)
    return [(tokens, chance.choice(LABELS), source) for tokens, _, source in sentences]


SEPARABLE: Splits = {"train": draw(400, seed=1), "validation": draw(120, seed=2)}
