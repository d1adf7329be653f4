"""Works out what 10^9 to 10^11 rows take on a cluster, from what was measured of a row on one machine.

    python -m benchmarks.scale_arithmetic --micros 20 --tagger-micros 110 --disk 900 --network 2000

Time is taken as linear in rows and in nodes, so what does not grow so is not in it; docs/scale.md says what.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from etl.ingestion.exchange import count_partitions
from etl.runtime import console

ROWS = (10**9, 10**10, 10**11)
NODES = (4, 32, 256)
# A node: 32 cores with 4 GB of memory each, a network of 10 Gbit/s.
_CORES, _CORE_BYTES, _NETWORK_BYTES = 32, 4 * 10**9, 10**10 / 8
_BATCH_ROWS = 20_000
_HOUR, _TB = 3600, 10**12


@dataclass(frozen=True)
class Row:
    """What one row takes.

    Args:
        micros: µs of one core, without a tagger.
        tagger_micros: µs of one core for the tagger.
        raw: bytes of a raw row.
        disk: bytes in the work folder and of the dataset at the peak.
        network: bytes that travel between nodes and shared storage.
        partition: bytes of memory for which a row is counted while its partition is worked on.
    """

    micros: float
    tagger_micros: float
    raw: float
    disk: float
    network: float
    partition: float


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale_arithmetic", description=__doc__)
    for name, default in (("micros", None), ("tagger-micros", 0.0), ("raw", 120.0), ("disk", None)):
        parser.add_argument(f"--{name}", type=float, default=default, required=default is None)
    parser.add_argument("--network", type=float, required=True)
    parser.add_argument("--partition", type=float, default=960.0)
    row = Row(**vars(parser.parse_args()))
    columns = [figures(row, rows) for rows in ROWS]
    console.table(
        "worked out",
        ["", *(f"{rows:.0e}" for rows in ROWS)],
        [[name, *(column[name] for column in columns)] for name in columns[0]],
    )


def figures(row: Row, rows: int) -> dict[str, str]:
    """Returns the figures of one size, by name."""
    core_hours = rows * (row.micros + row.tagger_micros) / 1e6 / _HOUR
    n_partitions = count_partitions(round(rows * row.partition), _CORE_BYTES)
    batches = rows / _BATCH_ROWS
    hours = {
        f"hours on {nodes} nodes, computing + network": (
            f"{core_hours / _CORES / nodes:,.2g} + {rows * row.network / _NETWORK_BYTES / nodes / _HOUR:,.2g}"
        )
        for nodes in NODES
    }
    return {
        "raw": f"{rows * row.raw / _TB:,.2g} TB",
        "on shared storage at the peak": f"{rows * row.disk / _TB:,.2g} TB",
        "through the network": f"{rows * row.network / _TB:,.2g} TB",
        "core-hours": f"{core_hours:,.0f}",
        **hours,
        "partitions": f"{n_partitions:,}",
        "parts that a stage reads": f"{batches * n_partitions:,.1e}",
        "bytes of a part": f"{row.disk * _BATCH_ROWS / n_partitions:,.0f}",
    }


if __name__ == "__main__":
    main()
