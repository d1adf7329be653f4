"""Runs each side of a comparison as a fresh Python process, in turn, and measures its time and memory.

A fresh process, so that imports, memory and caches of one side never help or burden the other. The sides are
functions of the file of a benchmark; `benchmarks.report` shows the figures.

    python -m benchmarks.measure REQUEST REPORT     (a child; both are described at `_serve`)
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
_RSS_UNIT_BYTES = 1 if sys.platform == "darwin" else 1024  # getrusage(2)


@dataclass(frozen=True)
class Run:
    """One run of one side.

    Args:
        process_seconds: from the start of the interpreter to the end of the process, imports included.
        work_seconds: inside the process, with the modules of `IMPORTS` already loaded.
        cpu_seconds: of all threads and processes together, imports included.
        peak_bytes: largest resident size of the largest process of the tree, not the sum over processes.
        tree_peak_bytes: largest sum over all processes at a time, looked at five times a second; 0 where the
            system does not tell.
        rows: how many rows there were, and a digest of them; empty if not asked for.
    """

    process_seconds: float
    work_seconds: float
    cpu_seconds: float
    peak_bytes: int
    tree_peak_bytes: int
    rows: Mapping[str, Any]


@dataclass(frozen=True)
class Usage:
    """What a process and its descendants used.

    Args:
        seconds: from its start to its end.
        cpu_seconds: of all threads and processes together.
        peak_bytes: largest resident size of the largest process of the tree, not the sum over processes.
        tree: largest sums over all processes at a time.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    tree: Peaks


@dataclass
class Peaks:
    """Largest sums over a process and its descendants; 0 where the system does not tell.

    Args:
        resident_bytes: in memory, looked at five times a second.
        private_bytes: those that no file backs and no other process shares: they cannot be given up.
        disk_bytes: of the files in one folder, looked at once a second.
    """

    resident_bytes: int = 0
    private_bytes: int = 0
    disk_bytes: int = 0


@dataclass(frozen=True)
class Case:
    """A measured call: the function `side` of the module `bench`, on one input."""

    bench: str
    side: str
    source: Path


@dataclass(frozen=True)
class Setup:
    """Settings of all benchmarks.

    Args:
        inputs: where made inputs are kept.
        rounds: how often each case is timed, after one warm-up.
        scale: share of the full size of each input.
    """

    inputs: Path
    rounds: int = 3
    scale: float = 1.0

    def size(self, full: int) -> int:
        """Scales down a full size."""
        return max(1, round(full * self.scale))


def make_input(bench: str, setup: Setup, name: str, count: int, make: str = "make") -> Path:
    """Returns the input `name` with `count` records; `make` of the module `bench` writes it if it is missing.

    A child makes it: on Linux a process starts with the peak of the one that spawned it, so a parent that has
    grown would show in every figure.
    """
    target = setup.inputs / f"{count}-{name}"
    if not target.exists():
        # The ending stays, since some writers go by it.
        partial = target.with_name(f"partial-{target.name}")
        _run(bench, make, [str(partial), count])
        partial.rename(target)
    return target


def compared(cases: Mapping[str, Case], setup: Setup) -> dict[str, list[Run]]:
    """Warms up, checks that all cases give the same rows, then times them."""
    same_rows(cases)
    return timed(cases, setup)


def same_rows(cases: Mapping[str, Case]) -> dict[str, Run]:
    """Runs each case once.

    Raises:
        ValueError: they do not give the same rows, so their speeds cannot be compared.
    """
    runs = {name: run_case(case, with_rows=True) for name, case in cases.items()}
    if len({run.rows["sha256"] for run in runs.values()}) != 1:
        counts = ", ".join(f"{name}: {run.rows['count']:,}" for name, run in runs.items())
        raise ValueError(f"the sides do not give the same rows ({counts})")
    return runs


def timed(cases: Mapping[str, Case], setup: Setup) -> dict[str, list[Run]]:
    """Times the cases in turn, A B A B A B, so that a machine that slows down slows them all."""
    runs: dict[str, list[Run]] = {name: [] for name in cases}
    for _ in range(setup.rounds):
        for name, case in cases.items():
            runs[name].append(run_case(case))
    return runs


def timed_commands(sides: Mapping[str, list[str]], rounds: int) -> dict[str, list[Run]]:
    """Times whole commands in turn, without what they print.

    Args:
        sides: a program and its arguments, for each side.
        rounds: how often each is timed, after one warm-up that compiles modules.
    """
    runs: dict[str, list[Run]] = {name: [] for name in sides}
    for number in range(1 + rounds):
        for name, command in sides.items():
            used = run_process(command, ROOT, name, is_quiet=True)
            own = Run(
                used.seconds, used.seconds, used.cpu_seconds, used.peak_bytes, used.tree.resident_bytes, {}
            )
            if number:
                runs[name].append(own)
    return runs


def run_case(case: Case, *, with_rows: bool = False) -> Run:
    """Runs a case in a fresh process. Its output is removed outside of the measured time."""
    scratch = Path(tempfile.mkdtemp(prefix="etl-bench-", dir=case.source.parent))
    try:
        return _run(case.bench, case.side, [str(case.source), str(scratch / "out")], with_rows=with_rows)
    finally:
        shutil.rmtree(scratch)


def _run(bench: str, function: str, arguments: list[Any], *, with_rows: bool = False) -> Run:
    request = {"bench": bench, "function": function, "arguments": arguments, "with_rows": with_rows}
    handle, report = tempfile.mkstemp(prefix="etl-bench-", suffix=".json")
    os.close(handle)
    command = [sys.executable, "-m", "benchmarks.measure", json.dumps(request), report]
    try:
        used = run_process(command, ROOT, f"{bench}.{function}")
        answer = json.loads(Path(report).read_text(encoding="utf-8"))
    finally:
        Path(report).unlink()
    return Run(
        used.seconds,
        answer["work_seconds"],
        used.cpu_seconds,
        used.peak_bytes,
        used.tree.resident_bytes,
        answer["rows"],
    )


def run_process(
    command: list[str], checkout: Path, name: str, scratch: Path | None = None, *, is_quiet: bool = False
) -> Usage:
    """Runs a command to its end.

    Args:
        command: a program and its arguments.
        checkout: the folder whose packages Python imports.
        name: how an error calls the command.
        scratch: the folder whose files are watched.
        is_quiet: what it writes to its standard output is thrown away.

    Raises:
        RuntimeError: it failed.
    """
    start = time.perf_counter()
    actions = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)] if is_quiet else []
    process = os.posix_spawn(command[0], command, _environment(checkout), file_actions=actions)
    with _watched(process, scratch) as tree:
        _, status, usage = os.wait4(process, 0)
    seconds = time.perf_counter() - start
    if status:
        raise RuntimeError(f"{name} failed; what it said stands above")
    return Usage(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _RSS_UNIT_BYTES, tree)


def _environment(checkout: Path) -> dict[str, str]:
    """That of this process. Modules stay compiled after the warm-up, as pip compiles those it installs."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(checkout)}


@contextmanager
def _watched(process: int, scratch: Path | None) -> Iterator[Peaks]:
    """Records what a process and its descendants hold, five times a second."""
    peaks = Peaks()
    is_done = threading.Event()

    def watch() -> None:
        looks = 0
        while not is_done.wait(0.2):
            resident, private = _tree_bytes(process)
            peaks.resident_bytes = max(peaks.resident_bytes, resident)
            peaks.private_bytes = max(peaks.private_bytes, private)
            if scratch and looks % 5 == 0:
                peaks.disk_bytes = max(peaks.disk_bytes, _disk_bytes(scratch))
            looks += 1

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peaks
    finally:
        is_done.set()
        watcher.join()


def _tree_bytes(root: int) -> tuple[int, int]:
    """Returns the resident bytes of a process and its descendants, and how many of them are private."""
    parents, pages = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            after_name = (folder / "stat").read_text().rpartition(")")[2].split()
            _, resident, shared, *_ = (folder / "statm").read_text().split()
        except OSError:  # it has just ended
            continue
        parents[int(folder.name)] = int(after_name[1])
        pages[int(folder.name)] = (int(resident), int(resident) - int(shared))
    tree, resident_pages, private_pages = {root}, 0, 0
    for process in sorted(parents):  # a child has a higher number than its parent, until numbers begin anew
        if process in tree or parents[process] in tree:
            tree.add(process)
            resident_pages += pages[process][0]
            private_pages += pages[process][1]
    size = os.sysconf("SC_PAGE_SIZE")
    return resident_pages * size, private_pages * size


def _disk_bytes(folder: Path) -> int:
    """Returns how many bytes the files of a folder take on disk."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # it has just been removed
                total += (Path(place) / name).lstat().st_blocks * 512
    return total


def _serve(request: dict[str, Any]) -> dict[str, Any]:
    """Runs a function of a benchmark's file, in the child process.

    The file has `make(target, count)`, a function per side `side(source, out)`, `side_rows(result)` for the
    comparison of what the sides gave, and `IMPORTS`: for each side the modules that are loaded before its
    clock starts.
    """
    function = request["function"]
    bench = importlib.import_module(request["bench"])
    for module in bench.IMPORTS.get(function, ()):
        importlib.import_module(module)
    start = time.perf_counter()
    result = getattr(bench, function)(*request["arguments"])
    seconds = time.perf_counter() - start
    rows = {}
    if request["with_rows"]:
        found = [tuple(row) for row in getattr(bench, f"{function}_rows")(result)]
        rows = {"count": len(found), "sha256": hashlib.sha256(repr(found).encode()).hexdigest()}
    return {"work_seconds": seconds, "rows": rows}


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(_serve(json.loads(sys.argv[1]))), encoding="utf-8")
