"""Which corpus each raw file belongs to, and which of several copies is read.

Detection is by content, one `recognise` a corpus; choosing is by release, split and part: of all files
that hold the same rows the one with the lowest rank is read, the others are reported.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator

import polars as pl

from etl.errors import InputError, SettingsError
from etl.ingestion.sources import (
    aihub_dialogue,
    aihub_multimodal,
    aihub_speech,
    chatbot,
    keti_dialogue,
    keti_single,
    kote,
    nsmc,
    table,
)
from etl.ingestion.sources.raw import DAMAGE, Account, RawFile, damaged
from etl.ingestion.sources.recognised import Found, Peek
from etl.settings import Settings

Read = Callable[[list[Found], Settings, Account], "Iterator[pl.DataFrame]"]

# Why a file is left aside.
SAME_ROWS = "the same rows are read from another file"
SAME_BYTES = "the same bytes are read from another file"
UNKNOWN = "no known corpus looks like this"

# In the order in which they are asked. A new corpus is one line here.
ADAPTERS = {
    adapter.SLUG: adapter
    for adapter in (
        aihub_dialogue,
        aihub_multimodal,
        keti_single,
        keti_dialogue,
        aihub_speech,
        nsmc,
        chatbot,
        kote,
        table,
    )
}


def detect(raw_files: Iterator[RawFile], settings: Settings, account: Account) -> dict[str, list[Found]]:
    """The files to read, by corpus, in the order of `ADAPTERS` and of their paths.

    Raises:
        InputError: no file belongs to a corpus, or a file is damaged and bad files are not skipped.
        SettingsError: `read.source` names no corpus.
    """
    candidates = _candidates(settings)
    found: dict[str, list[Found]] = {slug: [] for slug in ADAPTERS}
    seen = 0
    for raw in raw_files:
        seen += 1
        try:
            match = _recognise(Peek(raw), candidates)
        except InputError as error:
            account.bad_file(raw.file, raw.member, error)
        except DAMAGE as error:
            account.bad_file(raw.file, raw.member, damaged(raw.name, error))
        else:
            if match is None:
                account.leave_aside(raw, UNKNOWN)
            else:
                found[match.slug].append(match)
    chosen = {slug: _choose(files, account) for slug, files in found.items() if files}
    if not chosen and not account.skipped:
        raise _nothing_found(seen, account, settings)
    return chosen


def _candidates(settings: Settings) -> list[str]:
    """The corpora to ask: the named one, the table where its columns are named, else all others."""
    slug = settings.read.source
    if slug is None:
        is_table = settings.table.text_column is not None
        return [table.SLUG] if is_table else [name for name in ADAPTERS if name != table.SLUG]
    if slug not in ADAPTERS:
        raise SettingsError(
            f"{slug!r} is not a corpus this tool knows",
            details=[f"expected one of {', '.join(ADAPTERS)}"],
            next_step="`etl sources` lists them; your own file needs `--text-column` and `--label-column`.",
        )
    return [slug]


def _recognise(peek: Peek, candidates: list[str]) -> Found | None:
    for slug in candidates:
        match: Found | None = ADAPTERS[slug].recognise(peek)
        if match:
            return match
    return None


def _choose(files: list[Found], account: Account) -> list[Found]:
    best: dict[tuple[str, ...], Found] = {}
    for each in sorted(files, key=lambda each: each.rank):
        best.setdefault(_part(each), each)
    same_size = Counter(each.raw.size for each in files)
    first_of: dict[str, Found] = {}
    chosen = []
    for each in files:
        winner = best[_part(each)]
        if each.rank > winner.rank:
            account.leave_aside(each.raw, SAME_ROWS, f": {winner.raw.name}")
            continue
        if same_size[each.raw.size] > 1:
            try:
                first = first_of.setdefault(_sha256(each.raw), each)
            except DAMAGE as error:
                account.bad_file(each.raw.file, each.raw.member, damaged(each.raw.name, error))
                continue
            if first is not each:
                account.leave_aside(each.raw, SAME_BYTES, f": {first.raw.name}")
                continue
        chosen.append(each)
    return chosen


def _sha256(raw: RawFile) -> str:
    with raw.open() as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]


def _part(found: Found) -> tuple[str, ...]:
    """What makes two files copies of each other. Clips and shards of one rank are no copies."""
    return (found.release, found.split or "", found.part)


def _nothing_found(seen: int, account: Account, settings: Settings) -> InputError:
    aside = [entry["member"] or entry["file"] for entry in account.left_aside[:5]]
    ignored = ", ".join(f"{count} {suffix}" for suffix, count in sorted(account.ignored.items()))
    expected = settings.read.source or "a known corpus"
    return InputError(
        f"none of {seen:,} readable files is {expected}",
        details=[f"looked at: {name}" for name in aside] + ([f"ignored: {ignored}"] if ignored else []),
        cause="These files are no corpus this tool knows, or their columns were renamed.",
        next_step="`etl sources` says what is expected; a table of your own needs `--text-column`.",
    )
