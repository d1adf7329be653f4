"""Predicting without torch gives what the modules of torch give."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import get_args

import msgspec
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from etl.dataset.read import open_dataset
from etl.errors import InputError
from etl.models.baseline.network import build_network
from etl.models.baseline.numpy_network import NumpyNetwork
from etl.models.baseline.settings import Architecture, TrainSettings
from etl.models.baseline.shapes import weight_shapes
from etl.models.card import BASELINE_WEIGHTS, read_card, write_files
from etl.models.checkpoint import load_model, load_module, read_rows
from etl.models.train import train
from etl.models.training import loop
from etl.models.training.batches import Rows
from etl.runtime.files import sha256_file

ARCHITECTURES = get_args(Architecture)
N_IDS, N_LABELS, MAX_LEN = 300, 5, 12
# A row without tokens is one id of padding; the last rows are longer than the network reads.
LENGTHS = np.array([1, 1, 2, 3, 4, 5, 11, 12, 13, 40, *range(1, 20)])


def make_rows(*, is_multi: bool = False) -> Rows:
    generator = np.random.default_rng(5)
    ids = generator.integers(1, N_IDS, LENGTHS.sum())
    ids[0] = 0
    n_rows = len(LENGTHS)
    return Rows(
        ids=np.append(ids, 0),
        starts=np.cumsum(LENGTHS) - LENGTHS,
        lengths=LENGTHS,
        labels=np.zeros(n_rows, np.int64),
        sources=np.array([""] * n_rows),
        unknown_share=0.0,
        empty_share=0.0,
        is_multi=is_multi,
    )


@pytest.mark.parametrize("hidden", [16, 20])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_random_weights_give_the_same_probabilities(architecture: Architecture, hidden: int) -> None:
    import torch

    settings = TrainSettings(model=architecture, embedding=24, hidden=hidden)
    torch.manual_seed(3)
    module = build_network(N_IDS, N_LABELS, settings).eval()
    weights = {name: tensor.numpy() for name, tensor in module.state_dict().items()}
    network = NumpyNetwork(settings, weights)
    for is_multi in (False, True):
        rows = make_rows(is_multi=is_multi)
        for max_len in (1, MAX_LEN, 100):
            expected = np.exp(loop.predict_rows(module, rows, max_len))
            assert expected.std(axis=0).min() > 1e-4  # the rows differ
            np.testing.assert_allclose(np.exp(network.predict_rows(rows, max_len)), expected, atol=1e-6)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_trained_network_gives_the_same_probabilities(
    architecture: Architecture, write_dataset, separable, tmp_path: Path
) -> None:
    settings = TrainSettings(model=architecture, embedding=16, hidden=16, lr=0.01, batch_size=16, epochs=3)
    dataset = write_dataset(separable)
    train(dataset, tmp_path / "model", settings)
    checkpoint = load_model(tmp_path / "model")
    rows = read_rows(checkpoint, open_dataset(dataset), "train")
    expected = np.exp(loop.predict_rows(load_module(checkpoint), rows, checkpoint.max_len))
    assert expected.max() > 0.8
    np.testing.assert_allclose(np.exp(checkpoint.predict_rows(rows)), expected, atol=1e-6)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_answer_to_a_row_does_not_depend_on_the_others(architecture: Architecture) -> None:
    settings = TrainSettings(model=architecture, embedding=8, hidden=8)
    shapes = weight_shapes(N_IDS, N_LABELS, settings)
    generator = np.random.default_rng(7)
    weights = {name: generator.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}
    network, rows = NumpyNetwork(settings, weights), make_rows()
    together = np.exp(network.predict_rows(rows, MAX_LEN))
    for place in range(0, len(rows), 4):
        own = slice(place, place + 1)
        alone = replace(rows, starts=rows.starts[own], lengths=rows.lengths[own], labels=rows.labels[own])
        np.testing.assert_allclose(
            np.exp(network.predict_rows(alone, MAX_LEN))[0], together[place], atol=1e-6
        )


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_shapes_of_the_weights_are_those_of_the_module(architecture: Architecture) -> None:
    settings = TrainSettings(model=architecture, embedding=24, hidden=16)
    state = build_network(N_IDS, N_LABELS, settings).state_dict()
    assert weight_shapes(N_IDS, N_LABELS, settings) == {
        name: tuple(tensor.shape) for name, tensor in state.items()
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda weights: weights.pop("output.bias"),
            r"output\.bias: expected \(3,\) in float32, got nothing",
        ),
        (
            lambda weights: weights.update({"output.bias": np.zeros(4, np.float32)}),
            r"output\.bias: expected \(3,\) in float32, got \(4,\)",
        ),
        (
            lambda weights: weights.update({"output.bias": np.zeros(3)}),
            r"output\.bias: expected \(3,\) in float32, got nothing",
        ),
        (
            lambda weights: weights.update({"more": np.zeros(3, np.float32)}),
            r"more: expected nothing in float32, got \(3,\)",
        ),
    ],
)
def test_weights_of_other_shapes_are_refused(copied, change, message: str) -> None:
    path = copied.model / BASELINE_WEIGHTS
    card, weights = read_card(copied.model), load_file(path)
    change(weights)
    save_file(weights, path)
    write_files(copied.model, msgspec.structs.replace(card, weights_sha256=sha256_file(path)), {})
    with pytest.raises(InputError, match=message):
        load_model(copied.model)


def test_ids_out_of_range_are_refused() -> None:
    settings = TrainSettings(model="lstm", embedding=8, hidden=8)
    weights = {
        name: np.zeros(shape, np.float32) for name, shape in weight_shapes(N_IDS - 1, 2, settings).items()
    }
    rows = make_rows()
    rows.ids[5] = N_IDS
    with pytest.raises(InputError, match="a token id is out of its range"):
        NumpyNetwork(settings, weights).predict_rows(rows, MAX_LEN)
