"""The manifest of a dataset, `manifest.json`: what went in, what came out, and the sha256 of every file.

It is written after all other files, so a folder that has one is a whole dataset. Nothing in it is a date or a
path of this machine: the same input gives the same bytes. Keys are written in the order of the fields.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import msgspec

import etl
from etl.dataset.absent import no_dataset
from etl.errors import InputError
from etl.language.message import tr
from etl.language.stored import in_english
from etl.runtime.files import sha256_file
from etl.runtime.json_text import decode_json
from etl.schema.taxonomy import Taxonomy
from etl.settings import Clean, Dedupe, Labels, Read, Settings, Split, Table, Tag, Write
from etl.user_files.plain import plain_file

MANIFEST = "manifest.json"
# What `etl refresh` publishes with a dataset; see `etl.publishing.models`.
_BESIDE = ("model/", "export/")
FORMAT = 3
# A column that a format does not have is null: `label_votes` in format 1, `corrected` in 1 and 2.
READABLE_FORMATS = (1, 2, FORMAT)


class Tool(msgspec.Struct, frozen=True):
    """The program that wrote the dataset."""

    name: str = "korean-emotion-etl"
    version: str = etl.__version__


class ContentSettings(msgspec.Struct, frozen=True):
    """The settings that decide the content of a dataset, with file names in the place of a user's paths."""

    taxonomy: str = ""
    labels: Labels = "majority"
    read: Read = Read()
    table: Table = Table()
    tables: tuple[Table, ...] = ()
    clean: Clean = Clean()
    tag: Tag = Tag()
    split: Split = Split()
    dedupe: Dedupe = Dedupe()
    write: Write = Write()


class TaxonomyEntry(msgspec.Struct, frozen=True):
    """The labels that a row may have, in order: the index of a label is its class id."""

    name: str
    targets: tuple[str, ...]
    sha256: str = ""


class TaggerIdentity(msgspec.Struct, frozen=True):
    """The tagger, its packages and its options; `fingerprint` is the sha256 of the other three."""

    name: str = ""
    version: str = ""
    options: dict[str, bool | str] = {}
    fingerprint: str = ""


class KeyTokens(msgspec.Struct, frozen=True):
    """The filter of key tokens: the coarse classes it keeps, and the sha256 of all that decides."""

    keep: tuple[str, ...] = ()
    sha256: str = ""


class TokenCounts(msgspec.Struct, frozen=True):
    """Tagged sentences, those of which the filter kept no token, and tokens before and after the filter."""

    sentences: int = 0
    emptied: int = 0
    before: int = 0
    after: int = 0


class ClassCounts(msgspec.Struct, frozen=True):
    """Tokens of one coarse class before and after the filter; `removed_share` is of all tokens."""

    before: int
    after: int
    removed_share: float


class FrequentToken(msgspec.Struct, frozen=True, rename={"coarse": "class"}):
    """A token with its tag, its coarse class, and how often it occurs."""

    token: str
    tag: str
    coarse: str
    count: int


class TokenReport(msgspec.Struct, frozen=True):
    """Statistics of the key-token filter: in total, by source, by class, and the most frequent tokens."""

    sentences: int = 0
    emptied: int = 0
    before: int = 0
    after: int = 0
    sources: dict[str, TokenCounts] = {}
    classes: dict[str, ClassCounts] = {}
    most_removed: tuple[FrequentToken, ...] = ()
    most_kept: tuple[FrequentToken, ...] = ()


class InputFile(msgspec.Struct, frozen=True):
    """A raw file that was read: `bytes` once inflated, and the sha256 of those bytes."""

    file: str
    member: str
    source: str
    release: str
    split: str | None
    bytes: int
    sha256: str
    encoding: str
    rows: int


class LeftAside(msgspec.Struct, frozen=True):
    """A raw file that was not read: why such files are not, and, in `why`, the file read in its place."""

    file: str
    member: str
    kind: str
    why: str


class SkippedFile(msgspec.Struct, frozen=True):
    """A damaged raw file, and how many rows were read before the damage."""

    file: str
    member: str
    error: str
    rows: int


class SourceCounts(msgspec.Struct, frozen=True):
    """Rows of one source that were read, kept, and rejected for each reason."""

    read: int
    kept: int
    rejected: dict[str, int]


class SplitCounts(msgspec.Struct, frozen=True):
    """Rows of one split, in all and for each label.

    Under `labels: multi` a row counts for each of its labels, under `soft` each label gets its share of it.
    """

    rows: int
    labels: dict[str, int | float]


class UnexpectedRows(msgspec.Struct, frozen=True):
    """A part of a corpus that has another number of rows than its publisher says."""

    source: str
    release: str
    split: str | None
    layout: str
    read: int
    published: int


class UnknownLabels(msgspec.Struct, frozen=True):
    """A source of which more than a tenth of the rows has an unknown label.

    Attributes:
        source: the source.
        read, rows: how many rows it has, and how many of them have an unknown label.
        labels: the most frequent of these labels, with the number of rows.
        more: how many further labels there are.
    """

    source: str
    read: int
    rows: int
    labels: dict[str, int]
    more: int


class CorrectionFile(msgspec.Struct, frozen=True):
    """A file of corrections, and the sha256 of its decisions: sorted, each once."""

    name: str
    sha256: str


class CorrectionCounts(msgspec.Struct, frozen=True):
    """What became of the decisions of people: one for each row or unknown label that was decided on.

    Attributes:
        files: where they stand.
        resolve: whose word counts where people disagree.
        applied: decisions whose row was found, with the text that was decided on.
        rows: the rows that they apply to; one that is folded into another as a duplicate shares its decision.
        found_by_text: of those applied, the ones whose row has another id now.
        stale: the row has another text now.
        not_found: there is no such row, or label.
        incomplete: what a label means that only rows have in which other labels are still unknown.
        disagreed, unresolved: people disagree; and nobody's word counts, so that none is applied.
        other_taxonomy: lines that chose from the labels of another taxonomy.
    """

    files: tuple[CorrectionFile, ...] = ()
    resolve: str | tuple[str, ...] = "majority"
    applied: int = 0
    rows: int = 0
    found_by_text: int = 0
    stale: int = 0
    not_found: int = 0
    incomplete: int = 0
    disagreed: int = 0
    unresolved: int = 0
    other_taxonomy: int = 0


class FileEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file of the dataset; only Parquet files have `rows`."""

    sha256: str
    bytes: int
    rows: int | None = None


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of `manifest.json`.

    What has a default is missing where a table from elsewhere is validated, which nothing was ingested for.
    `own_sha256` is that of the file with nothing in its place; a manifest that was read does not hold it.
    """

    format: int = FORMAT
    tool: Tool = Tool()
    settings: ContentSettings = ContentSettings()
    taxonomy: TaxonomyEntry
    tagger: TaggerIdentity = TaggerIdentity()
    key_tokens: KeyTokens = KeyTokens()
    tokens: TokenReport = TokenReport()
    inputs: tuple[InputFile, ...] = ()
    left_aside: tuple[LeftAside, ...] = ()
    skipped: tuple[SkippedFile, ...] = ()
    ignored: dict[str, int] = {}
    counts: dict[str, SourceCounts]
    splits: dict[str, SplitCounts]
    aliases: dict[str, dict[str, int]] = {}
    warnings: tuple[str, ...] = ()
    unexpected_rows: tuple[UnexpectedRows, ...] = ()
    unknown_labels: tuple[UnknownLabels, ...] = ()
    corrections: CorrectionCounts = CorrectionCounts()
    files: dict[str, FileEntry]
    own_sha256: str = ""

    def with_files(self, entries: Mapping[str, FileEntry]) -> Manifest:
        """The same manifest that lists further files, all of them sorted by name."""
        return msgspec.structs.replace(self, files=dict(sorted({**self.files, **entries}.items())))


class _Format(msgspec.Struct):
    """The one field that every format has."""

    format: int = FORMAT


def without_model(manifest: Manifest) -> Manifest:
    """The manifest of the dataset alone, if it is that of a version that holds a model, too."""
    files = {name: entry for name, entry in manifest.files.items() if not name.startswith(_BESIDE)}
    return manifest if len(files) == len(manifest.files) else msgspec.structs.replace(manifest, files=files)


def content_settings(settings: Settings, taxonomy_name: str) -> ContentSettings:
    """The settings as they stand in the manifest; what the user's files hold is hashed elsewhere in it.

    Args:
        settings: those of a run.
        taxonomy_name: the name of the taxonomy, which `settings` may call by a path.
    """
    tag = settings.tag
    return ContentSettings(
        taxonomy=taxonomy_name,
        labels=settings.labels,
        read=settings.read,
        table=settings.table,
        tables=settings.tables,
        clean=settings.clean,
        tag=msgspec.structs.replace(
            tag, stop_words=_file_name(tag.stop_words), dictionary=_file_name(tag.dictionary)
        ),
        split=settings.split,
        dedupe=settings.dedupe,
        write=settings.write,
    )


def describe_taxonomy(taxonomy: Taxonomy) -> TaxonomyEntry:
    """A taxonomy as it stands in the manifest."""
    return TaxonomyEntry(taxonomy.name, tuple(taxonomy.targets), taxonomy.sha256)


def describe_file(path: Path, rows: int | None = None) -> FileEntry:
    """A file as it stands in the manifest.

    Args:
        path: the file.
        rows: how many rows it has, if it is a Parquet file.
    """
    return FileEntry(sha256_file(path), path.stat().st_size, rows)


def describe_files(folder: Path, *names: str) -> dict[str, FileEntry]:
    """Some files of a dataset as they stand in the manifest, by their names in the folder."""
    return {name: describe_file(folder / name) for name in names}


def read_manifest(folder: Path) -> Manifest:
    """Reads the manifest of a dataset.

    Raises:
        InputError: there is none, or it is not readable, of another format, lacks a key or has a value of a
            wrong type.
    """
    path = folder / MANIFEST
    again = tr("write the dataset again with `etl ingest PATH... --out {folder}`", folder=folder)
    try:
        manifest = decode_manifest(plain_file(path).read_bytes())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise no_dataset(folder, MANIFEST) from error
    except msgspec.ValidationError as error:
        raise InputError(
            tr("{path} is not the manifest of a dataset", path=path),
            details=[error],
            cause=tr("The file was edited, or another version of the tool wrote it."),
            next_step=again,
        ) from error
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(
            tr("{path} cannot be read", path=path),
            details=[error],
            cause=tr("The file was edited or damaged."),
            next_step=again,
        ) from error
    return manifest


def decode_manifest(content: bytes) -> Manifest:
    """Reads the content of `manifest.json`, and compares it with its own sum, if it has one.

    Raises:
        msgspec.DecodeError: it is no JSON.
        msgspec.ValidationError: it is of another format, lacks a key, has a value of a wrong type, or is not
            what was written.
    """
    written = decode_json(content, _Format).format
    if written not in READABLE_FORMATS:
        raise msgspec.ValidationError(
            tr("expected format {expected}, got {found}", expected=FORMAT, found=written)
        )
    manifest = decode_json(content, Manifest)
    if manifest.own_sha256 not in ("", found := _own_sha256(content, manifest.own_sha256)):
        raise msgspec.ValidationError(
            tr("expected sha256 {expected}, got {found}", expected=manifest.own_sha256, found=found)
        )
    return msgspec.structs.replace(manifest, own_sha256="")


def to_bytes(manifest: Manifest) -> bytes:
    """The content of `manifest.json`, with its own sum: the same manifest, the same bytes."""
    unsigned = _to_json(manifest)
    return _to_json(msgspec.structs.replace(manifest, own_sha256=_own_sha256(unsigned, "")))


def _to_json(manifest: Manifest) -> bytes:
    return (
        json.dumps(msgspec.to_builtins(manifest, enc_hook=in_english), ensure_ascii=False, indent=2) + "\n"
    ).encode()


def _own_sha256(content: bytes, own_sha256: str) -> str:
    return hashlib.sha256(content.replace(own_sha256.encode(), b"")).hexdigest()


def _file_name(path: str | None) -> str | None:
    return Path(path).name if path else path
