"""The networks of `network.py` without torch, for predicting: ids and lengths in, logits out.

torch takes longer to import than a small network takes to answer. The weights are those that training saved,
under torch's names, and what is computed is the same; `network.py` trains them.

The recurrent networks know no padding: a batch is ordered by length, so that the rows that are not yet at
their end are the last ones, and a step computes these alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from etl.models.baseline.settings import TrainSettings
from etl.models.baseline.shapes import CNN_WIDTHS, TRANSFORMER_HEADS, TRANSFORMER_LAYERS
from etl.models.linear.model import log_sigmoid, log_softmax
from etl.models.training.batches import Batch, Rows, check_range, in_order_of_length

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Weights = Mapping[str, Floats]

SCORING_BATCH = 512
LAYER_NORM_EPSILON = 1e-5  # torch.nn.LayerNorm


@dataclass(frozen=True)
class NumpyNetwork:
    """A trained network; `weights` are named as in the state of the module of torch."""

    settings: TrainSettings
    weights: Weights

    def predict_rows(self, rows: Rows, max_len: int) -> npt.NDArray[np.float64]:
        """Returns log probabilities, (rows, labels), in the order of the rows; of sets, of each label alone.

        Raises:
            InputError: an id or a label is out of the model's range.
        """
        n_labels = len(self.weights["output.bias"])
        check_range(rows, len(self.weights["embedding.weight"]), n_labels)
        scored = np.empty((len(rows), n_labels))
        for batch in in_order_of_length(rows, SCORING_BATCH, max_len):
            logits = self.score_batch(batch).astype(np.float64)
            scored[batch.rows] = log_sigmoid(logits) if rows.is_multi else log_softmax(logits)
        return scored

    def score_batch(self, batch: Batch) -> Floats:
        """Returns logits, (batch, labels), of rows in order of their length."""
        total, highest = self._encode(batch.ids, batch.lengths)
        pooled = np.concatenate([total / batch.lengths[:, None].astype(np.float32), highest], axis=1)
        logits: Floats = pooled @ self.weights["output.weight"].T + self.weights["output.bias"]
        return logits

    def _encode(self, ids: Ints, lengths: Ints) -> tuple[Floats, Floats]:
        """Returns the sum and the maximum over the steps of each row, both (batch, features)."""
        match self.settings.model:
            case "cnn":
                return _convolve(self._embed(ids, lengths), lengths, self.weights)
            case "transformer":
                return _attend(self._embed(ids, lengths), lengths, self.weights)
            case "bilstm":
                forwards = self._run_recurrent("forwards", ids, lengths)
                # Sum and maximum do not depend on the order of the steps: nothing is turned round again.
                backwards = self._run_recurrent("backwards", _reverse(ids, lengths), lengths)
                joined = [np.concatenate(both, axis=1) for both in zip(forwards, backwards, strict=True)]
                return joined[0], joined[1]
            case _:
                return self._run_recurrent("layer", ids, lengths)

    def _embed(self, ids: Ints, lengths: Ints) -> Floats:
        """Returns embedded rows, (batch, time, embedding); 0 after the end of a row."""
        embedded: Floats = self.weights["embedding.weight"][ids]
        embedded *= _is_token(ids.shape[1], lengths)[:, :, None]
        return embedded

    def _run_recurrent(self, layer: str, ids: Ints, lengths: Ints) -> tuple[Floats, Floats]:
        run = _run_gru if self.settings.model == "gru" else _run_lstm
        own = {
            name: self.weights[f"encoder.{layer}.{name}_l0"]
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        }
        # A token that comes again in the batch is multiplied once.
        distinct, places = np.unique(ids, return_inverse=True)
        embedded = self.weights["embedding.weight"][distinct]
        return run(embedded, places.reshape(ids.shape), lengths, own)


def _is_token(time: int, lengths: Ints) -> npt.NDArray[np.bool_]:
    """Returns which places of a batch hold a token, (batch, time)."""
    return np.arange(time) < lengths[:, None]


def _reverse(ids: Ints, lengths: Ints) -> Ints:
    """Returns rows from the last token to the first, the padding still at the right."""
    step = np.arange(ids.shape[1])
    turned = np.where(_is_token(len(step), lengths), lengths[:, None] - 1 - step, step)
    return np.take_along_axis(ids, turned, axis=1)


def _open(gates: Floats) -> Floats:
    """Turns the tanh of half of x into the logistic function of x, in place."""
    gates *= np.float32(0.5)
    gates += np.float32(0.5)
    return gates


def _run_lstm(embedded: Floats, places: Ints, lengths: Ints, own: Weights) -> tuple[Floats, Floats]:
    """Runs an LSTM over a batch; see `_run_recurrent`.

    Args:
        embedded: (distinct ids, embedding).
        places: (batch, time), indices into them.
        lengths: (batch,), ascending.
        own: the weights of the layer; its gates are input, forget, cell and output.

    Returns:
        The sum and the maximum over the steps of each row, both (batch, hidden).
    """
    batch, time = places.shape
    width = own["weight_hh"].shape[1]
    # sigmoid(x) = 0.5 + 0.5 * tanh(0.5 * x), so that one tanh serves all four gates.
    scale = np.repeat(np.array([0.5, 0.5, 1.0, 0.5], np.float32), width)
    recurrent = (own["weight_hh"] * scale[:, None]).T
    entered = (embedded @ own["weight_ih"].T + own["bias_ih"] + own["bias_hh"]) * scale
    hidden, cell, total = (np.zeros((batch, width), np.float32) for _ in range(3))
    highest = np.full((batch, width), -np.inf, np.float32)
    gates = np.empty((batch, 4 * width), np.float32)
    for step in range(time):
        live = slice(np.searchsorted(lengths, step, side="right"), None)
        now, own_cell, own_hidden = gates[live], cell[live], hidden[live]
        np.matmul(own_hidden, recurrent, out=now)
        now += entered[places[live, step]]
        np.tanh(now, out=now)
        _open(now[:, : 2 * width])
        let_in, kept = now[:, :width], now[:, width : 2 * width]
        own_cell *= kept
        let_in *= now[:, 2 * width : 3 * width]
        own_cell += let_in
        np.multiply(_open(now[:, 3 * width :]), np.tanh(own_cell), out=own_hidden)
        total[live] += own_hidden
        np.maximum(highest[live], own_hidden, out=highest[live])
    return total, highest


def _run_gru(embedded: Floats, places: Ints, lengths: Ints, own: Weights) -> tuple[Floats, Floats]:
    """Runs a GRU over a batch, as `_run_lstm` an LSTM; its gates are reset, update and new."""
    batch, time = places.shape
    width = own["weight_hh"].shape[1]
    scale = np.repeat(np.array([0.5, 0.5, 1.0], np.float32), width)
    recurrent, bias = (own["weight_hh"] * scale[:, None]).T, own["bias_hh"] * scale
    entered = (embedded @ own["weight_ih"].T + own["bias_ih"]) * scale
    hidden, total = (np.zeros((batch, width), np.float32) for _ in range(2))
    highest = np.full((batch, width), -np.inf, np.float32)
    for step in range(time):
        live = slice(np.searchsorted(lengths, step, side="right"), None)
        own_hidden, given = hidden[live], entered[places[live, step]]
        from_hidden = own_hidden @ recurrent + bias
        gates = _open(np.tanh(given[:, : 2 * width] + from_hidden[:, : 2 * width]))
        reset, kept = gates[:, :width], gates[:, width:]
        new = np.tanh(given[:, 2 * width :] + reset * from_hidden[:, 2 * width :])
        own_hidden -= new
        own_hidden *= kept
        own_hidden += new
        total[live] += own_hidden
        np.maximum(highest[live], own_hidden, out=highest[live])
    return total, highest


def _convolve(embedded: Floats, lengths: Ints, weights: Weights) -> tuple[Floats, Floats]:
    """Returns the sum and the maximum over the convolutions of each row, both (batch, 3 * hidden)."""
    batch, time, width = embedded.shape
    reach = max(CNN_WIDTHS) - 1
    padded = np.zeros((batch, time + reach, width), np.float32)
    padded[:, :time] = embedded
    # One long row: a place sees what follows it, which after the end of a row is nothing but zeros.
    flat = np.concatenate([padded.reshape(-1, width), np.zeros((reach, width), np.float32)])
    n_places = batch * (time + reach)
    is_token = _is_token(time + reach, lengths)[:, :, None]
    totals, highest = [], []
    for layer, size in enumerate(CNN_WIDTHS):
        kernel = weights[f"encoder.layers.{layer}.weight"]  # (hidden, embedding, size)
        steps = flat[:n_places] @ kernel[:, :, 0].T
        for place in range(1, size):
            steps += flat[place : place + n_places] @ kernel[:, :, place].T
        steps += weights[f"encoder.layers.{layer}.bias"]
        np.maximum(steps, 0, out=steps)
        over_time = steps.reshape(batch, time + reach, -1)
        over_time *= is_token  # no step is below 0, so 0 changes neither sum nor maximum
        totals.append(over_time.sum(axis=1))
        highest.append(over_time.max(axis=1))
    return np.concatenate(totals, axis=1), np.concatenate(highest, axis=1)


def _attend(embedded: Floats, lengths: Ints, weights: Weights) -> tuple[Floats, Floats]:
    """Returns the sum and the maximum over the steps of a transformer's encoder, both (batch, hidden)."""
    entered = _multiply(embedded, weights, "encoder.enter.weight", "encoder.enter.bias")
    steps = entered + _positions(*entered.shape[1:])
    is_token = _is_token(steps.shape[1], lengths)
    for number in range(TRANSFORMER_LAYERS):
        layer = f"encoder.layers.layers.{number}"
        steps += _self_attention(_normalise(steps, weights, f"{layer}.norm1"), is_token, weights, layer)
        wide = _normalise(steps, weights, f"{layer}.norm2")
        wide = _multiply(wide, weights, f"{layer}.linear1.weight", f"{layer}.linear1.bias")
        np.maximum(wide, 0, out=wide)
        steps += _multiply(wide, weights, f"{layer}.linear2.weight", f"{layer}.linear2.bias")
    outside = ~is_token[:, :, None]
    total = np.where(outside, np.float32(0), steps).sum(axis=1)
    return total, np.where(outside, np.float32(-np.inf), steps).max(axis=1)


def _multiply(steps: Floats, weights: Weights, weight: str, bias: str) -> Floats:
    """Returns what a linear layer makes of steps: (batch, time, features), by one multiplication for all."""
    flat: Floats = steps.reshape(-1, steps.shape[2]) @ weights[weight].T
    flat += weights[bias]
    return flat.reshape(*steps.shape[:2], -1)


def _positions(time: int, features: int) -> Floats:
    """Returns the sines and cosines of each position, (time, features); see `network.positions`."""
    even = np.arange(0, features, 2, dtype=np.float32)
    angles = np.arange(time, dtype=np.float32)[:, None] * np.exp(
        even * np.float32(-np.log(10_000) / features)
    )
    return np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(time, -1)[:, :features]


def _normalise(steps: Floats, weights: Weights, name: str) -> Floats:
    """Returns steps with mean 0 and variance 1 over the features, scaled and moved as learnt."""
    centred: Floats = steps - steps.mean(axis=2, keepdims=True)
    variance = np.einsum("btf,btf->bt", centred, centred) / np.float32(steps.shape[2])
    centred /= np.sqrt(variance + np.float32(LAYER_NORM_EPSILON))[:, :, None]
    centred *= weights[f"{name}.weight"]
    centred += weights[f"{name}.bias"]
    return centred


def _self_attention(steps: Floats, is_token: npt.NDArray[np.bool_], weights: Weights, layer: str) -> Floats:
    """Returns what each step takes from the tokens of its row, (batch, time, hidden)."""
    batch, time, width = steps.shape
    name = f"{layer}.self_attn"
    projected = _multiply(steps, weights, f"{name}.in_proj_weight", f"{name}.in_proj_bias")
    # (3, batch, heads, time, hidden / heads)
    query, key, value = projected.reshape(batch, time, 3, TRANSFORMER_HEADS, -1).transpose(2, 0, 3, 1, 4)
    scores = query @ key.swapaxes(2, 3)
    scores *= np.float32((width // TRANSFORMER_HEADS) ** -0.5)
    scores += np.where(is_token, np.float32(0), np.float32(-np.inf))[:, None, None, :]
    scores -= scores.max(axis=3, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=3, keepdims=True)
    taken = (scores @ value).transpose(0, 2, 1, 3).reshape(batch, time, width)
    return _multiply(taken, weights, f"{name}.out_proj.weight", f"{name}.out_proj.bias")
