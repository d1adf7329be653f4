"""A refresh with `train` and `export`: one version holds a dataset, its model and the model's exports."""

import hashlib
import json
import random
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.places import job, ran, run, succeeded, whole, write_config
from support.run_etl import environment, etl, explained
from support.run_etl import succeeded as ended_well
from support.small_tables import write_lines

from etl.errors import SettingsError
from etl.publishing.changes import STAGES
from etl.publishing.job import Job
from etl.storage.versions.local import LocalStore

pytest.importorskip("sklearn")
pytestmark = pytest.mark.slow

LINEAR = {"model": "linear"}
WORDS = {"기쁨": "웃음 선물 축하 햇살", "슬픔": "눈물 이별 한숨 빗물", "분노": "고함 주먹 불길 욕설"}


# In confused train rows these words tell the other label, in equal numbers.
CONFUSED = {("슬픔", "눈물"): "분노", ("분노", "고함"): "슬픔"}


def write_telling_rows(path: Path, count: int, *, start: int = 0, train: str = "clear") -> None:
    """Rows whose words tell the label; in train they may be "confused", or the labels all "chance"."""
    chance = random.Random(start)
    rows = []
    for number in range(start, start + count):
        label = said = list(WORDS)[number % 3]
        own = chance.choices(WORDS[label].split(), k=3)
        split = {0: "test", 1: "validation"}.get(number // 3 % 5, "train")
        if split == "train" and train == "confused":
            said = CONFUSED.get((label, own[0]), label)
        digest = hashlib.sha256(str(number).encode()).hexdigest()[:12]
        text = f"{' '.join(own)} {digest}"
        if train == "chance":
            said = chance.choice(list(WORDS))
        rows.append({"text": text, "label": said, "group": f"g{number}", "split": split})
    write_lines(path, rows)


def make_with_model(folder: Path, **refresh: Any) -> Job:
    write_telling_rows(folder / "raw" / "a.jsonl", 600)
    return job(write_config(folder, train=LINEAR, **refresh))


@pytest.mark.training
def test_a_version_holds_its_model_and_exports_and_nothing_is_trained_twice(tmp_path: Path) -> None:
    made = make_with_model(tmp_path, export=["onnx"])
    done = succeeded(run(made))
    assert ran(done) == list(STAGES)
    current = made.publish_dir / "current"
    assert whole(made.publish_dir) == done.version
    listed = json.loads((current / "manifest.json").read_text(encoding="utf-8"))["files"]
    assert {"model/model.json", "model/weights.safetensors", "export/onnx/metadata.json"} <= set(listed)
    shown = ended_well(etl("predict", current / "model", "눈물 이별 한숨", "--format", "jsonl"))
    assert json.loads(shown.stdout)["label"] == "슬픔"
    # It is known as the model of the dataset that it lies in.
    ended_well(etl("export", current / "model", "--format", "onnx", "--out", tmp_path / "again"))
    assert run(made).outcome == "unchanged"
    # A new report makes no new model.
    stricter = job(tmp_path / "etl.yaml", validate__thresholds={"imbalance": 99.0})
    again = succeeded(run(stricter))
    assert (ran(again), again.version) == (["validate", "publish"], done.version)


def test_other_settings_of_the_model_make_another_version_that_can_be_rolled_back(tmp_path: Path) -> None:
    made = make_with_model(tmp_path)
    first = succeeded(run(made)).version
    weighted = job(write_config(tmp_path, train={**LINEAR, "class_weights": True}))
    done = succeeded(run(weighted))
    assert ran(done) == ["train", "publish"]
    assert done.version != first
    store = LocalStore(made.publish_dir)
    assert store.rollback().name == first
    assert whole(made.publish_dir) == first
    # Without a model again.
    plain = job(write_config(tmp_path))
    done = succeeded(run(plain))
    assert done.outcome == "published"
    assert not (made.publish_dir / "current" / "model").exists()
    assert whole(made.publish_dir) == done.version
    assert run(plain).outcome == "unchanged"


def test_a_model_that_is_worse_than_the_published_one_is_refused(tmp_path: Path) -> None:
    make_with_model(tmp_path)
    made = job(tmp_path / "etl.yaml", table__split_column="split")
    first = succeeded(run(made)).version
    write_telling_rows(made.inputs[0] / "a.jsonl", 600, train="confused")
    done = run(made)
    assert done.outcome == "refused", done.error
    assert ([each.code for each in done.refused], done.version) == (["macro_f1"], first)
    assert done.kept
    assert (Path(done.kept) / "model" / "report.html").exists()
    assert "on the rows of test the macro-F1 of the new model is 0." in str(done.error)
    accepted = succeeded(run(replace(made, accept=("macro_f1",))))
    assert [each.code for each in accepted.accepted] == ["macro_f1"]
    assert whole(made.publish_dir) != first


def test_new_rows_train_a_new_model_which_is_compared_and_published(tmp_path: Path) -> None:
    made = make_with_model(tmp_path)
    first = succeeded(run(made)).version
    write_telling_rows(made.inputs[0] / "b.jsonl", 60, start=600)
    done = succeeded(run(made))
    assert ran(done) == ["ingest", "validate", "build-vocab", "train", "publish"]
    assert (done.refused, done.version != first) == ([], True)


KILLED_WHEN_TRAINED = """
import os, runpy, signal, sys

def look(event, arguments):
    if event == "os.rename" and os.path.basename(os.fspath(arguments[1])) == "model":
        print("trained", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(look)
sys.argv = ["etl", "refresh", "--config", "etl.yaml"]
runpy.run_module("etl", run_name="__main__")
"""


def test_a_kill_between_training_and_publishing_leaves_the_published_version(tmp_path: Path) -> None:
    made = make_with_model(tmp_path)
    first = succeeded(run(made)).version
    write_telling_rows(made.inputs[0] / "b.jsonl", 60, start=600)
    command = [sys.executable, "-c", KILLED_WHEN_TRAINED]
    killed = subprocess.run(
        command, check=False, cwd=tmp_path, env=environment(), capture_output=True, text=True
    )
    assert (killed.returncode, killed.stdout.splitlines()[-1:]) == (-signal.SIGKILL, ["trained"]), (
        killed.stderr
    )
    assert whole(made.publish_dir) == first
    assert (made.publish_dir / "current" / "model" / "model.json").exists()
    assert succeeded(run(made)).outcome == "published"


def test_exports_without_a_model_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"refresh\.export is set"):
        job(write_config(tmp_path, export=["onnx"]))


def test_a_model_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"refresh\.train or refresh\.export cannot be used"):
        job(write_config(tmp_path, train={"kind": "linear"}))


def test_the_plan_names_the_stages_of_the_settings(tmp_path: Path) -> None:
    make_with_model(tmp_path)
    shown = ended_well(etl("refresh", "--config", "etl.yaml", "--dry-run", cwd=tmp_path)).stdout
    assert "\ntrain: it was not done before\n" in shown
    assert "\nexport:" not in shown


def test_a_model_that_learns_nothing_is_no_version(tmp_path: Path) -> None:
    write_telling_rows(tmp_path / "raw" / "a.jsonl", 400, train="chance")
    write_config(tmp_path, train=LINEAR)
    text = explained(etl("refresh", "--config", "etl.yaml", "--workers", "1", cwd=tmp_path), 3)
    assert "no model was written" in text
    assert not (tmp_path / "place" / "current").exists()
