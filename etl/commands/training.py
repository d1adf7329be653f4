"""Shared by the commands that train: checks of options and packages, and the display of a run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from etl.errors import SettingsError
from etl.language.message import tr
from etl.models.training.settings import MAX_LEN

if TYPE_CHECKING:
    from etl.models.training.collapse import Record
    from etl.models.training.fit import Watcher
    from etl.models.training.report import Report


def require_training(*, is_network: bool = True) -> None:
    """Checks that the packages that training needs can be imported.

    Args:
        is_network: a network needs torch, which takes a second to import; a linear model does not.

    Raises:
        SettingsError: they cannot; the extra to install is named.
    """
    from etl.runtime.signals import delayed

    try:
        with delayed:  # a signal within the import of a library in C is an ImportError there
            for name in ("numpy", "sklearn", *(("tensorboardX", "torch") if is_network else ())):
                import_module(name)
    except ImportError as error:
        raise SettingsError(
            tr("train needs the extra [train]"),
            details=[error],
            next_step="pip install 'korean-emotion-etl[train]'",
        ) from error


def check_lr(lr: float, default: float) -> None:
    """Refuses a learning rate with which nothing can be learnt.

    Args:
        lr: of the option.
        default: of the settings.

    Raises:
        SettingsError: it is not above 0.
    """
    if lr <= 0:
        usual = f"{default:f}".rstrip("0")
        raise SettingsError(
            tr("--lr must be above 0"),
            details=[tr("got {lr:g}", lr=lr)],
            next_step=tr("leave it out, or use {usual}", usual=usual),
        )


def parse_max_len(text: str) -> int | None:
    """Returns the value of `--max-len`: a number, or None for auto.

    Raises:
        SettingsError: it is neither.
    """
    if text == "auto":
        return None
    if not text.isdecimal() or len(text) > len(str(MAX_LEN)) or not 1 <= int(text) <= MAX_LEN:
        raise SettingsError(
            tr("--max-len is neither auto nor a number of tokens"),
            details=[tr('expected auto, or 1 to {most:,}, got "{text}"', most=MAX_LEN, text=text)],
            next_step=tr("leave it out"),
        )
    return int(text)


@contextmanager
def show_progress(doing: str, epochs: int, *, is_json: bool) -> Iterator[Watcher]:
    """Yields a watcher that shows the run on standard error.

    Args:
        doing: the name of the activity.
        epochs: their highest number; 0 of a model that has none: then only notes are shown.
        is_json: whether the result is shown as JSON: then, too, only notes are shown.
    """
    from etl.models.training.fit import Watcher
    from etl.runtime import console

    with console.progress(
        tr("{doing}, epochs", doing=doing), total=epochs, is_quiet=is_json or not epochs
    ) as advance:

        def on_epoch(record: Record) -> None:
            advance(1)
            if not is_json:
                console.note(_epoch_line(record))

        yield Watcher(
            on_epoch=on_epoch,
            on_batch=lambda epoch, share: advance(
                0, tr("{doing}, epoch {epoch}: {share:.0%}", doing=doing, epoch=epoch, share=share)
            ),
            on_note=console.note,
        )


def show(report: Report, out: Path, *, is_json: bool) -> None:
    """Shows the results of a run: its warnings, and its scores beside those it has to beat.

    Args:
        report: of the run.
        out: the model's folder.
        is_json: whether to show it as one document of JSON.
    """
    from etl.models.training.report import to_json
    from etl.runtime import console

    for warning in report.warnings:
        console.note(tr("warning: {warning}", warning=warning))
    if is_json:
        console.json_document({"model": str(out), "metrics": json.loads(to_json(report))})
        return
    _show_tables(report, out)


_SCORES = [
    tr("split"),
    tr("predictor"),
    tr("rows"),
    tr("accuracy"),
    tr("macro-F1"),
    tr("lead over it (95 %)"),
    tr("loss"),
    tr("calibration error"),
]


def _show_tables(report: Report, out: Path) -> None:
    from etl.models.training.raters import describe as describe_raters
    from etl.models.training.report_html import (
        FILE,
        SET_COLUMNS,
        VOTE_COLUMNS,
        list_sets,
        list_votes,
        predictors,
    )
    from etl.models.training.verdict import describe, judge
    from etl.runtime import console

    chosen = (
        tr("epoch {epoch} of {epochs}", epoch=report.best_epoch, epochs=len(report.epochs))
        if report.epochs
        else report.architecture
    )
    console.table(
        tr("{out}: {chosen}, chosen by {held_out}", out=out, chosen=chosen, held_out=report.held_out),
        _SCORES,
        [
            [
                split,
                predictor,
                scores.rows,
                round(scores.accuracy, 4),
                round(scores.macro_f1, 4),
                describe(lead),
                round(scores.loss, 4),
                round(scores.ece, 4),
            ]
            for split, predictor, _, scores, lead in predictors(report)
        ],
    )
    if shown := list_votes(report):
        console.table(tr("against the votes of all rows"), [title for title, _ in VOTE_COLUMNS], shown)
        for split, raters in report.raters.items():
            console.line(describe_raters(split, raters))
    if sets := list_sets(report):
        console.table(tr("sets of labels"), [title for title, _ in SET_COLUMNS], sets)
    console.line(
        tr("{verdict} (macro-F1 on {held_out}).", verdict=judge(report)[0], held_out=report.held_out)
    )
    _show_parts(report)
    console.line(tr("Curves, confusion and mistakes: {file}", file=out / FILE))


def _show_parts(report: Report) -> None:
    """Shows the scores of each label and each source."""
    from etl.runtime import console

    held_out = report.model[report.held_out]
    console.table(
        tr("labels, {held_out}", held_out=report.held_out),
        [tr("label"), tr("rows"), tr("precision"), tr("recall"), tr("F1")],
        [
            [label, own.rows, round(own.precision, 4), round(own.recall, 4), round(own.f1, 4)]
            for label, own in held_out.labels.items()
            if own.rows or own.predicted
        ],
    )
    console.table(
        tr("sources, {held_out}", held_out=report.held_out),
        [tr("source"), tr("rows"), tr("accuracy"), tr("macro-F1")],
        [
            [source, own.rows, round(own.accuracy, 4), round(own.macro_f1, 4)]
            for source, own in held_out.sources.items()
        ],
    )


def _epoch_line(record: Record) -> str:
    return tr(
        "epoch {epoch}: train loss {train_loss:.4f}, held-out loss {loss:.4f}, accuracy "
        "{accuracy:.4f}, macro-F1 {macro_f1:.4f}",
        epoch=record.epoch,
        train_loss=record.train_loss,
        loss=record.scores.loss,
        accuracy=record.scores.accuracy,
        macro_f1=record.scores.macro_f1,
    )
