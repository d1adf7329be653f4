"""What a run that is killed goes on from: after each epoch the whole state of training, beside the model.

`.MODEL.training/state/` holds `state.safetensors` (weights now, their average, those of the best epoch, what
the optimisers remember) and `state.json`; both are there whole or not at all. The run that ends removes the
folder.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from etl.dataset import staging
from etl.errors import InputError, SettingsError
from etl.models.baseline.settings import TrainSettings
from etl.models.training.collapse import Record

if TYPE_CHECKING:
    import torch

    from etl.models.training.loop import Training

TENSORS, STATE = "state.safetensors", "state.json"
FORMAT = 2


class State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a run stands, and what it belongs to; the hashes are sha256."""

    format: int
    settings: TrainSettings
    manifest_sha256: str
    vocabulary_sha256: str
    tensors_sha256: str
    epoch: int
    steps: int
    best_epoch: int
    records: list[Record]


@dataclass
class Progress:
    """What a run has so far: its records, and the weights of the epoch that is best by them."""

    records: list[Record]
    best: Record | None
    weights: dict[str, torch.Tensor]


def folder_of(model: Path) -> Path:
    """Where the state of a run that trains `model` is kept."""
    place = model.resolve()
    return place.parent / f".{place.name}.training"


def remove(model: Path) -> None:
    """Forgets the run."""
    shutil.rmtree(folder_of(model), ignore_errors=True)


def save(
    model: Path, training: Training, progress: Progress, manifest_sha256: str, vocabulary_sha256: str
) -> None:
    """Writes the state after an epoch, in the place of that of the epoch before.

    Raises:
        WriteError: it cannot be written.
    """
    from safetensors.torch import save as to_bytes

    assert progress.best is not None
    tensors: bytes = to_bytes(_tensors(training, progress))
    state = State(
        format=FORMAT,
        settings=training.settings,
        manifest_sha256=manifest_sha256,
        vocabulary_sha256=vocabulary_sha256,
        tensors_sha256=hashlib.sha256(tensors).hexdigest(),
        epoch=training.epoch,
        steps=training.steps,
        best_epoch=progress.best.epoch,
        records=progress.records,
    )
    with staging.staging(folder_of(model) / "state", STATE) as folder:
        (folder / TENSORS).write_bytes(tensors)
        (folder / STATE).write_bytes(msgspec.json.encode(state))


def load(model: Path, training: Training, manifest_sha256: str, vocabulary_sha256: str) -> Progress | None:
    """Puts the state of an interrupted run into `training`; None where there is nothing to go on from.

    Raises:
        SettingsError: the run had other settings, or another dataset.
        InputError: the state is damaged.
    """
    from safetensors.torch import load as from_bytes

    folder = folder_of(model) / "state"
    if not (folder / STATE).exists():
        return None
    again = "train from the beginning: the same command without --resume"
    try:
        state = msgspec.json.decode((folder / STATE).read_bytes(), type=State)
        content = (folder / TENSORS).read_bytes()
    except (OSError, msgspec.MsgspecError) as error:
        raise InputError(
            f"the interrupted run in {folder} cannot be read", details=[str(error)], next_step=again
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != state.tensors_sha256:
        raise InputError(
            f"{folder / TENSORS} is damaged",
            details=[f"expected sha256 {state.tensors_sha256}, got {found}"],
            next_step=again,
        )
    if state.format != FORMAT:
        raise InputError(
            f"the interrupted run in {folder} is of another version of this tool",
            details=[f"expected format {FORMAT}, got {state.format}"],
            next_step=again,
        )
    _check_belongs(state, training.settings, manifest_sha256, vocabulary_sha256)
    tensors = from_bytes(content)
    _restore(training, tensors)
    training.epoch, training.steps = state.epoch, state.steps
    best = next(record for record in state.records if record.epoch == state.best_epoch)
    return Progress(list(state.records), best, _under("best", tensors))


def _check_belongs(state: State, settings: TrainSettings, manifest: str, vocabulary: str) -> None:
    differing = [
        f"{name}: expected {getattr(settings, name)}, got {getattr(state.settings, name)}"
        for name in TrainSettings.__struct_fields__
        if getattr(settings, name) != getattr(state.settings, name) and name != "epochs"
    ]
    for name, expected, got in (
        ("dataset's manifest", manifest, state.manifest_sha256),
        ("vocabulary", vocabulary, state.vocabulary_sha256),
    ):
        if expected != got:
            differing.append(f"{name}: expected {expected}, got {got}")
    if differing:
        raise SettingsError(
            "the interrupted run was another one, and cannot be gone on with",
            details=differing,
            next_step="give the options it had, or train from the beginning without --resume",
        )


def _tensors(training: Training, progress: Progress) -> dict[str, torch.Tensor]:
    import torch

    named = {f"model.{name}": tensor for name, tensor in training.model.state_dict().items()}
    if training.average:
        named |= {f"average.{name}": tensor for name, tensor in training.average.state_dict().items()}
    named |= {f"best.{name}": tensor for name, tensor in progress.weights.items()}
    for place, optimiser in enumerate(training.optimisers):
        for number, kept in optimiser.state_dict()["state"].items():
            for name, value in kept.items():
                named[f"optimiser.{place}.{number}.{name}"] = torch.as_tensor(value)
    return {name: tensor.detach().cpu().contiguous().clone() for name, tensor in named.items()}


def _restore(training: Training, tensors: dict[str, torch.Tensor]) -> None:
    training.model.load_state_dict(_under("model", tensors))
    if training.average:
        training.average.load_state_dict(_under("average", tensors))
    for place, optimiser in enumerate(training.optimisers):
        remembered: dict[int, dict[str, object]] = {}
        for name, tensor in _under(f"optimiser.{place}", tensors).items():
            number, _, key = name.partition(".")
            # SparseAdam counts its steps in a Python number, Adam in a tensor.
            is_number = place == 0 and key == "step"
            remembered.setdefault(int(number), {})[key] = int(tensor) if is_number else tensor
        optimiser.load_state_dict(
            {"state": remembered, "param_groups": optimiser.state_dict()["param_groups"]}
        )


def _under(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    start = len(prefix) + 1
    return {name[start:]: tensor for name, tensor in tensors.items() if name.startswith(prefix + ".")}
