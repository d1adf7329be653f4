"""Keeps what was tagged before on disk, so that a later run tags only what is new.

One SQLite file for each fingerprint of a tagger (its name, versions, dictionary and options), in WAL mode:
several threads and several runs may use it at once, and a crash loses no more than what was being written.
Nothing that happens to the cache stops a run or changes a result: a damaged file is put aside and begun
anew, and where nothing can be kept the run goes on without. What happened stands in `TagCache.notes`, for
the caller to show: it says something about the machine, and nothing about the dataset.

A text is found by 63 bits of its XXH3 hash, and its row is believed only if 128 more bits, over the text and
the answer, are right. Two texts with the same 63 bits (one chance in 200,000 among ten million texts) push
each other out and are tagged again; a wrong answer would take the same 128 bits on top. The same check
notices a row that the disk has damaged. It guards against accidents: who may write the file may fake a row.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import polars as pl
from xxhash import xxh3_64_intdigest, xxh3_128_digest

from etl.errors import LockError, WriteError
from etl.language.message import tr
from etl.tagging import cache_file

Answer = TypeVar("Answer")

FOLDER = "tagged-v1"  # the folder: versions of this tool that disagree on the layout do not meet
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, None}  # None: our own findings, and bad UTF-8
_CHECK_BYTES = 16
# Information separators of ASCII. A token that holds one would not come back as it was, and is not kept.
_BETWEEN_TOKENS, _BETWEEN_LISTS = "\x1f", "\x1e"
_FIND = "SELECT key, answer FROM tagged WHERE key IN (SELECT value FROM json_each(?))"
_KEEP = "INSERT OR REPLACE INTO tagged (key, answer) VALUES (?, ?)"


@dataclass(frozen=True)
class Stored:
    """One file of the cache.

    Args:
        path: where it is.
        tagger: the tagger's name.
        facts: what `Tagger.fingerprint()` said; empty where the file cannot be read.
        sentences: how many texts it knows, or None where it cannot be read.
        bytes: its size.
        used: when a run last opened or closed it.
    """

    path: Path
    tagger: str
    facts: dict[str, Any]
    sentences: int | None
    bytes: int
    used: datetime


class TagCache:
    """Results of one tagger from earlier runs, by text; made by `open_cache`. Thread-safe.

    Attributes:
        notes: what went wrong with the cache, one sentence each.
    """

    def __init__(self, folder: Path, facts: dict[str, Any], max_mb: int = 2000):
        self.notes: list[str] = []
        self._facts, self._max_bytes = facts, max_mb * 1_000_000
        self._path = folder / FOLDER / f"{facts['name']}-{facts['fingerprint'][:16]}{cache_file.KEPT}"
        self._seed = int(facts["fingerprint"][:16], 16)
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._begin()

    def get(self, texts: pl.Series) -> pl.DataFrame:
        """Looks up texts.

        Args:
            texts: strings, none of them null.

        Returns:
            `text`, `tokens` and `tags`, a row for each of `texts` in their order; the lists of a text that is
            not known are null.
        """
        contents = texts.cast(pl.Binary).to_list()
        keys = [self._key(content) for content in contents]
        nothing: dict[int, object] = {}
        found = self._try(lambda connection: dict(connection.execute(_FIND, [json.dumps(keys)])), nothing)
        answers = [
            self._believed(content, found.get(key)) for content, key in zip(contents, keys, strict=True)
        ]
        return pl.DataFrame([texts.rename("text"), *_unpack(pl.Series(answers, dtype=pl.Binary))])

    def put(self, tagged: pl.DataFrame) -> None:
        """Keeps what was tagged, except sentences with a problem: a later run tries them again.

        Args:
            tagged: `text`, `tokens`, `tags` and `problem`, which is null where there was none.
        """
        packed = _pack(tagged.filter(pl.col("problem").is_null()))
        rows = [(self._key(content), self._check(content, answer) + answer) for content, answer in packed]

        def write(connection: sqlite3.Connection) -> None:
            with connection:  # commits, or rolls back
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(_KEEP, rows)
                surplus_pages = cache_file.drop_oldest(connection, self._max_bytes)
            # A script: it is run to its end, where `execute` would free one page.
            connection.executescript(f"PRAGMA incremental_vacuum({surplus_pages})" if surplus_pages else "")

        self._try(write, None)

    def close(self) -> None:
        """Closes the cache. Later lookups from other threads return no hits."""
        with self._lock:
            if self._connection:
                self._connection.close()
            self._connection = None
        self._make_room()

    def _key(self, content: bytes) -> int:
        return xxh3_64_intdigest(content, self._seed) >> 1  # SQLite's integers have a sign

    def _check(self, content: bytes, answer: bytes) -> bytes:
        return xxh3_128_digest(content + b"\0" + answer, self._seed)

    def _believed(self, content: bytes, found: object) -> bytes | None:
        if not isinstance(found, bytes):
            return None
        answer = found[_CHECK_BYTES:]
        return answer if found[:_CHECK_BYTES] == self._check(content, answer) else None

    def _try(self, work: Callable[[sqlite3.Connection], Answer], otherwise: Answer) -> Answer:
        with self._lock:
            if self._connection is not None:
                try:
                    return work(self._connection)
                except sqlite3.Error as error:
                    self._give_up(error)
        return otherwise

    def _begin(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = cache_file.connect(self._path, self._facts)
        except (OSError, sqlite3.Error) as error:
            self._give_up(error)
        self._make_room()

    def _give_up(self, error: OSError | sqlite3.Error) -> None:
        """Goes on without a cache; with a new one if the file is damaged, once."""
        if self._connection:
            self._connection.close()
        self._connection = None
        if isinstance(error, sqlite3.Error) and cache_file.code_of(error) in _DAMAGE and not self.notes:
            self.notes.append(
                tr(
                    "the cache of tagged texts {path} was damaged and is begun anew: {error}",
                    path=self._path,
                    error=error,
                )
            )
            with suppress(OSError):
                self._path.replace(self._path.with_suffix(cache_file.DAMAGED))
                cache_file.remove_journal(self._path)
            self._begin()
        else:
            self.notes.append(
                tr(
                    "what is tagged now is not kept in {folder}: {error}",
                    folder=self._path.parent,
                    error=error,
                )
            )

    def _make_room(self) -> None:
        """Marks this tagger as used now, and removes those that were not used for longest."""
        with suppress(OSError):
            os.utime(self._path)
            kept = [(path, path.stat()) for path in cache_file.files(self._path.parent)]
            total_bytes = sum(stat.st_size for _, stat in kept)
            for path, stat in sorted(kept, key=lambda each: each[1].st_mtime_ns):
                if total_bytes > self._max_bytes and path != self._path and cache_file.remove(path):
                    total_bytes -= stat.st_size


@contextmanager
def open_cache(folder: Path, facts: dict[str, Any], *, max_mb: int = 2000) -> Iterator[TagCache]:
    """The cache of exactly this tagger.

    Args:
        folder: the folder of all caches, `etl.runtime.paths.cache_folder()`.
        facts: what `Tagger.fingerprint()` says. `name` and `fingerprint` (a sha256 in hex) choose the file;
            all of it is kept for `etl cache` to show.
        max_mb: how much the files of all taggers may take, in megabytes of 10⁶ bytes. The taggers that were
            not used for longest go first, unless a run uses them now; then the oldest texts of this one.
    """
    cache = TagCache(folder, facts, max_mb)
    try:
        yield cache
    finally:
        cache.close()


def stored(folder: Path) -> list[Stored]:
    """Lists the files of the cache, sorted by name: one for each fingerprint, and damaged ones put aside."""
    found = []
    for path in cache_file.files(folder / FOLDER):
        with suppress(FileNotFoundError):  # another run has just removed it
            found.append(_describe(path))
    return found


def clear(folder: Path, tagger: str | None = None) -> list[Stored]:
    """Removes what was tagged, by one tagger or by all; the next run tags everything again.

    Returns:
        What was removed.

    Raises:
        LockError: a run uses the cache; nothing was removed.
        WriteError: a file cannot be removed.
    """
    chosen = [each for each in stored(folder) if tagger in {None, each.tagger}]
    try:
        for step in (cache_file.is_used, lambda path: not cache_file.remove(path)):
            if used := next((each for each in chosen if step(each.path)), None):
                raise LockError(
                    tr("another run uses the cache of {tagger}", tagger=used.tagger),
                    details=[str(used.path)],
                    next_step=tr("wait until it is done, or stop it; then clear the cache again."),
                )
    except OSError as error:
        raise WriteError(
            tr("the cache in {folder} cannot be cleared", folder=folder),
            details=[error],
            next_step=tr(
                "make the folder yours to write, or remove it yourself: all in it can be made again."
            ),
        ) from error
    return chosen


def _pack(tagged: pl.DataFrame) -> Iterator[tuple[bytes, bytes]]:
    """Texts and answers as bytes; without those whose answer would not come back exactly as it was."""
    lists = [pl.col(name).list.join(_BETWEEN_TOKENS) for name in ("tokens", "tags")]
    packed = tagged.with_columns(
        pl.col("text").cast(pl.Binary),
        pl.concat_str(lists, separator=_BETWEEN_LISTS).cast(pl.Binary).alias("answer"),
    )
    tokens, tags = _unpack(packed["answer"])
    comes_back = (pl.col("tokens") == tokens) & (pl.col("tags") == tags)
    return packed.filter(comes_back).select("text", "answer").iter_rows()


def _unpack(answers: pl.Series) -> list[pl.Series]:
    """`tokens` and `tags` of answers; null for null."""
    halves = answers.cast(pl.String).str.split_exact(_BETWEEN_LISTS, 1).struct.unnest()
    nothing = pl.lit([], pl.List(pl.String))
    return halves.select(
        pl.when(pl.col(half) == "")
        .then(nothing)
        .otherwise(pl.col(half).str.split(_BETWEEN_TOKENS))
        .alias(name)
        for half, name in zip(halves.columns, ("tokens", "tags"), strict=True)
    ).get_columns()


def _describe(path: Path) -> Stored:
    stat = path.stat()
    facts, sentences = {}, None
    with suppress(sqlite3.Error), closing(cache_file.open_existing(path)) as connection:
        facts = cache_file.facts_of(connection)
        sentences = connection.execute("SELECT count(*) FROM tagged").fetchone()[0]
    used = datetime.fromtimestamp(int(stat.st_mtime), UTC)
    return Stored(path, path.name.rpartition("-")[0], facts, sentences, stat.st_size, used)
