"""Finds labels that are probably wrong: those that a model trained on other rows finds unlikely.

Rows are listed for a human, ranked by the probability of their own label, in `label_noise.csv`: that is the
ranking of C. G. Northcutt, L. Jiang and I. L. Chuang, Confident Learning, Journal of Artificial Intelligence
Research 70 (2021). `etl.labelling.out_of_fold` has the model, `etl.labelling.noise` the estimate. Needs the
extra `noise`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from etl.dataset.read import Dataset
from etl.labelling import features as labelling
from etl.labelling.features import MAX_CHARS, MAX_FEATURES, make_features
from etl.labelling.noise import NoiseEstimate, estimate_noise
from etl.labelling.out_of_fold import Predictions, predict_out_of_fold
from etl.language.message import tr
from etl.runtime.files import write_atomic
from etl.text.normalise import normalised_key
from etl.text.spreadsheet import guard_cells
from etl.validation.check import Check
from etl.validation.findings import Finding
from etl.validation.rules import Rules
from etl.validation.selection import number_rows
from etl.validation.view import View

FILE = "label_noise.csv"
# A row is suspect where another label is so many times as likely as its own.
ODDS = 1.5
MIN_ROWS = 50
MIN_LABEL_ROWS = 5
FIRST = 20  # ids that are kept for the report
# Bounds the model's memory.
MAX_WEIGHTS = 2_000_000
_HAS_SETS = tr("a row may have several labels (labels: multi), and the estimate is one of single labels")


@dataclass(frozen=True)
class LabelSuspects:
    """The rows of one label that are suspect.

    Attributes:
        label: as given.
        rows: how many have it and were judged.
        suspects: how many of them are suspect.
        mostly: the label that most of these seem to have instead; "" where none is suspect.
    """

    label: str
    rows: int
    suspects: int
    mostly: str


@dataclass(frozen=True)
class LabelNoise:
    """Numbers of labels that look wrong, over all splits together.

    Attributes:
        rows: rows that were judged.
        unjudged: rows without a text or label, or whose label is too rare to be learnt. Votes without a
            majority are no label, and sets of labels are not judged at all.
        reason: why nothing was judged; "" where it was.
        accuracy: how often the most likely label is the given one, 0 to 1; 0.0 where nothing was judged.
        estimate: how many labels are wrong by chance; None where that cannot be told.
        suspects: rows in the file.
        labels: label by label, in order of their names.
        first: ids of the most suspect rows, in order.
        selected: all of them, for the evidence; findings.json leaves out frames.
    """

    rows: int
    unjudged: int
    reason: str
    accuracy: float
    estimate: NoiseEstimate | None
    suspects: int
    labels: tuple[LabelSuspects, ...]
    first: tuple[str, ...]
    selected: pl.DataFrame = field(default_factory=pl.DataFrame, repr=False, compare=False)


def measure(view: View) -> LabelNoise:
    """Looks for wrong labels and lists them in the folder that the view names; see `find_label_noise`."""
    assert view.noise_dir is not None
    return find_label_noise(view.dataset, view.noise_dir, show_text=view.show_text, raw=view.is_raw)


def select(view: View, codes: Collection[str], measured: LabelNoise | None) -> dict[str, pl.DataFrame]:
    """Selects the suspect rows with the label that they seem to have, the most suspect first."""
    if "label_suspects" not in codes:
        return {}
    return {"label_suspects": (measured or find_label_noise(view.dataset, None)).selected}


def find_label_noise(
    dataset: Dataset, out: Path | None, *, show_text: bool = False, raw: bool = False
) -> LabelNoise:
    """Looks for wrong labels and writes `label_noise.csv`, the most suspect row first.

    Its columns: `rank` from 1; `id`; `split`; `given_label`; `likely_label`; `score`, the probability of the
    given label, 0 to 1; `likely`, that of the likely one; and `text`, if asked for. A cell that a spreadsheet
    would take for a formula begins with an apostrophe. Where nothing can be judged the file has no rows.

    Args:
        dataset: all splits are looked at together.
        out: the folder to write into; None: nothing is written.
        show_text: let the file quote the sentences. Some corpora forbid redistribution.
        raw: write the cells as they are, for a program.

    Raises:
        SettingsError: the extra `noise` is not installed.
        WriteError: the file cannot be written.
    """
    require_extra()
    rows = _read(dataset)
    usable = _usable(rows)
    has_sets = dataset.manifest.settings.labels == "multi"
    reason = _HAS_SETS if has_sets else _why_not(usable)
    judged, estimate = (_nothing(usable), None) if reason else _judge(usable)
    if judged.is_empty() and not reason:
        reason = tr("no two labels are each in several groups")
    suspects = judged.filter(pl.col("likely") > ODDS * pl.col("score")).sort("score", "id", "text", "split")
    if out:
        write_atomic(out / FILE, _as_csv(suspects, show_text=show_text, raw=raw))
    return _describe(judged, suspects, estimate, unjudged=rows.height - judged.height, reason=reason)


def judge(noise: LabelNoise, rules: Rules) -> list[Finding]:
    """Judges how many labels look wrong, which to look at, and what could not be judged."""
    if noise.reason:
        return rules.judge("noise_not_looked_for", noise.unjudged, reason=noise.reason)
    rows, first, estimate = noise.rows, noise.first, noise.estimate
    if estimate is None:
        of_all = rules.judge("noise_not_estimated", rows, accuracy=noise.accuracy)
        found = tr("how many of the wrong ones they are is not known")
    else:
        share, least, most = estimate.share, estimate.least, estimate.most
        wrong = round(share * rows)
        of_all = rules.judge(
            "label_noise",
            least,
            examples=first,
            rows_to_see=noise.suspects,
            wrong=wrong,
            share=share,
            most=most,
            rows=rows,
        )
        found = tr(
            "{least:.1%} to {most:.1%} of all labels are wrong by chance, and the first {looked_at:.0%} of "
            "the rows hold about {found:.0%} of those",
            least=least,
            most=most,
            looked_at=estimate.looked_at,
            found=estimate.found,
        )
    return [
        *of_all,
        *rules.judge(
            "label_suspects", noise.suspects, examples=first, odds=ODDS, rows=rows, file=FILE, found=found
        ),
        *rules.judge("labels_not_judged", noise.unjudged),
    ]


def require_extra() -> None:
    """Checks that the packages of the extra are installed.

    Raises:
        SettingsError: the extra `noise` is not installed.
    """
    labelling.require_extra(tr("label noise cannot be looked for"), tr("leave out --label-noise"))


def _read(dataset: Dataset) -> pl.DataFrame:
    """Reads columns id, split, text, label; `said`, the normalised text; `together`, what one fold must hold.

    The order is that of the values, never that of the files.
    """
    text = pl.col("text").str.slice(0, MAX_CHARS)
    has_group = pl.col("group").fill_null("") != ""
    return (
        dataset.scan()
        .with_row_index("row")
        .select("row", "id", "split", "source", "group", "label", "tokens", text, said=normalised_key(text))
        .with_columns(
            together=pl.when(has_group)
            .then(pl.concat_str(pl.lit("group"), "source", "group", separator="\0", ignore_nulls=True))
            .otherwise("said")
        )
        .drop("source", "group")
        .sort("id", "text", "label", "split", "row")
        .collect()
    )


def _usable(rows: pl.DataFrame) -> pl.DataFrame:
    """Returns the rows with a text and a label that occurs often enough to be learnt."""
    has_both = (pl.col("text").str.strip_chars() != "") & (pl.col("label").str.strip_chars() != "")
    return rows.filter(has_both).filter(pl.len().over("label") >= MIN_LABEL_ROWS)


def _why_not(rows: pl.DataFrame) -> str:
    """Returns why nothing can be judged, or ""."""
    if rows.height < MIN_ROWS:
        return tr(
            "only {rows} have a text and a label that is not rare, fewer than {least}",
            rows=rows.height,
            least=MIN_ROWS,
        )
    if rows["label"].n_unique() < 2:
        return tr("there is a single label")
    if rows["together"].n_unique() < 2:
        return tr("all are in one group, or say the same")
    return ""


def _judge(rows: pl.DataFrame) -> tuple[pl.DataFrame, NoiseEstimate | None]:
    """Returns the rows that can be judged, with the columns of the CSV, and how many are wrong by chance."""
    names = rows["label"].unique().sort()
    labels = np.searchsorted(names.to_numpy(), rows["label"].to_numpy())
    together, said = (
        rows[name].rank("dense").to_numpy().astype(np.int64) - 1 for name in ("together", "said")
    )
    features = make_features(rows["text"], rows["tokens"], min(MAX_FEATURES, MAX_WEIGHTS // len(names)))
    predictions = _among_judged(labels, predict_out_of_fold(features, labels, together, said))
    if not predictions.is_judged.any():
        return _nothing(rows), None
    probabilities = predictions.probabilities
    judged = rows.with_columns(
        likely_label=names.gather(probabilities.argmax(axis=1)),
        score=pl.Series(probabilities[np.arange(len(labels)), labels]).round(6),
        likely=pl.Series(probabilities.max(axis=1)).round(6),
    ).filter(pl.Series(predictions.is_judged))
    return judged, estimate_noise(features, labels, together, said, predictions)


def _among_judged(labels: np.ndarray, predictions: Predictions) -> Predictions:
    """Returns predictions of the labels that judged rows have; with one label no row is judged."""
    probabilities, is_judged = predictions
    known = np.unique(labels[is_judged])
    if len(known) < 2:
        return Predictions(probabilities, np.zeros_like(is_judged))
    kept = np.zeros_like(probabilities)
    kept[:, known] = probabilities[:, known]
    return Predictions(kept / kept.sum(axis=1, keepdims=True).clip(min=1e-300), is_judged)


def _nothing(rows: pl.DataFrame) -> pl.DataFrame:
    """Returns no rows, with the columns that judged rows have."""
    return rows.clear().with_columns(
        likely_label=pl.lit("", pl.String), score=pl.lit(0.0), likely=pl.lit(0.0)
    )


def _describe(
    judged: pl.DataFrame,
    suspects: pl.DataFrame,
    estimate: NoiseEstimate | None,
    *,
    unjudged: int,
    reason: str,
) -> LabelNoise:
    by_label = (
        judged.group_by("label")
        .agg(rows=pl.len())
        .join(
            suspects.group_by("label").agg(suspects=pl.len(), mostly=pl.col("likely_label").mode().min()),
            on="label",
            how="left",
        )
        .with_columns(pl.col("suspects").fill_null(0), pl.col("mostly").fill_null(""))
        .sort("label")
    )
    right = judged.filter(pl.col("label") == pl.col("likely_label")).height
    return LabelNoise(
        rows=judged.height,
        unjudged=unjudged,
        reason=reason,
        accuracy=right / judged.height if judged.height else 0.0,
        estimate=estimate,
        suspects=suspects.height,
        labels=tuple(LabelSuspects(**row) for row in by_label.iter_rows(named=True)),
        first=tuple(suspects["id"].drop_nulls()[:FIRST]),
        selected=number_rows(suspects.select("row", "likely_label", confidence="likely")),
    )


def _as_csv(suspects: pl.DataFrame, *, show_text: bool, raw: bool) -> str:
    """Returns the review file. Unless `raw`, no cell begins like a formula, which a spreadsheet would run."""
    header = ["rank", "id", "split", "given_label", "likely_label", "score", "likely"]
    columns = ["id", "split", "label", "likely_label", "score", "likely"]
    if show_text:
        header.append("text")
        columns.append("text")
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(header)
    cells = suspects.select(columns)
    for rank, row in enumerate((cells if raw else guard_cells(cells)).iter_rows(), start=1):
        table.writerow([rank, *row])
    return written.getvalue()


CHECK = Check(
    "label noise",
    measure,
    codes=(
        "label_noise",
        "label_suspects",
        "noise_not_estimated",
        "noise_not_looked_for",
        "labels_not_judged",
    ),
    judge=judge,
    key="label_noise",
    stage="late",
    select=select,
    is_applicable=lambda view: view.noise_dir is not None,
)
