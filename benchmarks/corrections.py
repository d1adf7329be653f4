"""Times an ingest to which people's decisions are applied against one without: 100,000 of 1,000,000 rows.

    python -m benchmarks.corrections [ROWS] [TAGGER]

Made-up rows, Okt by default with nothing tagged before, and a tenth of the rows decided on by two people.
Each side is a process of its own; what counts are the seconds of the processors, as a machine may be busy.
"""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks import scale_rows
from etl.corrections import Decision, text_hash
from etl.corrections.write import write_decisions
from etl.dataset.read import open_dataset

SHARE = 0.1
MOST = 0.03
LABELS = ["기쁨", "슬픔", "분노", "불안", "놀람", "혐오", "중립"]


def main(rows: int = 1_000_000, tagger: str = "okt") -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        scale_rows.make(str(folder / "rows.jsonl"), rows)
        without = ingest(folder, tagger, "without")
        decided = decide(folder / "without", folder / "corrections.jsonl", int(rows * SHARE))
        with_them = ingest(folder, tagger, "with", "--corrections", str(folder / "corrections.jsonl"))
        again = ingest(folder, tagger, "without")
        applied = open_dataset(folder / "with").manifest.corrections.applied
        least = min(without, again)
        print(f"{rows:,} rows, {tagger}: {without:.1f} and {again:.1f} processor seconds without corrections")
        print(f"{decided:,} decisions, {applied:,} applied: {with_them:.1f} s, {with_them / least - 1:+.1%}")
        print(f"aim: at most {MOST:+.0%}")


def decide(dataset: Path, path: Path, count: int) -> int:
    """Writes decisions on rows that are drawn: labels, and a drop of every tenth."""
    rows = open_dataset(dataset).scan().select("id", "text").collect()
    rng = random.Random(2)
    start = datetime(2026, 11, 29, tzinfo=UTC)
    decisions = []
    for number, (row_id, text) in enumerate(rows.sample(min(count, rows.height), seed=3).iter_rows()):
        is_drop = number % 10 == 0
        decisions.append(
            Decision(
                id=row_id,
                text_hash=text_hash(text),
                decision="drop" if is_drop else "relabel",
                label=None if is_drop else rng.choice(LABELS),
                taxonomy="" if is_drop else "ko7",
                by=rng.choice(["kim", "lee"]),
                at=start + timedelta(seconds=number),
            )
        )
    write_decisions(path, decisions)
    return len(decisions)


def ingest(folder: Path, tagger: str, out: str, *options: str) -> float:
    """Returns the processor seconds of one ingest, run as a command; nothing was tagged before."""
    columns = ["--text-column", "text", "--label-column", "label"]
    shown = ["--tagger", tagger, "--out", folder / out, "--json"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory(dir=folder) as cache:
        subprocess.run(
            [sys.executable, "-m", "etl", "ingest", folder / "rows.jsonl", *columns, *shown, *options],
            env={**os.environ, "ETL_CACHE_DIR": cache},
            stdout=subprocess.DEVNULL,
            check=True,
        )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main(*(int(word) if word.isdecimal() else word for word in sys.argv[1:]))  # type: ignore[arg-type]
