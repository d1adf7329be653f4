"""A run that is killed is gone on with, and ends as if nothing had happened."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from etl.errors import InputError, SettingsError
from etl.models.baseline import train
from etl.models.baseline.settings import TrainSettings
from etl.models.training import resume
from etl.models.training.fit import Watcher

OPTIONS = ["--embedding", "8", "--hidden", "8", "--lr", "0.002", "--batch-size", "4", "--epochs", "12"]


class StopError(Exception):
    """What a test interrupts a run with."""


def interrupt(dataset: Path, model: Path, settings: TrainSettings, *, after: int) -> None:
    def on_epoch(record) -> None:
        if record.epoch == after:
            raise StopError

    with pytest.raises(StopError):
        train.train(dataset, model, settings, watcher=Watcher(on_epoch=on_epoch))


@pytest.fixture
def dataset(write_dataset, separable) -> Path:
    return write_dataset(separable)


def test_a_run_killed_in_the_middle_resumes_to_the_same_bytes(dataset, tmp_path) -> None:
    command = [sys.executable, "-m", "etl", "train-baseline", dataset, *OPTIONS, "--out"]
    subprocess.run([*command, tmp_path / "undisturbed"], check=True, capture_output=True)
    killed = tmp_path / "killed"
    process = subprocess.Popen([*command, killed], stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if line.startswith("epoch 3:"):
            os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not killed.exists()
    again = subprocess.run([*command, killed, "--resume"], check=True, capture_output=True, text=True)
    assert "going on after epoch" in again.stderr
    for name in ("weights.safetensors", "metrics.json", "model.json"):
        assert (killed / name).read_bytes() == (tmp_path / "undisturbed" / name).read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dataset", "killed", "undisturbed"]


SETTINGS = TrainSettings(embedding=8, hidden=8, lr=0.002, batch_size=8, epochs=6)


def test_a_run_with_other_settings_is_not_gone_on_with(dataset, tmp_path) -> None:
    interrupt(dataset, tmp_path / "model", SETTINGS, after=3)
    other = TrainSettings(embedding=8, hidden=8, lr=0.003, batch_size=8, epochs=6)
    with pytest.raises(SettingsError, match=r"lr: expected 0\.003, got 0\.002"):
        train.train(dataset, tmp_path / "model", other, is_resuming=True)


def test_a_run_of_another_dataset_is_not_gone_on_with(dataset, write_dataset, eight, tmp_path) -> None:
    interrupt(dataset, tmp_path / "model", SETTINGS, after=3)
    settings = TrainSettings(embedding=8, hidden=8, lr=0.002, batch_size=8, epochs=6, max_len=6)
    with pytest.raises(SettingsError, match=r"dataset's manifest: expected [0-9a-f]{64}, got [0-9a-f]{64}"):
        train.train(write_dataset(eight, name="other"), tmp_path / "model", settings, is_resuming=True)


def test_a_state_that_was_cut_off_is_refused(dataset, tmp_path) -> None:
    interrupt(dataset, tmp_path / "model", SETTINGS, after=3)
    tensors = resume.folder_of(tmp_path / "model") / "state" / resume.TENSORS
    os.truncate(tensors, tensors.stat().st_size // 2)
    with pytest.raises(InputError, match=r"expected sha256 [0-9a-f]{64}, got [0-9a-f]{64}"):
        train.train(dataset, tmp_path / "model", SETTINGS, is_resuming=True)


def test_a_state_of_another_version_is_refused(dataset, tmp_path) -> None:
    interrupt(dataset, tmp_path / "model", SETTINGS, after=3)
    state = resume.folder_of(tmp_path / "model") / "state" / resume.STATE
    state.write_text(state.read_text(encoding="utf-8").replace('"format":2', '"format":1'), encoding="utf-8")
    with pytest.raises(InputError, match="expected format 2, got 1"):
        train.train(dataset, tmp_path / "model", SETTINGS, is_resuming=True)


def test_without_resume_a_run_begins_again_and_says_what_was_there(dataset, tmp_path) -> None:
    interrupt(dataset, tmp_path / "model", SETTINGS, after=3)
    notes: list[str] = []
    epochs: list[int] = []
    watcher = Watcher(on_note=notes.append, on_epoch=lambda record: epochs.append(record.epoch))
    train.train(dataset, tmp_path / "model", SETTINGS, watcher=watcher)
    assert epochs[0] == 1
    assert any("--resume" in note for note in notes)


def test_with_nothing_to_go_on_from_a_run_begins(dataset, tmp_path) -> None:
    notes: list[str] = []
    watcher = Watcher(on_note=notes.append)
    report = train.train(dataset, tmp_path / "model", SETTINGS, is_resuming=True, watcher=watcher)
    assert report.epochs[0].epoch == 1
    assert "no run of this model was interrupted: training from the beginning" in notes


def test_the_events_of_a_resumed_run_are_those_of_all_its_epochs(dataset, tmp_path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    interrupt(dataset, tmp_path / "model", SETTINGS, after=3)
    report = train.train(dataset, tmp_path / "model", SETTINGS, is_resuming=True)
    events = EventAccumulator(str(tmp_path / "model" / "tensorboard")).Reload()
    shown = {event.step: event.value for event in events.Scalars("score/macro-F1")}
    assert shown == pytest.approx({each.epoch: each.scores.macro_f1 for each in report.epochs})
