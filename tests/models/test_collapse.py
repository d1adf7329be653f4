from __future__ import annotations

import json
import math
import random
import re

import pytest
from msgspec import structs
from support.run_etl import etl

from etl.errors import FindingsError
from etl.models.baseline.settings import TrainSettings
from etl.models.train import train
from etl.models.training.collapse import MIN_EPOCHS, MIN_STEPS

SMALL = TrainSettings(embedding=16, hidden=16, lr=0.002, batch_size=8, epochs=8)
# Half as many steps again as there have to be for a verdict.
BRIEF = structs.replace(SMALL, epochs=3)


def refusal(dataset, tmp_path, settings=SMALL) -> str:
    with pytest.raises(FindingsError) as caught:
        train(dataset, tmp_path / "model", settings)
    assert caught.value.exit_code == 3
    assert not (tmp_path / "model").exists()
    return str(caught.value)


def test_shuffled_labels_are_refused_with_the_numbers(write_dataset, shuffled_labels, tmp_path) -> None:
    text = refusal(write_dataset(shuffled_labels), tmp_path)
    for pattern in (
        r"predictions: 0\.\d{4} are (기쁨|슬픔|중립), which 0\.\d{4} of the rows are",
        r"of the constant predictor 0\.\d{4}",
        r"loss: 1\.\d{4} nats; of the class prior 1\.\d{4}",
        r"learning rate: 0\.002",
        r"0\.0000 of the tokens are unknown, 0\.0000 of the rows have no known token",
        r"Next: .*etl validate",
    ):
        assert re.search(pattern, text), (pattern, text)


def test_a_run_that_gives_one_answer_is_stopped_after_a_few_epochs(write_dataset, tmp_path) -> None:
    """Every sentence is the same, so the best answer is the most frequent label, whatever the row."""
    chance = random.Random(0)
    splits = {
        split: [(["나", "집"], chance.choice(["기쁨", "슬픔", "슬픔"]), "kote") for _ in range(n)]
        for split, n in (("train", 400), ("validation", 200))
    }
    text = refusal(write_dataset(splits), tmp_path)
    assert "gives one answer" in text
    assert "predictions: 1.0000 are 슬픔" in text
    share = sum(label == "슬픔" for _, label, _ in splits["validation"]) / 200
    assert f"accuracy: {share:.4f}; of the constant predictor {share:.4f}" in text
    epoch, steps = map(int, re.search(r"epoch (\d+), (\d+) steps", text).groups())
    assert MIN_EPOCHS <= epoch < SMALL.epochs
    assert MIN_STEPS <= steps < MIN_STEPS + 400 // SMALL.batch_size, "in the first epoch that may be judged"


def test_a_learning_rate_that_is_too_high_is_named_as_the_cause(write_dataset, separable, tmp_path) -> None:
    settings = structs.replace(SMALL, lr=1e30)
    text = refusal(write_dataset(separable), tmp_path, settings)
    assert "learning rate: 1e+30" in text
    assert "--lr 0.001" in text


def test_a_vocabulary_that_knows_nothing_of_the_held_out_rows_is_named_as_the_cause(
    write_dataset, separable, tmp_path
) -> None:
    strange = [
        ([f"낯선{token}" for token in tokens], label, source)
        for tokens, label, source in separable["validation"]
    ]
    text = refusal(write_dataset({"train": separable["train"], "validation": strange}), tmp_path, BRIEF)
    assert "1.0000 of the tokens are unknown, 1.0000 of the rows have no known token" in text
    assert "--min-count 1" in text


def test_one_label_in_train_is_refused(write_dataset, separable, tmp_path) -> None:
    one = [(tokens, "기쁨", source) for tokens, _, source in separable["train"]]
    text = refusal(write_dataset({"train": one, "validation": separable["validation"]}), tmp_path, BRIEF)
    assert "predictions: 1.0000 are 기쁨" in text


def test_rare_labels_that_are_learnt_are_no_collapse(write_dataset, tmp_path) -> None:
    """Nearly all predictions are one label, and rightly so."""
    splits = {
        split: [
            (["눈물", "나"], "슬픔", "kote") if index % 100 == 0 else (["회의", "나"], "중립", "kote")
            for index in range(n)
        ]
        for split, n in (("train", 800), ("validation", 400))
    }
    settings = structs.replace(SMALL, lr=0.01, epochs=4)
    report = train(write_dataset(splits), tmp_path / "model", settings)
    assert report.model["validation"].accuracy == 1.0
    assert report.model["validation"].most_predicted == ("중립", 0.99)


def test_a_run_that_learns_slowly_is_not_stopped(write_dataset, separable, tmp_path) -> None:
    settings = TrainSettings(embedding=8, hidden=8, lr=0.0005, batch_size=8, epochs=10)
    report = train(write_dataset(separable), tmp_path / "model", settings)
    assert report.model["validation"].accuracy > report.constant["validation"].accuracy


def test_a_learning_rate_that_is_too_low_is_named_as_the_cause(write_dataset, separable, tmp_path) -> None:
    settings = structs.replace(BRIEF, lr=1e-9)
    text = refusal(write_dataset(separable), tmp_path, settings)
    assert "learning rate of 1e-09 is so low" in text
    assert "Next: train again with `--lr 0.001`" in text


def test_the_reference_systems_constant_answer_is_named_with_the_number_that_validate_gives(
    write_dataset, tmp_path
) -> None:
    """Two corpora, shifted shares, and words that say nothing about the label: 0.3193 for ever."""
    chance = random.Random(5)
    labels = {"기쁨": 0.2, "슬픔": 0.2907, "중립": 0.5093}, {"기쁨": 0.3437, "슬픔": 0.3370, "중립": 0.3193}

    def rows(n: int, shares: dict[str, float], source: str) -> list:
        answers = [label for label, share in shares.items() for _ in range(round(share * n))]
        return [
            ([*chance.sample(["오늘", "나", "집", "친구", "진짜", "요즘"], 3)], label, source)
            for label in answers
        ]

    splits = {"train": rows(800, labels[0], "kote"), "validation": rows(1000, labels[1], "chatbot")}
    text = refusal(write_dataset(splits), tmp_path)
    table = tmp_path / "table.jsonl"
    table.write_text(
        "".join(
            json.dumps({"text": " ".join(tokens), "label": label, "split": split}) + "\n"
            for split, rows in splits.items()
            for tokens, label, _ in rows
        )
    )
    judged = json.loads(etl("validate", table, "--json", "--fail-on", "never").stdout)
    [predictor] = [
        each for each in judged["statistics"]["constant_predictors"] if each["split"] == "validation"
    ]
    assert predictor["train_label"] == "중립"
    assert predictor["train_accuracy"] == pytest.approx(0.3193, abs=0.0005)
    assert f"predictions: 1.0000 are 중립, which {predictor['train_accuracy']:.4f} of the rows are" in text
    assert f"of the constant predictor {predictor['accuracy']:.4f}" in text


def uneven(n: int, share: float, seed: int) -> list:
    """Rows of which a share has a rare label; half of these have its word, and some of the others too."""
    chance = random.Random(seed)
    rows = []
    for index in range(n):
        is_rare = index < share * n
        has_word = chance.random() < (0.6 if is_rare else 0.08)
        words = [
            *chance.sample(["오늘", "나", "집", "친구", "진짜", "요즘"], 3),
            *(["눈물"] if has_word else []),
        ]
        rows.append((words, "슬픔" if is_rare else "중립", "kote"))
    return rows


def test_with_class_weights_a_loss_is_compared_with_one_of_the_same_weights(write_dataset, tmp_path) -> None:
    """The loss of rows is far above that of the class prior: rare labels are given far more often."""
    splits = {"train": uneven(2400, 0.05, 1), "validation": uneven(600, 0.05, 2)}
    settings = TrainSettings(embedding=8, hidden=8, lr=0.005, batch_size=16, epochs=6, class_weights=True)
    report = train(write_dataset(splits), tmp_path / "model", settings)
    assert len(report.epochs) > MIN_EPOCHS
    assert report.epochs[-1].steps > MIN_STEPS
    last = report.epochs[-1]
    assert last.scores.loss > report.constant["validation"].loss > 0
    assert last.weighted_loss < math.log(2)
    assert report.model["validation"].macro_f1 > report.constant["validation"].macro_f1 + 0.05


@pytest.mark.parametrize(("class_weights", "advice"), [(False, "--class-weights"), (True, "etl validate")])
def test_where_nearly_all_rows_have_one_label_that_is_named_as_the_cause(
    write_dataset, tmp_path, class_weights, advice
) -> None:
    rows = [(["나", "집"], "슬픔" if index % 20 == 0 else "중립", "kote") for index in range(400)]
    settings = TrainSettings(embedding=8, hidden=8, batch_size=8, epochs=3, class_weights=class_weights)
    text = refusal(write_dataset({"train": rows, "validation": rows[:400]}), tmp_path, settings)
    assert "95.0% of train are 중립" in text
    assert advice in text.split("Next:")[1]
