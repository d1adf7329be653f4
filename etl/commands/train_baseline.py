"""`etl train-baseline`: trains a small model and shows its scores beside those it has to beat."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from etl.errors import SettingsError
from etl.models.baseline.settings import Architecture, TrainSettings
from etl.models.training.settings import Device
from etl.settings import Tokens

_DEFAULT = TrainSettings()


def train_baseline(
    dataset: Annotated[
        str, typer.Argument(help="A dataset with a vocabulary (`etl build-vocab`), or its URL.")
    ],
    out: Annotated[Path, typer.Option(help="The model's folder: a new one, or an older model to replace.")],
    model: Annotated[
        Literal["auto", "linear", Architecture],
        typer.Option(
            help="A network on the tokens; linear: a linear SVC on tokens and characters; auto: the best of "
            "what is trained in about a minute. docs/baseline.md compares them."
        ),
    ] = _DEFAULT.model,
    tokens: Annotated[
        Tokens, typer.Option(help="The key tokens, or all that the tagger finds.")
    ] = _DEFAULT.tokens,
    epochs: Annotated[
        int, typer.Option(min=1, help="At most so many; fewer if macro-F1 stalls.")
    ] = _DEFAULT.epochs,
    batch_size: Annotated[int, typer.Option(min=1, help="Rows per step.")] = _DEFAULT.batch_size,
    lr: Annotated[float, typer.Option(help="Learning rate of Adam.")] = _DEFAULT.lr,
    seed: Annotated[
        int, typer.Option(min=0, help="The same seed gives the same weights, on the CPU.")
    ] = _DEFAULT.seed,
    max_len: Annotated[
        str, typer.Option(help="Tokens per row, or auto: enough for 99 % of the training rows.")
    ] = "auto",
    class_weights: Annotated[
        bool, typer.Option("--class-weights", help="Let rare labels weigh as much as frequent ones.")
    ] = _DEFAULT.class_weights,
    embedding: Annotated[int, typer.Option(min=1, help="Numbers per token.")] = _DEFAULT.embedding,
    hidden: Annotated[int, typer.Option(min=1, help="Numbers in the state of the model.")] = _DEFAULT.hidden,
    device: Annotated[Device, typer.Option(help="Where to compute.")] = "auto",
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
    train, of TF-IDF with logistic regression, and of the strongest linear model. A model that learnt nothing
    is not written: exit code 3, with what was seen and the likely cause.
    """
    from etl.commands import training

    training.require_torch()
    training.check_lr(lr, _DEFAULT.lr)
    from etl.models.baseline.train import train
    from etl.models.best import train_best
    from etl.models.linear.settings import LinearSettings
    from etl.models.linear.train import train_linear
    from etl.storage.datasets import open_url

    settings = TrainSettings(
        model=_DEFAULT.model if model == "auto" or model == "linear" else model,
        tokens=tokens,
        epochs=epochs,
        batch_size=batch_size,
        lr=lr,
        seed=seed,
        max_len=training.parse_max_len(max_len),
        class_weights=class_weights,
        embedding=embedding,
        hidden=hidden,
    )
    if model == "linear":
        _check_no_network(settings, device, resume=resume)
    with (
        open_url(dataset) as folder,
        training.show_progress("training", epochs, is_json=is_json) as watcher,
    ):
        if model == "linear":
            linear = LinearSettings(tokens, class_weights)
            report = train_linear(folder, out, linear, show_text=show_text, watcher=watcher)
        elif model == "auto":
            _check_no_resume(resume=resume)
            report = train_best(folder, out, settings, device=device, show_text=show_text, watcher=watcher)
        else:
            report = train(
                folder, out, settings, device=device, resume=resume, show_text=show_text, watcher=watcher
            )
    training.show(report, out, is_json=is_json)


def _check_no_network(settings: TrainSettings, device: Device, *, resume: bool) -> None:
    """Refuses options that a linear model does not have."""
    names = ("epochs", "batch_size", "lr", "max_len", "embedding", "hidden")
    given = [
        f"--{name.replace('_', '-')}" for name in names if getattr(settings, name) != getattr(_DEFAULT, name)
    ]
    given += ["--device"] if device == "cuda" else []
    given += ["--resume"] if resume else []
    if given:
        raise SettingsError(
            "a linear model has no such options",
            details=[f"got {', '.join(given)}"],
            cause="They are of networks.",
            next_step="leave them out, or name a network with --model",
        )


def _check_no_resume(*, resume: bool) -> None:
    if resume:
        raise SettingsError(
            "--model auto trains several models, which are not resumed",
            next_step="leave --resume out, or name the model with --model",
        )
