"""Shows the results of comparisons against their targets: tables for people, JSON for programs."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measure import Run, Setup
from etl.runtime import console

_MB = 1_000_000
_PACKAGES = ("polars", "pandas", "pyarrow", "openpyxl", "fastexcel", "msgspec")


@dataclass(frozen=True)
class Target:
    """A target, and the value that was reached."""

    what: str
    wanted: str
    got: str
    value: float
    is_met: bool


@dataclass(frozen=True)
class Comparison:
    """The runs of one benchmark by name of side or size, or the reason why it was skipped.

    What is divided by what: each of the runs by the first.
    """

    title: str
    runs: dict[str, list[Run]] = field(default_factory=dict)
    targets: list[Target] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    skipped: str | None = None


def at_least_times(times: float, theirs: Sequence[Run], ours: Sequence[Run]) -> Target:
    """Target: ours is `times` as fast. Only the work counts, as polars loads faster than pandas."""
    ratio = median(run.work_seconds for run in theirs) / median(run.work_seconds for run in ours)
    return Target("speed: their work / ours", f"at least {times:g}×", f"{ratio:.1f}×", ratio, ratio >= times)


def at_most_times(times: float, theirs: Sequence[Run], ours: Sequence[Run]) -> Target:
    """Target: ours takes at most `times` as long, from the start of the process to its end."""
    ratio = median(run.process_seconds for run in ours) / median(run.process_seconds for run in theirs)
    return Target("cost: our process / theirs", f"at most {times:g}×", f"{ratio:.1f}×", ratio, ratio <= times)


def peak_below(megabytes: int, ours: Sequence[Run], what: str) -> Target:
    """Target: the highest peak of all runs stays below a limit."""
    peak = max(run.peak_bytes for run in ours) / _MB
    return Target(
        f"memory: peak, {what}", f"below {megabytes:,} MB", f"{peak:,.0f} MB", peak, peak < megabytes
    )


def megabytes(file: Path) -> str:
    """Formats the size of a file."""
    return f"{file.stat().st_size / _MB:.1f} MB"


def show(comparison: Comparison) -> None:
    """Prints a table of the runs and one of the targets."""
    if comparison.skipped:
        console.line(f"{comparison.title}\n  skipped: {comparison.skipped}\n")
        return
    console.line(comparison.title)
    console.table("", ["", "whole process, s", "work alone, s", "CPU, s", "peak, MB"], _rows(comparison.runs))
    for note in comparison.notes:
        console.line(f"  {note}")
    console.table(
        "",
        ["target", "wanted", "got", ""],
        [
            [each.what, each.wanted, each.got, "PASS" if each.is_met else "MISS"]
            for each in comparison.targets
        ],
    )
    console.line()


def _rows(runs: dict[str, list[Run]]) -> list[list[str]]:
    """Returns a row for each side, with the ratios to the first side."""
    figures = {
        name: [
            [run.process_seconds for run in each],
            [run.work_seconds for run in each],
            [run.cpu_seconds for run in each],
            [run.peak_bytes / _MB for run in each],
        ]
        for name, each in runs.items()
    }
    digits = (2, 2, 2, 0)
    first, *others = figures
    rows = [
        [name, *(_spread(values, places) for values, places in zip(columns, digits, strict=True))]
        for name, columns in figures.items()
    ]
    for name in others:
        ratios = [
            f"{median(values) / median(base):.2f}×"
            for values, base in zip(figures[name], figures[first], strict=True)
        ]
        rows.append([f"{name} / {first}", *ratios])
    return rows


def _spread(values: list[float], places: int) -> str:
    """Formats median, minimum and maximum: `1.23 (1.20–1.31)`."""
    return f"{median(values):,.{places}f} ({min(values):,.{places}f}–{max(values):,.{places}f})"


def closing_line(comparisons: Sequence[Comparison]) -> str:
    """Returns a line with the number of targets that were met."""
    targets = [target for each in comparisons for target in each.targets]
    missed = [f"{target.what}: {target.got}, not {target.wanted}" for target in targets if not target.is_met]
    skipped = sum(each.skipped is not None for each in comparisons)
    text = f"{len(targets) - len(missed)} of {len(targets)} targets met"
    if skipped:
        text += f", {skipped} benchmark{'s' if skipped > 1 else ''} skipped"
    return text + "".join(f"\n  missed: {each}" for each in missed)


def document(comparisons: dict[str, Comparison], setup: Setup) -> dict[str, Any]:
    """Returns all figures with the machine and the versions."""
    return {
        "machine": {
            "system": platform.system(),
            "processor": platform.machine(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in _PACKAGES},
        },
        "rounds": setup.rounds,
        "scale": setup.scale,
        "benchmarks": {name: asdict(comparison) for name, comparison in comparisons.items()},
    }
