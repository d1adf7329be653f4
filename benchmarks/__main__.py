"""`python -m benchmarks [NAME…]`: runs the comparisons and prints a table of each."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path

from benchmarks import (
    chats,
    dialogue_json,
    json_lines,
    multimodal,
    near_duplicates,
    nsmc_growth,
    predict,
    predict_cold,
    report,
    serving,
    small_files,
    start_up,
    sums,
    tagging,
    unknown_members,
    validate_growth,
    vocabulary,
    xlsx,
)
from benchmarks.measure import Setup
from etl.runtime import console

BENCHMARKS = {
    "xlsx": xlsx.run,
    "dialogue_json": dialogue_json.run,
    "multimodal": multimodal.run,
    "json_lines": json_lines.run,
    "nsmc_growth": nsmc_growth.run,
    "tagging": tagging.run,
    "vocabulary": vocabulary.run,
    "sums": sums.run,
    "near_duplicates": near_duplicates.run,
    "start_up": start_up.run,
    "predict": predict.run,
    "predict_cold": predict_cold.run,
    "serving": serving.run,
    "chats": chats.run,
    "validate_growth": validate_growth.run,
    "small_files": small_files.run,
    "unknown_members": unknown_members.run,
}


def main() -> None:
    """Runs the chosen comparisons; missed targets, which depend on the machine, are no failure."""
    parser = _parser()
    arguments = parser.parse_args()
    names = arguments.names or list(BENCHMARKS)
    if unknown := set(names) - set(BENCHMARKS):
        parser.error(
            f"no benchmark is called {', '.join(sorted(unknown))}: choose from {', '.join(BENCHMARKS)}"
        )
    with tempfile.TemporaryDirectory(prefix="etl-bench-") as folder:
        inputs = arguments.inputs or Path(folder)
        inputs.mkdir(parents=True, exist_ok=True)
        setup = Setup(inputs, arguments.rounds, arguments.scale)
        load = os.getloadavg()[0]
        console.line(
            f"{os.cpu_count()} cores, load {load:.1f}; each side in a fresh process, in turn, {setup.rounds} "
            "rounds after a warm-up: median (least–most). Peak: the largest process of each run."
        )
        comparisons = {}
        for name in names:
            console.note(f"{name} …")
            comparisons[name] = BENCHMARKS[name](setup)
            report.show(comparisons[name])
    console.line(report.closing_line(list(comparisons.values())))
    if arguments.json:
        figures = report.document(comparisons, setup)
        arguments.json.write_text(json.dumps(figures, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)} (default: all)")
    parser.add_argument("--rounds", type=int, default=3, help="timed runs of each side (default: 3)")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full sizes (default: 1)")
    parser.add_argument("--inputs", type=Path, help="keep the made inputs in this folder, and use them again")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    return parser


if __name__ == "__main__":
    main()
