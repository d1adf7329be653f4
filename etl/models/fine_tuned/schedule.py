"""How fast fine-tuning learns: AdamW, a learning rate that rises and then falls, as in Devlin et al. 2018."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from etl.models.fine_tuned.network import SequenceClassifier
    from etl.models.fine_tuned.settings import FineTuneSettings


def adam_w(classifier: SequenceClassifier, settings: FineTuneSettings, n_rows: int) -> torch.optim.Optimizer:
    """The optimiser of all weights; it sets its own learning rate before each step.

    The rate follows from the number of steps that the optimiser remembers, so a run that was interrupted goes
    on with the right one.
    """
    import torch

    # Biases and the weights of normalisation have one axis: to pull them to 0 helps nothing.
    decayed = [weights for weights in classifier.parameters() if weights.ndim > 1]
    others = [weights for weights in classifier.parameters() if weights.ndim <= 1]
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": settings.weight_decay}, {"params": others, "weight_decay": 0.0}],
        lr=settings.lr,
    )
    total = settings.epochs * math.ceil(n_rows / settings.batch_size)

    def set_rate(self: torch.optim.Optimizer, _args: Any, _kwargs: Any) -> None:
        # Every weight counts its own steps, and all are moved in each.
        done = next((int(kept["step"]) for kept in self.state.values()), 0)
        for group in self.param_groups:
            group["lr"] = settings.lr * share(done, total, settings.warmup)

    optimiser.register_step_pre_hook(set_rate)
    return optimiser


def share(done: int, total: int, warmup: float) -> float:
    """Which share of the highest learning rate the next step has: up to 1, then down to 0 at `total`."""
    rising = max(1, round(total * warmup))
    if done < rising:
        return (done + 1) / rising
    return max(0.0, (total - done) / max(1, total - rising))
