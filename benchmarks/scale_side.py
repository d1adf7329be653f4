"""One side of `benchmarks.scale`: runs `etl ingest` of whatever checkout it is started with.

    PYTHONPATH=CHECKOUT python -P benchmarks/scale_side.py REQUEST REPORT

The request is `{"source": …, "out": …, "settings": {…}, "options": {…}}`; the report holds seconds by the
clock and of the processors for each stage. A stage is what `progress` was told: nothing here knows a function
of the pipeline.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import etl
from etl import settings

BETWEEN = "after "


class Stages:
    """Takes the time at each description; a stage that counts rows ends with the last of them.

    Where no stage begins at once, the time until the next one is that "after" the stage.
    """

    def __init__(self) -> None:
        self._seconds: dict[str, tuple[float, float]] = {}
        self._name, self._start = "opening", _now()

    def tell(self, amount: int, description: str | None = None) -> None:
        """The progress of ingest: how many rows are done, and in which stage."""
        name = (description or self._name).partition(" ")[0]
        if amount and self._name in (name, BETWEEN + name):
            self._end(name)
            self._name = BETWEEN + name
        elif name != self._name:
            self._end(self._name)
            self._name = name

    def finish(self) -> dict[str, tuple[float, float]]:
        """Returns seconds by the clock and of the processors for each stage, in order."""
        self._end(self._name)
        return self._seconds

    def _end(self, name: str) -> None:
        end = _now()
        before = self._seconds.get(name, (0.0, 0.0))
        self._seconds[name] = (before[0] + end[0] - self._start[0], before[1] + end[1] - self._start[1])
        self._start = end


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def run(request: dict[str, Any]) -> dict[str, Any]:
    """Ingests, and returns seconds by stage and the counts of the manifest."""
    chosen = settings.load(None, request["settings"])
    out = Path(request["out"])
    stages = Stages()
    etl.ingest([Path(request["source"])], out, chosen, progress=stages.tell, **request["options"])
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    size = sum(path.stat().st_size for path in out.rglob("*"))
    return {"stages": stages.finish(), "counts": manifest["counts"], "dataset_bytes": size}


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(
        json.dumps(run(json.loads(sys.argv[1])), ensure_ascii=False), encoding="utf-8"
    )
