"""Models that were not trained: an export has to give their answers, right or wrong."""

from pathlib import Path

from etl.dataset.read import open_dataset
from etl.models.baseline import network
from etl.models.baseline.checkpoint import save_baseline
from etl.models.baseline.settings import TrainSettings
from etl.models.baseline.tokens import read_token_inputs
from etl.models.training import batches


def save_untrained(dataset: Path, out: Path, model: str = "lstm", *, width: int = 8) -> Path:
    """Writes a network with random weights, large enough that rows differ."""
    import torch

    inputs = read_token_inputs(open_dataset(dataset), "key")
    settings = TrainSettings(
        model=model, embedding=width, hidden=width, max_len=batches.percentile_length(inputs.train)
    )
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(1)
        untrained = network.build_network(len(inputs.encoder), len(inputs.dataset.labels), settings)
        untrained.embedding.weight.mul_(20)
        untrained.output.weight.mul_(5)
    save_baseline(out, untrained, settings, inputs, {"metrics.json": b"{}"})
    return out
