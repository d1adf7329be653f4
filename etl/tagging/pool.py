"""Tags sentences in worker processes that can be killed, so that no sentence can stop a run.

A tagger can hang for ever, kill its process, or use up all memory on a single sentence. Then its worker
(`etl.tagging.worker`) dies, and leaves behind which sentence of the chunk it had begun. That one is marked,
after another try alone unless it is sure to be guilty, and all others are tagged, each at most twice.
"""

from __future__ import annotations

import itertools
import logging
import signal
import threading
from concurrent.futures import CancelledError, wait
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from etl.errors import EtlError, MemoryLimitError
from etl.language.message import tr
from etl.runtime import failures, processes
from etl.runtime.processes import KeepLocksContext
from etl.settings import Tag
from etl.tagging import dictionary, taggers, worker
from etl.tagging.taggers import LoadTagger
from etl.tagging.worker import NOT_BEGUN, Outcome, Packed

if TYPE_CHECKING:
    from pebble import ProcessPool

_log = logging.getLogger(__name__)

_CHUNK = 256  # of 64, 128, 256 and 512 sentences the fastest
# Of a chunk, beside the limit of a sentence, which is the kernel's to keep where it can. Kkma, the slowest,
# tags 36 sentences/s.
_SECONDS, _SECONDS_PER_SENTENCE = 5.0, 0.25
_LOOK_UP_SECONDS = 0.2
_SLOTS = 1 << 16  # of chunks in flight; two that share one are tried again, no more
_BREAKS = 6  # in a row, without one chunk that was tagged: then no worker can live here


@dataclass(frozen=True)
class _Chunk:
    """Sentences on their way through a pool.

    Args:
        sentences: what to tag.
        is_last_try: it is one sentence, during which a worker died before.
        pool: where it was submitted; another one may have taken its place.
        future: its outcomes.
        slot: where the worker says how far it came.
    """

    sentences: list[str]
    is_last_try: bool
    pool: ProcessPool
    future: Any
    slot: int


class Pool:
    """Worker processes that tag with the tagger of the settings; the first sentence starts them.

    Args:
        settings: which tagger, with which options and limits.
        workers: how many processes.
        load_tagger: what loads the tagger in each of them; pickled, so a function that can be imported.

    Raises:
        SettingsError: the user dictionary cannot be used, or the memory does not suffice for the tagger.
    """

    def __init__(self, settings: Tag, workers: int, load_tagger: LoadTagger = taggers.load):
        taggers.check_memory(settings)
        self.settings = settings
        self._workers = workers
        self._load_tagger = load_tagger
        self._begun = KeepLocksContext().RawArray("i", _SLOTS)
        self._slots = itertools.count()
        self._words = dictionary.tagged(settings)
        self._breaks = 0
        self._pool = self._new_pool()
        self._renewing = threading.Lock()
        self._is_stopped = threading.Event()

    def tag(self, texts: list[str]) -> list[Outcome]:
        """Tags each text, in order; may be called by several threads at a time.

        Raises:
            CancelledError: the pool was stopped meanwhile.
            EtlError: the tagger cannot be loaded.
        """
        return [outcome for packed in self.tag_packed(texts) for outcome in worker.unpack(packed)]

    def tag_packed(self, texts: list[str]) -> list[Packed]:
        """The same, as the workers hand it over: a few texts to each answer."""
        parts = [texts[start : start + _CHUNK] for start in range(0, len(texts), _CHUNK)]
        chunks = [self._submit(part) for part in parts]
        return [packed for chunk in chunks for packed in self._answers(chunk)]

    def stop(self) -> None:
        """Kills the workers. Whoever waits for a result gets a `CancelledError`."""
        self._is_stopped.set()
        with self._renewing:
            processes.kill_pool(self._pool)

    def _new_pool(self) -> ProcessPool:
        from pebble import ProcessPool

        shared = (self.settings, self._words, self._begun, self._load_tagger)
        context = KeepLocksContext()
        return ProcessPool(self._workers, initializer=worker.start, initargs=shared, context=context)

    def _submit(self, sentences: list[str], *, is_last_try: bool = False) -> _Chunk:
        pool, slot = self._pool, next(self._slots) % _SLOTS
        self._begun[slot] = NOT_BEGUN
        seconds = worker.WAITS * self.settings.seconds + _SECONDS + _SECONDS_PER_SENTENCE * len(sentences)
        while True:
            try:
                with processes.block_interrupts():  # the first one starts the pool
                    future = pool.schedule(worker.tag_chunk, args=[slot, sentences], timeout=seconds)
            except RuntimeError:  # it is no longer active
                pool = self._renew(pool)
            else:
                return _Chunk(sentences, is_last_try, pool, future, slot)

    def _renew(self, broken: ProcessPool) -> ProcessPool:
        """Puts a new pool in the place of one that is beyond repair, once for all who notice."""
        with self._renewing:
            if self._is_stopped.is_set():
                raise CancelledError
            if self._pool is broken:
                processes.kill_pool(broken)
                self._breaks += 1
                _log.debug("the processes of the tagger %s are replaced", self.settings.tagger)
                if self._breaks > _BREAKS:
                    raise self._cannot_live()
                self._pool = self._new_pool()
            return self._pool

    def _cannot_live(self) -> EtlError:
        return MemoryLimitError(
            tr(
                "the processes of the tagger {tagger} die before they have tagged anything",
                tagger=self.settings.tagger,
            ),
            details=[
                tr(
                    "{times} times in a row; each may take {memory_mb:,} MB",
                    times=self._breaks,
                    memory_mb=self.settings.memory_mb,
                ),
                tr("there is {available}", available=failures.available()),
            ],
            cause=tr("They have too little memory, or something kills them."),
            next_step=tr(
                "`etl doctor --tagger {tagger}`, or raise tag.memory_mb in etl.yaml.",
                tagger=self.settings.tagger,
            ),
        )

    def _wait(self, chunk: _Chunk) -> Packed:
        # A pool that is stopped leaves its futures pending for ever, so the wait has to look up.
        while not wait([chunk.future], timeout=_LOOK_UP_SECONDS).done:
            if self._is_stopped.is_set():
                raise CancelledError
            if not chunk.pool.active:
                raise BrokenProcessPool("the pool of taggers is gone")
        packed: Packed = chunk.future.result()
        self._breaks = 0
        return packed

    def _answers(self, chunk: _Chunk) -> list[Packed]:
        from pebble import ProcessExpired

        try:
            return [self._wait(chunk)]
        except BrokenProcessPool:
            # A worker that is killed from outside can take the whole pool with it; no sentence is to blame.
            self._renew(chunk.pool)
            return self._answers(self._submit(chunk.sentences, is_last_try=chunk.is_last_try))
        except (FutureTimeout, ProcessExpired, MemoryError) as error:
            failure = error
        begun = self._begun[chunk.slot]
        if begun == NOT_BEGUN:
            return self._answers(self._submit(chunk.sentences, is_last_try=chunk.is_last_try))
        return self._around(chunk, begun, failure)

    def _around(self, chunk: _Chunk, begun: int, failure: BaseException) -> list[Packed]:
        """The answers of a chunk whose worker died over the sentence with the index `begun`."""
        before, suspect, after = (
            chunk.sentences[:begun],
            chunk.sentences[begun : begun + 1],
            chunk.sentences[begun + 1 :],
        )
        is_guilty = chunk.is_last_try or _is_endless(failure)
        again = [self._submit(part) if part else None for part in (before, after)]
        alone = None if is_guilty else self._submit(suspect, is_last_try=True)
        first, last = (self._answers(part) if part else [] for part in again)
        marked = [worker.pack([([], [], *self._reason(failure))])]
        return [*first, *(self._answers(alone) if alone else marked), *last]

    def _reason(self, failure: BaseException) -> tuple[str, str]:
        """The reason for a sentence, and what was found: nothing that another run would not find."""
        code = getattr(failure, "exitcode", None)
        if code == worker.EXIT_OUT_OF_MEMORY or isinstance(failure, MemoryError):
            return "tagger_crash", f"out of memory: a worker has {self.settings.memory_mb} MB"
        if code is None or code in (worker.EXIT_OUT_OF_PROCESSOR_TIME, worker.EXIT_OUT_OF_TIME):
            return "tagger_timeout", f"no answer in {self.settings.seconds} s"
        ended = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        return "tagger_crash", f"the process of the tagger {ended}"


def _is_endless(failure: BaseException) -> bool:
    """Whether the sentence took all its processor time, and no other process can be to blame."""
    code = getattr(failure, "exitcode", None)
    return code is not None and code == worker.EXIT_OUT_OF_PROCESSOR_TIME
