"""Says what is in the place of a dataset: nothing, a file, or the versions that `etl refresh` published."""

from __future__ import annotations

from pathlib import Path

from etl.errors import InputError

# As `etl.storage.versions` names them.
_CURRENT, _VERSIONS = "current", "versions"


def no_dataset(folder: Path, manifest: str) -> InputError:
    """Returns the error for a path that is no dataset.

    Args:
        folder: the path.
        manifest: the file that is missing.
    """
    if is_publish_dir(folder):
        return InputError(
            f"{folder} holds published versions, and is not a dataset itself",
            details=[f"expected a folder with {manifest}"],
            next_step=f"name the current version, {folder / _CURRENT}; `etl versions {folder}` lists all.",
        )
    expected = [f"expected a folder with {manifest}, which is written last"]
    if folder.is_file():
        return InputError(
            f"{folder} is a file, and not a dataset",
            details=expected,
            next_step=f"make a dataset of it: `etl ingest {folder} --out DATASET`",
        )
    return InputError(
        f"{folder} is not a dataset",
        details=expected,
        next_step=f"make one with `etl ingest PATH... --out {folder}`",
    )


def is_publish_dir(folder: Path) -> bool:
    """Whether a folder holds the versions of `etl refresh`."""
    return (folder / _CURRENT).is_dir() and (folder / _VERSIONS).is_dir()
