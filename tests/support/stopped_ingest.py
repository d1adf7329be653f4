"""Ingests a table in small batches and partitions, and kills itself (SIGKILL) when a stage begins.

PYTHONPATH=tests:. python -m support.stopped_ingest TABLE OUT PARTITIONS [STAGE]
"""

import os
import signal
import sys
from pathlib import Path

import etl
from etl.ingestion import ingest as ingestion
from etl.ingestion.sources import units
from support.small_tables import settings_of_tables

BATCH_ROWS = 100


def ingest(table: Path, out: Path, n_partitions: int, stage: str = "") -> None:
    """Goes on from what is complete; without a stage to its end."""

    def tell(_: int, description: str | None = None) -> None:
        if stage and description and description.startswith(stage):
            os.kill(os.getpid(), signal.SIGKILL)

    units.BATCH_ROWS = BATCH_ROWS
    ingestion.count_partitions = lambda *_: n_partitions
    etl.ingest(table, out, settings_of_tables(), workers=1, progress=tell, resume=True)


if __name__ == "__main__":
    table, out, n_partitions, *stage = sys.argv[1:]
    ingest(Path(table), Path(out), int(n_partitions), *stage)
