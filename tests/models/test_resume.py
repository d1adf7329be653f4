"""A run that is killed is gone on with, and ends as if nothing had happened."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec import structs
from support.training_datasets import SEPARABLE, write_splits, write_votes

from etl.errors import InputError, LockError, SettingsError
from etl.models.baseline.settings import TrainSettings
from etl.models.checkpoint import load_model
from etl.models.train import train
from etl.models.training import state
from etl.models.training.fit import Watcher

SETTINGS = TrainSettings(embedding=8, hidden=8, lr=0.002, batch_size=8, epochs=6)
QUICK = TrainSettings(embedding=8, hidden=8, lr=0.01, epochs=2)
OPTIONS = ["--model", "bilstm", "--embedding", "8", "--hidden", "8", "--lr", "0.002"]
OPTIONS += ["--batch-size", "8", "--epochs", "6"]


class StopError(Exception):
    """What a test interrupts a run with."""


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory) -> Path:
    """A folder with a dataset and the state of a run that was stopped in its third epoch."""
    folder = tmp_path_factory.mktemp("interrupted")

    def on_epoch(record) -> None:
        if record.epoch == 3:
            raise StopError

    dataset = write_splits(folder / "dataset", SEPARABLE)
    with pytest.raises(StopError):
        train(dataset, folder / "model", SETTINGS, watcher=Watcher(on_epoch=on_epoch))
    return folder


@pytest.fixture
def dataset(interrupted, tmp_path) -> Path:
    """A copy of the dataset; the interrupted run of `model` stands beside it."""
    shutil.copytree(interrupted, tmp_path, dirs_exist_ok=True)
    return tmp_path / "dataset"


def test_a_run_killed_in_the_middle_resumes_to_the_same_bytes(dataset, tmp_path) -> None:
    killed = tmp_path / "killed"
    process = subprocess.Popen(
        [sys.executable, "-m", "etl", "train-baseline", dataset, *OPTIONS, "--out", killed],
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in process.stderr:
        if line.startswith("epoch 3:"):
            os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not killed.exists()
    notes: list[str] = []
    train(dataset, killed, SETTINGS, resume=True, watcher=Watcher(on_note=notes.append))
    assert any(note.startswith("going on after epoch") for note in notes)
    train(dataset, tmp_path / "undisturbed", SETTINGS)
    for name in ("weights.safetensors", "metrics.json", "model.json"):
        assert (killed / name).read_bytes() == (tmp_path / "undisturbed" / name).read_bytes()
    assert not state.run_folder(killed).exists()
    assert not state.run_folder(tmp_path / "undisturbed").exists()


@pytest.mark.parametrize("mode", ["soft", "multi"])
def test_a_run_on_votes_or_sets_resumes_to_the_same_bytes(mode, tmp_path) -> None:
    def on_epoch(record) -> None:
        if record.epoch == 2:
            raise StopError

    dataset, settings = write_votes(tmp_path / "dataset", mode), structs.replace(QUICK, epochs=4)
    with pytest.raises(StopError):
        train(dataset, tmp_path / "stopped", settings, watcher=Watcher(on_epoch=on_epoch))
    train(dataset, tmp_path / "stopped", settings, resume=True)
    train(dataset, tmp_path / "undisturbed", settings)
    for name in ("weights.safetensors", "metrics.json", "model.json"):
        assert (tmp_path / "stopped" / name).read_bytes() == (tmp_path / "undisturbed" / name).read_bytes()


def test_a_run_with_other_settings_is_not_gone_on_with(dataset, tmp_path) -> None:
    other = TrainSettings(embedding=8, hidden=8, lr=0.003, batch_size=8, epochs=6)
    with pytest.raises(SettingsError, match=r"lr: expected 0\.003, got 0\.002"):
        train(dataset, tmp_path / "model", other, resume=True)


def test_a_run_of_another_dataset_is_not_gone_on_with(dataset, write_dataset, eight, tmp_path) -> None:
    settings = TrainSettings(embedding=8, hidden=8, lr=0.002, batch_size=8, epochs=6, max_len=6)
    with pytest.raises(SettingsError, match=r"dataset's manifest: expected [0-9a-f]{64}, got [0-9a-f]{64}"):
        train(write_dataset(eight, name="other"), tmp_path / "model", settings, resume=True)


def test_a_state_that_was_cut_off_is_refused(dataset, tmp_path) -> None:
    tensors = state.run_folder(tmp_path / "model") / "state" / state.TENSORS
    os.truncate(tensors, tensors.stat().st_size // 2)
    with pytest.raises(InputError, match=r"expected sha256 [0-9a-f]{64}, got [0-9a-f]{64}"):
        train(dataset, tmp_path / "model", SETTINGS, resume=True)


def test_a_state_of_another_version_is_refused(dataset, tmp_path) -> None:
    path = state.run_folder(tmp_path / "model") / "state" / state.STATE
    path.write_text(path.read_text(encoding="utf-8").replace('"format":3', '"format":1'), encoding="utf-8")
    with pytest.raises(InputError, match="expected format 3, got 1"):
        train(dataset, tmp_path / "model", SETTINGS, resume=True)


def test_without_resume_a_run_begins_again_and_says_what_was_there(dataset, tmp_path) -> None:
    notes: list[str] = []
    epochs: list[int] = []
    watcher = Watcher(on_note=notes.append, on_epoch=lambda record: epochs.append(record.epoch))
    train(dataset, tmp_path / "model", QUICK, watcher=watcher)
    assert epochs[0] == 1
    assert any("--resume" in note for note in notes)


def test_with_nothing_to_go_on_from_a_run_begins(dataset, tmp_path) -> None:
    notes: list[str] = []
    watcher = Watcher(on_note=notes.append)
    report = train(dataset, tmp_path / "other", QUICK, resume=True, watcher=watcher)
    assert report.epochs[0].epoch == 1
    assert "no run of this model was interrupted: training from the beginning" in notes


def test_the_events_of_a_resumed_run_are_those_of_all_its_epochs(dataset, tmp_path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    report = train(dataset, tmp_path / "model", SETTINGS, resume=True)
    events = EventAccumulator(str(tmp_path / "model" / "tensorboard")).Reload()
    shown = {event.step: event.value for event in events.Scalars("score/macro-F1")}
    assert shown == pytest.approx({each.epoch: each.scores.macro_f1 for each in report.epochs})


def test_of_two_trainings_into_one_model_the_second_ends_and_names_the_first(dataset, tmp_path) -> None:
    command = [sys.executable, "-m", "etl", "train-baseline", dataset, *OPTIONS, "--out", tmp_path / "twice"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as first:
        for line in first.stderr:
            if line.startswith("epoch 1:"):
                break
        with pytest.raises(
            LockError, match=rf"twice is in use\n  by `etl train-baseline`, process {first.pid} on"
        ):
            train(dataset, tmp_path / "twice", SETTINGS)
        first.stderr.read()
    assert first.returncode == 0
    load_model(tmp_path / "twice")
    assert not list(tmp_path.glob(".twice*"))
