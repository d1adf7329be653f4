"""`etl.yaml` as typed settings: every key has a default, unknown keys are refused.

Command-line options are the same names; `etl init` writes a commented file.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict, Unpack

import msgspec

from etl.errors import SettingsError
from etl.language.message import tr
from etl.language.system_words import system_words
from etl.user_files.key_errors import describe, shown
from etl.user_files.plain import plain_file
from etl.user_files.settings_tree import as_meant
from etl.user_files.yaml_text import YamlError, decode_yaml

_COMPARE = tr("compare it with the commented file that `etl init` writes.")
PathLike = str | os.PathLike[str]

Tagger = Literal["okt", "komoran", "hannanum", "kkma", "mecab", "kiwi", "whitespace"]
Labels = Literal["majority", "soft", "multi"]
Turns = Literal["first", "all"]
DocumentParts = Literal["sentence", "line"]
Modality = Literal["text", "sound", "image", "multimodal"]
OnBadFile = Literal["stop", "skip"]
SplitMode = Literal["official", "grouped"]
SplitName = Literal["train", "validation", "test"]
Duplicates = Literal["first", "keep"]
Conflicts = Literal["reject", "majority", "keep"]
EngineName = Literal["local", "ray"]
Severity = Literal["error", "warning", "note", "off"]
Tokens = Literal["key", "all"]
# A line, a record or a cell of a raw file that is longer is one reject, and looked at no further.
MAX_RAW_CHARS = 1_000_000
Share = Annotated[float, msgspec.Meta(ge=0.0, lt=1.0)]
Positive = Annotated[int, msgspec.Meta(ge=1)]


class Read(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Settings for reading raw files.

    `documents`: mails, chats, posts and formal documents are read, too, by sentence or line, without labels.
    """

    source: str | None = None
    turns: Turns = "first"
    documents: DocumentParts | None = None
    modality: Modality = "text"
    on_bad_file: OnBadFile = "stop"
    limit: Positive | None = None


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a table of the user's own keeps what (source `table`).

    Several columns in `label_column` are joined by slashes; `label_columns` are one-hot columns. `labels`
    maps raw labels to targets, or to null. `path` is the pattern of an entry of `tables`, `name` one of ids.
    """

    path: str | None = None
    text_column: str | None = None
    label_column: str | tuple[str, ...] | None = None
    label_columns: tuple[str, ...] = ()
    id_column: str | None = None
    name: str | None = None
    group_column: str | None = None
    split_column: str | None = None
    split: SplitName | None = None
    domain: str = "comment"
    delimiter: Annotated[str, msgspec.Meta(pattern=r'^(?:[tT][aA][bB]|\\t|[^"\r\n])$')] | None = None
    header: bool = True
    labels: dict[str, str | None] = {}


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an archive or a workbook may at most be: a file beyond is refused. None of them changes a row.

    `archives` stand in each other, `members` in one of them. A member inflates to `member_mb`, the parts of a
    workbook to `package_mb` all together, and what inflates to more than `ratio_from_mb` to `ratio` times its
    packed size.
    """

    archives: Positive = 3
    members: Positive = 1_000_000
    member_mb: Positive = 16_384
    package_mb: Positive = 4_096
    ratio: Positive = 200
    ratio_from_mb: Annotated[int, msgspec.Meta(ge=0)] = 100


class Clean(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Settings of the step `clean`."""

    keep_markup: bool = False
    max_raw_chars: Annotated[int, msgspec.Meta(ge=1, le=MAX_RAW_CHARS)] = MAX_RAW_CHARS
    max_chars: Positive = 1000
    max_repeats: Positive = 3
    fold_vowels: bool = False


class Tag(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which tagger cuts a sentence, and which tokens are kept."""

    tagger: Tagger = "okt"
    norm: bool = True
    stem: bool = True
    keep: tuple[str, ...] | None = None
    stop_words: str | None = None
    dictionary: str | None = None
    seconds: Positive = 10
    memory_mb: Positive = 3000


class Split(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Settings of the step `split`: train, validation and test."""

    mode: SplitMode = "official"
    validation: Share = 0.1
    test: Share = 0.1
    seed: int = 42


class Dedupe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Settings for duplicates, conflicts and leaks in train."""

    duplicates: Duplicates = "first"
    conflicts: Conflicts = "reject"
    short_eojeols: Annotated[int, msgspec.Meta(ge=0)] = 3
    short_chars: Annotated[int, msgspec.Meta(ge=0)] = 10
    near: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] = 0.8


class Write(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Layout of the shards of a dataset, in rows."""

    shard_rows: Positive = 100_000
    row_group_rows: Positive = 10_000


class Corrections(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Decisions of people that are applied to rows, and whose word counts where they disagree.

    Files in an `etl.yaml` are relative to its folder. `resolve` is `majority`, or the names of reviewers: the
    first of them who has decided on a row counts.
    """

    files: tuple[str, ...] = ()
    resolve: Literal["majority"] | tuple[str, ...] = "majority"


class Validate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Threshold and severity overrides by finding code; defaults are in `schemas/checks/`."""

    thresholds: dict[str, float] = {}
    severities: dict[str, Severity] = {}


class Refresh(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Settings of `etl refresh`: inputs, output, engine, notification. None of them changes a row.

    Paths are relative to the folder of `etl.yaml`; `guards` has the codes of `schemas/guards.yaml`.
    """

    inputs: tuple[str, ...] = ()
    out: str | None = None
    guards: dict[str, Annotated[float, msgspec.Meta(ge=0.0)] | Literal["off"]] = {}
    train: dict[str, str | int | float | bool] | None = None
    export: tuple[str, ...] = ()
    keep: Positive = 5
    keep_failed: Positive = 3
    min_count: Positive = 2
    max_size: Annotated[int, msgspec.Meta(ge=3)] | None = None
    retries: Annotated[int, msgspec.Meta(ge=0)] = 3
    engine: EngineName = "local"
    address: str | None = None
    notify: str | None = None


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that decides what is in a dataset; in `validate` how it is judged, in `refresh` how it is renewed.

    How it is computed (workers, progress) is not part of it.
    """

    taxonomy: str = "ko7"
    labels: Labels = "majority"
    read: Read = Read()
    table: Table = Table()
    tables: tuple[Table, ...] = ()
    limits: Limits = Limits()
    clean: Clean = Clean()
    tag: Tag = Tag()
    split: Split = Split()
    dedupe: Dedupe = Dedupe()
    write: Write = Write()
    corrections: Corrections = Corrections()
    validate: Validate = Validate()
    refresh: Refresh = Refresh()


class Options(TypedDict, total=False):
    """The settings that have an option of `etl ingest`, by its name. None is the same as leaving it out."""

    taxonomy: str | None
    labels: Labels | None
    source: str | None
    turns: Turns | None
    documents: DocumentParts | None
    modality: Modality | None
    limit: int | None
    on_bad_file: OnBadFile | None
    text_column: str | None
    label_column: str | Sequence[str] | None
    label_columns: Sequence[str] | None
    id_column: str | None
    group_column: str | None
    split_column: str | None
    domain: str | None
    delimiter: str | None
    header: bool | None
    keep_markup: bool | None
    tagger: Tagger | None
    split: SplitMode | None
    seed: int | None
    duplicates: Duplicates | None
    conflicts: Conflicts | None
    shard_rows: int | None
    corrections: PathLike | Sequence[PathLike] | None


# Where each option stands in `Settings`.
_KEYS = {
    "taxonomy": "taxonomy",
    "labels": "labels",
    **{name: f"read.{name}" for name in ("source", "turns", "documents", "modality", "limit", "on_bad_file")},
    **{f"{name}_column": f"table.{name}_column" for name in ("text", "label", "id", "group", "split")},
    **{name: f"table.{name}" for name in ("label_columns", "domain", "delimiter", "header")},
    "keep_markup": "clean.keep_markup",
    "tagger": "tag.tagger",
    "split": "split.mode",
    "seed": "split.seed",
    **{name: f"dedupe.{name}" for name in ("duplicates", "conflicts")},
    "shard_rows": "write.shard_rows",
    "corrections": "corrections.files",
}


def load_settings(config: PathLike | None = None, **options: Unpack[Options]) -> Settings:
    """Reads settings from an `etl.yaml`, with options on top.

    Args:
        config: the file; None: the defaults.
        options: settings by the names of the command's options, such as `tagger="komoran"`.

    >>> load_settings(tagger="komoran", seed=7).split.seed
    7

    Raises:
        SettingsError: the file is missing, is not YAML, or has an unknown key; or an option is unknown or
            wrong.
    """
    return load(None if config is None else Path(config), _overrides(options))


def choose_settings(settings: Settings | PathLike | None, **options: Unpack[Options]) -> Settings:
    """Returns the settings that a public function was given, with options on top.

    Args:
        settings: settings, the path of an `etl.yaml`, or None for the defaults.
        options: as for `load_settings`.

    Raises:
        SettingsError: see `load_settings`.
    """
    if not isinstance(settings, Settings):
        return load_settings(settings, **options)
    _typed(_with_overrides({}, chosen := _overrides(options)))
    return _convert(_with_overrides(msgspec.to_builtins(settings), chosen))


def _overrides(options: Options) -> dict[str, Any]:
    if unknown := sorted(set(options) - set(_KEYS)):
        raise SettingsError(
            tr("there is no option {option!r}", option=unknown[0]),
            details=[tr("expected one of {options}", options=", ".join(_KEYS))],
            next_step=tr("set other keys in an etl.yaml; `etl init` writes one with all of them."),
        )
    values: dict[str, Any] = dict(options)
    if (files := values.get("corrections")) is not None:
        values["corrections"] = tuple(map(os.fspath, files if isinstance(files, list | tuple) else [files]))
    return {_KEYS[name]: value for name, value in values.items()}


def load(config: Path | None, overrides: dict[str, Any]) -> Settings:
    """The settings of `config`, with the options that were given on the command line on top.

    Args:
        config: an `etl.yaml`, or None for the defaults.
        overrides: `{"section.key": value}` or `{"key": value}`; None values are left out.

    Raises:
        SettingsError: the file is not there, is not YAML, or has an unknown key or a wrong type.
    """
    tree = as_meant(_read_yaml(config), config.parent) if config else {}
    _typed(_with_overrides({}, overrides))
    return _convert(_with_overrides(tree, overrides), config)


def _with_overrides(tree: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    for dotted, value in overrides.items():
        if value is not None:
            *sections, key = dotted.split(".")
            branch = tree
            for section in sections:
                branch = branch.setdefault(section, {})
                if not isinstance(branch, dict):  # a list where a section belongs: `_convert` says so
                    break
            else:
                branch[key] = value
    return tree


def _typed(tree: dict[str, Any], config: Path | None = None) -> Settings:
    """Returns the settings of a tree: that of a file, or of options alone."""
    try:
        return msgspec.convert(tree, Settings)
    except msgspec.ValidationError as error:
        problem = describe(error, tree, Settings)
        if config is None:
            raise SettingsError(
                tr("an option cannot be used: {problem}", problem=problem),
                next_step=tr("correct it; `etl ingest --help` says what each option may be."),
            ) from error
        raise _unusable(config.name, problem) from error


def _convert(tree: dict[str, Any], config: Path | None = None) -> Settings:
    settings = _typed(tree, config)
    validation, test = settings.split.validation, settings.split.test
    if validation + test >= 1:
        raise SettingsError(
            tr("split.validation and split.test together leave nothing for train"),
            details=[tr("{validation} + {test} must be less than 1", validation=validation, test=test)],
            next_step=tr("lower one of them in etl.yaml"),
        )
    return settings


def _read_yaml(config: Path) -> dict[str, Any]:
    try:
        tree = decode_yaml(plain_file(config).read_bytes())
    except OSError as error:
        raise SettingsError(
            tr("{path} cannot be read: {reason}", path=config, reason=system_words(error)),
            next_step=tr("write one with `etl init {path}`", path=config),
        ) from error
    except YamlError as error:
        raise _unusable(config, error) from error
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise SettingsError(
            tr("{path} is not a mapping of settings", path=config),
            details=[tr("expected `key: value` lines, got {found}", found=shown(tree))],
            next_step=_COMPARE,
        )
    return tree


def _unusable(name: str | Path, detail: object) -> SettingsError:
    what = tr("{name} cannot be used as settings", name=name)
    return SettingsError(what, details=[detail], next_step=_COMPARE)
