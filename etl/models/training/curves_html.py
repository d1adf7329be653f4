"""The part of `report.html` that tells how a model was chosen: curves by epoch, or the settings tried."""

from __future__ import annotations

from collections.abc import Sequence

from etl.language.message import tr
from etl.models.training.collapse import Record
from etl.models.training.report import Report
from etl.models.training.verdict import CONSTANT
from etl.text.charts import line_chart
from etl.text.html import count, legend, section, table, text


def render_trials(report: Report) -> str:
    """Renders the settings that a linear model was chosen from."""
    columns = [("C", "n"), (tr("class weights"), "label"), ("macro-F1", "n")]
    rows = [
        [
            f"{trial.penalty:g}",
            text(tr("balanced") if trial.class_weights else tr("none")),
            f"{trial.macro_f1:.4f}",
        ]
        for trial in report.trials
    ]
    about = tr("The one with the highest macro-F1 on {split} was kept.", split=text(report.held_out))
    return section(tr("Choices"), about, table(columns, rows))


def render_curves(report: Report) -> str:
    """Renders loss and macro-F1 by epoch."""
    epochs = report.epochs
    constant = report.constant[report.held_out]
    steps = [str(record.epoch) for record in epochs]
    losses = line_chart(
        tr("loss in nats by epoch"),
        {
            "train": [record.train_loss for record in epochs],
            "validation": [record.scores.loss for record in epochs],
        },
        steps,
        level=constant.loss,
    )
    scored = line_chart(
        tr("macro-F1 by epoch"),
        {"validation": [record.scores.macro_f1 for record in epochs]},
        steps,
        level=constant.macro_f1,
    )
    names = legend({"train": "train", report.held_out: "validation", CONSTANT: "kept"})
    about = tr(
        "Epoch {epoch} of {epochs} was kept: the one with the highest macro-F1.",
        epoch=report.best_epoch,
        epochs=len(epochs),
    )
    of_loss, of_scores = text(tr("Loss by epoch, nats")), text(tr("Macro-F1 by epoch"))
    charts = (
        f'<div class="charts"><div><h3>{of_loss}</h3>\n{losses}</div>'
        f"<div><h3>{of_scores}</h3>\n{scored}</div></div>\n"
    )
    return section(tr("Curves"), about, names, charts, _epochs(epochs))


def _epochs(epochs: Sequence[Record]) -> str:
    columns = [
        (tr("epoch"), "n"),
        (tr("steps"), "n"),
        (tr("train loss"), "n"),
        (tr("held-out loss"), "n"),
        (tr("accuracy"), "n"),
        ("macro-F1", "n"),
        (tr("gradient norm"), "n"),
    ]
    rows = [
        [
            str(record.epoch),
            count(record.steps),
            f"{record.train_loss:.4f}",
            f"{record.scores.loss:.4f}",
            f"{record.scores.accuracy:.4f}",
            f"{record.scores.macro_f1:.4f}",
            f"{record.gradient_norm:.3g}",
        ]
        for record in epochs
    ]
    return table(columns, rows)
