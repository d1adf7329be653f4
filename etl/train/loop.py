"""The training loop: a generator of one record per epoch. Stopping, saving and showing live outside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.train.batches import Rows, in_order_of_length, shuffled

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import torch

    from etl.train.batches import Batch
    from etl.train.model import Lstm
    from etl.train.settings import TrainSettings

SCORING_BATCH = 512
MAX_NORM = 5.0


@dataclass(frozen=True)
class Epoch:
    """What one pass over train gave."""

    number: int
    steps: int  # of the optimiser, since the beginning
    train_loss: float  # nats, the mean over the rows while they were learnt from
    log_probabilities: npt.NDArray[np.float64]  # (rows, labels), of the held-out rows after this epoch


def epochs(
    model: Lstm,
    train: Rows,
    held_out: Rows,
    settings: TrainSettings,
    on_batch: Callable[[int, float], None] = lambda _number, _share: None,
) -> Iterator[Epoch]:
    """Trains `model` in place, one epoch for each record that is asked for.

    Args:
        model: on the device it is to be trained on.
        train: what is learnt from.
        held_out: what is scored after each epoch.
        settings: with `max_len` set.
        on_batch: told the epoch and which share of it is done.

    Raises:
        InputError: ids or labels that the model has no place for.
    """
    import torch
    from torch.nn.functional import cross_entropy

    from etl.train.model import check_fits

    check_fits(model, train)
    max_len = settings.max_len or int(train.lengths.max())
    dense = [weights for name, weights in model.named_parameters() if name != "embedding.weight"]
    optimisers = [
        torch.optim.SparseAdam([model.embedding.weight], lr=settings.lr),
        torch.optim.Adam(dense, lr=settings.lr),
    ]
    steps = 0
    for number in range(1, settings.epochs + 1):
        # Each epoch has a seed of its own, so it does not matter what was drawn before it.
        torch.manual_seed(settings.seed * 1_000_003 + number)
        model.train()
        total, done = 0.0, 0
        for batch in shuffled(train, settings.batch_size, max_len, (settings.seed, number)):
            ids, lengths, labels = _tensors(batch, model)
            loss = cross_entropy(model(ids, lengths), labels)
            for optimiser in optimisers:
                optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(dense, MAX_NORM)
            for optimiser in optimisers:
                optimiser.step()
            steps += 1
            total += loss.item() * len(batch.rows)
            done += len(batch.rows)
            on_batch(number, done / len(train))
        yield Epoch(number, steps, total / len(train), predict(model, held_out, max_len))


def predict(model: Lstm, rows: Rows, max_len: int) -> npt.NDArray[np.float64]:
    """Log probabilities, (rows, labels), in the order of the rows.

    Raises:
        InputError: ids or labels that the model has no place for.
    """
    import numpy as np
    import torch

    from etl.train.model import check_fits

    check_fits(model, rows)
    scored = np.empty((len(rows), model.output.out_features))
    model.eval()
    with torch.inference_mode():
        for batch in in_order_of_length(rows, SCORING_BATCH, max_len):
            ids, lengths, _ = _tensors(batch, model)
            scored[batch.rows] = torch.log_softmax(model(ids, lengths).double(), dim=1).cpu().numpy()
    return scored


@contextmanager
def deterministic(seed: int) -> Iterator[None]:
    """Inside, torch draws from `seed` and uses only algorithms that give the same result each time.

    It uses one thread: sums in another order would be other sums, and on steps as small as these more
    threads gain nothing on idle cores and wait for each other on busy ones.

    What the caller had set is set again afterwards.
    """
    import torch

    threads = torch.get_num_threads()
    before = torch.are_deterministic_algorithms_enabled()
    is_warning = torch.is_deterministic_algorithms_warn_only_enabled()
    # Some kernels of a GPU have no such algorithm: there it is a best effort.
    torch.use_deterministic_algorithms(True, warn_only=torch.cuda.is_available())
    try:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            torch.set_num_threads(1)
            yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(before, warn_only=is_warning)


def _tensors(batch: Batch, model: Lstm) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    import torch

    device = model.output.weight.device
    ids, lengths, labels = (
        torch.from_numpy(array).to(device) for array in (batch.ids, batch.lengths, batch.labels)
    )
    return ids, lengths, labels
