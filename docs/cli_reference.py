"""Writes docs/cli.md, the reference of the command line, from the commands themselves.

Run it after a command, an option, a default or a help text has changed; a test compares.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from etl.cli import app

PAGE = Path(__file__).with_name("cli.md")
KINDS = {"int": "integer", "int range": "integer", "float": "number", "str": "text"}
HEAD = """# Commands

Written by `python docs/cli_reference.py` from the commands themselves; do not edit. `--help` after a
command shows the same. What the exit codes mean stands in [operations.md](operations.md#exit-codes)."""


def reference() -> str:
    """Returns the whole page as Markdown: each command in the order in which a newcomer needs it."""
    command = typer.main.get_command(app)
    index = [
        f"| [`etl {name}`](#etl-{name.replace(' ', '-')}) | {_first_line(one)} |"
        for name, one in _commands(command)
    ]
    sections = [_section(f"etl {name}", one) for name, one in _commands(command)]
    common = "\n".join(_table(command.params))
    return (
        "\n\n".join([HEAD, "\n".join(["| command | does |", "|---|---|", *index]), common, *sections]) + "\n"
    )


def _commands(command: Any) -> Iterator[tuple[str, Any]]:
    for name, one in command.commands.items():
        if hasattr(one, "commands"):
            yield from ((f"{name} {part}", each) for part, each in one.commands.items())
        else:
            yield name, one


def _first_line(command: Any) -> str:
    return str(inspect.cleandoc(command.help)).partition("\n")[0]


def _section(name: str, command: Any) -> str:
    arguments = [_names(one).strip("`") for one in command.params if one.param_type_name == "argument"]
    usage = " ".join([name, *arguments, "[OPTIONS]"])
    text = inspect.cleandoc(command.help)
    return "\n\n".join([f"## {name}", f"```text\n{usage}\n```", text, "\n".join(_table(command.params))])


def _table(parameters: list[Any]) -> Iterator[str]:
    """Yields the lines of a Markdown table with a row for each argument and option."""
    yield from ("| name | takes | default | meaning |", "|---|---|---|---|")
    for one in parameters:
        meaning, _, written_default = (one.help or "").partition("[default: ")
        default = written_default.rstrip("] ") or _default(one)
        cells = [f"`{_names(one)}`", _values(one), default, meaning]
        yield "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


def _names(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name.upper())
    return ", ".join([*parameter.opts, *parameter.secondary_opts])


def _values(parameter: Any) -> str:
    if parameter.param_type_name == "argument" or getattr(parameter, "is_flag", False):
        return ""
    choices = getattr(parameter.type, "choices", None)
    if choices:
        return ", ".join(map(str, choices))
    least = getattr(parameter.type, "min", None)
    kind = KINDS.get(parameter.type.name, parameter.type.name)
    metavar = (parameter.metavar or "").strip("[]").replace("|", ", ")
    return str(metavar or kind) + ("" if least is None else f" ≥ {least}")


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    if parameter.default in (None, False, ()) or callable(parameter.default):
        return ""
    return str(getattr(parameter.default, "value", parameter.default))


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
