"""`etl train-baseline`: trains a small model and shows its scores beside those it has to beat."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from etl.errors import SettingsError

if TYPE_CHECKING:
    from etl.console import Progress
    from etl.train.collapse import Record
    from etl.train.run import Report, Watcher


def train_baseline(
    dataset: Annotated[
        str, typer.Argument(help="A dataset with a vocabulary (`etl build-vocab`), or its URL.")
    ],
    out: Annotated[Path, typer.Option(help="The model's folder: a new one, or an older model to replace.")],
    model: Annotated[
        Literal["lstm", "bilstm", "gru", "cnn", "transformer"],
        typer.Option(help="What reads the tokens; docs/baseline.md compares them."),
    ] = "bilstm",
    tokens: Annotated[
        Literal["key", "all"], typer.Option(help="The key tokens, or all that the tagger finds.")
    ] = "key",
    epochs: Annotated[int, typer.Option(min=1, help="At most so many; fewer if macro-F1 stalls.")] = 20,
    batch_size: Annotated[int, typer.Option(min=1, help="Rows per step.")] = 64,
    lr: Annotated[float, typer.Option(help="Learning rate of Adam.")] = 0.001,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same weights, on the CPU.")] = 42,
    max_len: Annotated[
        str, typer.Option(help="Tokens per row, or auto: enough for 99 % of the training rows.")
    ] = "auto",
    class_weights: Annotated[
        bool, typer.Option("--class-weights", help="Let rare labels weigh as much as frequent ones.")
    ] = False,
    embedding: Annotated[int, typer.Option(min=1, help="Numbers per token.")] = 128,
    hidden: Annotated[int, typer.Option(min=1, help="Numbers in the state of the model.")] = 128,
    device: Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="Where to compute.")] = "auto",
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run of this model that was interrupted.")
    ] = False,
    show_text: Annotated[
        bool, typer.Option("--show-text", help="Quote the sentences of mistakes in the report.")
    ] = False,
    is_json: Annotated[bool, typer.Option("--json", help="Show the result as JSON.")] = False,
) -> None:
    """Train a small model on the tokens, and say honestly what it learnt.

    Its scores stand beside those of the constant predictor, which gives every row the shares of the labels in
    train, and of TF-IDF with logistic regression. A model that learnt nothing is not written: exit code 3,
    with what was seen and the likely cause.
    """
    require_torch()
    from etl import console
    from etl.storage.datasets import opened
    from etl.train import run
    from etl.train.settings import TrainSettings

    if lr <= 0:
        raise SettingsError(
            "--lr must be above 0", details=[f"got {lr:g}"], next_step="leave it out, or use 0.001"
        )
    settings = TrainSettings(
        model=model,
        tokens=tokens,
        epochs=epochs,
        batch_size=batch_size,
        lr=lr,
        seed=seed,
        max_len=_max_len(max_len),
        class_weights=class_weights,
        embedding=embedding,
        hidden=hidden,
    )
    with (
        opened(dataset, console.note) as folder,
        console.progress("training, epochs", total=epochs, is_quiet=is_json) as advance,
    ):
        report = run.train(
            folder,
            out,
            settings,
            device=device,
            is_resuming=resume,
            is_quoting=show_text,
            workers=os.cpu_count() or 1,
            watcher=_watcher(advance, is_json=is_json),
        )
    for warning in report.warnings:
        console.note(f"warning: {warning}")
    if is_json:
        import json

        console.json_document({"model": str(out), "metrics": json.loads(run.to_json(report))})
        return
    _show(report, out)


def _watcher(advance: Progress, *, is_json: bool) -> Watcher:
    """Shows how training goes."""
    from etl import console
    from etl.train.run import Watcher

    def on_epoch(record: Record) -> None:
        advance(1)
        if not is_json:
            console.note(_epoch_line(record))

    return Watcher(
        on_epoch=on_epoch,
        on_batch=lambda epoch, share: advance(0, f"training, epoch {epoch}: {share:.0%}"),
        on_note=console.note,
    )


def _show(report: Report, out: Path) -> None:
    from etl import console
    from etl.train.page import FILE, predictors

    console.table(
        f"{out}: epoch {report.best_epoch} of {len(report.epochs)}, chosen by {report.held_out}",
        ["split", "predictor", "rows", "accuracy", "macro-F1", "loss", "calibration error"],
        [
            [
                split,
                predictor,
                scores.rows,
                round(scores.accuracy, 4),
                round(scores.macro_f1, 4),
                round(scores.loss, 4),
                round(scores.ece, 4),
            ]
            for split, predictor, _, scores in predictors(report)
        ],
    )
    held_out = report.model[report.held_out]
    console.table(
        f"labels, {report.held_out}",
        ["label", "rows", "precision", "recall", "F1"],
        [
            [label, own.rows, round(own.precision, 4), round(own.recall, 4), round(own.f1, 4)]
            for label, own in held_out.labels.items()
            if own.rows or own.predicted
        ],
    )
    console.table(
        f"sources, {report.held_out}",
        ["source", "rows", "accuracy", "macro-F1"],
        [
            [source, own.rows, round(own.accuracy, 4), round(own.macro_f1, 4)]
            for source, own in held_out.sources.items()
        ],
    )
    console.line(f"Curves, confusion and mistakes: {out / FILE}")


def _epoch_line(record: Record) -> str:
    return (
        f"epoch {record.epoch}: train loss {record.train_loss:.4f}, held-out loss {record.scores.loss:.4f}, "
        f"accuracy {record.scores.accuracy:.4f}, macro-F1 {record.scores.macro_f1:.4f}"
    )


def _max_len(text: str) -> int | None:
    if text == "auto":
        return None
    if not text.isdecimal() or int(text) < 1:
        raise SettingsError(
            "--max-len is neither auto nor a number of tokens",
            details=[f'expected auto or at least 1, got "{text}"'],
            next_step="leave it out",
        )
    return int(text)


def require_torch() -> None:
    """Raises SettingsError where the extra [train] is not installed."""
    try:
        import numpy  # noqa: F401, ICN001
        import safetensors  # noqa: F401
        import sklearn  # noqa: F401
        import tensorboardX  # noqa: F401
        import torch  # noqa: F401
    except ImportError as error:
        raise SettingsError(
            "train needs the extra [train]",
            details=[str(error)],
            next_step="pip install 'korean-emotion-etl[train]'",
        ) from error
