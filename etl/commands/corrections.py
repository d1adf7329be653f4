"""`etl corrections`: decisions of people as files: compared with a dataset, merged, measured, exchanged."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from etl.language.message import by_english, plural, tr

corrections = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Check, merge, measure and exchange decisions of people about rows.",
)

FILES = Annotated[
    list[Path], typer.Argument(metavar="FILE...", help="Decisions: JSON lines, or CSV with the same columns.")
]
Format = Literal["label-studio", "csv", "columns"]
# How the JSON calls what becomes of decisions, said to people.
_OUTCOMES = by_english(tr("applies"), tr("stale"), tr("not found"), tr("incomplete"), tr("disagreement"))
FORMAT_OPTION = typer.Option(
    "--format", help="Label Studio's JSON, CSV for a spreadsheet, or columns as Argilla has them."
)
JSON = Annotated[bool, typer.Option("--json", help="Show the result as JSON.")]


@corrections.command()
def check(
    files: FILES,
    dataset: Annotated[Path, typer.Option(help="A dataset of the same raw files.")],
    config: Annotated[
        Path | None, typer.Option(help="Settings: whose word counts where people disagree.")
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="Name at most so many that are not applied.")] = 20,
    is_json: JSON = False,
) -> None:
    """Show which decisions apply to the rows of a dataset, and which do not, and why.

    A decision is stale if its row has another text now. Exit code 3 if one does not apply, or has
    labels of another taxonomy.
    """
    import etl
    from etl.errors import FindingsError
    from etl.ingestion.correction_check import APPLIES, check_corrections
    from etl.runtime import console

    settings = etl.load_settings(config).corrections
    checked = check_corrections(files, etl.open_dataset(dataset), settings)
    left = checked.outcomes.filter(checked.outcomes["outcome"] != APPLIES)
    if is_json:
        document = {"counts": checked.counts, "other_taxonomy": checked.other_taxonomy}
        console.json_document(document | {"not_applied": left.to_dicts()})
    else:
        counts: list[tuple[str, int]] = [
            *((_OUTCOMES[outcome], number) for outcome, number in checked.counts.items()),
            (tr("for another taxonomy"), checked.other_taxonomy),
        ]
        console.table(tr("Decisions"), [tr("outcome"), tr("decisions")], counts)
        if left.height and limit:
            shown = left.head(limit)
            columns = {
                str(name): name
                for name in (tr("outcome"), tr("source"), tr("decision"), tr("label"), tr("by"))
            }
            console.table(
                tr("Not applied: {shown:,} of {number:,}", shown=shown.height, number=left.height),
                [columns.get(name, name) for name in shown.columns],
                [(_OUTCOMES[outcome], *others) for outcome, *others in shown.iter_rows()],
            )
    if n_left := left.height + checked.other_taxonomy:
        raise FindingsError(
            plural(
                "{number:,} decision would not be applied to {dataset}",
                "{number:,} decisions would not be applied to {dataset}",
                n_left,
                dataset=dataset,
            ),
            next_step=tr(
                "look at the rows with `etl review {dataset}`, or see all with `--json`.", dataset=dataset
            ),
        )


@corrections.command()
def merge(
    files: FILES,
    out: Annotated[Path, typer.Option(help="The file to write: JSON lines, or CSV if it is called so.")],
    is_json: JSON = False,
) -> None:
    """Write the decisions of several files into one: sorted by time, each once.

    The result is the same whatever the order of files and lines. All are kept, also those that a later one
    of the same person replaces.
    """
    from etl.corrections.decision import sort_decisions
    from etl.corrections.read import read_decisions
    from etl.corrections.write import write_decisions
    from etl.runtime import console

    decisions = read_decisions(files)
    merged = sort_decisions(decisions)
    write_decisions(out, merged)
    if is_json:
        console.json_document({"read": len(decisions), "written": len(merged), "out": str(out)})
    else:
        console.line(
            plural(
                "{out}: {number:,} decision; {again:,} were there twice",
                "{out}: {number:,} decisions; {again:,} were there twice",
                len(merged),
                out=out,
                again=len(decisions) - len(merged),
            )
        )


@corrections.command()
def stats(files: FILES, is_json: JSON = False) -> None:
    """Show who decided how much, and how far people agree: Cohen's kappa, Krippendorff's alpha.

    1 is agreement, 0 is what chance would give. The last decision of a person on a row counts.
    """
    from dataclasses import asdict

    from etl.corrections.agreement import measure_agreement
    from etl.corrections.read import read_decisions
    from etl.runtime import console

    agreement = measure_agreement(read_decisions(files))
    if is_json:
        console.json_document(asdict(agreement))
        return
    console.table(tr("People"), [tr("by"), tr("decisions that count")], agreement.people.items())
    console.table(tr("Decisions"), [tr("decision"), tr("count")], agreement.decisions.items())
    if agreement.pairs:
        console.table(
            tr("Agreement of two"),
            [tr("one"), tr("other"), tr("both decided on"), tr("equal"), tr("Cohen's kappa")],
            [(p.one, p.other, p.both, _number(p.equal), _number(p.kappa)) for p in agreement.pairs],
        )
    alpha = _number(agreement.alpha)
    console.line(
        tr(
            "Krippendorff's alpha of all, on {shared:,} that several decided on: {alpha}",
            shared=agreement.shared,
            alpha=alpha,
        )
    )


@corrections.command("export")
def export_rows(
    dataset: Annotated[Path, typer.Argument(help="A dataset that `etl ingest` wrote.")],
    form: Annotated[Format, FORMAT_OPTION],
    out: Annotated[
        Path,
        typer.Option(help="The file to write. Columns are Parquet, or JSON lines if it is called .jsonl."),
    ],
    made: Annotated[
        list[Path] | None,
        typer.Option(
            "--corrections", help="Decisions that were made; one file or several.", show_default=False
        ),
    ] = None,
    rows: Annotated[
        Path | None, typer.Option(help="Only rows with the ids of this CSV or Parquet, such as evidence.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="Only rows of this source.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many rows.")] = None,
    is_json: JSON = False,
) -> None:
    """Write rows for people to decide on in Label Studio, a spreadsheet or Argilla.

    Rows that are kept, and rejects that a decision would save: conflicts, and rows without a label. For Label
    Studio an .xml beside the file has the labelling interface of the project.
    """
    from dataclasses import asdict

    import etl
    from etl.ingestion import correction_exchange
    from etl.runtime import console

    done = correction_exchange.export_rows(
        etl.open_dataset(dataset),
        out,
        form,
        corrections=made or (),
        rows=rows,
        source=source,
        limit=limit,
    )
    if is_json:
        console.json_document(asdict(done))
    else:
        files, *interface = done.files  # Label Studio also gets what its page looks like
        if interface:
            files = tr("{tasks} and {interface}", tasks=files, interface=interface[0])
        decisions = plural("{number:,} decision", "{number:,} decisions", done.decisions)
        console.line(
            tr(
                "{files}: {rows}, {decisions} beside them",
                files=files,
                rows=plural("{number:,} row", "{number:,} rows", done.rows),
                decisions=decisions,
            )
        )


@corrections.command("import")
def import_decisions(
    file: Annotated[Path, typer.Argument(help="What the other tool exported.")],
    form: Annotated[Format, FORMAT_OPTION],
    out: Annotated[Path, typer.Option(help="The decisions are appended to this file of JSON lines.")] = Path(
        "corrections.jsonl"
    ),
    by: Annotated[str, typer.Option(help="CSV: who decided, where a line does not say it.")] = "",
    at: Annotated[
        str | None, typer.Option(help="When, where it is not said: 2026-11-29T12:00:00Z.  [default: now]")
    ] = None,
    is_json: JSON = False,
) -> None:
    """Take decisions from an export of Label Studio or Argilla, or from a spreadsheet.

    A row with another label than it had is relabelled, one with the same is kept. Decisions that the file has
    already are not written again.
    """
    from dataclasses import asdict

    from etl.ingestion import correction_exchange
    from etl.runtime import clock, console

    done = correction_exchange.import_decisions(file, out, form, by=by, at=at or clock.now())
    if is_json:
        console.json_document(asdict(done))
    else:
        console.line(
            plural(
                "{out}: {number:,} new decision of {read:,} in {file}",
                "{out}: {number:,} new decisions of {read:,} in {file}",
                done.new,
                out=out,
                read=done.read,
                file=file,
            )
        )


def _number(value: float | None) -> str:
    return tr("not defined") if value is None else f"{value:.3f}"
