"""Datasets to train on, and one trained model that the tests share."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.training_datasets import SEPARABLE, Sentence, Splits, Trained, deal_labels, write_splits

from etl.models.baseline.settings import TrainSettings

WriteDataset = Callable[..., Path]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A small baseline on `separable`, for tests that change neither its files nor its dataset's."""
    from etl.models.train import train

    folder = tmp_path_factory.mktemp("trained")
    dataset = write_splits(folder / "dataset", SEPARABLE)
    settings = TrainSettings(embedding=16, hidden=16, lr=0.01, batch_size=16, epochs=8)
    return Trained(dataset, folder / "model", train(dataset, folder / "model", settings))


@pytest.fixture
def copied(trained: Trained, tmp_path: Path) -> Trained:
    """A copy of the shared model and its dataset, for tests that change files."""
    shutil.copytree(trained.dataset, tmp_path / "dataset")
    shutil.copytree(trained.model, tmp_path / "model")
    return Trained(tmp_path / "dataset", tmp_path / "model", trained.report)


@pytest.fixture
def write_dataset(tmp_path: Path) -> WriteDataset:
    """Writes splits as shards with a manifest, and a vocabulary unless told not to; gives the folder."""

    def write(splits: Splits, *, name: str = "dataset", has_vocabulary: bool = True) -> Path:
        return write_splits(tmp_path / name, splits, has_vocabulary=has_vocabulary)

    return write


@pytest.fixture
def separable() -> Splits:
    """Three labels, each with words of its own among fillers; two corpora."""
    return SEPARABLE


@pytest.fixture
def shuffled_labels() -> Splits:
    """The same sentences, the labels dealt out at random: there is nothing to learn."""
    return {split: deal_labels(sentences) for split, sentences in SEPARABLE.items()}


@pytest.fixture
def eight() -> Splits:
    """Eight sentences of the same words, told apart by their order or number; validation has the same."""
    sentences: list[Sentence] = [
        (["나", "친구", "좋다"], "기쁨", "table"),
        (["친구", "나", "좋다"], "슬픔", "table"),
        (["좋다", "나", "친구"], "중립", "table"),
        (["좋다"], "슬픔", "table"),
        (["좋다", "좋다"], "기쁨", "table"),
        (["나", "나", "친구"], "중립", "table"),
        (["친구", "친구", "나"], "기쁨", "table"),
        (["나", "친구", "나"], "슬픔", "table"),
    ]
    return {"train": sentences, "validation": sentences}
