"""What `etl ingest --dry-run` shows, and the form for labels that are unknown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from etl.commands.ingest_counts import show_counts, show_skipped
from etl.language.message import tr

if TYPE_CHECKING:
    from etl.dataset.manifest import UnknownLabels
    from etl.ingestion.plan import Plan
    from etl.settings import Settings

_NAMES = ("source", "release", "split", "layout", "file", "members")
_HEADER = (tr("source"), tr("release"), tr("split"), tr("layout"), tr("file"), tr("members"))


def show_plan(paths: list[Path], settings: Settings, accepted: tuple[str, ...], *, is_json: bool) -> None:
    """Shows which files would be read, left aside and skipped; counts what becomes of their rows."""
    import msgspec

    from etl.ingestion.plan import plan_ingest
    from etl.language.stored import in_english
    from etl.runtime import console
    from etl.storage.datasets import check_usable

    with console.progress(tr("reading"), is_quiet=is_json) as progress:
        plan = plan_ingest(paths, settings, progress=progress)
    parts: dict[tuple[str, ...], list[str]] = {}
    for slug, files in plan.found.items():
        for each in files:
            part = (slug, each.release, each.official_split or tr("by group"), each.layout, each.raw.file)
            parts.setdefault(part, []).append(each.raw.member)
    if is_json:
        document = {
            "read": [dict(zip(_NAMES, (*part, members), strict=True)) for part, members in parts.items()],
            "left_aside": plan.log.left_aside,
            "skipped": plan.log.skipped,
            "counts": plan.counts,
            "warnings": plan.warnings,
            "unknown_labels": plan.unknown_labels,
        }
        console.json_document(msgspec.to_builtins(document, enc_hook=in_english))
    else:
        _show_as_text(plan, parts, settings)
    check_usable(plan.counts, accepted, None)


def _show_as_text(plan: Plan, parts: dict[tuple[str, ...], list[str]], settings: Settings) -> None:
    from etl.dataset.manifest import SkippedFile
    from etl.runtime import console

    console.table(
        tr("Would be read"),
        _HEADER,
        [
            (*part, members[0] if len(members) == 1 else tr("{number:,} members", number=len(members)))
            for part, members in parts.items()
        ],
    )
    show_counts(tr("Rows before tagging"), plan.counts)
    if plan.log.left_aside:
        console.table(
            tr("Left aside"),
            [tr("file"), tr("why")],
            [[_name(each), each["why"]] for each in plan.log.left_aside],
        )
    show_skipped(SkippedFile(**each) for each in plan.log.skipped)
    for warning in plan.warnings:
        console.note(tr("warning: {warning}", warning=warning))
    show_form(plan.unknown_labels, settings)


def _name(entry: dict[str, str]) -> str:
    return f"{entry['file']} → {entry['member']}" if entry["member"] else entry["file"]


def show_form(unknown: Sequence[UnknownLabels], settings: Settings) -> None:
    """Shows a taxonomy to fill in, if a table of the user's own has many unknown labels."""
    from etl.runtime import console
    from etl.schema import taxonomy
    from etl.schema.taxonomy_form import write_form

    for each in unknown:
        if each.source == taxonomy.TABLE:
            chosen = taxonomy.load(settings.taxonomy)
            console.note(
                tr(
                    "To say what these labels mean, save this as labels.yaml, put targets in the "
                    "place of null, and run again with `--taxonomy labels.yaml`.\nIf known corpora are "
                    "read as well, put the lines below `{section}:` into a copy of the taxonomy that "
                    "maps them ({taxonomy}).\n\n{form}",
                    section=taxonomy.TABLE,
                    taxonomy=settings.taxonomy,
                    form=write_form(chosen, each.labels),
                )
            )
