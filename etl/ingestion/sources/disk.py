"""Finds the files below the given paths, and names what is no file; `archive` opens them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from etl.dataset.manifest import MANIFEST
from etl.errors import InputError
from etl.language.message import tr
from etl.language.system_words import system_words
from etl.text.composition import composed
from etl.user_files.plain import plain_file

# Told the name of what is not read, and why.
LeaveAside = Callable[[str, str], object]


def files_on_disk(paths: list[Path], leave_aside: LeaveAside | None = None) -> Iterator[tuple[str, Path]]:
    """Yields every file below `paths` with the name under which it is recorded; archives are not opened.

    Args:
        paths: files and folders.
        leave_aside: told what in a folder is no file and no folder, or a link to a folder.

    Raises:
        InputError: a path is missing, or is a pipe, a device, a socket or a link to nowhere; or a folder
            cannot be listed.
    """
    for path, name in zip(paths, _names_of(paths), strict=True):
        _check(path)
        lead = f"{name}/" if len(paths) > 1 else ""
        for file in _files_below(path) if path.is_dir() else [path]:
            recorded = f"{lead}{file.relative_to(path).as_posix()}" if path.is_dir() else name
            recorded = composed(recorded)
            why = _why_no_file(file)
            if not why:
                yield recorded, file
            elif leave_aside:
                leave_aside(recorded, why)


def _check(path: Path) -> None:
    try:
        plain_file(path)
    except OSError as error:
        is_missing = isinstance(error, FileNotFoundError) and not path.is_symlink()
        raise InputError(
            tr("{path} does not exist", path=path)
            if is_missing
            else tr("{path} cannot be read: {problem}", path=path, problem=system_words(error)),
            cause=tr("The path is misspelt, or the corpus is elsewhere.") if is_missing else "",
            next_step=tr("check the path; `etl sources` says what each corpus is called and where to get it.")
            if is_missing
            else tr("name a file or a folder that can be read."),
        ) from error


def _why_no_file(path: Path) -> str:
    try:
        return tr("it is a link to a folder, which is not followed") if plain_file(path).is_dir() else ""
    except OSError as error:
        return system_words(error)


def _names_of(paths: list[Path]) -> list[str]:
    """Returns the name of each input, with as many of its folders as tell it from others of that name."""
    all_parts = [
        (path.resolve() if path.is_dir() else path.parent.resolve() / path.name).parts for path in paths
    ]
    names = []
    for parts in all_parts:
        others = [other for other in all_parts if other != parts]
        depth = 1
        while depth < len(parts) and any(other[-depth:] == parts[-depth:] for other in others):
            depth += 1
        names.append("/".join(parts[-depth:]))
    return names


def _files_below(folder: Path) -> Iterator[Path]:
    """Yields what is in a folder and those in it, but for hidden ones, and datasets and versions of our own.

    Links to folders are among what is yielded, and not followed.
    """
    for place, folders, files in os.walk(folder, onerror=_refuse_folder):
        here = Path(place)
        folders[:] = [name for name in folders if not name.startswith(".") and not _is_ours(here / name)]
        yield from (here / name for name in files)
        yield from (here / name for name in folders if (here / name).is_symlink())


def _refuse_folder(error: OSError) -> None:
    raise InputError(
        tr("{path} cannot be read: {problem}", path=error.filename, problem=system_words(error)),
        next_step=tr("make it readable, or name the files and folders that are."),
    ) from error


def _is_ours(folder: Path) -> bool:
    is_dataset = (folder / MANIFEST).exists() and (folder / "rejects").is_dir()
    return is_dataset or (folder / "refresh.lock").exists()
