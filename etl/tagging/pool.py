"""Tags sentences in worker processes that can be killed, so that no sentence can stop a run.

A Java tagger can hang for ever, kill its process, or run out of stack on a single sentence, and nothing
inside the process can break that. So a chunk of sentences that takes too long, or whose worker dies, is cut
in half until the guilty sentence is alone; it is marked, and all others are tagged.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, wait
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from etl.settings import Tag
from etl.tagging import taggers

if TYPE_CHECKING:
    import polars as pl
    from pebble import ProcessPool

# Kkma, the slowest, tags 36 sentences/s; the start of a JVM takes some seconds on a busy machine.
_START_SECONDS, _SECONDS_PER_SENTENCE, _ALONE_SECONDS = 30.0, 0.2, 10.0
_CHUNK = 256
_LOOK_UP_SECONDS = 0.2
_TRIES = 3

# (tokens, tags, reason or None, what was found)
Outcome = tuple[list[str], list[str], str | None, str]

_tag_sentence: taggers.TagSentence | None = None  # in a worker: the one tagger it has loaded


class Tagger:
    """The tagger of the settings, ready to tag; made by `open_tagger`."""

    def __init__(self, settings: Tag, workers: int):
        self.settings = settings
        self._workers = workers
        self._pool = _start(workers) if settings.tagger != "whitespace" else None
        self._renewing = threading.Lock()
        self._is_stopped = threading.Event()

    def __call__(self, texts: pl.Series) -> pl.DataFrame:
        """Tags distinct texts.

        Returns:
            A frame with `text`, `tokens`, `tags`, `problem` and `found`, in the order of `texts`.
        """
        import polars as pl

        if self._pool is None:
            tokens = texts.rename("tokens").str.split(" ")
            tags = tokens.rename("tags").list.eval(pl.lit("Word"))
            nothing = [pl.lit(None, pl.String).alias(name) for name in ("problem", "found")]
            return pl.DataFrame([texts, tokens, tags]).with_columns(nothing)
        outcomes = self._tag(texts.to_list())
        schema: dict[str, pl.DataType] = {
            "tokens": pl.List(pl.String),
            "tags": pl.List(pl.String),
            "problem": pl.String(),
            "found": pl.String(),
        }
        return pl.DataFrame(outcomes, schema=schema, orient="row").insert_column(0, texts)

    def fingerprint(self) -> dict[str, Any]:
        """What decides the tokens: the tagger, the versions of its packages, its options."""
        options = (
            {"norm": self.settings.norm, "stem": self.settings.stem} if self.settings.tagger == "okt" else {}
        )
        versions = taggers.versions(self.settings.tagger)
        facts = {
            "name": self.settings.tagger,
            "version": ", ".join(f"{package} {number}" for package, number in versions.items()),
            "options": options,
        }
        return {**facts, "fingerprint": hashlib.sha256(json.dumps(facts).encode()).hexdigest()}

    def stop(self) -> None:
        """Kills the workers. Whoever waits for a result gets a `CancelledError`."""
        self._is_stopped.set()
        with self._renewing:
            if self._pool is not None:
                _end(self._pool)

    def _tag(self, texts: list[str]) -> list[Outcome]:
        chunks = [texts[start : start + _CHUNK] for start in range(0, len(texts), _CHUNK)]
        running = [(chunk, self._submit(chunk)) for chunk in chunks]
        return [outcome for chunk, submitted in running for outcome in self._result(chunk, submitted)]

    def _submit(self, chunk: list[str]) -> tuple[ProcessPool, Any]:
        seconds = _START_SECONDS + (_SECONDS_PER_SENTENCE * len(chunk) if len(chunk) > 1 else _ALONE_SECONDS)
        pool = self._pool
        assert pool is not None
        if not pool.active:
            pool = self._renew(pool)
        return pool, pool.schedule(_tag_chunk, args=[self.settings, chunk], timeout=seconds)

    def _renew(self, broken: ProcessPool) -> ProcessPool:
        """Puts a new pool in the place of one that is beyond repair, once for all who notice."""
        with self._renewing:
            if self._is_stopped.is_set():
                raise CancelledError
            if self._pool is broken:
                _end(broken)
                self._pool = _start(self._workers)
            assert self._pool is not None
            return self._pool

    def _wait(self, pool: ProcessPool, future: Any) -> list[Outcome]:
        # A pool that is stopped leaves its futures pending for ever, so the wait has to look up.
        while not wait([future], timeout=_LOOK_UP_SECONDS).done:
            if self._is_stopped.is_set():
                raise CancelledError
            if not pool.active:
                raise BrokenProcessPool("the pool of taggers is gone")
        outcomes: list[Outcome] = future.result()
        return outcomes

    def _result(
        self, chunk: list[str], submitted: tuple[ProcessPool, Any], tries: int = _TRIES
    ) -> list[Outcome]:
        from pebble import ProcessExpired

        pool, future = submitted
        try:
            return self._wait(pool, future)
        except BrokenProcessPool as error:
            # A worker that is killed from outside can take the whole pool with it; no sentence is to blame.
            self._renew(pool)
            if tries:
                return self._result(chunk, self._submit(chunk), tries - 1)
            failure: BaseException = error
        except (FutureTimeout, ProcessExpired) as error:
            failure = error
        if len(chunk) == 1:
            is_timeout = isinstance(failure, FutureTimeout)
            return [([], [], "tagger_timeout" if is_timeout else "tagger_crash", str(failure))]
        middle = len(chunk) // 2
        halves = [(half, self._submit(half)) for half in (chunk[:middle], chunk[middle:])]
        return [outcome for half, again in halves for outcome in self._result(half, again)]


def _start(workers: int) -> ProcessPool:
    from pebble import ProcessPool

    # Forking after a JVM was started is not supported, and a fork would inherit our threads' locks.
    return ProcessPool(workers, initializer=_ignore_interrupts, context=multiprocessing.get_context("spawn"))


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


@contextmanager
def open_tagger(settings: Tag, workers: int) -> Iterator[Tagger]:
    """The tagger of the settings with `workers` processes, which are gone when the block is left.

    Raises:
        SettingsError: the tagger is not installed.
    """
    taggers.versions(settings.tagger)
    tagger = Tagger(settings, workers)
    try:
        yield tagger
    finally:
        tagger.stop()


def _ignore_interrupts() -> None:
    """Ctrl-C is the parent's to handle: it stops the workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _tag_chunk(settings: Tag, sentences: list[str]) -> list[Outcome]:
    """In a worker: tags each sentence; an exception concerns the one sentence that raised it."""
    global _tag_sentence  # noqa: PLW0603 - a process has one tagger, and loading it takes seconds
    if _tag_sentence is None:
        _tag_sentence = taggers.load(settings)
    return [_tag_one(_tag_sentence, sentence) for sentence in sentences]


def _tag_one(tag_sentence: taggers.TagSentence, sentence: str) -> Outcome:
    try:
        tagged = tag_sentence(sentence)
    except Exception as error:  # noqa: BLE001 - whatever Java throws, the sentence is at fault
        return [], [], "tagger_error", f"{type(error).__name__}: {error}".splitlines()[0]
    return [token for token, _ in tagged], [tag for _, tag in tagged], None, ""
