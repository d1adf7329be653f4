"""Refreshes a published dataset once, and records what was done in `runs.jsonl`."""

from __future__ import annotations

import logging
import shutil
import time
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from etl.errors import EtlError
from etl.publishing import record
from etl.publishing.candidate import CANDIDATE, kept_path, run_stages
from etl.publishing.changes import Changes, find_changes
from etl.publishing.job import Job, check_publish_dir, load_job
from etl.publishing.notify import notify
from etl.publishing.places import copy_current, local_inputs
from etl.publishing.record import Run
from etl.publishing.retry import with_retries
from etl.runtime import clock, console, signals
from etl.runtime.console import Progress
from etl.settings import PathLike
from etl.storage.versions.local import LocalStore

_log = logging.getLogger(__name__)


def plan(job: Job) -> Changes:
    """Returns what a refresh would do and why; inputs at URLs are fetched, nothing else is done.

    Raises:
        EtlError: see `find_changes`.
    """
    check_publish_dir(job.publish_dir)
    with local_inputs(job.inputs, job.sources) as raw:
        return find_changes(raw, job.store, job.settings)


def refresh(
    config: PathLike | Job,
    *,
    workers: int | None = None,
    wait: bool = False,
    progress: Progress | None = None,
) -> Run:
    """Publishes a new version of a dataset if its raw files, the settings or the code have changed.

    If that fails, the current version stays, and the error stands in the returned `Run`; it is not raised.
    The command of `refresh.notify` gets each run, also one that Ctrl-C or another signal has ended.

    Args:
        config: an `etl.yaml` with a section `refresh`, or a job made by `make_job`.
        workers: tagging processes, if `config` is a path; None: one a core. Decides nothing of the content.
        wait: wait while another run works in the same folder.
        progress: called for each batch.

    Returns:
        The run as it stands in `runs.jsonl`.

    Raises:
        InputError: the record of earlier runs cannot be read.
        LockError: another run works in the folder.
        SettingsError: `config` cannot be used, or the folder holds something else.
        WriteError: the folder or its record cannot be written.
    """
    job = config if isinstance(config, Job) else load_job(Path(config), workers)
    progress = progress or console.no_progress
    check_publish_dir(job.publish_dir)
    start = time.monotonic()
    with job.store.lock("etl refresh", wait=wait):
        number = record.next_number(job.publish_dir)
        run = Run(run=number, started=clock.now(), before=job.store.current())
        try:
            retries = job.settings.refresh.retries
            with_retries(partial(_attempt, job, run, progress), retries)
            if job.url:
                keep = job.settings.refresh.keep + 1  # the current one aside
                with_retries(partial(copy_current, job.store, job.url, keep), retries)
            run.exit_code = 0
        except EtlError as error:
            run.outcome = record.REFUSED if run.refused else record.FAILED
            run.exit_code, run.error = error.exit_code, error.text()
            run.kept = _put_aside(job, run)
        except BaseException as error:
            # Ctrl-C, or a defect: recorded, then left to whoever called.
            is_stopped = isinstance(error, KeyboardInterrupt)
            run.outcome, run.exit_code = record.FAILED, signals.exit_code() if is_stopped else 1
            run.error = "stopped" if is_stopped else f"{type(error).__name__}: {error}"
            raise
        finally:
            with suppress(OSError):
                shutil.rmtree(job.publish_dir / CANDIDATE, ignore_errors=True)
            run.seconds = round(time.monotonic() - start, 3)
            _describe_current(job.store, run)
            _record(job.publish_dir, run)
            if command := job.settings.refresh.notify:
                notify(command, run)
    return run


def _attempt(job: Job, run: Run, progress: Progress) -> None:
    with local_inputs(job.inputs, job.sources) as raw:
        run_stages(replace(job, inputs=raw), run, progress)


def _put_aside(job: Job, run: Run) -> str | None:
    """Moves the candidate of a failed run to `failed/`, which holds the last few; returns its path."""
    candidate = job.publish_dir / CANDIDATE / job.publish_dir.resolve().name
    if not candidate.is_dir():
        return None
    target = kept_path(job.publish_dir, run)
    with suppress(OSError):  # a full disk, say: there is nothing to look at then
        target.parent.mkdir(exist_ok=True)
        candidate.rename(target)
        for old in sorted(target.parent.iterdir())[: -job.settings.refresh.keep_failed]:
            shutil.rmtree(old, ignore_errors=True)
        return str(target)
    return None


def _record(folder: Path, run: Run) -> None:
    try:
        record.append_run(folder, run)
    except EtlError:
        if run.error:  # it would be lost with the record
            _log.error(run.error)
        raise


def _describe_current(store: LocalStore, run: Run) -> None:
    run.version = store.current()
    if run.version:
        with suppress(EtlError):
            splits = store.read_manifest(run.version).splits
            run.rows = {split: counts.rows for split, counts in splits.items()}
