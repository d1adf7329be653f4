"""The page of `etl review` on a million made-up rows: seconds to open, to filter and to search, and memory.

    python -m benchmarks.review [ROWS] [--folder FOLDER]

A process of its own serves the page, as for a user; what is timed is what a browser waits for. Not one of
`python -m benchmarks`: there is nothing to compare it with. Targets: 3 s, 0.5 s, 1 GB.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from benchmarks.made_up import sentences
from etl.dataset.manifest import FORMAT, MANIFEST
from etl.runtime import console
from etl.runtime.files import sha256_file
from etl.schema import row

ROWS = 1_000_000
_SHARD_ROWS = 200_000
_LABELS = ("기쁨", "슬픔", "분노", "불안", "놀람", "혐오", "중립")
_SOURCES = ("kote", "nsmc", "chatbot", "table")
_REJECTED = 0.03
ROUNDS = 5
ASKED: dict[str, dict[str, Any]] = {
    "all rows": {},
    "one source": {"filter": {"source": "nsmc"}},
    "one label of one split": {"filter": {"label": "불안", "split": "validation"}},
    "rejects of one reason": {"filter": {"split": "rejects", "reason": "duplicate"}},
    "a frequent word": {"filter": {"text": "진짜"}},
    "a rare text": {"filter": {"text": "번째 줄 77777"}},
    "Latin, in any case": {"filter": {"text": "ROW"}},
    "an id": {"filter": {"text": "table:999999"}},
    "a word of one source and label": {"filter": {"source": "kote", "label": "기쁨", "text": "오늘"}},
    "the next row": {"rank": 500_000, "step": 1},
    "conflicts": {"queue": "conflicts"},
    "a word among the conflicts": {"queue": "conflicts", "filter": {"text": "어제"}},
    "the audit sample": {"queue": "audit"},
}


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.review", description=__doc__)
    parser.add_argument("rows", nargs="?", type=int, default=ROWS, metavar="ROWS")
    parser.add_argument("--folder", type=Path, help="keep the made dataset there, and use it again")
    arguments = parser.parse_args()
    console.line(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="etl-bench-") as scratch:
        folder = (arguments.folder or Path(scratch)) / f"{arguments.rows}-review"
        if not (folder / MANIFEST).exists():
            make(folder, arguments.rows)
        figures = measured(folder)
    console.table(f"etl review, {arguments.rows:,} rows", ["", "seconds or MB"], list(figures.items()))


def measured(dataset: Path) -> dict[str, float]:
    """Opens the page, asks for each of `ASKED`, and decides; the worst of some rounds counts."""
    with tempfile.TemporaryDirectory(prefix="etl-bench-") as scratch:
        begun = time.perf_counter()
        command = [sys.executable, "-m", "etl", "review", str(dataset), "--no-open", "--by", "kim"]
        with subprocess.Popen(
            [*command, "--corrections", f"{scratch}/c.jsonl"], stdout=subprocess.PIPE
        ) as page:
            assert page.stdout is not None
            url = page.stdout.readline().decode().strip()
            for path in ("", "page.js", "api/start", "api/overview"):
                _get(url + path)
            figures = {"open: from the command to the first row": 0.0}
            while (found := _post(url + "api/find", {"queue": "all"}))["row"] is None:
                time.sleep(0.01)
            figures["open: from the command to the first row"] = time.perf_counter() - begun
            figures["… seconds of the processors"] = _cpu_seconds(page.pid)
            assert found["of"] > 0
            while any(queue["state"] == "working" for queue in _get(url + "api/overview")["queues"]):
                time.sleep(0.1)
            figures["all queues are there"] = time.perf_counter() - begun
            figures |= {name: _slowest(url + "api/find", wanted) for name, wanted in ASKED.items()}
            sent = {"queue": "all", "row": 0, "decision": "keep", "labels": [], "by": "kim"}
            figures["a decision, on disk"] = _slowest(url + "api/decide", sent)
            figures["peak MB"] = _peak_bytes(page.pid) / 1e6
            page.send_signal(signal.SIGTERM)
    return {name: round(value, 3) for name, value in figures.items()}


def make(folder: Path, rows: int) -> None:
    """Writes a dataset as ingest would: four sources, seven labels, some rejects and some texts twice."""
    rng = Random(1)
    made = sentences(rng)
    files: dict[str, Any] = {}
    for start in range(0, rows, _SHARD_ROWS):
        count = min(_SHARD_ROWS, rows - start)
        frame = _frame(made, start, count, np.random.default_rng(start))
        rejected = int(count * _REJECTED)
        for name, part, is_reject in (
            (f"data/train-{start // _SHARD_ROWS:05d}.parquet", frame[rejected : -count // 10], False),
            (f"data/validation-{start // _SHARD_ROWS:05d}.parquet", frame[-count // 10 :], False),
            (f"rejects/part-{start // _SHARD_ROWS:05d}.parquet", frame[:rejected], True),
        ):
            files |= _write(folder, name, part, is_reject=is_reject)
    manifest = {
        "format": FORMAT,
        "tool": {},
        "settings": {},
        "taxonomy": {"name": "ko7", "targets": _LABELS, "sha256": "0"},
        "counts": {},
        "splits": {},
        "files": files,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")


def _frame(made: Iterator[str], start: int, count: int, rng: np.random.Generator) -> pl.DataFrame:
    numbers = np.arange(start, start + count)
    # Every 20th text is one that an earlier row has too, perhaps with another label.
    texts = [
        f"{text} row {number}" if number % 20 else f"{number % 3000 // 20} 번째 줄 어제 본 문장"
        for number, text in zip(numbers.tolist(), islice(made, count), strict=True)
    ]
    labels = np.array(_LABELS)[rng.integers(0, len(_LABELS), count)]
    return pl.DataFrame(
        {
            "id": [f"table:{number}" for number in numbers.tolist()],
            "source": np.array(_SOURCES)[rng.integers(0, len(_SOURCES), count)],
            "release": "v1",
            "domain": "comment",
            "file": "rows.csv",
            "member": "",
            "position": numbers,
            "group": [f"g{number // 5}" for number in numbers.tolist()],
            "turn": numbers % 5 + 1,
            "raw_text": texts,
            "text": texts,
            "raw_label": labels,
            "label": labels,
            "tokens": [["오늘", "진짜", "좋다"]] * count,
            "tags": [["Noun", "Adverb", "Adjective"]] * count,
            "annotations": "",
        }
    )


def _write(folder: Path, name: str, rows: pl.DataFrame, *, is_reject: bool) -> dict[str, Any]:
    split = name.partition("/")[2].partition("-")[0] if not is_reject else "train"
    schema = row.arrow_schema(is_reject=is_reject)
    empty = pl.from_arrow(schema.empty_table())
    assert isinstance(empty, pl.DataFrame)
    whole = rows.with_columns(split=pl.lit(split), reason=pl.lit("duplicate"), detail=pl.lit("table:1"))
    missing = [
        pl.lit(None, kind).alias(each) for each, kind in empty.schema.items() if each not in whole.columns
    ]
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(whole.with_columns(missing).select(schema.names).to_arrow().cast(schema), path)
    return {name: {"sha256": sha256_file(path), "bytes": path.stat().st_size, "rows": rows.height}}


def _slowest(url: str, body: dict[str, Any]) -> float:
    """Returns the longest of some rounds, each for an answer that nobody has asked for before."""
    seconds = []
    for number in range(ROUNDS):
        wanted = dict(body)
        if text := body.get("filter", {}).get("text"):
            # Other blanks around it: the same rows, and nothing that was kept.
            wanted["filter"] = body["filter"] | {"text": text + " " * number}
        begun = time.perf_counter()
        _post(url, wanted)
        seconds.append(time.perf_counter() - begun)
    return max(seconds)


def _get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=60) as answer:
        content = answer.read()
        return json.loads(content) if "json" in answer.headers["content-type"] else content


def _post(url: str, body: dict[str, Any]) -> Any:
    with urllib.request.urlopen(url, json.dumps(body).encode(), timeout=60) as answer:
        return json.loads(answer.read())


def _cpu_seconds(pid: int) -> float:
    """Returns the seconds of the processors that a process has taken, as Linux tells it."""
    times = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[11:13]
    return sum(map(int, times)) / os.sysconf("SC_CLK_TCK")


def _peak_bytes(pid: int) -> int:
    """Returns the largest resident size that a process had, as Linux tells it."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


if __name__ == "__main__":
    main()
