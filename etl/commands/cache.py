"""`etl cache`: what is kept between runs, and how to be rid of it."""

from __future__ import annotations

import re
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from etl.language.message import Message, joined, plural, tr

if TYPE_CHECKING:
    from etl.tagging.cache import Stored

_HASH, _HASH_DIGITS = re.compile("[0-9a-f]{64}"), 8
Action = StrEnum("Action", ["show", "clear"])


def cache(
    action: Annotated[
        Action, typer.Argument(help="Show what is kept, or remove what was tagged.")
    ] = Action.show,
    tagger: Annotated[str | None, typer.Option(help="Only what this tagger tagged.")] = None,
    is_json: Annotated[bool, typer.Option("--json", help="Show the result as JSON.")] = False,
) -> None:
    """Show what is kept between runs: the sentences that were tagged, by tagger, version and options.

    A later run tags only what is new. All of it can be made again, and no result depends on it; `etl cache
    clear` removes it. It is kept in the user's cache folder, or in $ETL_CACHE_DIR.
    """
    from etl.runtime import console
    from etl.runtime.paths import cache_folder
    from etl.tagging import cache as tagged

    folder = cache_folder()
    if action is Action.clear:
        removed = tagged.clear(folder, tagger)
        if is_json:
            console.json_document({"folder": str(folder), "removed": [_document(each) for each in removed]})
        else:
            console.line(tr("removed {files} from {folder}", files=_summed(removed), folder=folder))
        return
    kept = [each for each in tagged.stored(folder) if tagger in {None, each.tagger}]
    others = {} if tagger else _others(folder)
    if is_json:
        console.json_document(
            {"folder": str(folder), "tagged": [_document(each) for each in kept], "others": others}
        )
        return
    console.line(joined(": ", (folder, _summed(kept))))
    if kept:
        header = [tr("tagger"), tr("version"), tr("options"), tr("sentences"), tr("size"), tr("last used")]
        console.table(tr("Tagged sentences"), header, [_row(each) for each in kept])
    if others:
        sizes = [[name, _size(count)] for name, count in others.items()]
        console.table(tr("Other files"), [tr("name"), tr("size")], sizes)


def _others(folder: Path) -> dict[str, int]:
    """Bytes of whatever else stands in the cache folder, such as the tables of a tagger, by name."""
    from etl.tagging.cache import FOLDER

    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    return {path.name: _bytes_in(path) for path in paths if path.name != FOLDER}


def _bytes_in(path: Path) -> int:
    total = 0
    for each in [path, *path.rglob("*")]:
        with suppress(FileNotFoundError):  # another run tidies up
            total += 0 if each.is_dir() else each.stat().st_size
    return total


def _row(each: Stored) -> list[object]:
    if each.sentences is None:
        return [each.tagger, tr("cannot be read"), each.path.name, "-", _size(each.bytes), _local(each)]
    return [
        each.tagger,
        each.facts.get("version") or "-",
        ", ".join(f"{name} {_shown(value)}" for name, value in _options(each.facts).items()) or "-",
        f"{each.sentences:,}",
        _size(each.bytes),
        _local(each),
    ]


def _options(facts: dict[str, Any]) -> dict[str, Any]:
    """All that makes this cache another than that of the same tagger and version."""
    options = {name: value for name, value in facts.items() if name not in {"name", "version", "fingerprint"}}
    return {**options.pop("options", {}), **options}


def _shown(value: object) -> str:
    """An option, or as much of a hash as tells it from another; `--json` has all of it."""
    text = str(value)
    return f"{text[:_HASH_DIGITS]}…" if _HASH.fullmatch(text) else text


def _document(each: Stored) -> dict[str, Any]:
    return {
        "tagger": each.tagger,
        "facts": each.facts,
        "sentences": each.sentences,
        "bytes": each.bytes,
        "last_used": each.used.isoformat(),
        "path": str(each.path),
    }


def _summed(files: list[Stored]) -> Message:
    number = sum(each.sentences or 0 for each in files)
    sentences = plural("{number:,} tagged sentence", "{number:,} tagged sentences", number)
    return joined(", ", (sentences, _size(sum(each.bytes for each in files))))


def _size(number_of_bytes: int) -> str:
    return tr("{number:,.1f} MB", number=number_of_bytes / 1e6)


def _local(each: Stored) -> str:
    return each.used.astimezone().strftime("%Y-%m-%d %H:%M")
