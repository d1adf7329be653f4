"""Small datasets for training, in the format that ingest writes, and what was trained on one."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from etl.dataset import preparation, vocab
from etl.dataset.manifest import (
    MANIFEST,
    KeyTokens,
    Manifest,
    TaggerIdentity,
    TaxonomyEntry,
    describe_file,
    to_bytes,
)
from etl.models.training.report import Report
from etl.schema import row
from etl.settings import Settings, Tag

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
    """Writes splits as shards with a manifest into a new folder."""
    (folder / "data").mkdir(parents=True)
    files = {}
    for split, sentences in splits.items():
        shard = folder / "data" / f"{split}-00000-of-00001.parquet"
        pq.write_table(_table(split, sentences), shard)
        files[f"data/{shard.name}"] = describe_file(shard, len(sentences))
    prepared = preparation.of(Settings(tag=Tag(tagger="whitespace")))
    (folder / preparation.FILE).write_bytes(preparation.to_bytes(prepared))
    manifest = Manifest(
        taxonomy=TaxonomyEntry("small", tuple(LABELS), "0" * 64),
        tagger=TaggerIdentity("whitespace", fingerprint=prepared.fingerprint),
        key_tokens=KeyTokens(sha256=prepared.key_tokens),
        counts={},
        splits={},
        files=files,
    )
    (folder / MANIFEST).write_bytes(to_bytes(manifest))
    if has_vocabulary:
        vocab.build_vocab(folder, min_count=1)
    return folder


def _table(split: str, sentences: Sequence[Sentence]) -> pa.Table:
    def as_row(position: int, sentence: Sentence) -> dict[str, object]:
        tokens, label, source = sentence
        text = " ".join(tokens)
        return {
            "id": f"{source}:{split}-{position}",
            "source": source,
            "release": "v1",
            "domain": "dialogue",
            "file": "made-up.csv",
            "member": "",
            "position": position,
            "group": f"{split}-{position}",
            "turn": 1,
            "raw_text": text,
            "text": text,
            "raw_label": label,
            "label": label,
            "tokens": tokens,
            "tags": ["Noun"] * len(tokens),
            "annotations": "",
            "split": split,
        }

    rows = [as_row(position, sentence) for position, sentence in enumerate(sentences)]
    return pa.Table.from_pylist(rows, schema=row.arrow_schema(is_reject=False))


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


def deal_labels(sentences: Sequence[Sentence]) -> list[Sentence]:
    """The same sentences, the labels dealt out at random: there is nothing to learn."""
    chance = random.Random(3)
    return [(tokens, chance.choice(LABELS), source) for tokens, _, source in sentences]


SEPARABLE: Splits = {"train": draw(400, seed=1), "validation": draw(120, seed=2)}
