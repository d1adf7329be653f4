"""The training loop: a generator of epochs; stopping, saving and showing is up to its caller."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from etl.errors import SettingsError
from etl.language.message import tr
from etl.models.training.batches import Rows, check_range, in_order_of_length, shuffled
from etl.models.training.settings import Device, LoopSettings

if TYPE_CHECKING:
    import torch
    from torch.optim.swa_utils import AveragedModel

    from etl.models.baseline.network import Model
    from etl.models.fine_tuned.network import SequenceClassifier
    from etl.models.training.batches import Batch

    # Both take ids (batch, time) and lengths (batch,), and give logits (batch, labels).
    Network: TypeAlias = Model | SequenceClassifier

SCORING_BATCH = 512
MAX_NORM = 5.0


@dataclass(frozen=True)
class Epoch:
    """The results of one pass over the training rows."""

    number: int
    steps: int  # of the optimisers, since the first epoch
    train_loss: float  # nats, the mean over the rows, each scored before its own step
    gradient_norm: float  # of the weights with dense gradients, before clipping, the mean over the steps
    log_probabilities: npt.NDArray[np.float64]  # (rows, labels), of the held-out rows after this epoch


@dataclass
class Training:
    """A model and the state of its optimisers: with the rows, all that the next epoch depends on.

    Each epoch draws from a seed of its own, so the state of a random generator does not belong to it.
    """

    model: Network
    settings: LoopSettings
    optimisers: list[torch.optim.Optimizer]
    average: AveragedModel | None = None  # over the epochs
    epoch: int = 0  # the last one
    steps: int = 0

    @property
    def outcome(self) -> Network:
        """The network that is scored and saved: the average over the epochs if there is one."""
        return cast("Network", self.average.module) if self.average else self.model


def dense_parameters(model: Network) -> list[torch.nn.Parameter]:
    """Returns the weights with dense gradients: all but those of a sparse embedding."""
    sparse = model.embedding.weight if model.embedding.sparse else None
    return [weights for weights in model.parameters() if weights is not sparse]


def epochs(
    training: Training,
    train: Rows,
    held_out: Rows,
    weights: npt.NDArray[np.float64] | None = None,
    on_batch: Callable[[int, float], None] = lambda _number, _share: None,
) -> Iterator[Epoch]:
    """Trains in place: each `next()` trains one more epoch, starting after `training.epoch`.

    Args:
        training: its model on the device it is to be trained on; its settings with `max_len` set.
        train: the training rows.
        held_out: the rows that are scored after each epoch.
        weights: in the loss, as `references.weigh_labels` gives them; all the same if None.
        on_batch: called with the epoch and the share of it that is done, 0 to 1.

    Raises:
        InputError: an id or a label is out of the model's range.
    """
    _check_range(training.model, train)
    settings = training.settings
    max_len = settings.max_len or int(train.lengths.max())
    for number in range(training.epoch + 1, settings.epochs + 1):
        train_loss, norm = _one_epoch(training, train, number, max_len, weights, on_batch)
        training.epoch = number
        if training.average:
            training.average.update_parameters(training.model)
        scored = predict_rows(training.outcome, held_out, max_len)
        yield Epoch(number, training.steps, train_loss, norm, scored)


def _one_epoch(
    training: Training,
    train: Rows,
    number: int,
    max_len: int,
    weights: npt.NDArray[np.float64] | None,
    on_batch: Callable[[int, float], None],
) -> tuple[float, float]:
    """Returns the mean loss over the rows, and the mean norm of the gradient over the steps."""
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

    model, settings = training.model, training.settings
    dense = dense_parameters(model)
    device = model.output.weight.device
    label_weights = None if weights is None else torch.tensor(weights, dtype=torch.float32, device=device)
    torch.manual_seed(settings.seed * 1_000_003 + number)
    model.train()
    # Summed on the device: to copy a number from a GPU at every step would make it wait.
    total, norms = torch.zeros((), device=device, dtype=torch.float64), torch.zeros((), device=device)
    done, steps = 0, 0
    for batch in shuffled(train, settings.batch_size, max_len, (settings.seed, number)):
        ids, lengths, labels = _tensors(batch, model)
        with _mixed_precision(device):
            logits = model(ids, lengths)
            if train.is_multi:
                each = None if label_weights is None else torch.where(labels > 0, *label_weights)
                loss = binary_cross_entropy_with_logits(logits, labels, each)
            else:
                loss = cross_entropy(logits, labels, label_weights)  # labels or their shares
        for optimiser in training.optimisers:
            optimiser.zero_grad()
        loss.backward()
        norms += torch.nn.utils.clip_grad_norm_(dense, MAX_NORM)
        for optimiser in training.optimisers:
            optimiser.step()
        total += loss.detach() * len(batch.rows)
        done, steps = done + len(batch.rows), steps + 1
        on_batch(number, done / len(train))
    training.steps += steps
    return float(total) / len(train), float(norms) / steps


def predict_rows(model: Network, rows: Rows, max_len: int) -> npt.NDArray[np.float64]:
    """Returns log probabilities, (rows, labels), in the order of the rows; of sets, of each label alone.

    Raises:
        InputError: an id or a label is out of the model's range.
    """
    import torch
    from torch.nn.functional import logsigmoid

    _check_range(model, rows)
    scored = np.empty((len(rows), model.output.out_features))
    model.eval()
    with torch.inference_mode():
        for batch in in_order_of_length(rows, SCORING_BATCH, max_len):
            ids, lengths, _ = _tensors(batch, model)
            logits = model(ids, lengths).double()
            logs = logsigmoid(logits) if rows.is_multi else torch.log_softmax(logits, dim=1)
            scored[batch.rows] = logs.cpu().numpy()
    return scored


def find_device(name: Device) -> torch.device:
    """Returns the device of a name; `auto` is a GPU where there is one.

    Raises:
        SettingsError: there is no such device.
    """
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cuda" and not torch.cuda.is_available():
        raise SettingsError(
            tr("this machine has no GPU that torch can use"), next_step=tr("train with `--device auto`")
        )
    return torch.device(name)


@contextmanager
def deterministic(seed: int) -> Iterator[None]:
    """Makes torch draw from `seed` and use deterministic algorithms on one thread, within the block.

    Sums in another order would be other sums, and with batches as small as these several threads gain nothing
    on idle cores and wait for each other on busy ones. The settings of the caller are restored afterwards.
    """
    import torch
    import torch.utils.deterministic

    threads = torch.get_num_threads()
    before = torch.are_deterministic_algorithms_enabled()
    is_warning = torch.is_deterministic_algorithms_warn_only_enabled()
    memory: Any = torch.utils.deterministic  # torch makes its attributes when it is run
    is_filling = memory.fill_uninitialized_memory
    # Some operations have no deterministic kernel on a GPU: a warning there, no error.
    torch.use_deterministic_algorithms(True, warn_only=torch.cuda.is_available())
    # All memory is written before it is read here, and filling it first costs a tenth of the time.
    memory.fill_uninitialized_memory = False
    try:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            torch.set_num_threads(1)
            yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(before, warn_only=is_warning)
        memory.fill_uninitialized_memory = is_filling


def _mixed_precision(device: torch.device) -> torch.autocast:
    """Multiplies matrices in bfloat16 on a GPU; it has the range of float32, so no loss is scaled."""
    import torch

    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda")


def _check_range(model: Network, rows: Rows) -> None:
    check_range(rows, model.embedding.num_embeddings, model.output.out_features)


def _tensors(batch: Batch, model: Network) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    import torch

    device = model.output.weight.device
    ids, lengths, labels = (
        torch.from_numpy(array).to(device, non_blocking=True)
        for array in (batch.ids, batch.lengths, batch.labels if batch.shares is None else batch.shares)
    )
    return ids, lengths, labels
