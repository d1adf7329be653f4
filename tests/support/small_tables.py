"""Writes tables of the user's own, and turns them into datasets without a tagger's start-up time."""

import hashlib
import json
import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import etl
from etl import settings as settings_module
from etl.dataset.manifest import Manifest
from etl.settings import Settings

LABELS = ["기쁨", "슬픔", "분노", "불안", "놀람", "혐오", "중립"]
WORDS = [
    "오늘",
    "어제",
    "정말",
    "아주",
    "친구",
    "회사",
    "가족",
    "시험",
    "영화",
    "여행",
    "좋다",
    "싫다",
    "울었다",
]


def write_lines(path: Path, lines: Iterable[str | Mapping[str, Any]]) -> Path:
    """A JSON lines file; a string is a line as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    as_text = [
        line if isinstance(line, str) else json.dumps(line, ensure_ascii=len(line) % 2 == 0) for line in lines
    ]
    path.write_text("\n".join(as_text) + "\n", encoding="utf-8")
    return path


def kept_rows(start: int, stop: int, label: str | None = None) -> list[dict[str, Any]]:
    """Rows that are all kept, each in a group of its own; of three labels in turn, or of one."""
    # Two numbers are alike, two digests are not: else all would be near-duplicates.
    return [
        {
            "text": f"{number}번째로 적어 보는 문장 {hashlib.sha256(b'%d' % number).hexdigest()[:24]}",
            "label": label or LABELS[number % 3],
            "group": f"g{number}",
        }
        for number in range(start, stop)
    ]


def make_rows(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Rows of which some are blank, duplicate, in conflict, or have no label."""
    chance = random.Random(seed)
    rows = []
    for number in range(count):
        text = " ".join(chance.choices(WORDS, k=chance.randint(2, 9)))
        label: str | None = chance.choice(LABELS)
        if number % 17 == 0:
            text = chance.choice(["", "  ", "\u3164", "네.", "ㅋ" * 9])
        if number % 19 == 0:
            label = chance.choice([None, "", "행복", "?"])
        rows.append({"text": text, "label": label, "group": f"g{chance.randint(0, count // 3)}"})
    return rows


def settings_of_tables(**overrides: Any) -> Settings:
    """Settings for such a table, with the white-space tagger; `read__limit=3` sets `read.limit`."""
    return settings_module.load(
        None,
        {
            "table.text_column": "text",
            "table.label_column": "label",
            "table.group_column": "group",
            "tag.tagger": "whitespace",
        }
        | {name.replace("__", "."): value for name, value in overrides.items()},
    )


def ingest(*paths: Path, out: Path, workers: int = 1, **overrides: Any) -> Manifest:
    """`etl ingest` with `settings_of_tables`."""
    settings = settings_of_tables(**overrides)
    return etl.ingest(list(paths), out, settings, workers=workers, progress=lambda *_: None).manifest


def fingerprints(folder: Path) -> dict[str, str]:
    """The sha256 of every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
