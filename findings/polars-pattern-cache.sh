#!/usr/bin/env bash
# polars 2.1.0 compiles a regular expression again at each call where more than 32 different ones are used in turn.
#
# It keeps the compiled patterns of the last calls, 32 of them. A program that goes through 32 patterns with one short column,
# again and again, finds each of them compiled; with 40 it finds none, and each call takes as long as the pattern takes to compile. A
# pipeline of many small steps slows down at the 33rd pattern, which looks innocent. So `etl/tagging/okt/cut.py` tells
# scripts by the first character and not by a pattern for each, and prediction keeps below 32.
#
# Seen: a call with 40 patterns in turn takes more than three times as long as one with 32. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet polars==2.1.0 2> /dev/null
"$folder/venv/bin/python" - <<'PYTHON'
import sys
import time

import polars as pl

column = pl.Series(["영화가 정말 좋았어요"])


def seconds_a_call(count: int) -> float:
    """The shortest mean of some rounds, in each of which every pattern is searched once."""
    patterns = [rf"^(?:[\p{{L}}\p{{N}}]{{1,9}} ?){{1,9}}{number}$" for number in range(count)]
    best = float("inf")
    for _ in range(20):
        start = time.perf_counter()
        for pattern in patterns:
            column.str.contains(pattern)
        best = min(best, (time.perf_counter() - start) / count)
    return best


few, many = seconds_a_call(32), seconds_a_call(40)
print(f"a call: {few * 1e6:.0f} us with 32 patterns in turn, {many * 1e6:.0f} us with 40")
sys.exit(0 if many > 3 * few else "the behaviour has changed")
PYTHON
