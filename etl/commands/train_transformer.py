"""`etl train-transformer`: fine-tunes an ELECTRA or a BERT, and shows its scores as the baseline's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from etl.errors import SettingsError

if TYPE_CHECKING:
    from etl.train.collapse import Record


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
    epochs: Annotated[int, typer.Option(min=1, help="At most so many; fewer if macro-F1 stalls.")] = 5,
    batch_size: Annotated[int, typer.Option(min=1, help="Rows per step.")] = 32,
    lr: Annotated[
        float, typer.Option(help="The highest learning rate; it rises to it and falls to 0.")
    ] = 5e-5,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same weights, on the CPU.")] = 42,
    max_len: Annotated[
        str, typer.Option(help="Word pieces per row, or auto: enough for 99 % of the training rows.")
    ] = "auto",
    class_weights: Annotated[
        bool, typer.Option("--class-weights", help="Let rare labels weigh as much as frequent ones.")
    ] = False,
    device: Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="Where to compute.")] = "auto",
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
    from etl.commands import train_baseline as baseline

    baseline.require_torch()
    from etl import console
    from etl.train import run
    from etl.train.transformer import run as fine_tuning
    from etl.train.transformer.settings import FineTuneSettings

    if lr <= 0:
        raise SettingsError(
            "--lr must be above 0", details=[f"got {lr:g}"], next_step="leave it out, or use 0.00005"
        )
    settings = FineTuneSettings(
        epochs=epochs,
        batch_size=batch_size,
        lr=lr,
        seed=seed,
        max_len=baseline._max_len(max_len),
        class_weights=class_weights,
    )
    with console.progress("fine-tuning, epochs", total=epochs, is_quiet=is_json) as advance:

        def on_epoch(record: Record) -> None:
            advance(1)
            if not is_json:
                console.note(baseline._epoch_line(record))

        report = fine_tuning.train(
            dataset,
            model,
            out,
            settings,
            device=device,
            is_resuming=resume,
            is_quoting=show_text,
            watcher=run.Watcher(
                on_epoch=on_epoch,
                on_batch=lambda epoch, share: advance(0, f"fine-tuning, epoch {epoch}: {share:.0%}"),
                on_note=console.note,
            ),
        )
    for warning in report.warnings:
        console.note(f"warning: {warning}")
    if is_json:
        import json

        console.json_document({"model": str(out), "metrics": json.loads(run.to_json(report))})
        return
    baseline._show(report, out)
