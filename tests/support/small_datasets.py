"""Writes small datasets in the format of `etl ingest`, so that each test decides what is wrong with one."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from etl.schema import row
from etl.schema.splits import ALL_SPLITS, SPLITS, UNLABELLED

TARGETS = ["기쁨", "슬픔", "분노", "중립"]
Row = dict[str, Any]


def text_of_length(chars: int) -> str:
    """A text of so many characters: ordinary words, cut where it has to end."""
    words = "오늘 하늘은 어제보다 더 맑고 높았다. "
    text = (words * (chars // len(words) + 1))[:chars]
    return text[:-1] + "." if text.endswith(" ") else text


def make_row(number: int, **changes: Any) -> Row:
    """A sound row; texts, tokens and groups of different numbers share nothing."""
    # Two numbers are alike, two digests are not: else all would be near-duplicates.
    digest = hashlib.sha256(str(number).encode()).hexdigest()[:16]
    text = f"오늘은 {number}번째로 새로운 문장 {digest}"
    return {
        "id": f"table:{number}",
        "source": "table",
        "release": "v1",
        "domain": "comment",
        "file": "rows.csv",
        "member": "",
        "position": number,
        "group": f"g{number}",
        "turn": 1,
        "raw_text": text,
        "text": text,
        "raw_label": "x",
        "label": TARGETS[number % len(TARGETS)],
        "tokens": [f"단어{number}", "적다"],
        "tags": ["Noun", "Verb"],
        "annotations": "",
        "split": "train",
    } | changes


def make_reject(number: int, reason: str, **changes: Any) -> Row:
    """A rejected row."""
    return make_row(number, label=None, **changes) | {"reason": reason, "detail": "found"}


def clean_rows(train: int = 80, validation: int = 20, test: int = 20) -> list[Row]:
    """Rows without a flaw: four labels in equal shares, one source, nothing shared between splits."""
    splits = ["train"] * train + ["validation"] * validation + ["test"] * test
    return [make_row(number, split=split) for number, split in enumerate(splits)]


def write_dataset(
    path: Path, rows: Sequence[Row], rejects: Sequence[Row] = (), *, shard_rows: int = 1000, **manifest: Any
) -> Path:
    """A dataset whose manifest is true of `rows` and `rejects`; `manifest` replaces some of its keys."""
    files: dict[str, Any] = {}
    has_waiting = any(found.get("split") == UNLABELLED for found in rows)
    splits = ALL_SPLITS if has_waiting else SPLITS
    for split in splits:
        of_split = [found for found in rows if found.get("split") == split]
        parts = [of_split[start : start + shard_rows] for start in range(0, len(of_split), shard_rows)]
        for number, part in enumerate(parts):
            files |= write_file(path, f"data/{split}-{number:05d}-of-{len(parts):05d}.parquet", part)
    if rejects:
        files |= write_file(path, "rejects/part-00000.parquet", rejects, is_reject=True)
    document = {
        "format": 3,
        "tool": {"name": "etl", "version": "0.1.0"},
        "settings": {"dedupe": {"short_eojeols": 3, "short_chars": 10}},
        "taxonomy": {"name": "four", "targets": TARGETS, "sha256": "0"},
        "counts": accounts(rows, rejects),
        "splits": {
            split: {
                "rows": sum(found["split"] == split for found in rows),
                "labels": Counter(
                    found["label"] for found in rows if found["split"] == split and found["label"]
                ),
            }
            for split in splits
        },
        "files": files,
    }
    path.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document | manifest, ensure_ascii=False, indent=2)
    (path / "manifest.json").write_text(text, encoding="utf-8")
    return path


def list_again(path: Path) -> None:
    """Makes the manifest true of files that a test has changed on purpose."""
    manifest = json.loads((path / "manifest.json").read_bytes())
    for name, entry in manifest["files"].items():
        content = (path / name).read_bytes()
        entry |= {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    manifest.pop("own_sha256", None)
    (path / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")


def write_file(path: Path, name: str, rows: Sequence[Row], *, is_reject: bool = False) -> dict[str, Any]:
    """Writes one Parquet file of the dataset; its entry for the manifest."""
    file = path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows), schema=row.arrow_schema(is_reject=is_reject)), file)
    content = file.read_bytes()
    return {name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "rows": len(rows)}}


def accounts(rows: Sequence[Row], rejects: Sequence[Row]) -> dict[str, Any]:
    """Read, kept and rejected for each source."""
    counts: dict[str, Any] = {}
    for source in sorted({str(found["source"]) for found in [*rows, *rejects]}):
        kept = sum(str(found["source"]) == source for found in rows)
        reasons = Counter(found["reason"] for found in rejects if found["source"] == source)
        counts[source] = {"read": kept + reasons.total(), "kept": kept, "rejected": dict(reasons)}
    return counts
