"""Says how each queue of a dataset is made, and which cannot be made and why."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from etl.errors import InputError, SettingsError
from etl.language.message import tr
from etl.models.inference.classifier import Classifier
from etl.review import model, queues
from etl.review.audit import draw_sample
from etl.review.ledger import Ledger
from etl.review.queues import Make, Queue
from etl.review.rows import Rows

_log = logging.getLogger(__name__)

# With more rows than these, near-duplicates and suspects are looked for by `etl validate --evidence` only.
MOST_ROWS = 100_000
# Of the rows to be labelled so many are chosen at a time; then what was learnt from them chooses the next.
CHOSEN = 50
_FOUND = {"suspects": ("label_suspects",), "near": ("leak_near", "repeats")}
_CODES = frozenset(code for codes in _FOUND.values() for code in codes)


def make_makers(
    rows: Rows,
    ledger: Ledger,
    *,
    sample: Callable[[], Queue],
    classifier: Classifier | None,
    evidence: Path | None,
) -> tuple[Mapping[str, Make], Mapping[str, str]]:
    """Returns the functions that make the queues, and for the others the word of the page that says why not.

    Args:
        rows: of the dataset.
        ledger: what was decided so far.
        sample: makes the queue of the audit.
        classifier: of `--model`.
        evidence: a folder that `etl validate --evidence` wrote.

    Raises:
        InputError: the evidence cannot be read, or is that of another dataset.
    """
    makers: dict[str, Make] = {
        "all": partial(queues.everything, rows),
        "rejects": partial(queues.rejects, rows),
        "conflicts": partial(queues.conflicts, rows),
        "unknown_labels": partial(queues.unknown_labels, rows),
        "to_label": partial(_to_label, rows, ledger),
        "audit": sample,
    }
    missing: dict[str, str] = {}
    if evidence is not None:
        makers |= _from_evidence(rows, evidence)
        missing |= dict.fromkeys(_FOUND.keys() - makers.keys(), "evidence")
    elif rows.frame.height > MOST_ROWS:
        missing |= dict.fromkeys(_FOUND, "large")
    else:
        makers |= {name: partial(_collect, rows, name) for name in _FOUND}
    if classifier is None:
        missing["low_confidence"] = "model"
    else:
        makers["low_confidence"] = partial(model.low_confidence, classifier, rows)
    return makers, missing


def audit_sample(rows: Rows, size: int, seed: int) -> Queue:
    """Returns the random sample of an audit."""
    return Queue(draw_sample(rows, size, seed))


def _from_evidence(rows: Rows, folder: Path) -> dict[str, Make]:
    """Returns the makers of the queues of which the evidence has rows."""
    from etl.validation import evidence

    found = {code: frame for code, frame in evidence.read(folder).items() if code in _CODES}
    own = rows.frame.lazy().select("id", pl.col("text").cast(pl.String))
    still = {
        code: frame.lazy().join(own, on=["id", "text"], how="semi", maintain_order="left").collect()
        for code, frame in found.items()
    }
    of, left = (sum(frame.height for frame in frames.values()) for frames in (found, still))
    again = f"`etl validate {rows.dataset.path} --label-noise --evidence {folder}`"
    if of and not left:
        raise InputError(
            tr(
                "the evidence in {folder} is about other rows than those of {dataset}",
                folder=folder,
                dataset=rows.dataset.path,
            ),
            details=[tr("none of the {rows:,} rows that it names is there with its text", rows=of)],
            next_step=tr("write it again with {command}", command=again),
        )
    if left < of:
        _log.warning(
            tr(
                "{gone:,} of {rows:,} rows of the evidence in {folder} are not in the dataset, or have "
                "another text, and are not shown; {command} writes it again",
                gone=of - left,
                rows=of,
                folder=folder,
                command=again,
            )
        )
    found = still
    return {
        name: partial(_join, rows, name, found)
        for name, codes in _FOUND.items()
        if not found.keys().isdisjoint(codes)
    }


def _to_label(rows: Rows, ledger: Ledger) -> Queue:
    """Returns the rows without a label: those with a decision, then the most instructive, then the others."""
    from etl.labelling.order import order_labelling

    waiting = queues.to_label(rows).rows
    if not len(waiting):
        return Queue(waiting)
    try:
        ids = order_labelling(rows.dataset, ledger.decisions(), CHOSEN)
    except SettingsError as error:
        _log.warning(tr("rows wait for a label in the order of the dataset: {why}", why=error.what))
        return Queue(waiting)
    numbers = rows.numbers_of(pl.Series(ids, dtype=pl.String))
    chosen = np.array([numbers[row_id] for row_id in ids if row_id in numbers], dtype=np.int64)
    is_decided = ledger.is_decided[waiting]
    others = waiting[~is_decided & ~np.isin(waiting, chosen)]
    return Queue(np.concatenate([waiting[is_decided], chosen, others]))


def _collect(rows: Rows, name: str) -> Queue:
    from etl.validation import evidence

    return _join(rows, name, evidence.collect(rows.dataset, _FOUND[name]))


def _join(rows: Rows, name: str, found: Mapping[str, pl.DataFrame]) -> Queue:
    """Returns the queue of the rows of its codes, those of one code after those of another."""
    parts: list[pl.DataFrame] = []
    first = 0
    for code in _FOUND[name]:
        if code in found:
            parts.append(found[code].with_columns(pl.col("group") + first))
            first += int(found[code]["group"].max() or 0) + 1  # type: ignore[arg-type]
    if not parts:
        return Queue(np.empty(0, np.int64))
    return queues.from_findings(rows, pl.concat(parts), is_grouped=name == "near")
