"""`etl doctor`: can it work on this machine, and what to do where it cannot."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from etl.commands.choices import TAGGER_METAVAR, parse_tagger
from etl.language.message import plural, tr, translated

if TYPE_CHECKING:
    from etl.tagging.doctor import Diagnosis

_STYLES = {"ok": "green", "note": "yellow", "problem": "bold red"}
_STATES = {"ok": tr("ok"), "note": tr("note"), "problem": tr("problem")}


def doctor(
    tagger: Annotated[
        list[str] | None,
        typer.Option(
            parser=parse_tagger,
            metavar=TAGGER_METAVAR,
            help="Only this tagger; may be given again.  [default: okt is needed, all are tried]",
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Tagging processes to have memory for.  [default: one a core]")
    ] = None,
    prove: Annotated[
        bool, typer.Option("--prove", help="Compare native taggers with their libraries, too: half a minute.")
    ] = False,
    is_json: Annotated[bool, typer.Option("--json", help="The checks as JSON on standard output.")] = False,
) -> None:
    """Check Java, taggers, memory, disk and output, and say what to do about what is found.

    Each installed tagger is started and given a few sentences; one that hangs is stopped after two minutes.

    `--prove` compares each tagger that is written again here with its library: dictionaries, and thousands of
    made-up texts; one difference is a problem.

    Exit code 3 where a problem would stop `etl ingest`; a note stops nothing.
    """
    import sys

    from etl.errors import FindingsError
    from etl.runtime import console
    from etl.tagging.doctor import examine

    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # an output that cannot show Korean is a finding
    checks = []
    for check in examine(tagger or [], workers or os.cpu_count() or 1, proves=prove):
        checks.append(check)
        if not is_json:
            _show(check)
    problems = sum(check.state == "problem" for check in checks)
    if is_json:
        console.json_document(
            {
                "problems": problems,
                "checks": [
                    {
                        "name": check.name,
                        "state": check.state,
                        "found": check.found,
                        "next_step": check.next_step,
                        "facts": check.facts,
                    }
                    for check in checks
                ],
            }
        )
    elif problems:
        console.line(
            tr(
                "{problems}: `etl ingest` would stop here.",
                problems=plural("{number:,} problem", "{number:,} problems", problems),
            )
        )
    else:
        console.line(tr("No problem: `etl ingest` can work here."))
    if problems:
        raise typer.Exit(FindingsError.exit_code)


def _show(check: Diagnosis) -> None:
    from rich.cells import cell_len, set_cell_size
    from rich.text import Text

    from etl.runtime import console

    output = console.stdout()
    state = (set_cell_size(translated(_STATES[check.state]), 8), _STYLES[check.state])
    name = translated(check.name)
    name += " " * max(1, 17 - cell_len(name))
    output.print(Text.assemble(state, name, console.printable(translated(check.found))), soft_wrap=True)
    if check.next_step:
        indent = " " * (8 + 17)
        output.print(Text(indent + translated(tr("Next: {step}", step=check.next_step))), soft_wrap=True)
