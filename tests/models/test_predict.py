"""Sentences of texts, mails, chats, posts and formal documents to labels with probabilities."""

from __future__ import annotations

import csv
import functools
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest
from support.environments import etl_of, without
from support.run_etl import environment
from typer.testing import CliRunner

import etl
from etl.cli import app
from etl.dataset import preparation, vocab
from etl.dataset.read import open_dataset
from etl.errors import InputError, SettingsError
from etl.models.baseline.settings import TrainSettings
from etl.models.card import read_card, write_files
from etl.models.checkpoint import load_model, load_module
from etl.models.inference.classifier import Classifier, open_classifier, probability_column
from etl.models.inference.documents import classify_inputs
from etl.models.inference.options import PredictOptions
from etl.models.inference.predict import predict
from etl.models.train import train
from etl.models.training import loop
from etl.settings import Settings, Table, Tag

DATA = Path(__file__).parents[1] / "data" / "documents"
QUICK = TrainSettings(embedding=16, hidden=16, lr=0.02, batch_size=16, epochs=4)
GLAD = ["정말 기쁘다", "오늘 너무 행복하다", "최고로 신난다", "웃음이 난다", "기분이 참 좋다"]
SAD = ["정말 슬프다", "오늘 너무 외롭다", "자꾸 눈물이 난다", "마음이 아프다", "기분이 참 나쁘다"]


def make_model(folder: Path, tagger: str, **tag: Any) -> Path:
    """A model of a few hundred made-up sentences; its dataset stands beside it."""
    rows = [
        {
            "text": f"{number % 50}번째 {'오늘은' if number % 3 else '어제는'} {words[number % 5]}",
            "label": label,
            "split": "train" if number % 4 else "validation",
        }
        for number in range(240)
        for label, words in [("기쁨", GLAD) if number % 2 else ("슬픔", SAD)]
    ]
    raw = folder / "rows.jsonl"
    raw.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    settings = Settings(
        table=Table(text_column="text", label_column="label", split_column="split"),
        tag=Tag(tagger=tagger, **tag),
        dedupe=msgspec.convert(
            {"duplicates": "keep", "near": 0.0, "short_chars": 1000, "short_eojeols": 1000},
            type(Settings().dedupe),
        ),
    )
    dataset = folder / "dataset"
    etl.ingest([raw], dataset, settings, workers=1, progress=lambda _amount, _description=None: None)
    vocab.build_vocab(dataset, min_count=1)
    train(dataset, folder / "model", QUICK)
    return folder / "model"


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A model of each tagger, which no test changes; its dataset stands beside it."""
    return functools.cache(lambda tagger: make_model(tmp_path_factory.mktemp(tagger), tagger))


@pytest.fixture(scope="module")
def model(make: Callable[[str], Path]) -> Path:
    return make("whitespace")


@pytest.fixture(scope="module")
def stopping(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that leaves a word out."""
    folder = tmp_path_factory.mktemp("stopping")
    (folder / "stop.txt").write_text("글쎄\n", encoding="utf-8")
    return make_model(folder, "whitespace", stop_words=str(folder / "stop.txt"))


@pytest.fixture(scope="module")
def classifier(model: Path) -> Iterator[Classifier]:
    with open_classifier(model) as opened:
        yield opened


def classified(
    classifier: Classifier, *inputs: str | Path, stdin: bytes = b"", **options: Any
) -> tuple[list[dict[str, Any]], list[InputError]]:
    """Rows and errors."""
    found = list(
        classify_inputs(
            classifier, [*map(str, inputs)], PredictOptions(**options), stdin=io.BytesIO(stdin), workers=1
        )
    )
    rows = [row for each in found if isinstance(each, pl.DataFrame) for row in each.to_dicts()]
    return rows, [each for each in found if isinstance(each, InputError)]


def run_predict(*arguments: str | Path, stdin: bytes = b"") -> Any:
    return CliRunner().invoke(app, ["predict", *map(str, arguments)], input=stdin)


@pytest.mark.jvm
@pytest.mark.parametrize("tagger", ["okt", "komoran"])
def test_a_sentence_of_the_dataset_gets_what_the_model_says_of_its_row(
    make: Callable[[str], Path], tagger: str
) -> None:
    model = make(tagger)
    loaded, dataset = load_model(model), open_dataset(model.with_name("dataset"))
    frame = dataset.scan("validation").collect()
    rows = loaded.encoder.encode(frame, dataset.labels)
    expected = np.exp(loop.predict_rows(load_module(loaded), rows, loaded.max_len))
    with open_classifier(model) as classifier:
        found, errors = classified(classifier, *frame["raw_text"], split="line")
    assert not errors
    columns = [probability_column(label) for label in dataset.labels]
    got = np.array([[row[column] for column in columns] for row in found])
    np.testing.assert_allclose(got, expected, atol=1e-6)


def test_what_was_learnt_is_said_of_new_sentences(classifier: Classifier) -> None:
    found, _ = classified(classifier, "오늘은 정말 기쁘다", "어제는 자꾸 눈물이 난다")
    assert [row["label"] for row in found] == ["기쁨", "슬픔"]
    for row in found:
        assert 0.5 < row["probability"] <= 1
        shares = [row[probability_column(label)] for label in classifier.labels]
        assert sum(shares) == pytest.approx(1)
        assert row["probability"] == max(shares)
        assert row["reason"] is None


def test_a_sentence_without_tokens_has_a_reason_in_the_place_of_a_label(stopping: Path) -> None:
    with open_classifier(stopping) as classifier:
        long = "".join(chr(ord("가") + number) for number in range(1001))
        found, _ = classified(classifier, "\u200b.", "글쎄", long, "정말 기쁘다", split="line")
    assert [row["reason"] for row in found] == [None, "no_key_tokens", "text_too_long", None]
    assert [row["label"] is None for row in found] == [False, True, True, False]
    assert found[1]["probability"] is None


def test_predict_gives_one_prediction_for_each_text_in_their_order(stopping: Path) -> None:
    texts = ["어제는 자꾸 눈물이 난다", "글쎄", "", "오늘은 정말 기쁘다", "글쎄"]
    predictions = predict(str(stopping), iter(texts))
    assert [prediction.text for prediction in predictions] == texts
    assert [prediction.label for prediction in predictions] == ["슬픔", None, None, "기쁨", None]
    assert [prediction.reason for prediction in predictions] == [
        None,
        "no_key_tokens",
        "empty_text",
        None,
        "no_key_tokens",
    ]
    for prediction in predictions:
        if prediction.label is None:
            assert (prediction.probability, prediction.probabilities) == (None, {})
        else:
            assert sum(prediction.probabilities.values()) == pytest.approx(1)
            assert prediction.probability == prediction.probabilities[prediction.label]
    [alone] = predict(stopping, "오늘은 정말 기쁘다")
    assert (alone.text, alone.label) == ("오늘은 정말 기쁘다", "기쁨")
    assert alone.probabilities == pytest.approx(predictions[3].probabilities, abs=1e-6)
    assert predict(stopping, []) == []


def test_it_does_not_matter_what_stands_beside_a_sentence(classifier: Classifier) -> None:
    alone, _ = classified(classifier, "오늘 너무 행복하다")
    among, _ = classified(
        classifier,
        "오늘은 어제와 다르다",
        "오늘 너무 행복하다",
        "웃음이 난다",
        "오늘 너무 행복하다",
        split="line",
    )
    for row in (among[1], among[3]):
        assert row["probability"] == pytest.approx(alone[0]["probability"], abs=1e-6)


def test_words_that_the_model_does_not_know_are_counted(classifier: Classifier) -> None:
    found, _ = classified(classifier, "정말 기쁘다", "정말 즐겁구나", "뷁뷁뷁")
    assert [(row["weight"], row["known"]) for row in found] == [(2, 2), (2, 1), (1, 0)]


@pytest.mark.parametrize(
    ("name", "kind", "rows", "documents"),
    [
        ("reply.eml", "mail", 5, 1),
        ("team.mbox", "mail", 4, 2),
        ("kakao-windows.txt", "chat", 9, 1),
        ("kakao-mac.csv", "chat", 4, 1),
        ("posts.jsonl", "post", 8, 5),
        ("posts.txt", "post", 3, 3),
        ("self-introduction.docx", "formal", 12, 1),
        ("self-introduction.md", "formal", 10, 1),
        ("self-introduction.txt", "formal", 8, 1),
    ],
)
def test_each_kind_of_document(
    classifier: Classifier, name: str, kind: str, rows: int, documents: int
) -> None:
    found, errors = classified(classifier, DATA / name)
    assert not errors
    assert {(row["file"], row["kind"]) for row in found} == {(str(DATA / name), kind)}
    assert len(found) >= rows
    assert all((row["label"] is None) != (row["reason"] is None) for row in found)
    whole, _ = classified(classifier, DATA / name, per="document")
    assert [row["document"] for row in whole] == [*range(1, documents + 1)]
    assert sum(row["sentence"] for row in whole) == len(found)


def test_a_document_is_the_mean_of_its_sentences_weighted_by_their_tokens(classifier: Classifier) -> None:
    sentences, _ = classified(classifier, DATA / "team.mbox")
    documents, _ = classified(classifier, DATA / "team.mbox", per="document")
    for document in documents:
        own = [row for row in sentences if row["document"] == document["document"]]
        for label in classifier.labels:
            column = probability_column(label)
            mean = np.average([row[column] for row in own], weights=[row["weight"] for row in own])
            assert document[column] == pytest.approx(mean)
        assert document["label"] in classifier.labels
        assert document["text"] == own[0]["text"]
    assert [document["speaker"] for document in documents] == ["박지훈", "Han, Haeun"]


def test_a_document_of_several_batches_is_one(classifier: Classifier, tmp_path: Path) -> None:
    chat = tmp_path / "chat.txt"
    lines = [f"[{'가나'[number % 2]}] [오전 9:00] 오늘 {(GLAD + SAD)[number % 10]}" for number in range(9000)]
    chat.write_text("\n".join(lines), encoding="utf-8")
    sentences, _ = classified(classifier, chat, split="line")
    (document,), _ = classified(classifier, chat, split="line", per="document")
    assert document["sentence"] == len(sentences) == 9000
    assert document["speaker"] is None
    column = probability_column("기쁨")
    mean = np.average([row[column] for row in sentences], weights=[row["weight"] for row in sentences])
    assert document[column] == pytest.approx(mean)


def test_posts_without_a_readable_word_have_no_label_as_documents_either(classifier: Classifier) -> None:
    documents, _ = classified(classifier, DATA / "posts.jsonl", per="document")
    assert [row["reason"] for row in documents] == [None, None, "empty_text", "bad_row", None]
    assert documents[2]["label"] is None
    assert documents[2]["probability"] is None


def test_quotes_are_classified_if_asked_for(classifier: Classifier) -> None:
    found, _ = classified(classifier, DATA / "reply.eml", has_quotes=True)
    assert {row["part"] for row in found} == {"body", "signature", "quote"}


def test_a_file_that_cannot_be_read_spoils_no_other(classifier: Classifier, tmp_path: Path) -> None:
    words = "".join(f"\\'{byte:02x}" for byte in "정말 기쁘다".encode("cp949"))
    (tmp_path / "broken.rtf").write_text(rf"{{\rtf1\ansicpg949 {words}\par ", encoding="ascii")
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "not.pdf").write_text("글", encoding="utf-8")
    inputs = [
        tmp_path / "empty.txt",
        "정말 슬프다",
        tmp_path / "broken.rtf",
        "gone.eml",
        tmp_path / "not.pdf",
    ]
    found, errors = classified(classifier, *inputs, DATA / "posts.txt")
    # What stands before the damage is classified.
    assert [row["text"] for row in found][:2] == ["정말 슬프다", "정말 기쁘다"]
    assert len(found) >= 5
    assert [error.what.rpartition("/")[2] for error in errors] == [
        "empty.txt is empty",
        "broken.rtf cannot be read as RTF",
        "gone.eml cannot be read: No such file or directory",
        "not.pdf is not what its name says",
    ]


def test_lines_of_a_stream_are_answered_one_by_one(classifier: Classifier) -> None:
    content = "정말 기쁘다. 정말 슬프다.\n\n".encode() + "마음이 아프다\n".encode("cp949") + b"\xff\xff\n"
    found, errors = classified(classifier, "-", stdin=content)
    assert [(row["file"], row["position"], row["text"], row["reason"]) for row in found] == [
        ("-", 1, "정말 기쁘다. 정말 슬프다.", None),
        ("-", 3, "마음이 아프다", None),
        ("-", 4, "\ufffd\ufffd", "bad_row"),
    ]
    assert not errors
    found, _ = classified(classifier, "-", stdin=content, split="sentence")
    assert len(found) == 4


def test_blank_arguments_are_refused(classifier: Classifier) -> None:
    with pytest.raises(SettingsError, match="there is no sentence to classify"):
        classified(classifier, "정말 기쁘다", "  ")


def test_another_tagger_than_that_of_the_model_is_refused_with_both_hashes(
    model: Path, tmp_path: Path
) -> None:
    import hashlib
    import shutil

    other = shutil.copytree(model, tmp_path / "model")
    stored = preparation.load(other / preparation.FILE)
    changed = preparation.to_bytes(msgspec.structs.replace(stored, fingerprint="0" * 64))
    with pytest.raises(InputError, match=hashlib.sha256(changed).hexdigest()):  # it was edited
        (other / preparation.FILE).write_bytes(changed)
        load_model(other)
    changed_sha256 = hashlib.sha256(changed).hexdigest()
    write_files(other, msgspec.structs.replace(read_card(model), preparation_sha256=changed_sha256), {})
    with (
        pytest.raises(InputError, match="is not the one that made the tokens") as refused,
        open_classifier(other),
    ):
        pytest.fail("it was opened")
    assert "0" * 64 in str(refused.value)
    assert stored.fingerprint in str(refused.value)


def test_the_command_shows_a_table(model: Path) -> None:
    shown = run_predict(model, DATA / "kakao-windows.txt")
    assert shown.exit_code == 0, shown.output
    assert "message 4" in shown.stdout
    assert "민지" in shown.stdout
    assert "오늘 진짜 힘들었어 ㅠㅠ" in shown.stdout


def test_csv_for_a_spreadsheet_holds_no_formula_unless_it_is_asked_for(model: Path) -> None:
    command = (model, "=cmd|'/c calc'!A1 정말 기쁘다", "--format", "csv")
    guarded, raw = run_predict(*command), run_predict(*command, "--raw")
    cells = [next(csv.DictReader(io.StringIO(each.stdout)))["text"] for each in (guarded, raw)]
    assert cells == ["'=cmd|'/c calc'!A1 정말 기쁘다", "=cmd|'/c calc'!A1 정말 기쁘다"]


def test_the_command_writes_json_lines_and_csv_alike(model: Path) -> None:
    lines = run_predict(model, DATA / "posts.jsonl", "정말 기쁘다", "--format", "jsonl", "--probabilities")
    table = run_predict(model, DATA / "posts.jsonl", "정말 기쁘다", "--format", "csv", "--probabilities")
    assert lines.exit_code == table.exit_code == 0, lines.output
    documents = [json.loads(line) for line in lines.stdout.splitlines()]
    records = list(csv.DictReader(io.StringIO(table.stdout)))
    assert len(documents) == len(records) == 9
    for document, record in zip(documents, records, strict=True):
        shares = document.pop("probabilities")
        for label, share in shares.items():
            document[probability_column(label)] = share
        assert set(record) == set(document)
        for name, value in document.items():
            found = float(record[name]) if isinstance(value, float) else record[name]
            assert found == (value if isinstance(value, float) else "" if value is None else str(value))
    assert documents[-1]["label"] == "기쁨"
    assert documents[-1]["file"] is None


def test_the_command_ends_with_4_if_a_file_failed_and_shows_the_others(model: Path, tmp_path: Path) -> None:
    (tmp_path / "not.docx").write_text("글", encoding="utf-8")
    shown = run_predict(model, tmp_path / "not.docx", "정말 기쁘다", "--format", "jsonl")
    assert shown.exit_code == 4
    assert json.loads(shown.stdout)["label"] == "기쁨"
    assert "error: " in shown.stderr
    assert "not.docx is not what its name says" in shown.stderr
    assert "Next: " in shown.stderr


def test_the_command_draws_the_mood_of_a_chat_beside_its_answers(model: Path, tmp_path: Path) -> None:
    options = ["--split", "line", "--format", "jsonl", "--mood", tmp_path / "mood.html"]
    shown = run_predict(model, DATA / "kakao-windows.txt", *options)
    assert shown.exit_code == 0
    answers = [json.loads(line) for line in shown.stdout.splitlines()]
    labelled = [each for each in answers if each["label"] and each["time"]]
    html = (tmp_path / "mood.html").read_text(encoding="utf-8")
    assert f"{len(labelled)} sentences from {labelled[0]['time'][:10]}" in html


def test_the_command_reads_lines_from_a_pipe(model: Path) -> None:
    content = "정말 기쁘다\n정말 슬프다\n".encode()
    shown = run_predict(model, "-", "--format", "jsonl", "--per", "document", stdin=content)
    rows = [json.loads(line) for line in shown.stdout.splitlines()]
    assert [(row["label"], row["sentences"]) for row in rows] == [("기쁨", 1), ("슬픔", 1)]


def test_a_terminal_does_not_obey_a_sentence(model: Path) -> None:
    shown = run_predict(model, "정말\x1b[31m 기쁘다", "--split", "line")
    assert "\x1b" not in shown.stdout
    assert "정말 [31m 기쁘다" in shown.stdout


def test_nothing_to_classify_is_wrong_usage(model: Path) -> None:
    shown = run_predict(model)
    assert isinstance(shown.exception, SettingsError)
    assert "there is nothing to classify" in str(shown.exception)


def test_what_is_no_model_is_told(tmp_path: Path) -> None:
    shown = run_predict(tmp_path, "정말 기쁘다")
    assert isinstance(shown.exception, InputError)
    assert "is not a model" in str(shown.exception)


def test_without_kiwi_it_says_what_to_install_and_goes_on_by_line(model: Path, tmp_path: Path) -> None:
    python = without(tmp_path / "environment", "kiwipiepy")
    texts = "정말 기쁘다. 오늘 너무 행복하다."
    refused = etl_of(python, "predict", model, texts)
    assert refused.returncode == 2
    assert "korean-emotion-etl[kiwi]" in refused.stderr
    assert "--split line" in refused.stderr
    done = etl_of(python, "predict", model, texts, "--split", "line", "--format", "jsonl")
    assert json.loads(done.stdout)["label"] == "기쁨", done.stderr


def test_one_sentence_needs_nothing_but_what_is_always_installed(model: Path, tmp_path: Path) -> None:
    extras = ("torch", "kiwipiepy", "scikit_learn", "sklearn", "scipy", "tensorboard")
    python = without(tmp_path / "environment", *extras)
    done = etl_of(python, "predict", model, "정말 기쁘다", "--format", "jsonl")
    assert json.loads(done.stdout)["label"] == "기쁨", done.stderr


@pytest.mark.jvm
def test_one_sentence_loads_nothing_that_takes_long(make: Callable[[str], Path]) -> None:
    model = make("okt")
    script = """
import sys
from etl.cli import app
app(["predict", sys.argv[1], "정말 기쁘다", "--format", "jsonl"], standalone_mode=False)
sys.stderr.write(" ".join(sys.modules))
"""
    command = [sys.executable, "-c", script, str(model)]
    # The first run compiles Okt if no run before it has.
    for _ in range(2):
        run = subprocess.run(
            command, capture_output=True, text=True, env=environment(), timeout=300, check=True
        )
    assert json.loads(run.stdout)["label"] == "기쁨"
    loaded = set(run.stderr.split())
    assert {"polars", "etl.tagging.okt.exact"} <= loaded
    heavy = {"torch", "numba", "sklearn", "scipy", "pandas", "kiwipiepy", "great_expectations", "jpype"}
    assert loaded & {*heavy, "ssl", "etl.documents.formats"} == set()


def test_a_text_is_cut_unless_it_is_one_short_sentence(classifier: Classifier) -> None:
    found, _ = classified(classifier, "정말 기쁘다", "정말 기쁘다. 정말 슬프다.", "정말 슬프다")
    assert [(row["document"], row["sentence"], row["text"]) for row in found] == [
        (1, 1, "정말 기쁘다"),
        (2, 1, "정말 기쁘다."),
        (2, 2, "정말 슬프다."),
        (3, 1, "정말 슬프다"),
    ]
