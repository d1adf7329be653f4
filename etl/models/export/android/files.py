"""The files of `etl export --format android` beside the LiteRT file, for copying into an app.

`kotlin/` has the preparation of sentences as sources (docs/android.md); `preparation.bin` is the pack that
they read, see `etl.models.export.pack`. `etl.models.export.litert` writes the model itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from etl.errors import SettingsError
from etl.language.message import tr, translated
from etl.models.baseline.tokens import TokenEncoder
from etl.models.export.pack.container import write_pack
from etl.models.export.pack.encoder import pack_encoder
from etl.models.export.pack.preparation import pack_preparation
from etl.models.export.source import Source

PACK, SOURCES = "preparation.bin", "kotlin"
READMES = {"en": "README.md", "ko": "README.ko.md"}
_FORMAT = 1  # of the pack, as kotlin/emotion/preparation/Pack.kt reads it
SOURCES_FOLDER = Path(__file__).parent / SOURCES
_ABOUT = tr("""\
`model.tflite` classifies the ids of a sentence; `kotlin/` makes them, with the tables in `preparation.bin`.
Copy `kotlin/` to `app/src/main/kotlin/`, the two files to `app/src/main/assets/`, and add LiteRT
(`com.google.ai.edge.litert:litert`) to the app; Android 8.0 (API 26) is the oldest that runs it.
`vectors.jsonl` has sentences with their tokens, ids and probabilities, to test an app with.
docs/android.md of the tool has a complete example.""")
_LICENCE = """\
The sources are part of korean-emotion-etl, licensed under the Apache License, Version 2.0
(https://www.apache.org/licenses/LICENSE-2.0). Where the model reads tokens of Okt, they re-implement
open-korean-text 2.1, Copyright 2014 Twitter, Inc., and `preparation.bin` holds its dictionaries, rules and
patterns in another form, and those of twitter-text; both are licensed under the same.
"""


def read_sources() -> dict[str, bytes]:
    """Returns the sources in Kotlin, by their paths below `kotlin/`."""
    paths = sorted(SOURCES_FOLDER.rglob("*.kt"))
    return {path.relative_to(SOURCES_FOLDER).as_posix(): path.read_bytes() for path in paths}


def pack_source(source: Source) -> bytes:
    """Returns the content of `preparation.bin`.

    Args:
        source: a model with a vocabulary.

    Raises:
        SettingsError: the model reads word pieces, or there are no sources in Kotlin for its tagger.
    """
    checkpoint = source.checkpoint
    encoder = checkpoint.encoder
    if not isinstance(encoder, TokenEncoder):
        raise SettingsError(
            tr("the sources for Android make ids of a vocabulary, and this model reads word pieces"),
            details=[tr("expected a model of `etl train-baseline`, got one of `etl train-transformer`")],
            next_step=tr("export it with `etl export {folder} --format litert`", folder=source.folder),
        )
    prepared = pack_preparation(checkpoint.preparation, "java")
    ids, tables = pack_encoder(encoder, source.max_len)
    thresholds = checkpoint.thresholds
    config = {
        **prepared.config,
        "format": _FORMAT,
        "labels": checkpoint.card.labels,
        "thresholds": None if thresholds is None else thresholds.tolist(),
        "encoder": ids,
    }
    return write_pack(config, {**prepared.tensors, **tables})


def make_files(source: Source) -> dict[str, bytes]:
    """Returns the files by their paths in the export; raises what `pack_source` does."""
    sources = {f"{SOURCES}/{path}": content for path, content in read_sources().items()}
    title = tr("# {architecture} for Android", architecture=source.checkpoint.card.architecture)
    # In every language, so that the same model makes the same files for everybody.
    readmes = {
        name: "\n\n".join((translated(title, language), translated(_ABOUT, language), _LICENCE)).encode()
        for language, name in READMES.items()
    }
    return {PACK: pack_source(source), **readmes, **sources}


def write_files(files: Mapping[str, bytes], folder: Path) -> dict[str, str]:
    """Writes files below a folder, and returns the sha256 of each."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
