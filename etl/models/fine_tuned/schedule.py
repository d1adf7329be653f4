"""The optimiser of fine-tuning: AdamW with linear warm-up and decay, as in Devlin et al. 2018 (BERT)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from etl.models.fine_tuned.network import SequenceClassifier
    from etl.models.fine_tuned.settings import FineTuneSettings


def make_adam_w(model: SequenceClassifier, settings: FineTuneSettings, n_rows: int) -> torch.optim.Optimizer:
    """Returns an optimiser of all weights that sets its own learning rate before each step.

    The rate is derived from the number of steps in the optimiser's state, so that a resumed run continues
    with the right one.

    Args:
        model: on the device it is to be trained on.
        settings: learning rate, warm-up, decay of the weights, epochs and batch size.
        n_rows: the number of training rows.
    """
    import torch

    # Biases and the weights of normalisation, which have one axis, are not decayed.
    decayed = [weights for weights in model.parameters() if weights.ndim > 1]
    others = [weights for weights in model.parameters() if weights.ndim <= 1]
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": settings.weight_decay}, {"params": others, "weight_decay": 0.0}],
        lr=settings.lr,
    )
    total = settings.epochs * math.ceil(n_rows / settings.batch_size)

    def set_rate(self: torch.optim.Optimizer, _args: Any, _kwargs: Any) -> None:
        # Each weight counts its own steps; all have the same number.
        done = next((int(state["step"]) for state in self.state.values()), 0)
        for group in self.param_groups:
            group["lr"] = settings.lr * rate_share(done, total, settings.warmup)

    optimiser.register_step_pre_hook(set_rate)
    return optimiser


def rate_share(done: int, total: int, warmup: float) -> float:
    """Returns the learning rate of the next step as a share of the highest: up to 1, then down to 0.

    Args:
        done: the number of steps before it.
        total: the number of all steps.
        warmup: the share of them in which the rate rises.
    """
    rising = max(1, round(total * warmup))
    if done < rising:
        return (done + 1) / rising
    return max(0.0, (total - done) / max(1, total - rising))
