"""Opens a dataset for review and serves the page until the command is asked to end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec

from etl.dataset.read import Dataset
from etl.models.inference.classifier import Classifier
from etl.review import model
from etl.review.browsing import Review
from etl.review.ledger import Ledger
from etl.review.makers import MOST_ROWS, audit_sample, make_makers
from etl.review.making import QueueMaker
from etl.review.rows import read_rows
from etl.review.watch import Watch
from etl.runtime.local_server import run_app
from etl.runtime.loopback import HOST

# Made without being asked for. Of a million rows the second ones take seconds, and wait for the first row.
_AT_ONCE = ["all", "rejects", "unknown_labels", "to_label"]
_SOON = ["conflicts", "audit"]
_END_SECONDS = 3


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """What the command was told.

    Args:
        corrections: the file of decisions.
        by: who decides; "" asks on the page.
        login: proposed there.
        is_read_only: whether nothing may be decided.
        sample_size, seed: of the audit.
        evidence: a folder that `etl validate --evidence` wrote.
    """

    corrections: Path
    by: str = ""
    login: str = ""
    is_read_only: bool = False
    sample_size: int = 200
    seed: int = 0
    evidence: Path | None = None


def open_review(dataset: Dataset, choices: Choices, classifier: Classifier | None = None) -> Review:
    """Reads the rows and decisions, and begins to make the queues.

    Raises:
        InputError: the dataset, the corrections or the evidence cannot be read.
    """
    watch, rows = Watch(dataset), read_rows(dataset)
    ledger = Ledger(choices.corrections, rows)
    is_large = rows.frame.height > MOST_ROWS
    makers, missing = make_makers(
        rows,
        ledger,
        sample=partial(audit_sample, rows, choices.sample_size, choices.seed),
        classifier=classifier,
        evidence=choices.evidence,
    )
    return Review(
        rows=rows,
        ledger=ledger,
        queues=QueueMaker(makers, missing, at_once=_AT_ONCE if is_large else [*_AT_ONCE, *_SOON], soon=_SOON),
        watch=watch,
        ask=None if classifier is None else lambda number: model.ask(classifier, rows, number),
        by=choices.by or choices.login,
        is_by_given=bool(choices.by),
        is_read_only=choices.is_read_only,
    )


@contextmanager
def serve(review: Review, token: str, listening: socket.socket) -> Iterator[threading.Thread]:
    """Serves the page while the block runs; then what was asked is answered, and no more is taken.

    Args:
        review: what is shown.
        token: of the address.
        listening: the socket, see `etl.runtime.loopback.open_socket`.

    Yields:
        The thread of the server.
    """
    from etl.review.app import make_app

    with run_app(make_app(review, token), listening, _END_SECONDS) as thread:
        yield thread


def address(token: str, listening: socket.socket) -> str:
    """Returns the address of the page."""
    return f"http://{HOST}:{listening.getsockname()[1]}/{token}/"
