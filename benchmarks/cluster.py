"""`etl ingest` on a Ray cluster of this machine, two nodes of a core each, beside two local workers.

    python -m benchmarks.cluster [ROWS…] [--folder FOLDER]

Not one of `python -m benchmarks`: it needs the extra `ray`. The nodes stand when a run begins, as those of a
cluster do; connecting, starting the workers and ending them is measured. docs/storage.md has the figures.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measure import Case, Run, Setup, make_input, run_case, same_rows
from etl.runtime import console

ROWS = (300_000,)
FILES = 4  # read side by side
IMPORTS = {
    "local": (
        "etl.ingestion.ingest",
        "etl.similarity.index.join",
        "numpy",
        "polars",
        "pyarrow.parquet",
        "yaml",
    ),
    "on_ray": ("ray", "etl.ingestion.ingest", "numpy", "polars", "pyarrow.parquet", "yaml"),
}
_NODES = 2
_OBJECT_STORE_BYTES = 1 << 30
_ADDRESS = "ETL_BENCH_CLUSTER"
_MB = 1_000_000
_NAME = "benchmarks.cluster"  # it is imported by the processes that it starts


def main() -> None:
    """Prints a table of all sizes; fails where the two datasets differ."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__)
    parser.add_argument("rows", nargs="*", type=int, default=ROWS, metavar="ROWS")
    parser.add_argument("--folder", type=Path, help="keep the made inputs there, and use them again")
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    console.line(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="etl-bench-") as scratch, _cluster():
        folder = arguments.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        columns = {rows: _measured(rows, Setup(folder, arguments.rounds)) for rows in arguments.rows}
    names = list(next(iter(columns.values())))
    console.table(
        f"etl ingest, made-up rows, tagger whitespace, {_NODES} nodes of a core",
        ["", *(f"{rows:,}" for rows in columns)],
        [[name, *(column[name] for column in columns.values())] for name in names],
    )


@contextmanager
def _cluster() -> Iterator[None]:
    """Nodes on this machine, whose address the sides find in the environment."""
    from ray.cluster_utils import Cluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    node = {"num_cpus": 1, "object_store_memory": _OBJECT_STORE_BYTES, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=node)
    try:
        for _ in range(_NODES - 1):
            cluster.add_node(num_cpus=1, object_store_memory=_OBJECT_STORE_BYTES)
        cluster.wait_for_nodes()
        os.environ[_ADDRESS] = cluster.address
        yield
    finally:
        cluster.shutdown()


def _measured(rows: int, setup: Setup) -> dict[str, float]:
    source = make_input(_NAME, setup, "rows", rows)
    cases = {side: Case(_NAME, side, source) for side in IMPORTS}
    same_rows(cases)
    least: dict[str, tuple[float, Run]] = {}
    for _ in range(setup.rounds):
        for side, case in cases.items():
            with _seconds_used() as seconds:
                run = run_case(case)
            used = sum(seconds.values())
            least[side] = min(least.get(side, (used, run)), (used, run), key=lambda pair: pair[0])
    (local_seconds, local), (ray_seconds, on_ray) = least["local"], least["on_ray"]
    return {
        "local: seconds of the processors": round(local_seconds, 1),
        "Ray: seconds of the processors": round(ray_seconds, 1),
        "Ray / local": round(ray_seconds / local_seconds, 2),
        "local: seconds by the clock": round(local.work_seconds, 1),
        "Ray: seconds by the clock": round(on_ray.work_seconds, 1),
        "Ray / local, by the clock": round(on_ray.work_seconds / local.work_seconds, 2),
        "local: peak MB": round(local.tree_peak_bytes / _MB),
        "Ray: peak MB of the driver": round(on_ray.peak_bytes / _MB),
        "Ray: seconds of the driver's processor": round(on_ray.cpu_seconds, 1),
    }


@contextmanager
def _seconds_used() -> Iterator[dict[int, float]]:
    """Records the seconds of the processors by process, of all below this one, while the block runs.

    They are looked at five times a second, since Ray forgets its workers when they end.
    """
    before, seconds = _seconds_below(os.getpid()), {}
    is_done = threading.Event()

    def watch() -> None:
        while not is_done.wait(0.2):
            for process, used in _seconds_below(os.getpid()).items():
                seconds[process] = used - before.get(process, 0)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seconds
    finally:
        is_done.set()
        watcher.join()


def _seconds_below(root: int) -> dict[int, float]:
    """Returns the seconds of a process and all below it that live, by process."""
    parents, ticks = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            after_name = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        process = int(folder.name)
        parents[process], ticks[process] = int(after_name[1]), int(after_name[11]) + int(after_name[12])
    tree = {root}
    while more := {process for process, parent in parents.items() if parent in tree} - tree:
        tree |= more
    return {process: ticks.get(process, 0) / os.sysconf("SC_CLK_TCK") for process in tree}


def local(source: str, out: str) -> Path:
    """Runs ingest with a worker for each core."""
    return _ingest(source, out, "local", None)


def on_ray(source: str, out: str) -> Path:
    """Runs ingest on the cluster."""
    return _ingest(source, out, "ray", os.environ[_ADDRESS])


def local_rows(dataset: Path) -> Iterator[tuple[str, str]]:
    """The files of the dataset, each with the sha256 of its bytes."""
    for path in sorted(path for path in dataset.rglob("*") if path.is_file()):
        yield str(path.relative_to(dataset)), hashlib.sha256(path.read_bytes()).hexdigest()


on_ray_rows = local_rows


def _ingest(source: str, out: str, engine: str, address: str | None) -> Path:
    import etl
    from etl.runtime.engine.open import open_engine
    from etl.settings import load

    chosen = load(
        None, {"tag.tagger": "whitespace", "table.text_column": "text", "table.label_column": "label"}
    )
    with open_engine(engine, address, _NODES) as opened:
        etl.ingest([Path(source)], Path(out), chosen, engine=opened)
    return Path(out)


def make(target: str, count: int) -> None:
    """Writes the rows of `benchmarks.scale_rows` in several files."""
    from benchmarks import scale_rows

    folder = Path(target)
    folder.mkdir()
    whole = folder / "rows.jsonl"
    scale_rows.make(str(whole), count)
    with whole.open(encoding="utf-8") as lines:
        for number in range(FILES):
            with (folder / f"{number}.jsonl").open("w", encoding="utf-8") as part:
                part.writelines(line for _, line in zip(range(-(-count // FILES)), lines, strict=False))
    whole.unlink()


if __name__ == "__main__":
    main()
