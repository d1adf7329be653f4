"""Classifies the texts of several requests at a time: of a thousand each costs a hundredth of a lone one."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import TracebackType
from typing import Generic, TypeVar

Answer = TypeVar("Answer")

# Texts of one batch. More gain nothing, and who asks for one waits for all of them.
BATCH_TEXTS = 4096
# Fewer are not divided among threads: several small batches beside each other would take turns anyway.
SMALL_TEXTS = 256
# Requests that come as soon after another are answered with it, if the first has not waited for too long.
LINGER_SECONDS, LONGEST_LINGER_SECONDS = 0.001, 0.01


class BusyError(Exception):
    """More texts wait than may."""


@dataclass(frozen=True)
class _Request(Generic[Answer]):
    texts: Sequence[str]
    answer: Future[list[Answer]] = field(default_factory=Future)
    arrived: float = field(default_factory=time.monotonic)


class Batcher(Generic[Answer]):
    """Threads that classify what `submit` was given, as long as the block runs.

    At the end of the block no thread is left, and what still waits is cancelled.
    """

    def __init__(self, classify: Callable[[list[str]], list[Answer]], workers: int, max_waiting: int):
        """Takes what is needed; the threads start with the block.

        Args:
            classify: gives an answer for each text, in their order; threads may share it.
            workers: threads, each of which classifies a batch.
            max_waiting: texts that may wait.
        """
        self._classify, self._max_waiting = classify, max_waiting
        self._waiting: deque[_Request[Answer]] = deque()
        self._running: list[int] = []  # the texts of each batch
        self._is_ended = False
        self._changed = threading.Condition()
        self._threads = [
            threading.Thread(target=self._work, name=f"batch-{number}", daemon=True)
            for number in range(workers)
        ]

    def submit(self, texts: Sequence[str]) -> Future[list[Answer]]:
        """Lets texts wait for their turn; they are answered together.

        Raises:
            BusyError: too many wait already, or the server ends.
        """
        request = _Request[Answer](texts)
        with self._changed:
            waiting = _count_texts(self._waiting)
            if self._is_ended or (waiting and waiting + len(texts) > self._max_waiting):
                raise BusyError
            self._waiting.append(request)
            self._changed.notify()
        return request.answer

    def __enter__(self) -> Batcher[Answer]:
        """Starts the threads."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cancels what waits, and waits for the batches that run."""
        with self._changed:
            self._is_ended = True
            for request in self._waiting:
                request.answer.cancel()
            self._waiting.clear()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while batch := self._take():
            # Whoever has stopped waiting is not answered.
            wanted = [request for request in batch if request.answer.set_running_or_notify_cancel()]
            if wanted:
                self._answer(wanted)
            with self._changed:
                self._running.remove(_count_texts(batch))
                self._changed.notify_all()

    def _take(self) -> list[_Request[Answer]]:
        """Waits for requests, and takes this thread's share of them; none at the end."""
        with self._changed:
            while not self._is_ended:
                seconds = self._seconds_to_wait()
                if seconds is not None and seconds <= 0:
                    return self._take_share()
                self._changed.wait(seconds)
            return []

    def _seconds_to_wait(self) -> float | None:
        """Returns for how long others may still join those that wait; None: until something changes."""
        if not self._waiting:
            return None
        n_waiting = _count_texts(self._waiting)
        if n_waiting >= BATCH_TEXTS:
            return 0.0
        first, last = self._waiting[0].arrived, self._waiting[-1].arrived
        return min(first + LONGEST_LINGER_SECONDS, last + LINGER_SECONDS) - time.monotonic()

    def _take_share(self) -> list[_Request[Answer]]:
        """Takes the oldest that wait: a thread's share of all that wait and run, so batches are alike."""
        n_texts = _count_texts(self._waiting) + sum(self._running)
        share = min(max(-(-n_texts // len(self._threads)), SMALL_TEXTS), BATCH_TEXTS)
        batch: list[_Request[Answer]] = []
        while self._waiting and _count_texts(batch) < share:
            batch.append(self._waiting.popleft())
        self._running.append(_count_texts(batch))
        return batch

    def _answer(self, batch: Sequence[_Request[Answer]]) -> None:
        try:
            answers = self._classify_whole([text for request in batch for text in request.texts])
        except Exception as error:  # noqa: BLE001 - it is handed on to those who asked
            if len(batch) == 1:
                batch[0].answer.set_exception(error)
                return
            for request in batch:  # that of one is no error of the others
                self._answer([request])
            return
        at = 0
        for request in batch:
            request.answer.set_result(answers[at : at + len(request.texts)])
            at += len(request.texts)

    def _classify_whole(self, texts: list[str]) -> list[Answer]:
        """Classifies texts, and does so again where polars raises a Ctrl-C that the main thread handles."""
        while True:
            try:
                return self._classify(texts)
            except KeyboardInterrupt:  # findings/polars-interrupt-in-threads.sh
                continue


def _count_texts(requests: Iterable[_Request[Answer]]) -> int:
    return sum(len(request.texts) for request in requests)
