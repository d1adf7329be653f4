"""TensorBoard event files, which show a run while it trains and stay with its model.

Written with the package tensorboardX, in the format of TensorBoard; `tensorboard --logdir MODEL` shows them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from etl.models.training.collapse import Record
from etl.runtime.failures import write_error

FOLDER = "tensorboard"


@contextmanager
def open_events(folder: Path, earlier: list[Record]) -> Iterator[Callable[[Record], None]]:
    """Opens the event file of a run and yields a function that writes one epoch.

    Args:
        folder: the parent of `tensorboard/`; older files there are removed, since an interrupted run may have
            written an epoch that is trained again.
        earlier: the epochs of the interrupted run that is resumed.

    Raises:
        WriteError: the folder cannot be written.
    """
    from tensorboardX import SummaryWriter

    path = folder / FOLDER
    try:
        path.mkdir(parents=True, exist_ok=True)
        for old in path.iterdir():
            old.unlink()
    except OSError as error:
        raise write_error(path, error) from error
    with SummaryWriter(str(path)) as writer:

        def write(record: Record) -> None:
            for name, number in _scalars(record).items():
                writer.add_scalar(name, number, record.epoch)
            writer.flush()

        for record in earlier:
            write(record)
        yield write


def read_events(folder: Path) -> dict[str, bytes]:
    """Reads the event files of a run, by their path in the model's folder."""
    # Their names hold the time and the machine; one name is enough.
    return {
        f"{FOLDER}/events.out.tfevents.{number}": path.read_bytes()
        for number, path in enumerate(sorted((folder / FOLDER).iterdir()))
    }


def _scalars(record: Record) -> dict[str, float]:
    return {
        "loss/train": record.train_loss,
        "loss/held-out": record.scores.loss,
        "score/accuracy": record.scores.accuracy,
        "score/macro-F1": record.scores.macro_f1,
        "score/calibration-error": record.scores.ece,
        "gradient/norm": record.gradient_norm,
        "share/most-predicted-label": record.scores.most_predicted[1],
    }
