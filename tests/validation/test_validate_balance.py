import math
from collections.abc import Callable
from pathlib import Path

import pytest
from support.small_datasets import TARGETS, Row, clean_rows, make_row

from etl.validation.result import Result
from etl.validation.run import validate

Write = Callable[..., Path]
NATIVE = ["기쁨", "슬픔", "분노", "불안", "상처", "당황", "중립", "놀람"]


def only(result: Result, code: str):
    (found,) = (found for found in result.findings if found.code == code)
    return found


def rows_of(counts: dict[tuple[str, str, str], int]) -> list[Row]:
    """Rows by (split, source, label)."""
    keys = [key for key, rows in counts.items() for _ in range(rows)]
    return [
        make_row(number, id=f"{source}:{number}", split=split, source=source, label=label)
        for number, (split, source, label) in enumerate(keys)
    ]


def reference_rows() -> list[Row]:
    """Like the reference system's: two corpora without a common label, other shares in validation."""
    dialogue = ["기쁨", "슬픔", "분노", "불안", "상처", "당황"]
    counts = {("train", "aihub-dialogue", label): 34 for label in dialogue}
    counts |= {("validation", "aihub-dialogue", label): 4 for label in dialogue}
    counts |= {("train", "aihub-multimodal", "중립"): 120, ("train", "aihub-multimodal", "놀람"): 110}
    counts |= {("validation", "aihub-multimodal", "중립"): 62, ("validation", "aihub-multimodal", "놀람"): 90}
    return rows_of(counts)


def test_the_constant_predictor_is_named_with_its_numbers(write: Write) -> None:
    result = validate(write(reference_rows(), taxonomy={"name": "native", "targets": NATIVE}))
    shares = [90 / 176, 62 / 176] + [4 / 176] * 6
    loss = -sum(share * math.log(share) for share in shares)
    found = only(result, "constant_predictor")
    assert found.number == pytest.approx(90 / 176)
    assert (
        f"val_accuracy {90 / 176:.4f} and val_loss {loss:.2f} on this data mean that nothing was learnt"
        in found.message
    )
    assert "놀람" in found.message
    assert result.statistics
    (predictor,) = result.statistics["constant predictor"]
    assert predictor.loss == pytest.approx(loss)
    assert (predictor.train_label, predictor.train_accuracy) == ("중립", pytest.approx(62 / 176))
    assert predictor.train_loss and predictor.train_loss > predictor.loss


def test_macro_f1_of_the_constant_predictor_is_that_of_scikit_learn(write: Write) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rows = reference_rows()
    result = validate(write(rows, taxonomy={"name": "native", "targets": NATIVE}))
    truth = [row["label"] for row in rows if row["split"] == "validation"]
    expected = metrics.f1_score(truth, ["놀람"] * len(truth), average="macro", zero_division=0)
    assert result.statistics
    assert result.statistics["constant predictor"][0].macro_f1 == pytest.approx(expected)


def test_disjoint_labels_of_two_sources_are_an_error(write: Write) -> None:
    result = validate(write(reference_rows(), taxonomy={"name": "native", "targets": NATIVE}))
    assert only(result, "label_is_source").severity == "error"
    assert only(result, "labels_of_one_source").number == 8
    assert "label_predicts_source" not in [found.code for found in result.findings]
    assert result.exit_code("error") == 3


def test_labels_that_mostly_tell_the_source_are_a_warning(write: Write) -> None:
    counts = {("train", "kote", label): 30 for label in TARGETS[:3]} | {("train", "nsmc", "기쁨"): 10}
    result = validate(write(rows_of(counts | {("train", "nsmc", "중립"): 50})))
    found = only(result, "label_predicts_source")
    # 90 rows are kote's; guessing kote for its three labels and nsmc for the fourth is right for 140 of 150.
    assert found.number == pytest.approx((140 - 90) / (150 - 90))
    assert found.severity == "warning"


def test_sources_with_the_same_labels_are_no_finding(write: Write) -> None:
    counts = {("train", source, label): 20 for source in ("kote", "nsmc") for label in TARGETS}
    result = validate(write(rows_of(counts)))
    assert [found.code for found in result.findings if found.severity != "note"] == ["no_validation"]
    assert result.statistics and result.statistics["label source"]
    assert result.statistics["label source"].reduction == 0


def test_sources_that_lack_labels_are_named(write: Write) -> None:
    counts = {("train", source, label): 20 for source in ("kote", "nsmc", "own") for label in TARGETS}
    del counts["train", "nsmc", "중립"], counts["train", "own", "중립"], counts["train", "own", "기쁨"]
    result = validate(write(rows_of(counts)))
    assert result.statistics and result.statistics["label source"]
    assert result.statistics["label source"].lacking == {"nsmc": ("중립",), "own": ("기쁨", "중립")}
    found = only(result, "sources_without_labels")
    assert (found.severity, found.number) == ("note", 2)
    assert "nsmc lacks 중립; own lacks 기쁨, 중립" in found.message


def test_each_source_within_a_split_has_its_own_balance(write: Write) -> None:
    result = validate(write(reference_rows(), taxonomy={"name": "native", "targets": NATIVE}))
    assert result.statistics
    by = {(balance.split, balance.source): balance for balance in result.statistics["balance"]}
    found = by["validation", "aihub-multimodal"]
    shares = [90 / 152, 62 / 152]
    assert (found.rows, found.labels, found.smallest_label) == (152, {"놀람": 90, "중립": 62}, "중립")
    assert (found.majority_share, found.imbalance) == (90 / 152, 90 / 62)
    assert found.entropy == pytest.approx(-sum(share * math.log(share) for share in shares))
    assert by["validation", None].rows == 176
    assert by[None, "aihub-dialogue"].rows == 228


def test_without_an_evaluation_split_the_constant_predictor_is_that_of_train(write: Write) -> None:
    counts = {("train", "table", label): rows for label, rows in zip(TARGETS, (50, 30, 20, 10), strict=True)}
    found = only(validate(write(rows_of(counts))), "constant_predictor")
    assert found.number == 50 / 110
    assert found.message.startswith(f"train_accuracy {50 / 110:.4f} and train_loss")


def test_drift_of_labels_and_sources_is_measured(write: Write) -> None:
    result = validate(write(reference_rows(), taxonomy={"name": "native", "targets": NATIVE}))
    train, other = 434, 176
    variation = (
        abs(120 / train - 62 / other) + abs(110 / train - 90 / other) + 6 * abs(34 / train - 4 / other)
    ) / 2
    assert only(result, "label_drift").number == pytest.approx(variation)
    assert only(result, "source_drift").number == pytest.approx(204 / train - 24 / other)


def test_a_small_split_may_differ_by_chance(write: Write) -> None:
    rows = clean_rows(train=400, validation=6, test=0)
    codes = [found.code for found in validate(write(rows)).findings]
    assert "label_drift" not in codes


def test_labels_missing_from_train_are_named(write: Write) -> None:
    rows = clean_rows()
    for row in rows:
        if row["split"] == "train" and row["label"] == "중립":
            row["label"] = "기쁨"
    result = validate(write(rows))
    assert "중립" in only(result, "missing_labels").message
    assert [found.number for found in result.findings if found.code == "unseen_labels"] == [5, 5]
    assert result.statistics
    assert result.statistics["constant predictor"][0].train_loss is None


def test_a_single_label_is_an_error_and_a_dominant_one_a_warning(write: Write) -> None:
    rows = clean_rows()
    for row in rows:
        row["label"] = "기쁨"
    assert "기쁨" in only(validate(write(rows)), "one_label").message
    counts = {("train", "table", "기쁨"): 210, ("train", "table", "슬픔"): 10}
    result = validate(write(rows_of(counts)))
    assert only(result, "imbalance").number == 21
    assert only(result, "majority_share").number == pytest.approx(210 / 220)
    assert result.exit_code("error") == 0
    assert result.exit_code("warning") == 3
