"""`etl demo`: runs the whole pipeline on made-up corpora, which need no licence."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from etl.language.message import joined, plural, tr

if TYPE_CHECKING:
    from etl.publishing.demo import DemoResult


def demo(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to write.")] = Path("demo"),
    workers: Annotated[
        int | None, typer.Option(min=1, help="Tagging processes.  [default: one a core]")
    ] = None,
) -> None:
    """Try everything: sample corpora, ingest, validate, build-vocab, train-baseline, refresh, rollback."""
    from etl.commands.training import require_training
    from etl.publishing.demo import run_demo
    from etl.runtime import console
    from etl.settings import Settings

    require_training(is_network=False)
    with console.progress("demo") as progress:
        result = run_demo(folder, Settings(), workers=workers or os.cpu_count() or 1, progress=progress)
    _show(result)


def _show(result: DemoResult) -> None:
    from etl.commands import ingest
    from etl.models.training.report_html import predictors
    from etl.runtime import console

    ingest.show(result.manifest)
    ingest.say_complete(result.dataset)
    console.table(
        tr("Baseline, on {split}", split=result.training.held_out),
        ["", tr("accuracy"), "macro-F1", tr("loss")],
        [
            [name, *(round(number, 4) for number in (scores.accuracy, scores.macro_f1, scores.loss))]
            for split, name, _, scores, _lead in predictors(result.training)
            if split == result.training.held_out
        ],
    )
    warnings = sum(finding.severity == "warning" for finding in result.validation.findings)
    console.line(
        tr(
            "Validation: no errors, {warnings} warnings. Vocabulary: {ids:,} ids.",
            warnings=warnings,
            ids=result.vocabulary_size,
        )
    )
    published = result.published
    rows = plural("{number:,} row", "{number:,} rows", sum(published.difference.added.values()))
    console.line(
        tr(
            "Refresh: {first:.1f} s; one file added: {second:.1f} s, {rows} more; rolled "
            "back to version {version}.",
            first=published.seconds[0],
            second=published.seconds[1],
            rows=rows,
            version=published.current,
        )
    )
    _show_places(result)
    console.line(tr("Next: `etl sources` says what your own corpora should look like."))


def _show_places(result: DemoResult) -> None:
    from etl.dataset.manifest import MANIFEST
    from etl.runtime import console

    console.line(tr("Where to look:"))
    for path, text in (
        (result.raw, tr("made-up corpora, and truth.json: what is planted in them")),
        (
            result.dataset / "data",
            tr("the shards: datasets.load_dataset, polars or pandas read them as they are"),
        ),
        (
            result.dataset / "rejects",
            tr("every rejected row with its reason: etl rejects {dataset}", dataset=result.dataset),
        ),
        (result.dataset / "validation" / "report.html", tr("the report")),
        (result.dataset / MANIFEST, tr("what went in, what came out, the sha256 of every file")),
        (result.model / "report.html", tr("what the baseline learnt, and what needs no baseline")),
        (
            result.published.place / "current",
            tr("the published version: etl versions {publish_dir}", publish_dir=result.published.place),
        ),
    ):
        console.line(joined("  ", ("", path, text)))
