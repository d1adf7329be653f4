"""`etl train-baseline`: trains a small model and shows its scores beside those it has to beat."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from etl.errors import SettingsError
from etl.language.message import tr
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
            help="linear: a linear SVC on tokens and characters; auto: the best of what is trained in about "
            "a minute; the others are networks on the tokens. docs/baseline.md compares them."
        ),
    ] = "linear",
    tokens: Annotated[
        Tokens, typer.Option(help="The key tokens, or all that the tagger finds.")
    ] = _DEFAULT.tokens,
    epochs: Annotated[
        int, typer.Option(min=1, help="Of a network: at most so many; fewer if macro-F1 stalls.")
    ] = _DEFAULT.epochs,
    batch_size: Annotated[
        int, typer.Option(min=1, help="Of a network: rows per step.")
    ] = _DEFAULT.batch_size,
    lr: Annotated[float, typer.Option(help="Of a network: learning rate of Adam.")] = _DEFAULT.lr,
    seed: Annotated[
        int, typer.Option(min=0, help="The same seed gives the same weights, on the CPU.")
    ] = _DEFAULT.seed,
    max_len: Annotated[
        str, typer.Option(help="Of a network: tokens per row, or auto: enough for 99 % of the training rows.")
    ] = "auto",
    class_weights: Annotated[
        bool, typer.Option("--class-weights", help="Let rare labels weigh as much as frequent ones.")
    ] = _DEFAULT.class_weights,
    embedding: Annotated[
        int, typer.Option(min=1, help="Of a network: numbers per token.")
    ] = _DEFAULT.embedding,
    hidden: Annotated[int, typer.Option(min=1, help="Of a network: numbers in its state.")] = _DEFAULT.hidden,
    device: Annotated[Device, typer.Option(help="Where to compute a network.")] = "auto",
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run of this network that was interrupted.")
    ] = False,
    show_text: Annotated[
        bool, typer.Option("--show-text", help="Quote the sentences of mistakes in the report.")
    ] = False,
    is_json: Annotated[bool, typer.Option("--json", help="Show the result as JSON.")] = False,
) -> None:
    """Train a small model on tokens and text, and say honestly what it learnt.

    Its scores stand beside those of the constant predictor, which gives every row the shares of the labels in
    its split, of TF-IDF with logistic regression, and, if it is a network, of the linear model. A model that
    learnt nothing is not written: exit code 3, with what was seen and the likely cause.
    """
    from etl.commands import training

    training.require_training(is_network=model != "linear")
    training.check_lr(lr, _DEFAULT.lr)
    from etl.models.best import train_best
    from etl.models.linear.settings import LinearSettings
    from etl.models.train import check_linear, train
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
        check_linear(_network_options(settings, device, resume=resume))
    n_epochs = 0 if model == "linear" else epochs
    with (
        open_url(dataset) as folder,
        training.show_progress(tr("training"), n_epochs, is_json=is_json) as watcher,
    ):
        if model == "auto":
            _check_no_resume(resume=resume)
            report = train_best(folder, out, settings, device=device, show_text=show_text, watcher=watcher)
        else:
            own = LinearSettings(tokens, class_weights) if model == "linear" else settings
            report = train(
                folder, out, own, device=device, resume=resume, show_text=show_text, watcher=watcher
            )
    training.show(report, out, is_json=is_json)


def _network_options(settings: TrainSettings, device: Device, *, resume: bool) -> list[str]:
    """Returns the names of options that were given and that a linear model does not have."""
    names = ("epochs", "batch_size", "lr", "max_len", "embedding", "hidden")
    given = [name for name in names if getattr(settings, name) != getattr(_DEFAULT, name)]
    return [*given, *(["device"] if device == "cuda" else []), *(["resume"] if resume else [])]


def _check_no_resume(*, resume: bool) -> None:
    if resume:
        raise SettingsError(
            tr("--model auto trains several models, which are not resumed"),
            next_step=tr("leave --resume out, or name the model with --model"),
        )
