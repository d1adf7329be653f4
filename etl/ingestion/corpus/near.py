"""Rows with nearly equal texts: the texts are compared first, whatever rows have them; then the rows."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import msgspec
import polars as pl

from etl.ingestion import fingerprints
from etl.ingestion.batch_store import StoredBatch, content_of
from etl.ingestion.corpus import texts
from etl.ingestion.corpus.corpus import (
    UNMARKED,
    Corpus,
    read_bucket,
    read_frames,
    write_bucketed,
    write_task,
)
from etl.ingestion.steps.near_leaks import keep_most_similar, mark_near_leaks
from etl.runtime.engine.protocol import Engine
from etl.runtime.files import write_atomic
from etl.runtime.json_text import decode_json
from etl.schema import taxonomy
from etl.schema.splits import EVALUATION
from etl.settings import Settings
from etl.similarity.index.near_index import NearIndex, open_index
from etl.tagging import policy

MARKS = "near-marks"
_BEST = "near-best"
TRAIN, EVALUATED = 1, 2  # the sides of the index
_KNOWN = "batches.json"


def find_index_folder(folder: Path, settings: Settings) -> Path:
    """Returns the folder of the index for what decides the texts of a run; removes those of others.

    Args:
        folder: that of all indexes.
        settings: those of the run.
    """
    facts = fingerprints.fingerprint_batches(
        settings, taxonomy.load(settings.taxonomy), policy.load(settings.tag)
    )
    name = fingerprints.hash_json(facts)[:16]
    for known in folder.glob(f"*/{_KNOWN}"):  # nothing else that may be there is ours to remove
        if known.parent.name != name:
            shutil.rmtree(known.parent, ignore_errors=True)
    return folder / name


def compare_texts(corpus: Corpus, folder: Path | None, memory: int, engine: Engine) -> None:
    """Finds the pairs of nearly equal texts, and deals them out.

    Args:
        corpus: the rows.
        folder: where the index of earlier runs stands; None: there were none, and there will be none.
        memory: how much a task may take, in bytes.
        engine: runs the tasks.
    """
    place = (folder or corpus.folder) / "texts"
    n_rows = sum(batch.height for batch in corpus.batches)
    near, is_kept = corpus.settings.dedupe.near, folder is not None
    with open_index(place, near, memory=memory, n_rows=n_rows, is_kept=is_kept) as index:
        _add_texts(corpus, index, folder, engine)
    if not is_kept:
        shutil.rmtree(place)  # it may be as large as the corpus


def _add_texts(corpus: Corpus, index: NearIndex, folder: Path | None, engine: Engine) -> None:
    """Adds the texts that are new to the index, and deals out all pairs that it knows."""
    known = _KnownBatches()
    if folder is not None and index.n_texts:
        known = _KnownBatches.load(folder)
    elif folder is not None:
        (folder / _KNOWN).unlink(missing_ok=True)  # it is about an index that is gone
    contents = {batch: content_of(batch.path) for batch in corpus.batches}
    fresh = tuple(batch for batch, content in contents.items() if content not in known.contents)
    index.add(range(corpus.n_partitions), partial(_read_texts, corpus, fresh), engine.map)
    if folder is not None:
        index.save()
        # One in which rows got a label by a decision is known by nothing: other decisions, other rows.
        _KnownBatches(known.contents.union(contents.values()) - {""}).save(folder)
    for number, pairs in enumerate(index.pairs()):
        _deal_out(corpus, number, pairs)


class _KnownBatches(msgspec.Struct, frozen=True):
    """The batches whose texts an index knows all, by what their raw rows are known by."""

    contents: frozenset[str] = frozenset()

    @classmethod
    def load(cls, folder: Path) -> _KnownBatches:
        """Reads what an earlier run has saved."""
        try:
            return decode_json((folder / _KNOWN).read_bytes(), cls)
        except (OSError, msgspec.DecodeError):
            return cls()

    def save(self, folder: Path) -> None:
        """Saves it; the index was saved before."""
        write_atomic(folder / _KNOWN, msgspec.json.encode(self))


def _read_texts(corpus: Corpus, fresh: tuple[StoredBatch, ...], partition: int) -> pl.DataFrame:
    """Reads the texts of a partition that may be new: `key_high`, `key_low`, `side` and `text`."""
    side = (
        pl.when(pl.col("split") == "train")
        .then(pl.lit(TRAIN, pl.UInt8))
        .when(pl.col("split").is_in(EVALUATION))
        .then(pl.lit(EVALUATED, pl.UInt8))
    )
    columns = ["key_high", "key_low", "split", "normalised"]
    records = corpus.read_records("texts", partition, columns, fresh)
    moved = corpus.decided.filter(pl.col("decided_split").is_not_null())["row"]
    if len(moved):
        read = corpus.read_records("texts", partition, columns)
        records = pl.concat(
            [
                records,
                corpus.correct(read.filter(pl.col("row").is_in(moved.implode()))).select(records.columns),
            ]
        )
    texts = records.select("key_high", "key_low", side.alias("side"), text="normalised")
    return texts.filter(pl.col("side").is_not_null())


def _deal_out(corpus: Corpus, number: int, pairs: pl.DataFrame) -> None:
    similarity = pl.col("similarity")
    by_train = pairs.select(key_high="train_high", key_low="train_low")
    by_other = pairs.select("train_high", "train_low", similarity, key_high="other_high", key_low="other_low")
    kinds = {texts.BY_TRAIN: by_train, texts.BY_OTHER: by_other}
    write_task(corpus, texts.PAIRS, number, kinds, corpus.n_partitions)


def find_most_similar(corpus: Corpus, partition: int) -> None:
    """Finds for the train rows of a partition the most similar evaluation row."""
    trained = read_frames(corpus, texts.ROWS, texts.TRAIN_ROWS, partition)
    others = read_frames(corpus, texts.ROWS, texts.OTHER_ROWS, partition)
    if trained is None or others is None:
        return
    best = keep_most_similar(trained.join(others, on=["key_high", "key_low"]))
    write_bucketed(corpus, _BEST, partition, best.drop("key_high", "key_low"), by="other")


def mark_near(corpus: Corpus, bucket: int) -> None:
    """Marks the train rows that resemble a row of a bucket, whose id is named."""
    best = read_bucket(corpus, [_BEST], bucket)
    if best.is_empty():
        return
    ids = pl.concat(corpus.read_rows(best["other"].unique().sort(), ["id"]))
    named = best.join(ids.rename({"row": "other"}), on="other").with_columns(UNMARKED)
    marked = mark_near_leaks(named.sort("row"))
    write_bucketed(corpus, MARKS, bucket, marked.select("row", "reason", "detail"))
