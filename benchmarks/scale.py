"""`etl ingest` on one to a hundred million made-up rows, without a tagger: time by stage, memory and disk.

    python -m benchmarks.scale [ROWS…] [--folder FOLDER] [--old CHECKOUT] [--memory SIZE] [--near SIMILARITY]

With `--old`, the code of another checkout ingests the same input before, and both stand side by side. Not one
of `python -m benchmarks`: ten million rows take minutes and 10 GB of disk. What the figures mean for a
cluster stands in docs/scale.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import scale_rows
from benchmarks.measure import ROOT, Setup, Usage, make_input, run_process
from etl.runtime import console

ROWS = (1_000_000, 3_000_000, 10_000_000)
_WORKERS = 2
_TO_WARM_UP = 20_000  # numba compiles on first use
_MB = 1_000_000


@dataclass(frozen=True)
class Side:
    """A checkout, and the options of its `etl.ingest`."""

    name: str
    checkout: Path
    settings: Mapping[str, Any]
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Measured:
    """What a side used, and what it said."""

    used: Usage
    answer: Mapping[str, Any]


def main() -> None:
    """Prints a table of each size."""
    arguments = _parser().parse_args()
    console.line(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {_WORKERS} workers")
    sides = _sides(arguments)
    with tempfile.TemporaryDirectory(prefix="etl-bench-") as scratch:
        folder = arguments.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        setup = Setup(folder)
        small = make_input(scale_rows.__name__, setup, "rows.jsonl", _TO_WARM_UP)
        for side in sides:
            measure(side, small)
        for rows in arguments.rows:
            source = make_input(scale_rows.__name__, setup, "rows.jsonl", rows)
            _show(rows, source, {side.name: measure(side, source) for side in sides})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("rows", nargs="*", type=int, default=ROWS, metavar="ROWS")
    parser.add_argument("--folder", type=Path, help="keep the made inputs there, and use them again")
    parser.add_argument("--old", type=Path, metavar="CHECKOUT", help="the folder of the code to compare with")
    parser.add_argument("--memory", help="how much the present code may take, such as 2GB")
    parser.add_argument("--near", type=float, help="`dedupe.near`; 0: no near-duplicates")
    return parser


def _sides(arguments: argparse.Namespace) -> list[Side]:
    settings = {
        "tag.tagger": "whitespace",
        "table.text_column": "text",
        "table.label_column": "label",
        "dedupe.near": arguments.near,
    }
    options = {"workers": _WORKERS}
    present = Side("present", ROOT, settings, options | {"memory": arguments.memory})
    if not arguments.old:
        return [present]
    return [Side("old", arguments.old.resolve(), settings, options), present]


def measure(side: Side, source: Path) -> Measured:
    """Ingests a file with the code of one side, in a process of its own.

    Raises:
        RuntimeError: it failed.
    """
    scratch = Path(tempfile.mkdtemp(prefix="etl-bench-", dir=source.parent))
    request = {
        "source": str(source),
        "out": str(scratch / "out"),
        "settings": side.settings,
        "options": side.options,
    }
    report = source.parent / f"{scratch.name}.json"
    script = Path(__file__).with_name("scale_side.py")
    command = [sys.executable, "-P", str(script), json.dumps(request), str(report)]
    try:
        used = run_process(command, side.checkout, f"the {side.name} side", scratch)
        return Measured(used, json.loads(report.read_text(encoding="utf-8")))
    finally:
        shutil.rmtree(scratch)
        report.unlink(missing_ok=True)


def _show(rows: int, source: Path, sides: Mapping[str, Measured]) -> None:
    figures = {name: _figures(rows, measured) for name, measured in sides.items()}
    lines = []
    # The stages of the present code first: the old one may have had others.
    for what in dict.fromkeys(what for column in reversed(figures.values()) for what in column):
        cells = [column.get(what) for column in figures.values()]
        ratio = [] if len(cells) == 1 else [f"{cells[1] / cells[0]:.2f}" if all(cells) else ""]
        lines.append(
            [what, *("" if cell is None else f"{cell:,.{_decimals(what)}f}" for cell in cells), *ratio]
        )
    size = f"{source.stat().st_size / _MB:,.0f} MB"
    console.table(
        f"etl ingest, {rows:,} made-up rows, {size}, tagger whitespace",
        ["", *figures, *(["ratio"] if len(figures) > 1 else [])],
        lines,
    )
    counts = [measured.answer["counts"] for measured in sides.values()]
    if len(counts) > 1:
        same = "the same" if counts[0] == counts[1] else f"not the same: {counts[0]} and {counts[1]}"
        console.line(f"counts by source, reason and split: {same}")


def _figures(rows: int, measured: Measured) -> dict[str, float]:
    used, answer = measured.used, measured.answer
    return {
        "seconds by the clock": used.seconds,
        "seconds of the processors": used.cpu_seconds,
        "… µs a row": used.cpu_seconds / rows * 1e6,
        "peak MB of all processes": used.tree.resident_bytes / _MB,
        "… MB without mapped files": used.tree.private_bytes / _MB,
        "peak MB on disk": used.tree.disk_bytes / _MB,
        "dataset MB": answer["dataset_bytes"] / _MB,
        **{f"{name}: s": seconds for name, (seconds, _) in answer["stages"].items()},
        **{f"{name}: processor s": seconds for name, (_, seconds) in answer["stages"].items()},
    }


def _decimals(what: str) -> int:
    return 0 if "MB" in what else 1


if __name__ == "__main__":
    main()
