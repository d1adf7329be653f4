"""Sends frames to another machine, and settings together with the files that they name there."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from etl.errors import SettingsError
from etl.language.message import tr
from etl.runtime.scratch import temporary_folder
from etl.schema import taxonomy
from etl.settings import Settings


class _Packed(msgspec.Struct, frozen=True):
    """Settings, and name and content of each file, by the key of the settings that names it."""

    settings: Settings
    files: dict[str, tuple[str, bytes]]


def pack_settings(settings: Settings) -> bytes:
    """Serialises settings and the content of the files that they name.

    Raises:
        SettingsError: a file cannot be read.
    """
    paths = {"stop_words": settings.tag.stop_words, "dictionary": settings.tag.dictionary}
    if settings.taxonomy not in taxonomy.shipped():
        paths["taxonomy"] = settings.taxonomy
    files = {key: (Path(path).name, _read(path)) for key, path in paths.items() if path is not None}
    return msgspec.msgpack.encode(_Packed(settings, files))


@contextmanager
def unpack_settings(packed: bytes) -> Iterator[Settings]:
    """Writes the files, if any, to a temporary folder; yields the settings with the paths of these files.

    A cluster ends its workers by killing them: the next one on the machine removes what they left.
    """
    unpacked = msgspec.msgpack.decode(packed, type=_Packed)
    if not unpacked.files:
        yield unpacked.settings
        return
    with temporary_folder("settings") as folder:
        paths = {}
        for key, (name, content) in unpacked.files.items():
            path = folder / key / name
            path.parent.mkdir()
            path.write_bytes(content)
            paths[key] = str(path)
        labels = paths.pop("taxonomy", unpacked.settings.taxonomy)
        tag = msgspec.structs.replace(unpacked.settings.tag, **paths)
        yield msgspec.structs.replace(unpacked.settings, taxonomy=labels, tag=tag)


@dataclass(frozen=True)
class PackedFrame:
    """A frame as an Arrow IPC stream: a fifth of the time that pickling it takes, and only its own rows."""

    stream: bytes


def pack_frame(frame: pl.DataFrame) -> PackedFrame:
    """Serialises a frame."""
    stream = io.BytesIO()
    # Views would write the texts of all rows of which the frame is a slice.
    frame.write_ipc_stream(stream, compat_level=pl.CompatLevel.oldest())
    return PackedFrame(stream.getvalue())


def unpack_frame(packed: Any) -> Any:
    """Returns the frame of a packed one, and anything else as it is."""
    return pl.read_ipc_stream(packed.stream) if isinstance(packed, PackedFrame) else packed


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise SettingsError(
            tr("{path} cannot be read", path=path),
            details=[error],
            next_step=tr("correct its path in etl.yaml."),
        ) from error
