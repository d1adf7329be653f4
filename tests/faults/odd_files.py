"""Kind 4: odd files for every reader, on the command line and in Python.

Whatever has become of a file, it is read and each of its rows accounted for, or refused by its name with exit
code 4, a cause and a next step; nothing half-written, no word of a library, soon, and in bounded memory.
"""

from __future__ import annotations

import contextlib
import json
import re
import resource
import shutil
import signal
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from support.run_etl import Run, environment, etl

from etl.errors import InputError
from faults.counts import Count
from faults.mutations import write_odd
from faults.readers import READERS, Reader

# What only Python, Rust or a library says.
_LEAK = re.compile(r"Traceback|panicked|[A-Z]\w+Warning\b|site-packages|something unexpected")
# How long a file may take, and how much it may add to the most memory that this process ever had; libraries
# that are loaded on the way, such as PyTorch, are a part of that.
_SECONDS, _MAX_MB = 60, 750
_SEEDS_PYTHON, _SEEDS_COMMANDS = 40, 6
_QUOTE = b'"'


def read_odd(reader: Reader, seed: int, folder: Path) -> str:
    """Reads an odd file in Python; returns what fell short, if anything."""
    path, done = _write(reader, seed, folder)
    try:
        reader.read(path)
    except InputError as error:
        if not (error.what and error.next_step):
            return f"{reader.name}, seed {seed}, {done}: no next step: {error}"
    except Exception as error:  # noqa: BLE001 - what is looked for
        return f"{reader.name}, seed {seed}, {done}: {type(error).__name__}: {error}"
    return ""


def run_odd(reader: Reader, line: str, seed: int, folder: Path, model: Path | None = None) -> str:
    """Reads an odd file with a command; returns what fell short, if anything.

    Args:
        reader: whose file it is.
        line: the command, one of `reader.lines`.
        seed: decides what is odd.
        folder: an empty one.
        model: for `predict`.
    """
    path, done = _write(reader, seed, folder)
    paths = {"{path}": path, "model": model}
    words = [str(paths.get(word) or word) for word in line.split()]
    run = etl(*words, cwd=folder, env=environment())
    found = list(_shortcomings(run, words[0], path, folder))
    return f"{reader.name}, {words[0]}, seed {seed}, {done}: {found}\n{run.stderr[-800:]}" if found else ""


def _write(reader: Reader, seed: int, folder: Path) -> tuple[Path, str]:
    raw = folder / "raw"
    raw.mkdir()
    return write_odd(reader, raw, Random(f"{seed} {reader.group} {reader.name}"))


def _shortcomings(run: Run, command: str, path: Path, folder: Path) -> Iterator[str]:
    if found := _LEAK.search(run.stderr):
        yield f"says {found[0]!r}"
    if run.returncode not in ({0, 3, 4} if command in {"validate", "ingest"} else {0, 4}):
        yield f"exit code {run.returncode}"
    if run.returncode == 4:
        names = {unicodedata.normalize("NFC", file.stem) for file in (path, *path.rglob("*"))}
        if not ("\n  Next: " in run.stderr and any(name in run.stderr for name in names)):
            yield "the error has no next step, or not the name of the file"
        if (folder / "made").exists():
            yield "something is written"
    if run.returncode in {0, 3} and command == "ingest":
        yield from _unaccounted(path, folder / "made")


def _unaccounted(path: Path, dataset: Path) -> Iterator[str]:
    """What the counts of a dataset leave open."""
    counts = json.loads((dataset / "manifest.json").read_bytes())["counts"].values()
    for count in counts:
        if count["read"] != count["kept"] + sum(count["rejected"].values()):
            yield f"read is not kept and rejected: {count}"
    n_read, n_lines = sum(count["read"] for count in counts), _lines(path)
    if n_lines not in {None, n_read}:
        yield f"{n_lines} lines, {n_read} rows"


def _lines(path: Path) -> int | None:
    """How many rows a text has, each of which is a line; None where that cannot be told without a reader."""
    if not path.is_file() or path.suffix not in {".csv", ".tsv", ".txt", ".jsonl"}:
        return None
    content = path.read_bytes()
    if path.suffix == ".jsonl":
        is_plain = content.lstrip()[:1] == b"{" and content.partition(b"\n")[0].strip() != b"{"
        return sum(bool(line.strip()) for line in content.split(b"\n")) if is_plain else None
    try:
        lines = re.split("\r\n|\r|\n", content.decode())
    except UnicodeDecodeError:
        return None
    is_table = re.fullmatch(r"\w+[,\t]\w+", lines[0]) and _QUOTE not in content
    return sum(bool(line) for line in lines) - 1 if is_table else None


def run(prepared: Path, folder: Path, say: Callable[[str], None]) -> list[Count]:
    """Tries odd files of every reader, in Python and with every command that reads them.

    Args:
        prepared: the folder with a model.
        folder: an empty one.
        say: takes lines for people to follow.
    """
    in_python, with_commands = Count("odd files, read in Python"), Count("odd files, read by commands")
    for seed in range(_SEEDS_PYTHON):
        say(f"odd files in Python, {seed + 1} of {_SEEDS_PYTHON}")
        for reader in READERS:
            with _attempt(in_python, folder / "odd") as attempt:
                attempt.append(read_odd(reader, seed, folder / "odd"))
    for seed in range(_SEEDS_COMMANDS):
        say(f"odd files with commands, {seed + 1} of {_SEEDS_COMMANDS}")
        for reader in READERS:
            for line in reader.lines:
                with _attempt(with_commands, folder / "odd") as attempt:
                    attempt.append(run_odd(reader, line, 1000 + seed, folder / "odd", prepared / "model"))
    return [in_python, with_commands]


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


@contextlib.contextmanager
def _attempt(count: Count, folder: Path) -> Iterator[list[str]]:
    """An empty folder for an attempt, which is counted; what takes a minute, or much memory, fell short."""

    def stop(*_: object) -> None:
        raise TimeoutError

    found: list[str] = []
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    before, before_mb = signal.signal(signal.SIGALRM, stop), _peak_mb()
    signal.alarm(_SECONDS)
    try:
        yield found
    except TimeoutError:
        found.append(f"more than {_SECONDS} s: {sorted(folder.rglob('*'))}")
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    if (more_mb := _peak_mb() - before_mb) > _MAX_MB:
        found.append(f"{more_mb:,} MB of memory: {sorted(folder.rglob('*'))}")
    count.tried += 1
    count.failures += filter(None, found)
