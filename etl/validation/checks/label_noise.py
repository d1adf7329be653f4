"""Finds labels that are probably wrong: those that a model trained on other rows finds unlikely.

The model is small and sees nothing but character n-grams. It is trained without the row's group, and without
any row of the same text, so that a wrong label cannot vouch for itself. Rows are listed for a human, ranked,
in `label_noise.csv`. Needs the extra `noise`. The number of wrong labels is estimated by confident learning:
C. G. Northcutt, L. Jiang and I. L. Chuang, Confident Learning: Estimating Uncertainty in Dataset Labels,
Journal of Artificial Intelligence Research 70 (2021).
"""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from etl.dataset.read import Dataset
from etl.errors import SettingsError
from etl.runtime.files import write_atomic
from etl.text.normalise import normalised_key
from etl.text.spreadsheet import guard_cells
from etl.validation.check import Check
from etl.validation.findings import Finding
from etl.validation.rules import Rules
from etl.validation.selection import number_rows
from etl.validation.view import View

if TYPE_CHECKING:
    Whole = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]
    Real = npt.NDArray[np.float64]

FILE = "label_noise.csv"
FOLDS = 10
# A row is suspect where another label is so many times as likely as its own. Chosen on ChatbotData with 5 %
# of its labels flipped: at 1 the list is a quarter longer for 3 % more of the flips, at 2 it misses 13 %.
ODDS = 1.5
MIN_ROWS = 50
MIN_LABEL_ROWS = 5
FIRST = 20  # ids that are kept for the report
MAX_CHARS = 1000  # of a sentence that the model sees
# Bounds the model's memory, about 25 numbers a weight while it is trained.
MAX_FEATURES = 100_000
MAX_WEIGHTS = 2_000_000
_BUCKETS = 2**20
_HAS_SETS = "a row may have several labels (labels: multi), and the estimate is one of single labels"


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
        estimated: how many labels are wrong, by confident learning.
        share: `estimated` of `rows`, 0 to 1.
        suspects: rows in the file.
        labels: label by label, in order of their names.
        first: ids of the most suspect rows, in order.
        selected: all of them, for the evidence; findings.json leaves out frames.
    """

    rows: int
    unjudged: int
    reason: str
    accuracy: float
    estimated: int
    share: float
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
    judged, wrong = (_nothing(usable), 0) if reason else _judge(usable)
    if judged.is_empty() and not reason:
        reason = "no two labels are each in several groups"
    suspects = judged.filter(pl.col("likely") > ODDS * pl.col("score")).sort("score", "id", "text", "split")
    if out:
        write_atomic(out / FILE, _as_csv(suspects, show_text=show_text, raw=raw))
    return _describe(judged, suspects, wrong=wrong, unjudged=rows.height - judged.height, reason=reason)


def judge(noise: LabelNoise, rules: Rules) -> list[Finding]:
    """Judges how many labels look wrong, which to look at, and what could not be judged."""
    if noise.reason:
        return rules.judge("noise_not_looked_for", noise.unjudged, reason=noise.reason)
    rows, first = noise.rows, noise.first
    return [
        *rules.judge(
            "label_noise", noise.share, examples=first, estimated=noise.estimated, rows=rows, file=FILE
        ),
        *rules.judge("label_suspects", noise.suspects, examples=first, odds=ODDS, rows=rows, file=FILE),
        *rules.judge("labels_not_judged", noise.unjudged),
    ]


def require_extra() -> None:
    """Checks that the packages of the extra are installed.

    Raises:
        SettingsError: the extra `noise` is not installed.
    """
    try:
        import cleanlab  # noqa: F401
        import sklearn  # noqa: F401
    except ImportError as error:
        raise SettingsError(
            f"label noise cannot be looked for: {error.name} is not installed",
            next_step="pip install 'korean-emotion-etl[noise]', or leave out --label-noise.",
        ) from error


def _read(dataset: Dataset) -> pl.DataFrame:
    """Reads columns id, split, text, label; `said`, the normalised text; `together`, what one fold must hold.

    The order is that of the values, never that of the files.
    """
    text = pl.col("text").str.slice(0, MAX_CHARS)
    has_group = pl.col("group").fill_null("") != ""
    return (
        dataset.scan()
        .with_row_index("row")
        .select("row", "id", "split", "source", "group", "label", text, said=normalised_key(text))
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
        return f"only {rows.height} have a text and a label that is not rare, fewer than {MIN_ROWS}"
    if rows["label"].n_unique() < 2:
        return "there is a single label"
    if rows["together"].n_unique() < 2:
        return "all are in one group, or say the same"
    return ""


def _judge(rows: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Returns the rows that can be judged, with the columns of the CSV, and how many are likely wrong."""
    from cleanlab.count import num_label_issues
    from cleanlab.rank import get_label_quality_scores

    names = rows["label"].unique().sort()
    labels = np.searchsorted(names.to_numpy(), rows["label"].to_numpy())
    probabilities, is_judged = _out_of_fold(rows, labels, len(names))
    known, labels = np.unique(labels[is_judged], return_inverse=True)
    if len(known) < 2:
        return _nothing(rows), 0
    probabilities = probabilities[is_judged][:, known]
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    judged = rows.filter(pl.Series(is_judged)).with_columns(
        likely_label=names.gather(known[probabilities.argmax(axis=1)]),
        score=get_label_quality_scores(labels, probabilities, method="self_confidence").round(6),
        likely=probabilities.max(axis=1).round(6),
    )
    # Calibrated: the other estimates count too few where there are few labels.
    wrong = num_label_issues(labels, probabilities, estimation_method="off_diagonal_calibrated")
    return judged, int(wrong)


def _nothing(rows: pl.DataFrame) -> pl.DataFrame:
    """Returns no rows, with the columns that judged rows have."""
    return rows.clear().with_columns(
        likely_label=pl.lit("", pl.String), score=pl.lit(0.0), likely=pl.lit(0.0)
    )


def _out_of_fold(rows: pl.DataFrame, labels: Whole, n_labels: int) -> tuple[Real, Flags]:
    """Predicts each row by a model that was trained without the row, its group, and its text.

    Returns:
        Probabilities (rows, labels), and whether other rows were left to learn the row's own label from.
    """
    from sklearn.model_selection import GroupKFold

    features = _features(rows["text"], n_labels)
    together = rows["together"].rank("dense").to_numpy()
    said = rows["said"].rank("dense").to_numpy() - 1
    probabilities = np.zeros((rows.height, n_labels))
    is_judged = np.zeros(rows.height, dtype=bool)
    for train, test in GroupKFold(min(FOLDS, int(together.max()))).split(features, groups=together):
        is_tested = np.zeros(said.max() + 1, dtype=bool)
        is_tested[said[test]] = True
        others = train[~is_tested[said[train]]]
        known = np.unique(labels[others])
        if len(known) > 1:
            predicted = _log_probabilities(features[others], labels[others], features[test])
            probabilities[np.ix_(test, known)] = np.exp(predicted)
            is_judged[test] = np.isin(labels[test], known)
    return probabilities, is_judged


def _features(texts: pl.Series, n_labels: int) -> Any:
    """Returns TF-IDF of the character 1- to 3-grams within words that two rows have: sparse (rows, n-grams).

    N-grams are hashed, so that no vocabulary is held; the commonest are kept where they are too many.
    """
    from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

    hashed = HashingVectorizer(
        analyzer="char_wb",
        ngram_range=(1, 3),
        n_features=_BUCKETS,
        alternate_sign=False,
        norm=None,
        dtype=np.float32,
    ).transform(texts)
    rows_with = hashed.getnnz(axis=0)
    most = min(MAX_FEATURES, MAX_WEIGHTS // n_labels)
    commonest = np.argsort(-rows_with, kind="stable")[:most]
    kept = np.sort(commonest[(rows_with[commonest] > 1) | (commonest == commonest[0])])  # never none
    return TfidfTransformer(sublinear_tf=True).fit_transform(hashed[:, kept])


def _log_probabilities(train: Any, labels: Whole, test: Any) -> Real:
    """Returns the geometric mean of two models, which err differently: (test rows, labels in train)."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import MultinomialNB

    models = [LogisticRegression(C=2, tol=1e-3, max_iter=100), MultinomialNB(alpha=0.15)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # close enough to rank by
        predicted = [model.fit(train, labels).predict_log_proba(test) for model in models]
    mean = np.mean(predicted, axis=0, dtype=np.float64)
    return np.asarray(mean - np.logaddexp.reduce(mean, axis=1, keepdims=True))


def _describe(
    judged: pl.DataFrame, suspects: pl.DataFrame, *, wrong: int, unjudged: int, reason: str
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
        estimated=wrong,
        share=wrong / judged.height if judged.height else 0.0,
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
    codes=("label_noise", "label_suspects", "noise_not_looked_for", "labels_not_judged"),
    judge=judge,
    key="label_noise",
    stage="late",
    select=select,
    is_applicable=lambda view: view.noise_dir is not None,
)
