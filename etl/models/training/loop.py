"""The training loop: a generator of one record per epoch. Stopping, saving and showing live outside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from etl.errors import SettingsError
from etl.models.training.batches import Rows, in_order_of_length, shuffled

if TYPE_CHECKING:
    import torch
    from torch.optim.swa_utils import AveragedModel

    from etl.models.baseline.network import Model
    from etl.models.baseline.settings import TrainSettings
    from etl.models.training.batches import Batch

SCORING_BATCH = 512
MAX_NORM = 5.0


@dataclass(frozen=True)
class Epoch:
    """What one pass over train gave."""

    number: int
    steps: int  # of the optimiser, since the beginning
    train_loss: float  # nats, the mean over the rows while they were learnt from
    gradient_norm: float  # of all weights but the embedding's, before clipping, the mean over the steps
    log_probabilities: npt.NDArray[np.float64]  # (rows, labels), of the held-out rows after this epoch


@dataclass
class Training:
    """A model and what its optimisers remember: all that the next epoch depends on but settings and rows.

    An epoch draws from a seed of its own, so no state of a random generator belongs to it.
    """

    model: Model
    settings: TrainSettings
    epoch: int = 0
    steps: int = 0
    optimisers: list[torch.optim.Optimizer] = field(init=False)
    average: AveragedModel | None = field(init=False, default=None)  # over the epochs, where one is asked for

    def __post_init__(self) -> None:
        """The embedding has an optimiser that touches the rows of a step's tokens only."""
        import torch
        from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

        if self.settings.averaging:
            # Once an epoch, not at every step: that would touch the whole embedding.
            decay = get_ema_multi_avg_fn(self.settings.averaging)
            self.average = AveragedModel(self.model, multi_avg_fn=decay)

        self.optimisers = [
            torch.optim.SparseAdam([self.model.embedding.weight], lr=self.settings.lr),
            torch.optim.Adam(self.dense, lr=self.settings.lr, fused=True),
        ]

    @property
    def outcome(self) -> Model:
        """What is scored and kept: the average over the epochs, or else the model as it is."""
        return cast("Model", self.average.module) if self.average else self.model

    @property
    def dense(self) -> list[torch.nn.Parameter]:
        """The weights that every step changes."""
        return [weights for name, weights in self.model.named_parameters() if name != "embedding.weight"]


def epochs(
    training: Training,
    train: Rows,
    held_out: Rows,
    weights: npt.NDArray[np.float64] | None = None,
    on_batch: Callable[[int, float], None] = lambda _number, _share: None,
) -> Iterator[Epoch]:
    """Trains in place, one epoch for each record that is asked for, from the one after `training.epoch` on.

    Args:
        training: its model on the device it is to be trained on; its settings with `max_len` set.
        train: what is learnt from.
        held_out: what is scored after each epoch.
        weights: what a row of each label weighs in the loss, (labels,); all the same if None.
        on_batch: told the epoch and which share of it is done.

    Raises:
        InputError: ids or labels that the model has no place for.
    """
    from etl.models.baseline.network import check_fits

    check_fits(training.model, train)
    settings = training.settings
    max_len = settings.max_len or int(train.lengths.max())
    for number in range(training.epoch + 1, settings.epochs + 1):
        train_loss, norm = _one_epoch(training, train, number, max_len, weights, on_batch)
        training.epoch = number
        if training.average:
            training.average.update_parameters(training.model)
        scored = predict(training.outcome, held_out, max_len)
        yield Epoch(number, training.steps, train_loss, norm, scored)


def _one_epoch(
    training: Training,
    train: Rows,
    number: int,
    max_len: int,
    weights: npt.NDArray[np.float64] | None,
    on_batch: Callable[[int, float], None],
) -> tuple[float, float]:
    """Returns the loss and the norm of the gradient, the means over rows and steps."""
    import torch
    from torch.nn.functional import cross_entropy

    model, settings, dense = training.model, training.settings, training.dense
    device = model.output.weight.device
    weighs = None if weights is None else torch.tensor(weights, dtype=torch.float32, device=device)
    # Each epoch has a seed of its own, so it does not matter what was drawn before it.
    torch.manual_seed(settings.seed * 1_000_003 + number)
    model.train()
    # Summed where they are computed: asking a GPU for a number at every step would make it wait.
    total, norms = torch.zeros((), device=device, dtype=torch.float64), torch.zeros((), device=device)
    done, steps = 0, 0
    for batch in shuffled(train, settings.batch_size, max_len, (settings.seed, number)):
        ids, lengths, labels = _tensors(batch, model)
        with _mixed_precision(device):
            loss = cross_entropy(model(ids, lengths), labels, weighs)
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


def predict(model: Model, rows: Rows, max_len: int) -> npt.NDArray[np.float64]:
    """Log probabilities, (rows, labels), in the order of the rows.

    Raises:
        InputError: ids or labels that the model has no place for.
    """
    import torch

    from etl.models.baseline.network import check_fits

    check_fits(model, rows)
    scored = np.empty((len(rows), model.output.out_features))
    model.eval()
    with torch.inference_mode():
        for batch in in_order_of_length(rows, SCORING_BATCH, max_len):
            ids, lengths, _ = _tensors(batch, model)
            scored[batch.rows] = torch.log_softmax(model(ids, lengths).double(), dim=1).cpu().numpy()
    return scored


def device_named(name: str) -> torch.device:
    """Where to compute: auto, cpu or cuda.

    Raises:
        SettingsError: there is no such device.
    """
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cuda" and not torch.cuda.is_available():
        raise SettingsError(
            "this machine has no GPU that torch can use", next_step="train with `--device auto`"
        )
    return torch.device(name)


@contextmanager
def deterministic(seed: int) -> Iterator[None]:
    """Inside, torch draws from `seed` and uses only algorithms that give the same result each time.

    It uses one thread: sums in another order would be other sums, and on steps as small as these more
    threads gain nothing on idle cores and wait for each other on busy ones.

    What the caller had set is set again afterwards.
    """
    import torch
    import torch.utils.deterministic

    threads = torch.get_num_threads()
    before = torch.are_deterministic_algorithms_enabled()
    is_warning = torch.is_deterministic_algorithms_warn_only_enabled()
    memory: Any = torch.utils.deterministic  # torch makes its attributes when it is run
    is_filling = memory.fill_uninitialized_memory
    # Some kernels of a GPU have no such algorithm: there it is a best effort.
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
    """On a GPU matrices are multiplied in bfloat16, which has the range of float32: nothing is scaled."""
    import torch

    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda")


def _tensors(batch: Batch, model: Model) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    import torch

    device = model.output.weight.device
    ids, lengths, labels = (
        torch.from_numpy(array).to(device, non_blocking=True)
        for array in (batch.ids, batch.lengths, batch.labels)
    )
    return ids, lengths, labels
