"""The preparation of a dataset: everything needed to clean and tag any other sentence the same way.

`etl ingest` writes it into the dataset as `preparation.json`, a model has a copy, and `etl.ingestion.prepare`
runs the steps of ingest with it. It holds no path: the words of the user's files stand in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from etl.errors import InputError
from etl.language.message import tr
from etl.runtime.json_text import decode_json
from etl.runtime.scratch import temporary_folder
from etl.settings import Clean, Positive, Settings, Tag, Tagger, Tokens
from etl.tagging import dictionary, policy
from etl.tagging import tagger as tagging
from etl.user_files.plain import plain_file

FILE = "preparation.json"
FORMAT = 1


class Preparation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that determines the tokens of a sentence.

    `tagger` to `memory_mb` are those of `etl.settings.Tag`. `dictionary` has the user's words with their
    coarse classes, in the order of the file; `stop_words` are sorted. `tokens` says whether only key tokens
    are kept. `version`, `fingerprint` and `key_tokens` say what it was made with: the tagger's packages, what
    decides its tokens, and which of them are kept; the latter two are sha256.
    """

    format: int
    clean: Clean
    tagger: Tagger
    norm: bool
    stem: bool
    keep: tuple[str, ...] | None
    seconds: Positive
    memory_mb: Positive
    dictionary: tuple[tuple[str, str], ...]
    stop_words: tuple[str, ...]
    tokens: Tokens
    version: str
    fingerprint: str
    key_tokens: str


def of(settings: Settings, tokens: Tokens = "key") -> Preparation:
    """The preparation of a dataset with these settings, on this machine.

    Raises:
        SettingsError: the tagger is not installed, or a file of the settings cannot be used.
    """
    chosen = settings.tag
    key = policy.load(chosen)
    facts = tagging.fingerprint(chosen)
    return Preparation(
        format=FORMAT,
        clean=settings.clean,
        tagger=chosen.tagger,
        norm=chosen.norm,
        stem=chosen.stem,
        keep=chosen.keep,
        seconds=chosen.seconds,
        memory_mb=chosen.memory_mb,
        dictionary=tuple(dictionary.load(chosen.dictionary)),
        stop_words=tuple(sorted(key.stop_words)),
        tokens=tokens,
        version=facts["version"],
        fingerprint=facts["fingerprint"],
        key_tokens=key.sha256(),
    )


def to_bytes(preparation: Preparation) -> bytes:
    """The content of `preparation.json`: the same preparation, the same bytes."""
    return msgspec.json.format(msgspec.json.encode(preparation)) + b"\n"


def load(path: Path) -> Preparation:
    """Reads a `preparation.json`, of a dataset or of a model.

    Raises:
        InputError: it is not there, not readable, or of another version of this tool.
    """
    again = tr("write the dataset again with `etl ingest`, and train again")
    try:
        content = plain_file(path).read_bytes()
        preparation = decode_json(content, Preparation)
    except FileNotFoundError as error:
        raise InputError(
            tr(
                "{folder} does not say how its sentences were prepared ({file})",
                folder=path.parent,
                file=path.name,
            ),
            cause=tr("It was written by an older version of this tool, or the file was removed."),
            next_step=again,
        ) from error
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(
            tr("{path} cannot be read", path=path),
            details=[error],
            cause=tr("The file was edited or damaged."),
            next_step=again,
        ) from error
    if preparation.format != FORMAT:
        raise InputError(
            tr("{path} was written by another version of this tool", path=path),
            details=[
                tr("expected format {expected}, got {format}", expected=FORMAT, format=preparation.format)
            ],
            next_step=again,
        )
    if b'"keep_markup"' not in content:  # written before there was the choice: all of it was kept
        clean = msgspec.structs.replace(preparation.clean, keep_markup=True)
        return msgspec.structs.replace(preparation, clean=clean)
    return preparation


@contextmanager
def open_tagger(
    preparation: Preparation, workers: int, *, is_cached: bool = True
) -> Iterator[tagging.Tagger]:
    """The tagger that made the tokens, ready for `prepare`; its workers are gone when the block is left.

    Args:
        preparation: how they were made.
        workers: how many processes tag.
        is_cached: whether what was tagged may be taken from the disk, and is kept there.

    Raises:
        InputError: the installed tagger, or the filter of key tokens, would give other tokens; both hashes
            are named.
        SettingsError: the tagger is not installed.
    """
    with (
        open_settings(preparation) as settings,
        tagging.open_tagger(settings, workers, is_cached=is_cached) as tagger,
    ):
        yield tagger


@contextmanager
def open_settings(preparation: Preparation) -> Iterator[Tag]:
    """The settings of the tagger that made the tokens; the files of words that they name go with the block.

    Args:
        preparation: how the tokens were made.

    Raises:
        InputError: the installed tagger, or the filter of key tokens, would give other tokens; both hashes
            are named.
        SettingsError: the tagger is not installed.
    """
    with temporary_folder("words") as folder:
        settings = _settings(preparation, folder)
        _check_same_tokens(preparation, settings)
        yield settings


def _settings(preparation: Preparation, folder: Path) -> Tag:
    """The settings of the tagger, with the user's words in files of `folder`."""
    files = {
        "dictionary": ["\t".join(entry) for entry in preparation.dictionary],
        "stop_words": preparation.stop_words,
    }
    paths = {}
    for name, lines in files.items():
        if lines:
            (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
            paths[name] = str(folder / name)
    return Tag(
        tagger=preparation.tagger,
        norm=preparation.norm,
        stem=preparation.stem,
        keep=preparation.keep,
        seconds=preparation.seconds,
        memory_mb=preparation.memory_mb,
        **paths,
    )


def _check_same_tokens(preparation: Preparation, settings: Tag) -> None:
    facts = tagging.fingerprint(settings)
    if facts["fingerprint"] != preparation.fingerprint:
        raise InputError(
            tr(
                "the tagger {tagger} of this machine is not the one that made the tokens",
                tagger=preparation.tagger,
            ),
            details=[
                tr(
                    "expected {expected}, got {got}",
                    expected=preparation.fingerprint,
                    got=facts["fingerprint"],
                ),
                tr(
                    "expected {expected}, got {got}",
                    expected=preparation.version or tr("no package"),
                    got=facts["version"] or tr("no package"),
                ),
            ],
            cause=tr("Another version of the tagger would cut the same sentence into other tokens."),
            next_step=tr("install that version, or ingest and train again with this one"),
        )
    if preparation.tokens == "all":  # there is no filter
        return
    found = policy.load(settings).sha256()
    if found != preparation.key_tokens:
        raise InputError(
            tr("the filter of key tokens is not the one that the tokens have passed"),
            details=[tr("expected {expected}, got {got}", expected=preparation.key_tokens, got=found)],
            cause=tr("schemas/pos was changed, or another version of this tool wrote the dataset."),
            next_step=tr("use that version, or ingest and train again with this one"),
        )
