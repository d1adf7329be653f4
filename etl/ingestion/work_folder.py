"""The folder in which a run keeps batches and what it found out until the dataset is written.

    .NAME.work/state.json   what the run depends on; a folder of another run is never used
               batches/     see `etl.ingestion.batch_store`
               <hash>/      what was found out about a corpus of just these batches

It is gone when the run ends, unless it was killed; or it was resumed, and ended with an error.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from etl.dataset.staging import what_is_left
from etl.errors import LockError
from etl.ingestion.batch_store import StoredBatch, content_of
from etl.ingestion.fingerprints import hash_json
from etl.language.message import tr
from etl.runtime import signals
from etl.runtime.failures import write_error
from etl.runtime.lock import acquire_lock
from etl.runtime.scratch import scratch_path
from etl.runtime.threads import wait_for_threads

_log = logging.getLogger(__name__)
_STATE = "state.json"


class Resources(NamedTuple):
    """What a run may take, and where; it never decides what is written.

    Attributes:
        memory: such as "2GB"; None: half of what is free.
        work: the folder of the work folder; None: beside the dataset.
        is_resumed: whether to go on from what a run that was killed had completed.
    """

    memory: str | None = None
    work: Path | None = None
    is_resumed: bool = False


@contextmanager
def open_work(out: Path, resources: Resources, facts: Mapping[str, str]) -> Iterator[Path]:
    """Makes the work folder of a run, or takes over that of one that was killed.

    Args:
        out: the dataset.
        resources: where, and whether to go on.
        facts: what the rows depend on, but for the raw files.

    Raises:
        LockError: another run uses the folder that this one was to go on with.
        WriteError: the folder cannot be written.
    """
    place = out.resolve()
    folder = (resources.work or place.parent).resolve() / f".{place.name}.work"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as stack:
            try:
                lock = folder.with_name(folder.name + ".lock")
                stack.enter_context(acquire_lock(lock, "etl ingest", is_quiet=True, is_temporary=True))
            except LockError:
                if resources.is_resumed:
                    raise
                folder = stack.enter_context(scratch_path(folder))  # two runs write at a time
            stack.enter_context(_removed_or_kept(folder, resources))
            _prepare(folder, hash_json(dict(facts)), resources)
            yield folder
    except OSError as error:
        name = folder if resources.work else out
        raise write_error(name, error, is_left=what_is_left(out)) from error


@contextmanager
def _removed_or_kept(folder: Path, resources: Resources) -> Iterator[None]:
    is_kept = resources.is_resumed
    try:
        yield
        is_kept = False
    finally:
        try:
            wait_for_threads()
        finally:
            if is_kept:
                _log.warning(tr("{folder} is kept; `--resume` goes on from what is complete", folder=folder))
            else:
                with signals.delayed:  # what is removed by half would stay
                    shutil.rmtree(folder, ignore_errors=True)


def _prepare(folder: Path, state: str, resources: Resources) -> None:
    found = folder / _STATE
    if folder.exists() and not (
        resources.is_resumed and found.is_file() and found.read_bytes() == state.encode()
    ):
        if resources.is_resumed:
            _log.warning(
                tr(
                    "begins anew: what is in {folder} was made with other settings or another version",
                    folder=folder,
                )
            )
        shutil.rmtree(folder)
    elif resources.is_resumed and not folder.exists():
        _log.warning(tr("nothing to resume: {folder} is not there", folder=folder))
    (folder / "batches").mkdir(parents=True, exist_ok=True)
    found.write_text(state)


def stage_folder(work: Path, batches: Sequence[StoredBatch], n_partitions: int) -> Path:
    """Makes the folder for what is found out about a corpus.

    Args:
        work: the work folder.
        batches: of the corpus.
        n_partitions: that number the tasks; a run that goes on may have another limit of memory.
    """
    contents = [[str(batch.number), content_of(batch.path)] for batch in batches]
    folder = work / hash_json([n_partitions, contents])[:16]
    folder.mkdir(exist_ok=True)
    return folder
