"""Decides on a page whose server is killed again and again; compares what was answered with what is on disk.

PYTHONPATH=tests:. python -m support.review_torture FOLDER [DECISIONS [KILLS]]
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from etl.corrections import read_decisions
from support.patience import PATIENCE
from support.run_etl import COMMAND, environment
from support.small_datasets import clean_rows, write_dataset

_PEOPLE = ("kim", "lee")


@dataclass(frozen=True)
class Outcome:
    """What was decided.

    Attributes:
        answered: decisions that the server said were saved, as (person, row).
        on_disk: those in the file.
        lost: answered and not on disk.
        unanswered: on disk, but the server was killed before it could say so.
        torn: lines of the file that are no decision.
        kills: how often the server was killed.
    """

    answered: int
    on_disk: int
    lost: int
    unanswered: int
    torn: int
    kills: int


def torture(folder: Path, decisions: int, kills: int, seed: int = 0) -> Outcome:
    """Has two people decide at once while the server is killed at random moments."""
    rng = random.Random(seed)
    dataset = write_dataset(folder / "dataset", clean_rows(decisions, 1, 1), shard_rows=10**6)
    path = folder / "corrections.jsonl"
    answered: set[tuple[str, str]] = set()
    torn = 0
    for number in range(kills + 1):
        left = [(by, row) for by, row in _wanted(decisions) if (by, f"table:{row}") not in answered]
        share = len(left) // (kills + 1 - number)
        with _served(dataset, path) as (process, url):
            stop_after = share if number < kills else len(left)
            threads = [
                threading.Thread(target=_decide, args=(url, by, [r for p, r in left if p == by], answered))
                for by in _PEOPLE
            ]
            before = len(answered)
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                if number < kills and len(answered) - before >= stop_after:
                    threads[0].join(rng.random() * 0.01)
                    process.kill()
                    break
                threads[0].join(0.002)
            for thread in threads:
                thread.join()
        torn += sum(not _is_whole(line) for line in path.read_bytes().splitlines(keepends=True)[:-1])
    on_disk = {(each.by, each.id) for each in read_decisions([path])}
    return Outcome(len(answered), len(on_disk), len(answered - on_disk), len(on_disk - answered), torn, kills)


def _wanted(decisions: int) -> list[tuple[str, int]]:
    """Each row is decided on by one of two people."""
    return [(_PEOPLE[row % 2], row) for row in range(decisions)]


def _decide(url: str, by: str, rows: list[int], answered: set[tuple[str, str]]) -> None:
    """Decides row by row, and notes what was answered, until the server is gone."""
    for row in rows:
        sent = {"queue": "all", "row": row, "decision": "drop", "labels": [], "by": by, "why": "이유 " * 50}
        try:
            with urllib.request.urlopen(
                url + "api/decide", json.dumps(sent).encode(), timeout=PATIENCE
            ) as answer:
                answer.read()
        except (OSError, urllib.error.URLError):
            return
        answered.add((by, f"table:{row}"))


@contextmanager
def _served(dataset: Path, path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [*COMMAND, "review", str(dataset), "--no-open", "--corrections", str(path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment()
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        found = {"row": None}
        while found["row"] is None:
            wanted = json.dumps({"queue": "all", "state": "all"}).encode()
            with urllib.request.urlopen(url + "api/find", wanted, timeout=PATIENCE) as answer:
                found = json.loads(answer.read())
        try:
            yield process, url
        finally:
            process.kill()


def _is_whole(line: bytes) -> bool:
    try:
        return line.endswith(b"\n") and isinstance(json.loads(line), dict)
    except ValueError:
        return False


if __name__ == "__main__":
    folder, *numbers = sys.argv[1:]
    asked = [*map(int, numbers), *(2000, 20)[len(numbers) :]]
    sys.stdout.write(f"{torture(Path(folder), *asked)}\n")
