"""Finds the row that somebody wants to see next, and tells all that the page shows of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
import numpy as np

from etl.review.audit import Share, summarise
from etl.review.ledger import Ledger
from etl.review.making import QueueMaker
from etl.review.model import Ask
from etl.review.queues import BY_GROUP, QUEUES, Queue
from etl.review.rows import Filter, Flags, Numbers, Rows
from etl.review.watch import Watch

State = Literal["open", "not_mine", "decided", "disputed", "all"]

_LISTED_BEFORE, _LISTED = 3, 12
_MOST_MEMBERS = 30
_MOST_KEPT = 4  # answers to filters


class Wanted(msgspec.Struct, frozen=True):
    """What the page asks for.

    Args:
        queue: one of `QUEUES`.
        filter: which of its rows.
        state: `open` (nobody has decided), `not_mine` (this person has not), `decided`, `disputed`, or `all`.
        by: the person who looks.
        rank: the place among the rows that the filter lets through, from 0.
        step: 1 for the next after `rank`, 0 for the first from there, -1 for the one before in any state.
        row: a row to show, wherever it stands; it goes before `rank` and `step`.
    """

    queue: str = "all"
    filter: Filter = Filter()
    state: State = "open"
    by: str = ""
    rank: int = 0
    step: Literal[-1, 0, 1] = 0
    row: int | None = None


@dataclass(frozen=True)
class Review:
    """A dataset under review.

    Attributes:
        rows: of the dataset.
        ledger: what was decided.
        queues: as far as they are made.
        watch: of the dataset on disk.
        ask: returns what a model says of a row; None where there is none.
        by: the name of the person who looks, or a proposal.
        is_by_given: whether the command was told.
        is_read_only: whether nothing may be decided.
    """

    rows: Rows
    ledger: Ledger
    queues: QueueMaker
    watch: Watch
    ask: Ask | None = None
    by: str = ""
    is_by_given: bool = False
    is_read_only: bool = False
    _answers: dict[tuple[str, Filter], tuple[Queue, Numbers]] = field(default_factory=dict, repr=False)

    def matching(self, name: str, wanted: Filter) -> Numbers:
        """Returns the rows of a queue that a filter lets through, in the order of the queue."""
        key, queue = (name, wanted), self.queues.made[name]
        known = self._answers.get(key)
        if known is not None and known[0] is queue:
            return known[1]
        rows = queue.rows
        flags = self.rows.matching(wanted)
        found = rows if flags is None else rows[flags[rows]]
        while len(self._answers) >= _MOST_KEPT:
            self._answers.pop(next(iter(self._answers)), None)
        self._answers[key] = queue, found
        return found


def find(review: Review, wanted: Wanted) -> dict[str, Any]:
    """Returns what the page shows: the row, its place in the queue, and a list of those around it.

    `row` is null where nothing is left. `state` says whether the queue is ready.
    """
    review.queues.ask(wanted.queue)
    if (state := review.queues.state(wanted.queue)) != "ready":
        return {"state": state, "row": None, "list": [], "open": 0, "of": 0}
    queue = review.queues.made[wanted.queue]
    rows = review.matching(wanted.queue, wanted.filter)
    flags = _flags(review, wanted)
    left = np.arange(len(rows)) if flags is None else np.flatnonzero(flags[rows])
    rank = _rank(queue, rows, left, wanted)
    place = int(np.searchsorted(left, rank)) if rank is not None else 0
    listed = left[max(0, place - _LISTED_BEFORE) :][:_LISTED].tolist()
    number = wanted.row if wanted.row is not None else None if rank is None else int(rows[rank])
    return {
        "state": state,
        "rank": rank,
        "position": place + 1,
        "open": len(left),
        "of": len(rows),
        "row": None if number is None else describe(review, wanted.queue, number),
        "list": _list(review, rows, listed),
    }


def describe(review: Review, name: str, number: int) -> dict[str, Any]:
    """Returns all that the page shows of one row."""
    rows, queue = review.rows, review.queues.made[name]
    members = group_of(queue, number) if name in BY_GROUP or queue.groups is not None else []
    others = [other for other in members if other != number]
    twins = [other for other in rows.twins(number) if other not in others]
    return rows.details(number) | {
        "facts": _facts(queue, number),
        "members": rows.summaries(others[:_MOST_MEMBERS]),
        "scope": len(members) if name in BY_GROUP else 1,
        "twins": rows.summaries(twins),
        "neighbours": rows.summaries(rows.neighbours(number)),
        "model": review.ask(number) if review.ask else [],
        "decisions": review.ledger.on_row(number),
    }


def group_of(queue: Queue, number: int) -> list[int]:
    """Returns the rows that are looked at together with one, itself among them."""
    at = np.flatnonzero(queue.rows == number)
    if queue.groups is None or not len(at):
        return [number]
    return [int(member) for member in queue.rows[queue.groups == queue.groups[at[0]]]]


def overview(review: Review) -> dict[str, Any]:
    """Returns what the page shows beside the row: the queues with their progress, and who did how much."""
    decided = review.ledger.is_decided
    queues = []
    for name in QUEUES:
        made = review.queues.made.get(name)
        queues.append(
            {
                "name": name,
                "state": review.queues.state(name),
                "why": review.queues.failed.get(name) or review.queues.missing.get(name, ""),
                "rows": None if made is None else len(made.rows),
                "decided": None if made is None else int(decided[made.rows].sum()),
            }
        )
    return {
        "version": [review.ledger.version, len(review.queues.made) + len(review.queues.failed)],
        "queues": queues,
        "people": review.ledger.by_person(),
        "agreement": review.ledger.agreement(),
        "decided": int(decided.sum()),
        "is_replaced": review.watch.is_replaced(),
    }


def audit(review: Review) -> list[Share]:
    """Returns how many labels of the sample are wrong; nothing until it is drawn."""
    sample = review.queues.made.get("audit")
    return [] if sample is None else summarise(review.rows, sample.rows, judgements(review, sample.rows))


def summarise_sample(review: Review) -> list[Share]:
    """Waits until the sample is drawn, and returns how many of its labels are wrong."""
    review.queues.wait("audit")
    return audit(review)


def judgements(review: Review, sample: Numbers) -> dict[int, list[bool]]:
    """Returns whether each person says that the label is wrong, by row of a sample that was looked at."""
    decided = review.ledger.on_rows(sample.tolist())
    given = dict(zip(decided, review.rows.labels_of([*decided]), strict=True))
    return {
        number: [_is_wrong(each.decision, each.labels, given[number]) for each in said.values()]
        for number, said in decided.items()
    }


def _is_wrong(decision: str, labels: tuple[str, ...], given: tuple[str, ...]) -> bool:
    return decision == "drop" or (decision == "relabel" and labels != given)


def _rank(queue: Queue, rows: Numbers, left: Numbers, wanted: Wanted) -> int | None:
    """Returns the place of the row to show among `rows`; None where there is none."""
    if wanted.row is not None:
        at = np.flatnonzero(rows == wanted.row)
        return int(at[0]) if len(at) else None
    if wanted.step < 0:
        return max(0, min(wanted.rank, len(rows)) - 1) if len(rows) else None
    after = left[np.searchsorted(left, wanted.rank + wanted.step) :]
    if wanted.step and wanted.queue in BY_GROUP and len(after) and wanted.rank < len(rows):
        here = group_of(queue, int(rows[wanted.rank]))
        after = after[~np.isin(rows[after], here)]
    if len(after):
        return int(after[0])
    return int(left[0]) if len(left) and not wanted.step else None


def _flags(review: Review, wanted: Wanted) -> Flags | None:
    """Returns which rows are in the state that is wanted; None: all."""
    ledger = review.ledger
    match wanted.state:
        case "open":
            return ~ledger.is_decided
        case "not_mine":
            return ~ledger.decided_by(wanted.by)
        case "decided":
            return ledger.is_decided
        case "disputed":
            return ledger.disputed()
        case _:
            return None


def _list(review: Review, rows: Numbers, ranks: list[int]) -> list[dict[str, Any]]:
    numbers = [int(rows[rank]) for rank in ranks]
    decided = review.ledger.is_decided
    return [
        summary | {"rank": rank, "is_decided": bool(decided[summary["row"]])}
        for rank, summary in zip(ranks, review.rows.summaries(numbers), strict=True)
    ]


def _facts(queue: Queue, number: int) -> dict[str, Any]:
    at = np.flatnonzero(queue.rows == number)
    return queue.facts.row(int(at[0]), named=True) if len(at) and queue.facts.width else {}
