"""Settings on their way to another machine: with the content of the files they name, which are not there."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from etl.errors import SettingsError
from etl.schema import taxonomy
from etl.settings import Settings


class _Carried(msgspec.Struct, frozen=True):
    """`files` has the name and the content of each file, by the key of the settings that names it."""

    settings: Settings
    files: dict[str, tuple[str, bytes]]


def carry(settings: Settings) -> bytes:
    """The settings and the files that they name.

    Raises:
        SettingsError: a file cannot be read.
    """
    paths = {"stop_words": settings.tag.stop_words, "dictionary": settings.tag.dictionary}
    if settings.taxonomy not in taxonomy.shipped():
        paths["taxonomy"] = settings.taxonomy
    files = {key: (Path(path).name, _content(path)) for key, path in paths.items() if path is not None}
    return msgspec.msgpack.encode(_Carried(settings, files))


@contextmanager
def carried(packed: bytes) -> Iterator[Settings]:
    """The settings, with paths at which the files are until the block is left."""
    arrived = msgspec.msgpack.decode(packed, type=_Carried)
    with tempfile.TemporaryDirectory(prefix="etl-settings-") as folder:
        paths = {}
        for key, (name, content) in arrived.files.items():
            path = Path(folder) / key / name
            path.parent.mkdir()
            path.write_bytes(content)
            paths[key] = str(path)
        chosen = paths.pop("taxonomy", arrived.settings.taxonomy)
        tag = msgspec.structs.replace(arrived.settings.tag, **paths)
        yield msgspec.structs.replace(arrived.settings, taxonomy=chosen, tag=tag)


def _content(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read", details=[str(error)], next_step="correct its path in etl.yaml."
        ) from error
