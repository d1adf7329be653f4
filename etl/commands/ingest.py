"""`etl ingest`: raw corpora in, accounted dataset out."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from etl.settings import Settings

Tagger = StrEnum("Tagger", ["okt", "komoran", "hannanum", "kkma", "mecab", "kiwi", "whitespace"])
Turns = StrEnum("Turns", ["first", "all"])
Modality = StrEnum("Modality", ["text", "sound", "image", "multimodal"])
SplitMode = StrEnum("SplitMode", ["official", "grouped"])
OnBadFile = StrEnum("OnBadFile", ["stop", "skip"])
Duplicates = StrEnum("Duplicates", ["first", "keep"])
Conflicts = StrEnum("Conflicts", ["reject", "majority", "keep"])


def ingest(
    paths: Annotated[list[Path], typer.Argument(help="Raw files, archives and folders.", show_default=False)],
    out: Annotated[Path, typer.Option(help="The dataset to write. A dataset that is there is replaced.")],
    config: Annotated[Path | None, typer.Option(help="Settings; `etl init` writes them commented.")] = None,
    source: Annotated[str | None, typer.Option(help="The corpus; detected by content if not given.")] = None,
    taxonomy: Annotated[
        str | None, typer.Option(help="ko7, native11, dialogue6, polarity3 or a file.")
    ] = None,
    tagger: Annotated[
        Tagger | None, typer.Option(help="What cuts sentences into tokens.  [default: okt]")
    ] = None,
    turns: Annotated[Turns | None, typer.Option(help="Which turns of a dialogue.  [default: first]")] = None,
    modality: Annotated[
        Modality | None, typer.Option(help="Whose label, in 멀티모달.  [default: text]")
    ] = None,
    split: Annotated[
        SplitMode | None, typer.Option(help="Keep official splits, or not.  [default: official]")
    ] = None,
    duplicates: Annotated[
        Duplicates | None, typer.Option(help="Duplicates in train.  [default: first]")
    ] = None,
    conflicts: Annotated[
        Conflicts | None, typer.Option(help="Conflicting labels in train.  [default: reject]")
    ] = None,
    text_column: Annotated[str | None, typer.Option(help="A table of your own: the sentence.")] = None,
    label_column: Annotated[str | None, typer.Option(help="… the label.")] = None,
    group_column: Annotated[str | None, typer.Option(help="… the group that is never split.")] = None,
    split_column: Annotated[str | None, typer.Option(help="… train, validation or test.")] = None,
    domain: Annotated[
        str | None, typer.Option(help="… dialogue, sns, review, comment, mail, formal.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many rows of each corpus.")] = None,
    on_bad_file: Annotated[
        OnBadFile | None, typer.Option(help="Stop, or skip and list it.  [default: stop]")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of the split.  [default: 42]")] = None,
    shard_rows: Annotated[int | None, typer.Option(min=1, help="Rows in a shard.  [default: 100000]")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Tagging processes.  [default: one a core]")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be read, and stop.")] = False,
    is_json: Annotated[bool, typer.Option("--json", help="The result as JSON on standard output.")] = False,
) -> None:
    """Read raw corpora into one accounted dataset: cleaned, relabelled, tagged, split without leaks."""
    from etl import console, route
    from etl import settings as settings_module

    settings = settings_module.load(
        config,
        {
            "taxonomy": taxonomy,
            "read.source": source,
            "read.turns": turns,
            "read.modality": modality,
            "read.limit": limit,
            "read.on_bad_file": on_bad_file,
            "table.text_column": text_column,
            "table.label_column": label_column,
            "table.group_column": group_column,
            "table.split_column": split_column,
            "table.domain": domain,
            "tag.tagger": tagger,
            "split.mode": split,
            "split.seed": seed,
            "dedupe.duplicates": duplicates,
            "dedupe.conflicts": conflicts,
            "write.shard_rows": shard_rows,
        },
    )
    if dry_run:
        show_plan(paths, settings, is_json=is_json)
        return
    with console.progress("reading", is_quiet=is_json) as progress:
        manifest = route.ingest(
            paths, out, settings, workers=workers or os.cpu_count() or 1, progress=progress
        )
    if is_json:
        console.json_document(
            {
                key: manifest[key]
                for key in ("counts", "splits", "left_aside", "skipped", "warnings", "aliases")
            }
        )
    else:
        show(manifest, out)


def show_plan(paths: list[Path], settings: Settings, *, is_json: bool) -> None:
    """What would be read, left aside and skipped."""
    from etl import console, route

    found, account = route.discover(paths, settings)
    rows = [
        {
            "source": slug,
            "release": each.release,
            "split": each.split or "by group",
            "layout": each.layout,
            "file": each.raw.name,
        }
        for slug, files in found.items()
        for each in files
    ]
    if is_json:
        console.json_document({"read": rows, "left_aside": account.left_aside, "skipped": account.skipped})
        return
    console.table(
        "Would be read",
        ["source", "release", "split", "layout", "file"],
        [list(each.values()) for each in rows],
    )
    _show_files(account.left_aside, account.skipped)


def show(manifest: dict[str, Any], out: Path) -> None:
    """The closing table: what was read and kept, and why the rest was not."""
    from etl import console, row

    counts = manifest["counts"]
    reasons = [
        reason for reason in row.reasons() if any(reason in each["rejected"] for each in counts.values())
    ]
    rows = [
        [source, each["read"], each["kept"], *(each["rejected"].get(reason, 0) for reason in reasons)]
        for source, each in counts.items()
    ]
    if len(rows) > 1:
        rows.append(["all", *(sum(each[index] for each in rows) for index in range(1, len(reasons) + 3))])
    console.table("Rows", ["source", "read", "kept", *reasons], rows)
    splits = manifest["splits"]
    console.table(
        f"Labels ({manifest['taxonomy']['name']})",
        ["label", *splits],
        [
            [label, *(splits[name]["labels"][label] for name in splits)]
            for label in manifest["taxonomy"]["targets"]
        ],
    )
    _show_files(manifest["left_aside"], manifest["skipped"])
    for source, met in manifest["aliases"].items():
        console.note(
            f"note: {source}: "
            + ", ".join(f"{alias!r} {count:,} times" for alias, count in met.items())
            + " understood as aliases"
        )
    _show_warnings(manifest["warnings"])
    console.line(
        f"{out} is complete. Next: `etl validate {out}`, or `etl rejects {out}` for what is not in it."
    )


def _show_files(left_aside: list[dict[str, str]], skipped: list[dict[str, str]]) -> None:
    from etl import console

    if left_aside:
        console.table(
            "Left aside",
            ["file", "member", "why"],
            [[each["file"], each["member"], each["why"]] for each in left_aside],
        )
    for each in skipped:
        console.note(f"skipped: {each['error']}")


def _show_warnings(warnings: list[str], most: int = 5) -> None:
    from etl import console

    for warning in warnings[:most]:
        console.note(f"warning: {warning}")
    if len(warnings) > most:
        console.note(f"warning: {len(warnings) - most} more in manifest.json")
