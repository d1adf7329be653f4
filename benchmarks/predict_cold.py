"""Classifies one sentence from a cold shell: `etl predict MODEL "…"`, against a bare `import torch`.

Both are whole processes, caches warm: processor seconds decide, which hardly depend on other load.
"""

from __future__ import annotations

import sys
from statistics import median

from benchmarks.measure import Setup, make_input, timed_commands
from benchmarks.nsmc_growth import REVIEWS
from benchmarks.report import Comparison, Target

SENTENCE = "오늘 정말 기뻤어요"
MOST_SHARE = 0.7
_TRAINED = 20_000
_ROUNDS = 5  # of a second each


def run(setup: Setup) -> Comparison:
    """Starts both sides in turn."""
    title = "Predict: one sentence from a cold shell, okt and bilstm, against `import torch`"
    if not REVIEWS.exists():
        return Comparison(title, skipped="../shared/data/nsmc is not here")
    model = make_input("benchmarks.predict", setup, "okt-model", setup.size(_TRAINED)) / "model"
    sides = {
        "import torch": [sys.executable, "-c", "import torch"],
        "etl predict": [sys.executable, "-m", "etl", "predict", str(model), SENTENCE],
        "etl predict --split sentence": [
            *(sys.executable, "-m", "etl", "predict", str(model), SENTENCE, "--split", "sentence")
        ],
    }
    runs = timed_commands(sides, max(setup.rounds, _ROUNDS))
    seconds = {name: median(run.cpu_seconds for run in each) for name, each in runs.items()}
    share = seconds["etl predict"] / seconds["import torch"]
    target = Target(
        "processor seconds: etl predict / import torch",
        f"at most {MOST_SHARE}",
        f"{share:.2f}",
        share,
        share <= MOST_SHARE,
    )
    return Comparison(title, runs, [target])
