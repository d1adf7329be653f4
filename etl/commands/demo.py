"""`etl demo`: runs the whole pipeline on made-up corpora, which need no licence."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
    from etl.dataset.manifest import MANIFEST
    from etl.models.training.report_html import predictors
    from etl.runtime import console

    ingest.show(result.manifest, result.dataset)
    console.table(
        f"Baseline, on {result.training.held_out}",
        ["", "accuracy", "macro-F1", "loss"],
        [
            [name, *(round(number, 4) for number in (scores.accuracy, scores.macro_f1, scores.loss))]
            for split, name, _, scores, _lead in predictors(result.training)
            if split == result.training.held_out
        ],
    )
    warnings = sum(finding.severity == "warning" for finding in result.validation.findings)
    console.line(f"Validation: no errors, {warnings} warnings. Vocabulary: {result.vocabulary_size:,} ids.")
    published = result.published
    added = console.plural(sum(published.difference.added.values()), "row")
    console.line(
        f"Refresh: {published.seconds[0]:.1f} s; one file added: {published.seconds[1]:.1f} s, {added} more; "
        f"rolled back to version {published.current}."
    )
    console.line("Where to look:")
    for path, text in (
        (result.raw, "made-up corpora, and truth.json: what is planted in them"),
        (
            result.dataset / "data",
            "the shards: datasets.load_dataset, polars or pandas read them as they are",
        ),
        (result.dataset / "rejects", f"every rejected row with its reason: etl rejects {result.dataset}"),
        (result.dataset / "validation" / "report.html", "the report"),
        (result.dataset / MANIFEST, "what went in, what came out, the sha256 of every file"),
        (result.model / "report.html", "what the baseline learnt, and what needs no baseline"),
        (published.place / "current", f"the published version: etl versions {published.place}"),
    ):
        console.line(f"  {path}  {text}")
    console.line("Next: `etl sources` says what your own corpora should look like.")
