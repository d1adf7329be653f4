"""Ingests tables in small batches and partitions, each in a fork that kills itself when a stage begins.

Each line of standard input, `TABLE OUT PARTITIONS STAGE` with tabs between, is an ingest that is killed
(SIGKILL) where STAGE begins; the answer is a line with its exit code. Python and all modules are loaded once.
"""

import contextlib
import importlib
import os
import pkgutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import etl
from support.run_etl import environment
from support.small_tables import settings_of_tables

BATCH_ROWS = 100
PATHS = [str(Path(__file__).parents[1]), str(Path(etl.__file__).parents[1])]
# They load what an ingest imports late.
LOADED = ("etl.ingestion", "etl.dataset", "etl.similarity")


def ingest(table: Path, out: Path, n_partitions: int, stage: str) -> None:
    """Goes on from what is complete, until the stage begins."""
    from etl.ingestion import ingest as ingestion
    from etl.ingestion.sources import units

    def tell(_: int, description: str | None = None) -> None:
        if description and description.startswith(stage):
            os.kill(os.getpid(), signal.SIGKILL)

    units.BATCH_ROWS = BATCH_ROWS
    ingestion.count_partitions = lambda *_: n_partitions
    etl.ingest(table, out, settings_of_tables(), workers=1, progress=tell, resume=True)


def answer(table: str, out: str, n_partitions: str, stage: str) -> int:
    """The exit code of a forked process."""
    process = os.fork()
    if process == 0:
        try:
            ingest(Path(table), Path(out), int(n_partitions), stage)
        finally:
            os._exit(1)  # it was not killed
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def load() -> None:
    """Imports, and calls nothing that leaves threads: forks do not have those of their parent."""
    from etl.runtime.paths import keep_compiled_code

    keep_compiled_code()
    for name in LOADED:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            importlib.import_module(module.name)
    from etl.similarity.index.warm_up import warmed_up

    with warmed_up(is_wanted=True):  # else each fork loads the compiled functions
        pass


@contextlib.contextmanager
def stopping() -> Iterator[Callable[..., int]]:
    """Gives `stop(table, out, n_partitions, stage)`: an ingest that is killed there, and its exit code."""
    with subprocess.Popen(
        [sys.executable, "-m", "support.stopped_ingest"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(PYTHONPATH=os.pathsep.join([*PATHS, os.environ.get("PYTHONPATH", "")])),
    ) as process:
        assert process.stdin
        assert process.stdout

        def stop(*words: object) -> int:
            print(*words, sep="\t", file=process.stdin, flush=True)
            return int(process.stdout.readline())  # type: ignore[union-attr]

        yield stop
        process.stdin.close()


if __name__ == "__main__":
    load()
    for line in sys.stdin:
        sys.stdout.write(f"{answer(*line.rstrip().split(chr(9)))}\n")
        sys.stdout.flush()
