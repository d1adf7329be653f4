"""`etl validate`: checks a dataset, or a table of anybody's, and shows what was found."""

from __future__ import annotations

from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Annotated, Literal

import typer

from etl.commands.choices import DELIMITER, HEADER, RAW
from etl.language.message import by_english, tr
from etl.runtime import console

# What takes time, as it is called in the code.
_TIMED = by_english(
    tr("accounts"),
    tr("balance"),
    tr("changes"),
    tr("columns"),
    tr("conflicts"),
    tr("constant labels"),
    tr("constant predictor"),
    tr("contract"),
    tr("corrections"),
    tr("data docs"),
    tr("drift"),
    tr("evidence"),
    tr("files"),
    tr("label noise"),
    tr("label sets"),
    tr("label source"),
    tr("labels"),
    tr("leakage"),
    tr("near-duplicates"),
    tr("rater agreement"),
    tr("reading"),
    tr("repeats"),
    tr("report"),
    tr("row counts"),
    tr("source overlap"),
    tr("taxonomy and splits"),
    tr("texts"),
    tr("tokens"),
)


def validate(
    path: Annotated[
        str,
        typer.Argument(
            metavar="DATASET|FILE",
            help="A dataset that `etl ingest` wrote, a table (CSV, TSV, JSON, JSON lines, XLSX, XLS, "
            "Parquet, Arrow), or a folder with tables named after splits, such as one from Hugging Face; "
            "or a URL.",
            show_default=False,
        ),
    ],
    text_column: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of a table: which column holds the sentence.")
    ] = None,
    label_column: Annotated[str | None, typer.Option(metavar="NAME", help="… the label.")] = None,
    split_column: Annotated[
        str | None, typer.Option(metavar="NAME", help="… train, validation or test.")
    ] = None,
    group_column: Annotated[
        str | None, typer.Option(metavar="NAME", help="… what must not be in two splits: dialogue, speaker.")
    ] = None,
    delimiter: Annotated[str | None, DELIMITER] = None,
    header: Annotated[bool, HEADER] = True,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where to write the report, instead of the default named above."),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="An etl.yaml: its sections `validate` and, for a table, `dedupe`."),
    ] = None,
    fail_on: Annotated[
        Literal["error", "warning", "never"], typer.Option(help="What makes the exit code 3.")
    ] = "error",
    layout: Annotated[
        Literal["table", "json", "junit", "github"],
        typer.Option("--format", help="How findings are shown on standard output."),
    ] = "table",
    is_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    show_text: Annotated[
        bool, typer.Option("--show-text", help="Quote the sentences of example rows in the report.")
    ] = False,
    against: Annotated[
        str | None,
        typer.Option(metavar="DATASET|FILE", help="An earlier one: say what changed since, and how far."),
    ] = None,
    label_noise: Annotated[
        bool,
        typer.Option(
            "--label-noise", help="Look for labels that are likely wrong; lists them in label_noise.csv."
        ),
    ] = False,
    evidence: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Also write all rows of the findings, with their texts: CSV and Parquet."
        ),
    ] = None,
    is_raw: Annotated[bool, RAW] = False,
    data_docs: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Also write the contract as web pages (Great Expectations)."),
    ] = None,
    memory: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            help="How much memory the checks may use, such as 2GB; by default half of what is free.",
        ),
    ] = None,
    is_timed: Annotated[
        bool, typer.Option("--timings", help="Say on standard error what each check took.")
    ] = False,
) -> None:
    """Check a dataset or a table before training on it: contract, balance, leakage.

    Trusts nothing that ingest says: everything is computed again from the rows. Says which accuracy and
    loss a model reaches without looking at a sentence, whether the label gives the corpus away, and what
    validation and test share with train. Writes report.html and findings.json: into validation/ of a
    dataset, or for a table into NAME.validation/ beside it.

    The columns of a table are guessed from their names where they are not named, and a note says which.

    The report names rows by id; sentences are quoted only with --show-text, since some corpora must not
    be redistributed. Exit code 3 where there is an error (or a warning, with --fail-on warning).
    """
    from etl.runtime.paths import is_remote
    from etl.storage.datasets import open_url
    from etl.storage.upload import upload_folder
    from etl.validation import contract_worker, run
    from etl.validation.report import formats

    with ExitStack() as stack:
        subject = stack.enter_context(open_url(path))
        earlier = stack.enter_context(open_url(against)) if against else None
        # The Data Docs need Great Expectations in this process anyway.
        worker = nullcontext(contract_worker.in_process) if data_docs else contract_worker.in_subprocess()
        result = run.validate(
            subject,
            settings=config,
            text_column=text_column,
            label_column=label_column,
            split_column=split_column,
            group_column=group_column,
            delimiter=delimiter,
            header=header,
            out=out,
            against=earlier,
            label_noise=label_noise,
            show_text=show_text,
            raw=is_raw,
            data_docs=data_docs,
            evidence=evidence,
            memory=memory,
            start_check=stack.enter_context(worker),
        )
        report = out or run.report_folder(subject)
        shown = str(report)
        if is_remote(path) and not out:
            # Where it would be locally: in a dataset, beside anything else.
            base = path.rstrip("/") if report.is_relative_to(subject) else path.rstrip("/").rpartition("/")[0]
            shown = f"{base}/{report.name}"
            upload_folder(report, shown)
    chosen = "json" if is_json else layout
    text = formats.render(result, chosen, name=subject.resolve().name, fail_on=fail_on)
    if chosen == "table":
        console.line(tr("{summary} Report: {folder}/report.html", summary=text, folder=shown))
    elif text:
        typer.echo(text)
    if is_timed:
        for name, seconds in result.seconds.items():
            console.note(tr("{seconds:8.2f} s  {check}", seconds=seconds, check=_TIMED.get(name, name)))
    raise typer.Exit(result.exit_code(fail_on))
