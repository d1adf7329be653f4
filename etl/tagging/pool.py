"""Tags sentences in worker processes that can be killed, so that no sentence can stop a run.

A Java tagger can hang for ever, kill its process, or run out of stack on a single sentence, and nothing
inside the process can break that. So a chunk of sentences that takes too long, or whose worker dies, is cut
in half until the guilty sentence is alone; it is marked, and all others are tagged.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
from concurrent.futures import CancelledError, wait
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any

from etl.settings import Tag
from etl.tagging import taggers

if TYPE_CHECKING:
    from pebble import ProcessPool

# Kkma, the slowest, tags 36 sentences/s; the start of a JVM takes some seconds on a busy machine.
_START_SECONDS, _SECONDS_PER_SENTENCE, _ALONE_SECONDS = 30.0, 0.2, 10.0
_CHUNK = 256
_LOOK_UP_SECONDS = 0.2
_TRIES = 3

# (tokens, tags, reason or None, what was found)
Outcome = tuple[list[str], list[str], str | None, str]

_tag_sentence: taggers.TagSentence | None = None  # in a worker: the one tagger it has loaded


class Pool:
    """Worker processes that tag with the tagger of the settings; the first sentence starts them."""

    def __init__(self, settings: Tag, workers: int):
        self.settings = settings
        self._workers = workers
        self._pool = _start(workers)
        self._renewing = threading.Lock()
        self._is_stopped = threading.Event()

    def tag(self, texts: list[str]) -> list[Outcome]:
        """Tags each text, in order; may be called by several threads at a time.

        Raises:
            CancelledError: the pool was stopped meanwhile.
        """
        chunks = [texts[start : start + _CHUNK] for start in range(0, len(texts), _CHUNK)]
        running = [(chunk, self._submit(chunk)) for chunk in chunks]
        return [outcome for chunk, submitted in running for outcome in self._result(chunk, submitted)]

    def stop(self) -> None:
        """Kills the workers. Whoever waits for a result gets a `CancelledError`."""
        self._is_stopped.set()
        with self._renewing:
            _end(self._pool)

    def _submit(self, chunk: list[str]) -> tuple[ProcessPool, Any]:
        seconds = _START_SECONDS + (_SECONDS_PER_SENTENCE * len(chunk) if len(chunk) > 1 else _ALONE_SECONDS)
        pool = self._pool
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
