"""Makes queues one after another on a thread of its own, so that the page opens at once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from queue import SimpleQueue

from etl.errors import EtlError
from etl.language.message import tr, translated
from etl.review.queues import Make, Queue

_log = logging.getLogger(__name__)


class QueueMaker:
    """The queues of a dataset, as far as they are made; threads may share it.

    Args:
        makers: for each queue the function that makes it.
        missing: for queues that cannot be made, why: a key of the words of the page.
        at_once: those that are made without being asked for, in this order.
        soon: those that are made once somebody looks.

    Attributes:
        made: queues by name.
        failed: for those that could not be made, why, for people.
    """

    def __init__(
        self, makers: Mapping[str, Make], missing: Mapping[str, str], *, at_once: list[str], soon: list[str]
    ):
        self.made: dict[str, Queue] = {}
        self.failed: dict[str, str] = {}
        self.missing = missing
        self._makers = makers
        self._soon = soon
        self._asked: set[str] = set()
        self._is_made = threading.Condition()
        self._names: SimpleQueue[str] = SimpleQueue()
        for name in at_once:
            self.ask(name)
        threading.Thread(target=self._work, name="queues", daemon=True).start()

    def ask(self, name: str) -> None:
        """Has a queue made, if it is not yet."""
        if name in self._makers and name not in self._asked:
            self._asked.add(name)
            self._names.put(name)

    def ask_soon(self) -> None:
        """Has those made that were to be made once somebody looks."""
        for name in self._soon:
            self.ask(name)

    def renew(self, name: str) -> None:
        """Has a queue made again; until then it stays as it is."""
        self._names.put(name)

    def wait(self, name: str) -> None:
        """Waits until a queue is made, or has failed."""
        self.ask(name)
        with self._is_made:
            self._is_made.wait_for(lambda: self.state(name) != "working")

    def state(self, name: str) -> str:
        """Returns `ready`, `working`, `failed`, `missing`, or `waiting` for one that nobody has asked for."""
        if name in self.made:
            return "ready"
        if name in self.failed:
            return "failed"
        if name in self._asked:
            return "working"
        return "waiting" if name in self._makers else "missing"

    def _work(self) -> None:
        while True:
            self._make(self._names.get())
            with self._is_made:
                self._is_made.notify_all()

    def _make(self, name: str) -> None:
        try:
            self.made[name] = self._makers[name]()
        except EtlError as error:
            self.failed[name] = translated(error.what)
        except Exception as error:  # noqa: BLE001 - the page says so, and goes on without it
            _log.warning(
                tr(
                    "the queue {queue} cannot be made: {kind}: {error}",
                    queue=name,
                    kind=type(error).__name__,
                    error=error,
                )
            )
            self.failed[name] = f"{type(error).__name__}: {error}"
