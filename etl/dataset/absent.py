"""Says what is in the place of a dataset: nothing, a file, a model, or the versions of `etl refresh`."""

from __future__ import annotations

from pathlib import Path

from etl.errors import InputError
from etl.language.message import tr

# As `etl.storage.versions` names them.
_CURRENT, _VERSIONS = "current", "versions"
# As `etl.models.card` names it.
_MODEL = "model.json"


def no_dataset(folder: Path, manifest: str) -> InputError:
    """Returns the error for a path that is no dataset.

    Args:
        folder: the path.
        manifest: the file that is missing.
    """
    if is_publish_dir(folder):
        return InputError(
            tr("{folder} holds published versions, and is not a dataset itself", folder=folder),
            details=[tr("expected a folder with {manifest}", manifest=manifest)],
            next_step=tr(
                "name the current version, {current}; `etl versions {folder}` lists all.",
                current=folder / _CURRENT,
                folder=folder,
            ),
        )
    if is_model(folder):
        return InputError(
            tr("{folder} is a model, and not a dataset", folder=folder),
            details=[tr("expected a folder with {manifest}", manifest=manifest)],
            next_step=tr("name the dataset that it was trained on."),
        )
    expected = [tr("expected a folder with {manifest}, which is written last", manifest=manifest)]
    if folder.is_file():
        return InputError(
            tr("{file} is a file, and not a dataset", file=folder),
            details=expected,
            next_step=tr(
                "make a dataset of it: `etl ingest {folder} --out DATASET`; a table of your own also needs "
                "`--text-column NAME`.",
                folder=folder,
            ),
        )
    return InputError(
        tr("{folder} is not a dataset", folder=folder),
        details=expected,
        next_step=tr("make one with `etl ingest PATH... --out {folder}`", folder=folder),
    )


def is_model(folder: Path) -> bool:
    """Whether a folder holds a trained model."""
    return (folder / _MODEL).is_file()


def is_publish_dir(folder: Path) -> bool:
    """Whether a folder holds the versions of `etl refresh`."""
    return (folder / _CURRENT).is_dir() and (folder / _VERSIONS).is_dir()
