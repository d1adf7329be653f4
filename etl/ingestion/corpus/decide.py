"""Decides about each row of the corpus: the stages in order, each a task for each partition.

    ids → texts that are nearly equal → texts → near rows → groups

A stage looks only at rows that no earlier one has marked, so the first reason wins.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import polars as pl

from etl.ingestion.corpus import groups, ids, near, texts
from etl.ingestion.corpus.corpus import Corpus, read_bucket
from etl.ingestion.corpus.done import check_files, is_done, note_done
from etl.language.message import tr
from etl.runtime.console import Progress
from etl.runtime.engine.protocol import Engine

MARKS = (ids.MARKS, texts.MARKS, near.MARKS, groups.MARKS)


def number_rows(corpus: Corpus, engine: Engine, progress: Progress) -> None:
    """Gives rows of equal texts ids of their own; from here on the corpus has its final ids."""
    _run(corpus, engine, ids.number_texts, corpus.n_partitions, progress, tr("ids"))


def decide(corpus: Corpus, engine: Engine, near_index: Path | None, memory: int, progress: Progress) -> None:
    """Marks duplicates, conflicts and leaks.

    Args:
        corpus: with final ids, and what people decided.
        engine: runs the tasks.
        near_index: where the texts stand that earlier runs have compared; None: nowhere.
        memory: how much a task may take, in bytes.
        progress: told about each stage.
    """
    run = partial(_run, corpus, engine, progress=progress)
    run(ids.mark_ids, corpus.n_partitions, what=tr("ids"))
    if corpus.settings.dedupe.near:
        progress(0, tr("near-duplicates"))
        compare = partial(near.compare_texts, corpus, near_index, memory, engine)
        _once(corpus, "compare-texts", compare, f"{texts.PAIRS}/*.parts")
    run(texts.mark_texts, corpus.n_partitions, what=tr("texts"))
    if corpus.settings.dedupe.near:
        run(near.find_most_similar, corpus.n_partitions, what=tr("near-duplicates"))
        run(near.mark_near, corpus.n_buckets, what=tr("near-duplicates"))
    run(groups.mark_groups, corpus.n_partitions, what=tr("groups"))


def read_marks(corpus: Corpus, bucket: int) -> pl.DataFrame:
    """Reads the marks of the rows of a bucket: `row`, `reason` and `detail`."""
    return read_bucket(corpus, MARKS, bucket)


def _run(
    corpus: Corpus,
    engine: Engine,
    task: Callable[[Corpus, int], None],
    n_tasks: int,
    progress: Progress,
    what: str,
) -> None:
    progress(0, what)
    check_files(corpus)
    for _ in engine.map(partial(_run_task, corpus, task), range(n_tasks)):
        pass


def _run_task(corpus: Corpus, task: Callable[[Corpus, int], None], number: int) -> None:
    name = f"{task.__name__}-{number:05d}"
    _once(corpus, name, partial(task, corpus, number), f"*/{number:05d}.parts")


def _once(corpus: Corpus, name: str, task: Callable[[], None], files: str) -> None:
    """Runs a task, unless a run that was killed had completed it; `files` is a pattern of what must stay."""
    if not is_done(corpus, name):
        task()
        note_done(corpus, name, corpus.folder.glob(files))
