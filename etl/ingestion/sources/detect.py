"""Detects which corpus each raw file belongs to, and chooses which of several copies is read.

A file is detected by its content, with the `recognise` of each adapter. Of all files of the same release,
split and part, which hold the same rows, the one with the lowest rank is read; the others are reported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from copy import copy

import polars as pl

from etl.errors import InputError, SettingsError
from etl.ingestion.sources import (
    aihub_aspect,
    aihub_dialogue,
    aihub_empathy,
    aihub_free_talk,
    aihub_multimodal,
    aihub_speech,
    beep,
    chatbot,
    document,
    finance,
    k_mhas,
    kemdy,
    keti_dialogue,
    keti_single,
    kote,
    naver_shopping,
    nikl_emotion,
    nsmc,
    pointer,
    steam,
    table,
    unsmile,
    wellness,
)
from etl.ingestion.sources.named_splits import with_named_splits
from etl.ingestion.sources.near_misses import describe_near_miss, slugs_like
from etl.ingestion.sources.raw import DAMAGE_ERRORS, InputLog, RawFile, damaged_file
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.tables.preview import Preview
from etl.ingestion.tables.reader import FORMATS
from etl.language.lists import join_with_or
from etl.language.message import tr
from etl.schema.own_tables import find_table, has_own_settings
from etl.settings import Settings

# What each file lacks that nearly is of a known corpus, by its `file` and `member`.
_NearMisses = Mapping[tuple[str, str], str]
Read = Callable[[list[RecognisedFile], Settings, InputLog], "Iterator[pl.DataFrame]"]

# Why a file is left aside.
SAME_ROWS = tr("the same rows are read from another file")
SAME_BYTES = tr("the same bytes are read from another file")
UNKNOWN = tr("no known corpus looks like this")
NEARLY_KNOWN = tr("a known corpus looks nearly like this")

# In the order in which they try to recognise a file. A new corpus is one line here.
ADAPTERS = {
    adapter.SLUG: adapter
    for adapter in (
        # By a name or a few keys: they have tens of thousands of small files.
        kemdy,
        aihub_multimodal,
        aihub_free_talk,
        aihub_empathy,
        aihub_aspect,
        nikl_emotion,
        # By columns and labels.
        aihub_dialogue,
        wellness,
        keti_single,
        keti_dialogue,
        aihub_speech,
        nsmc,
        chatbot,
        kote,
        naver_shopping,
        steam,
        k_mhas,
        unsmile,
        beep,
        finance,
        table,
    )
}


def detect(
    raw_files: Iterator[RawFile], settings: Settings, log: InputLog
) -> dict[str, list[RecognisedFile]]:
    """Returns the files to read, by corpus, in the order of `ADAPTERS` and of their paths.

    Raises:
        InputError: no file belongs to a corpus, or a file is damaged and bad files are not skipped.
        SettingsError: `read.source` names no corpus.
    """
    others = _candidates(settings)
    found: dict[str, list[RecognisedFile]] = {slug: [] for slug in ADAPTERS}
    near_misses: dict[tuple[str, str], str] = {}
    seen = 0
    for raw in raw_files:
        seen += 1
        candidates = [table.SLUG] if has_own_settings(settings, raw.path) else others
        try:
            preview = Preview(raw, is_named=settings.read.source is not None)
            if raw.size <= pointer.MAX_BYTES:
                pointer.refuse_pointer(preview.head, raw.name)
            if not preview.is_named and table.SLUG not in candidates:
                candidates = slugs_like(preview, candidates)
            match = _recognise(preview, candidates)
            near_miss = None if match else _near_miss(preview, candidates)
            match = match or _recognise_document(raw, near_miss, settings)
        except InputError as error:
            log.raise_or_skip(raw.file, raw.member, error)
        except DAMAGE_ERRORS as error:
            log.raise_or_skip(raw.file, raw.member, damaged_file(raw.name, error))
        else:
            if match:
                found[match.slug].append(match)
            elif near_miss:
                log.leave_aside(raw, NEARLY_KNOWN, near_miss)
                near_misses[raw.file, raw.member] = near_miss
                log.warnings.append(tr("{name} is left aside: {why}", name=raw.name, why=near_miss))
            else:
                log.leave_aside(raw, UNKNOWN)
    chosen = {slug: _choose(files, log) for slug, files in found.items() if files}
    if not chosen and not log.skipped:
        raise _nothing_found(seen, near_misses, log, settings)
    _warn_of_unused_paths(found[table.SLUG], settings, log)
    return with_named_splits(chosen, settings, log)


def _candidates(settings: Settings) -> list[str]:
    """The corpora to try: the named one, the table where its columns are named, else all others."""
    slug = settings.read.source
    if slug is None:
        return [table.SLUG] if _names_columns(settings) else [name for name in ADAPTERS if name != table.SLUG]
    if slug == table.SLUG and settings.tables and settings.table.text_column is None:
        return []
    if slug not in ADAPTERS:
        raise SettingsError(
            tr("{slug!r} is not a corpus this tool knows", slug=slug),
            details=[tr("expected one of {corpora}", corpora=", ".join(ADAPTERS))],
            next_step=tr(
                "`etl sources` lists them; your own file needs `--text-column` and `--label-column`."
            ),
        )
    return [slug]


def _names_columns(settings: Settings) -> bool:
    named = settings.table
    return bool(named.text_column or named.label_column or named.label_columns)


def _warn_of_unused_paths(files: list[RecognisedFile], settings: Settings, log: InputLog) -> None:
    used = [find_table(settings, file.raw.path) for file in files]
    for index, each in enumerate(settings.tables):
        if not any(each is other for other in used):
            log.warnings.append(tr("tables[{index}]: no table is at {path!r}", index=index, path=each.path))


def _recognise(preview: Preview, candidates: list[str]) -> RecognisedFile | None:
    for slug in candidates:
        match: RecognisedFile | None = ADAPTERS[slug].recognise(preview)
        if match:
            return match
    return None


def _recognise_document(raw: RawFile, near_miss: str | None, settings: Settings) -> RecognisedFile | None:
    has_documents = settings.read.documents is not None
    return document.recognise(raw) if has_documents and near_miss is None else None


def _near_miss(preview: Preview, candidates: list[str]) -> str | None:
    """Says what a file that was not recognised may be, and why it was not; None where nothing is known."""
    if not candidates:
        return None
    named = copy(preview)  # with all that it has looked up
    named.is_named = True
    believed = [] if preview.is_named else [slug for slug in candidates if _recognise(named, [slug])]
    if not believed:
        return describe_near_miss(preview, candidates)
    why = describe_near_miss(preview, believed) or (
        tr("it may be {corpora}, but its labels, ids and name do not say so", corpora=join_with_or(believed))
    )
    return tr("{why}; `--source {corpus}` reads it all the same", why=why, corpus=believed[0])


def _choose(files: list[RecognisedFile], log: InputLog) -> list[RecognisedFile]:
    best: dict[tuple[str, ...], RecognisedFile] = {}
    for file in sorted(files, key=lambda file: file.rank):
        best.setdefault(_part(file), file)
    same_size = Counter(file.raw.size for file in files)
    first_of: dict[str, RecognisedFile] = {}
    chosen = []
    for file in files:
        winner = best[_part(file)]
        if file.rank > winner.rank:
            log.leave_aside(file.raw, SAME_ROWS, winner.raw.name)
            continue
        if same_size[file.raw.size] > 1 and not file.is_known_by_name:
            try:
                first = first_of.setdefault(file.raw.hash_bytes(), file)
            except InputError as error:
                log.raise_or_skip(file.raw.file, file.raw.member, error)
                continue
            except DAMAGE_ERRORS as error:
                log.raise_or_skip(file.raw.file, file.raw.member, damaged_file(file.raw.name, error))
                continue
            if first is not file:
                log.leave_aside(file.raw, SAME_BYTES, first.raw.name)
                continue
        chosen.append(file)
    return chosen


def _part(file: RecognisedFile) -> tuple[str, ...]:
    """Returns a key that copies of the same file share; clips and shards of one rank are no copies."""
    return (file.release, file.split or "", file.part)


def _nothing_found(seen: int, near_misses: _NearMisses, log: InputLog, settings: Settings) -> InputError:
    # Those that come near to a corpus first: what they lack is most likely what is wrong.
    looked_at = sorted(log.left_aside, key=lambda entry: entry["kind"] != NEARLY_KNOWN)[:5]
    if not seen and log.ignored:
        return _no_readable_ending(log)
    if not seen:
        return InputError(
            tr("there is no file to read"),
            details=[_looked_at(entry, near_misses) for entry in looked_at],
            cause=tr("The folder is empty, or what it holds is left aside."),
            next_step=tr("name the folder that the corpus was unpacked into, or its archive."),
        )
    details = [_looked_at(entry, near_misses) for entry in looked_at]
    if log.ignored:
        details.append(tr("ignored: {endings}", endings=_endings(log)))
    if _candidates(settings) == [table.SLUG]:
        return InputError(
            tr("none of {files:,} readable files holds a table", files=seen),
            details=details,
            cause=tr("A table has rows with columns, or objects with keys; these files hold something else."),
            next_step=tr("look into them; docs/tables.md says which forms of tables are read."),
        )
    expected = settings.read.source or tr("a known corpus")
    return InputError(
        tr("none of {files:,} readable files is {expected}", files=seen, expected=expected),
        details=details,
        cause=tr("These files are no corpus this tool knows, or their header was changed or lost."),
        next_step=tr("`etl sources` says what is expected; a table of your own needs `--text-column`."),
    )


def _no_readable_ending(log: InputLog) -> InputError:
    return InputError(
        tr("no file has an ending that tells how it is read"),
        details=[
            tr(
                "expected {formats}, or an archive of such; got {endings}",
                formats=", ".join(FORMATS),
                endings=_endings(log),
            )
        ],
        next_step=tr("`--documents sentence` reads mails, chats, posts and formal documents, without labels.")
        if document.are_documents(log.ignored)
        else tr("give it the ending of what it is, or save it in one of these formats."),
    )


def _endings(log: InputLog) -> str:
    return ", ".join(f"{suffix} ({count:,})" for suffix, count in sorted(log.ignored.items()))


def _looked_at(entry: dict[str, str], near_misses: _NearMisses) -> str:
    name = entry["member"] or entry["file"]
    if near_miss := near_misses.get((entry["file"], entry["member"])):
        return tr("looked at: {file}: {near_miss}", file=name, near_miss=near_miss)
    return tr("looked at: {file}", file=name)
