"""`etl train-transformer`: fine-tunes an ELECTRA or a BERT, and shows its scores as the baseline's."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from etl.language.message import tr
from etl.models.fine_tuned.settings import FineTuneSettings
from etl.models.training.settings import Device

_DEFAULT = FineTuneSettings()


def train_transformer(
    dataset: Annotated[Path, typer.Argument(help="A dataset; it needs no vocabulary.")],
    model: Annotated[
        str,
        typer.Option(
            metavar="NAME|DIR",
            help="What to start from: a folder, or a name on the Hugging Face hub such as "
            "monologg/koelectra-base-v3-discriminator.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option(help="The model's folder: a new one, or an older model to replace.")],
    epochs: Annotated[
        int, typer.Option(min=1, help="At most so many; fewer if macro-F1 stalls.")
    ] = _DEFAULT.epochs,
    batch_size: Annotated[int, typer.Option(min=1, help="Rows per step.")] = _DEFAULT.batch_size,
    lr: Annotated[
        float, typer.Option(help="The highest learning rate; it rises to it and falls to 0.")
    ] = _DEFAULT.lr,
    seed: Annotated[
        int, typer.Option(min=0, help="The same seed gives the same weights, on the CPU.")
    ] = _DEFAULT.seed,
    max_len: Annotated[
        str, typer.Option(help="Word pieces per row, or auto: enough for 99 % of the training rows.")
    ] = "auto",
    class_weights: Annotated[
        bool, typer.Option("--class-weights", help="Let rare labels weigh as much as frequent ones.")
    ] = _DEFAULT.class_weights,
    device: Annotated[Device, typer.Option(help="Where to compute.")] = "auto",
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run of this model that was interrupted.")
    ] = False,
    show_text: Annotated[
        bool, typer.Option("--show-text", help="Quote the sentences of mistakes in the report.")
    ] = False,
    is_json: Annotated[bool, typer.Option("--json", help="Show the result as JSON.")] = False,
) -> None:
    """Fine-tune a pre-trained ELECTRA or BERT on the sentences, cut into its own word pieces.

    Its scores stand beside those of the constant predictor and of TF-IDF with logistic regression. A model
    that learnt nothing is not written: exit code 3, with what was seen and the likely cause. `etl export`
    writes what was learnt for a phone.
    """
    from etl.commands import training

    training.require_training()
    training.check_lr(lr, _DEFAULT.lr)
    from etl.models.fine_tuned.train import fine_tune

    settings = FineTuneSettings(
        epochs=epochs,
        batch_size=batch_size,
        lr=lr,
        seed=seed,
        max_len=training.parse_max_len(max_len),
        class_weights=class_weights,
    )
    with training.show_progress(tr("fine-tuning"), epochs, is_json=is_json) as watcher:
        report = fine_tune(
            dataset, model, out, settings, device=device, resume=resume, show_text=show_text, watcher=watcher
        )
    training.show(report, out, is_json=is_json)
