"""The state of an unfinished run, written beside the model after each epoch, so that the run can be resumed.

`.MODEL.training/state/` holds `state.safetensors` (the current weights, their average, those of the best
epoch, the state of the optimisers) and `state.json`; both are complete or absent. A run that ends removes the
folder.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from etl.dataset import staging
from etl.errors import InputError, SettingsError
from etl.language.message import tr
from etl.models.card import manifest_sha256
from etl.models.training.collapse import Record
from etl.models.training.inputs import Inputs
from etl.models.training.settings import LoopSettings
from etl.runtime.json_text import decode_json

if TYPE_CHECKING:
    import torch

    from etl.models.training.loop import Training

TENSORS, STATE = "state.safetensors", "state.json"
FORMAT = 3


class State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The progress of a run, and the settings and inputs it belongs to; the hashes are sha256."""

    format: int
    settings: dict[str, Any]
    manifest_sha256: str
    vocabulary_sha256: str
    tensors_sha256: str
    epoch: int
    steps: int
    best_epoch: int
    records: list[Record]


@dataclass
class RunProgress:
    """The records of a run so far, and the weights of its best epoch."""

    records: list[Record]
    best: Record | None
    weights: dict[str, torch.Tensor]


def run_folder(model: Path) -> Path:
    """Returns the folder of the run that trains `model`."""
    path = model.resolve()
    return path.parent / f".{path.name}.training"


def remove_run(model: Path) -> None:
    """Removes the folder of the run, if there is one."""
    shutil.rmtree(run_folder(model), ignore_errors=True)


def save_state(model: Path, training: Training, progress: RunProgress, inputs: Inputs) -> None:
    """Writes the state after an epoch; it replaces that of the epoch before.

    Args:
        model: the folder of the finished model.
        training: after the epoch.
        progress: of the run, this epoch included.
        inputs: of the run; their hashes are saved.

    Raises:
        WriteError: it cannot be written.
    """
    from safetensors.torch import save as to_bytes

    assert progress.best is not None
    tensors: bytes = to_bytes(_tensors(training, progress))
    state = State(
        format=FORMAT,
        settings=msgspec.to_builtins(training.settings),
        manifest_sha256=manifest_sha256(inputs.dataset),
        vocabulary_sha256=inputs.encoder.sha256(),
        tensors_sha256=hashlib.sha256(tensors).hexdigest(),
        epoch=training.epoch,
        steps=training.steps,
        best_epoch=progress.best.epoch,
        records=progress.records,
    )
    with staging.staging(run_folder(model) / "state", STATE) as folder:
        (folder / TENSORS).write_bytes(tensors)
        (folder / STATE).write_bytes(msgspec.json.encode(state))


def load_state(model: Path, training: Training, inputs: Inputs) -> RunProgress | None:
    """Loads the state of an interrupted run into `training`.

    Args:
        model: the folder of the finished model.
        training: at its beginning; it is changed in place.
        inputs: of this run; those of the interrupted one must be the same.

    Returns:
        The progress of the interrupted run; None if there is none.

    Raises:
        SettingsError: the run had other settings, or another dataset.
        InputError: the state is damaged.
    """
    from safetensors.torch import load as from_bytes

    folder = run_folder(model) / "state"
    if not (folder / STATE).exists():
        return None
    again = tr("train from the beginning: the same command without --resume")
    try:
        state = decode_json((folder / STATE).read_bytes(), State)
        content = (folder / TENSORS).read_bytes()
    except (OSError, msgspec.MsgspecError, RecursionError) as error:
        raise InputError(
            tr("the interrupted run in {folder} cannot be read", folder=folder),
            details=[error],
            next_step=again,
        ) from error
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != state.tensors_sha256:
        raise InputError(
            tr("{path} is damaged", path=folder / TENSORS),
            details=[
                tr(
                    "expected sha256 {expected}, got {got}",
                    expected=state.tensors_sha256,
                    got=sha256,
                )
            ],
            next_step=again,
        )
    if state.format != FORMAT:
        raise InputError(
            tr("the interrupted run in {folder} is of another version of this tool", folder=folder),
            details=[tr("expected format {expected}, got {got}", expected=FORMAT, got=state.format)],
            next_step=again,
        )
    _check_same_run(state, training.settings, inputs)
    tensors = from_bytes(content)
    _restore(training, tensors)
    training.epoch, training.steps = state.epoch, state.steps
    best = next(record for record in state.records if record.epoch == state.best_epoch)
    return RunProgress(list(state.records), best, _under("best", tensors))


def _check_same_run(state: State, settings: LoopSettings, inputs: Inputs) -> None:
    own = msgspec.to_builtins(settings)
    pairs: list[tuple[str, object, object]] = [
        (name, own[name], state.settings.get(name)) for name in own if name != "epochs"
    ]
    pairs += [
        (tr("dataset's manifest"), manifest_sha256(inputs.dataset), state.manifest_sha256),
        (tr("vocabulary"), inputs.encoder.sha256(), state.vocabulary_sha256),
    ]
    differing = [
        tr("{setting}: expected {expected}, got {got}", setting=name, expected=expected, got=got)
        for name, expected, got in pairs
        if expected != got
    ]
    if differing:
        raise SettingsError(
            tr("the interrupted run was another one, and cannot be gone on with"),
            details=differing,
            next_step=tr("give the options it had, or train from the beginning without --resume"),
        )


def _tensors(training: Training, progress: RunProgress) -> dict[str, torch.Tensor]:
    import torch

    named = {f"model.{name}": tensor for name, tensor in training.model.state_dict().items()}
    if training.average:
        named |= {f"average.{name}": tensor for name, tensor in training.average.state_dict().items()}
    named |= {f"best.{name}": tensor for name, tensor in progress.weights.items()}
    for index, optimiser in enumerate(training.optimisers):
        for number, state in optimiser.state_dict()["state"].items():
            for name, value in state.items():
                named[f"optimiser.{index}.{number}.{name}"] = torch.as_tensor(value)
    return {name: tensor.detach().cpu().contiguous().clone() for name, tensor in named.items()}


def _restore(training: Training, tensors: dict[str, torch.Tensor]) -> None:
    import torch

    training.model.load_state_dict(_under("model", tensors))
    if training.average:
        training.average.load_state_dict(_under("average", tensors))
    for index, optimiser in enumerate(training.optimisers):
        # SparseAdam counts its steps in a Python number, Adam in a tensor.
        is_counted_in_number = isinstance(optimiser, torch.optim.SparseAdam)
        state: dict[int, dict[str, object]] = {}
        for name, tensor in _under(f"optimiser.{index}", tensors).items():
            number, _, key = name.partition(".")
            is_number = is_counted_in_number and key == "step"
            state.setdefault(int(number), {})[key] = int(tensor) if is_number else tensor
        optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})


def _under(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    start = len(prefix) + 1
    return {name[start:]: tensor for name, tensor in tensors.items() if name.startswith(prefix + ".")}
