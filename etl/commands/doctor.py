"""`etl doctor`: can it work on this machine, and what to do where it cannot."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from etl.commands.choices import TAGGER_METAVAR, parse_tagger

_STYLES = {"ok": "green", "note": "yellow", "problem": "bold red"}


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
            _show(check.name, check.state, check.found, check.next_step)
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
        console.line(f"{console.plural(problems, 'problem')}: `etl ingest` would stop here.")
    else:
        console.line("No problem: `etl ingest` can work here.")
    if problems:
        raise typer.Exit(FindingsError.exit_code)


def _show(name: str, state: str, found: str, next_step: str) -> None:
    from rich.text import Text

    from etl.runtime import console

    output = console.stdout()
    output.print(
        Text.assemble((f"{state:<8}", _STYLES[state]), f"{name:<17}", console.printable(found)),
        soft_wrap=True,
    )
    if next_step:
        output.print(Text(f"{'':<8}{'':<17}Next: {next_step}"), soft_wrap=True)
