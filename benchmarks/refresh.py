"""Times a refresh without changes, and one with an added file of a hundredth of the rows.

    python -m benchmarks.refresh [REVIEWS] [TAGGER]

300,000 real NSMC reviews and Okt by default, taxonomy polarity3. Each run is a process of its own. The first
one is cold: nothing was tagged before, and no code is compiled.
"""

from __future__ import annotations

import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

REVIEWS = Path(__file__).parents[1] / ".." / "shared" / "data" / "nsmc" / "reviews-300k.jsonl.gz"
ADDED_SHARE = 0.01


def main(count: int = 300_000, tagger: str = "okt") -> None:
    if not REVIEWS.exists():
        sys.exit("../shared/data/nsmc is not here")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "raw").mkdir()
        added = int(count * ADDED_SHARE)
        with gzip.open(REVIEWS, "rb") as reviews:
            write(folder / "raw" / "reviews-1.jsonl.gz", list(islice(reviews, count - added)))
            rest = list(islice(reviews, added))
        (folder / "etl.yaml").write_text(
            f"taxonomy: polarity3\ntag: {{tagger: {tagger}}}\nrefresh: {{inputs: [raw], out: place}}\n"
        )
        print(f"{count - added:,} reviews, then {added:,} more; tagger {tagger}; {os.cpu_count()} cores")
        first = refresh(folder, "the first refresh, cold")
        refresh(folder, "nothing changed")
        write(folder / "raw" / "reviews-2.jsonl.gz", rest)
        second = refresh(folder, "one file added")
        print(f"one file added takes {second / first:.1%} of the first refresh")


def write(path: Path, lines: list[bytes]) -> None:
    with gzip.open(path, "wb", 1) as stream:
        stream.writelines(lines)


def refresh(folder: Path, name: str) -> float:
    """Returns the seconds of one refresh, run as a command."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "etl", "refresh", "--config", folder / "etl.yaml", "--json"],
        env={**os.environ, "ETL_CACHE_DIR": str(folder / "cache")},
        capture_output=True,
        check=True,
    )
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    run = json.loads(done.stdout)
    stages = ", ".join(f"{stage['stage']} {stage['seconds']:.1f}" for stage in run["stages"] if stage["why"])
    print(f"{seconds:7.2f} s, {cpu:6.2f} CPU s  {name}: {run['outcome']}  ({stages or 'no stage'})")
    return seconds


if __name__ == "__main__":
    main(*(int(each) if each.isdigit() else each for each in sys.argv[1:]))  # type: ignore[arg-type]
