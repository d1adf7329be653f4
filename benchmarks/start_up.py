"""Shows the help texts of all commands, in both languages, against a bare application of typer.

Whole processes with warm caches: processor seconds decide, which hardly depend on other load.
"""

from __future__ import annotations

import sys
from statistics import median

from benchmarks.measure import Setup, timed_commands
from benchmarks.report import Comparison, Target

MOST_TIMES = 2.5
_ROUNDS = 10  # of a third of a second each
_BARE = """
import typer

app = typer.Typer()


@app.command()
def greet(name: str = "you") -> None:
    "Greets somebody."


@app.command()
def part(name: str = "you") -> None:
    "Takes leave of somebody."


app()
"""


def run(setup: Setup) -> Comparison:
    """Starts all sides in turn."""
    etl = [sys.executable, "-m", "etl"]
    sides = {
        "typer": [sys.executable, "-c", _BARE, "--help"],
        "etl --help": [*etl, "--lang", "en", "--help"],
        "etl --help, Korean": [*etl, "--lang", "ko", "--help"],
    }
    runs = timed_commands(sides, max(setup.rounds, _ROUNDS))
    seconds = {name: median(run.cpu_seconds for run in each) for name, each in runs.items()}
    targets = [
        Target(
            f"processor seconds: {name} / typer",
            f"at most {MOST_TIMES}",
            f"{share:.2f}",
            share,
            share <= MOST_TIMES,
        )
        for name, share in ((name, spent / seconds["typer"]) for name, spent in seconds.items())
        if name != "typer"
    ]
    return Comparison("Start-up: `etl --help`, against a bare application of typer", runs, targets)
