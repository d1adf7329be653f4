"""The routes of the page: its files, what it asks for, and what people decide.

Each answer is JSON. Threads of the server run the functions, and a decision is on disk before it is answered.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from etl.errors import EtlError
from etl.language import choice
from etl.language.message import tr, translated
from etl.review.audit import Share
from etl.review.browsing import Review, Wanted, audit, find, group_of, overview
from etl.review.ledger import NOTE, ON_ROWS, OnRow
from etl.review.makers import CHOSEN
from etl.review.queues import BY_GROUP, QUEUES
from etl.review.session import guard
from etl.schema import resources, row

PAGE = Path(__file__).parent / "page"
FILES = {
    "": "page.html",
    **{file.name: file.name for file in sorted(PAGE.iterdir()) if file.suffix in (".css", ".js", ".svg")},
}
MOST_CHARS = 2000  # of a name or a note
_MOST_BYTES = 1_000_000  # of a request


class Decided(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody decided on the page.

    Args:
        row: the row on show.
        queue: in which it was shown.
        decision: one of `relabel`, `drop`, `keep`, `not_a_conflict`, `note`.
        labels: of `relabel`.
        is_for_group: whether it is about all rows that are looked at together.
        by: who.
        why: a note.
    """

    row: int
    queue: str
    decision: str
    by: str
    labels: tuple[str, ...] = ()
    is_for_group: bool = False
    why: str = ""


class Undone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person who takes back the last decision."""

    by: str


class RefusedRequestError(Exception):
    """A request that the page does not send, unless the dataset or the decisions changed under it.

    Args:
        problem: what is wrong with it.
    """

    def __init__(self, problem: str):
        super().__init__(problem)
        self.problem = problem


def make_app(review: Review, token: str) -> ASGIApp:
    """Returns the application of the page; it answers below `/TOKEN/` only."""
    routes = [Route(f"/{path}", _file(name)) for path, name in FILES.items()]
    for path, answer in (("start", _start), ("overview", _overview), ("audit", _audit)):
        routes.append(Route(f"/api/{path}", _answering(review, answer)))
    for path, act in (("find", _find), ("decide", _decide), ("undo", _undo)):
        routes.append(Route(f"/api/{path}", _taking(review, act), methods=["POST"]))
    return guard(Starlette(routes=routes), token)


def _file(name: str) -> Callable[[Request], Response]:
    def answer(_request: Request) -> Response:
        return FileResponse(PAGE / name)

    return answer


def _answering(review: Review, answer: Callable[[Review], Any]) -> Callable[[Request], Response]:
    def respond(_request: Request) -> Response:
        try:
            return _json(answer(review))
        except EtlError as error:
            return _failed(error.text(), 500)

    return respond


def _taking(review: Review, act: Callable[[Review, bytes], Any]) -> Callable[[Request], Any]:
    from starlette.concurrency import run_in_threadpool

    async def respond(request: Request) -> Response:
        body = bytearray()
        try:
            async for part in request.stream():
                body += part
                if len(body) > _MOST_BYTES:
                    return _failed(tr("too much"), 413)
            return _json(await run_in_threadpool(act, review, bytes(body)))
        except RefusedRequestError as error:
            return _failed(error.problem, 400)
        except (msgspec.DecodeError, ClientDisconnect, RecursionError) as error:
            return _failed(str(error), 400)
        except EtlError as error:
            return _failed(error.text(), 500)

    return respond


def _start(review: Review) -> dict[str, Any]:
    """Returns what the page needs once: words, labels, what can be filtered."""
    return {
        "name": review.rows.dataset.path.name,
        "labels": review.rows.labels,
        "has_sets": review.rows.has_sets,
        "choices": review.rows.choices(),
        "by": review.by,
        "is_by_given": review.is_by_given,
        "reasons": row.reasons(),
        "is_read_only": review.is_read_only,
        "corrections": review.ledger.path.name,
        "by_group": sorted(BY_GROUP),
        "words": resources.load("schemas", "review.yaml"),
        "language": choice.chosen(os.environ),
    }


def _overview(review: Review) -> dict[str, Any]:
    review.ledger.read()
    return overview(review)


def _audit(review: Review) -> list[Share]:
    review.queues.ask("audit")
    return audit(review)


def _find(review: Review, body: bytes) -> dict[str, Any]:
    wanted = msgspec.json.decode(body, type=Wanted)
    _check(wanted.queue in QUEUES, tr("no such queue"))
    _check(wanted.row is None or _is_row(review, wanted.row), tr("no such row"))
    found = find(review, wanted)
    review.queues.ask_soon()
    return found


def _decide(review: Review, body: bytes) -> dict[str, Any]:
    decided = msgspec.json.decode(body, type=Decided)
    _check_decided(review, decided)
    queue = review.queues.made[decided.queue]
    if decided.is_for_group and decided.queue == "unknown_labels" and decided.decision != NOTE:
        _map_label(review, decided)
    else:
        numbers = group_of(queue, decided.row) if decided.is_for_group else [decided.row]
        _write(review, decided, numbers)
    if decided.queue == "to_label" and review.ledger.version % CHOSEN == 0:
        review.queues.renew("to_label")  # by what was learnt since
    return overview(review)


def _undo(review: Review, body: bytes) -> dict[str, Any]:
    by = msgspec.json.decode(body, type=Undone).by
    _check(not review.is_read_only and bool(by), tr("nothing may be changed here"))
    number = review.ledger.undo(by)
    return overview(review) | {"row": number}


def _map_label(review: Review, decided: Decided) -> None:
    source, raw_label = review.rows.frame.select("source", "raw_label").row(decided.row)
    _check(
        decided.decision in ("relabel", "drop"),
        tr("an unknown label is mapped to another, or is said to mean nothing"),
    )
    label = decided.labels[0] if decided.labels else None
    review.ledger.map_label(source, raw_label, label, by=decided.by, why=decided.why)


def _write(review: Review, decided: Decided, numbers: list[int]) -> None:
    """Writes the decision on each row; a row that has the chosen label already keeps it."""
    label = decided.labels[0] if len(decided.labels) == 1 else decided.labels
    given = review.rows.labels_of(numbers)
    decisions: list[OnRow] = []
    for number, own in zip(numbers, given, strict=True):
        if decided.decision != "relabel":
            decisions.append((number, decided.decision, None))
        elif own == tuple(sorted(set(decided.labels))):
            decisions.append((number, "keep", None))
        else:
            decisions.append((number, "relabel", label))
    review.ledger.decide(decisions, by=decided.by, why=decided.why)


def _check_decided(review: Review, decided: Decided) -> None:
    _check(not review.is_read_only, tr("nothing may be changed here"))
    _check(decided.queue in review.queues.made, tr("no such queue"))
    _check(_is_row(review, decided.row), tr("no such row"))
    _check(decided.decision in (*ON_ROWS, NOTE), tr("no such decision"))
    _check(_is_named(review, decided), tr("decisions go by ids, and another row has the id of this one"))
    _check(bool(decided.by.strip()), tr("nobody decided"))
    _check(len(decided.by) <= MOST_CHARS and len(decided.why) <= MOST_CHARS, tr("too long"))
    _check(set(decided.labels) <= {*review.rows.labels}, tr("no such label"))
    _check(
        bool(decided.labels) == (decided.decision == "relabel"),
        tr("a label is chosen where a row gets another one, and only there"),
    )
    _check(len(decided.labels) <= 1 or review.rows.has_sets, tr("a row has one label here"))


def _is_row(review: Review, number: int) -> bool:
    return 0 <= number < review.rows.frame.height


def _is_named(review: Review, decided: Decided) -> bool:
    """Whether the id of the row says which row is meant; of several rows with one id it means the first."""
    row_id = review.rows.frame["id"][decided.row]
    if not review.rows.is_rejected[decided.row] or (decided.is_for_group and decided.queue in BY_GROUP):
        return True
    return bool(row_id) and review.rows.numbers_of(pl.Series([row_id]))[row_id] == decided.row


def _check(is_met: bool, problem: str) -> None:
    if not is_met:
        raise RefusedRequestError(problem)


def _failed(problem: str, status: int) -> Response:
    """Returns an answer of which the page shows what is wrong."""
    return _json({"error": translated(problem)}, status)


def _json(answer: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(answer), status, media_type="application/json")
