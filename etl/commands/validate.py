"""`etl validate`: checks a dataset and shows what was found."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from etl import console


def validate(
    dataset: Annotated[Path, typer.Argument(help="A dataset that `etl ingest` wrote.", show_default=False)],
    fail_on: Annotated[
        Literal["error", "warning", "never"], typer.Option(help="What makes the exit code 3.")
    ] = "error",
    show_text: Annotated[
        bool, typer.Option("--show-text", help="Quote the sentences of example rows in the report.")
    ] = False,
    is_json: Annotated[bool, typer.Option("--json", help="The findings as JSON on standard output.")] = False,
) -> None:
    """Check a dataset before training on it: contract, balance, leakage.

    Trusts nothing that ingest says: everything is computed again from the rows. Says which accuracy and
    loss a model reaches without looking at a sentence, whether the label gives the corpus away, and what
    validation and test share with train. Writes validation/report.html and validation/findings.json into
    the dataset.

    The report names rows by id; sentences are quoted only with --show-text, since some corpora must not
    be redistributed. Exit code 3 where there is an error (or a warning, with --fail-on warning).
    """
    from etl.validate.run import validate as run

    result = run(dataset, show_text=show_text)
    if is_json:
        console.json_document(result.document())
    else:
        for finding in result.findings:
            console.line(f"{finding.severity:<8} {finding.code}: {finding.message}")
            if finding.examples:
                console.line(f"         for example {', '.join(finding.examples)}")
            if finding.severity != "note":
                console.line(f"         Next: {finding.what_to_do}")
        errors, warnings = result.count("error"), result.count("warning")
        console.line(
            f"{errors} errors, {warnings} warnings. Report: {dataset / 'validation' / 'report.html'}"
        )
    raise typer.Exit(result.exit_code(fail_on))
