"""The help texts of all commands in the user's language: found where typer keeps them, so none is marked."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from copy import copy
from typing import Any

import typer

from etl.language import catalogue
from etl.language.message import tr, translated
from etl.language.wrapping import wrap_by_cells

# Of the line that says how a command is called.
_USAGE = (tr("Usage: "), tr("[OPTIONS]"), tr("COMMAND [ARGS]..."))


def texts(command: Any) -> Iterator[str]:
    """Yields the help texts of a command of typer, its options and all commands below it."""
    for each in _commands(command):
        for holder, name in _holders(each):
            text = getattr(holder, name, None)
            if text:
                yield inspect.cleandoc(text)


def translate(command: Any) -> None:
    """Puts the language in use into the help texts of a command and all below it."""
    if catalogue.current() == catalogue.ENGLISH:
        return
    for each in _commands(command):
        for parameter in each.params:
            parameter.type = copy(parameter.type)  # which those of all commands share
        for holder, name in _holders(each):
            text = getattr(holder, name, None)
            if text:
                setattr(holder, name, catalogue.look_up(inspect.cleandoc(text)))
        _translate_usage(each)
    wrap_by_cells()


def _translate_usage(command: Any) -> None:
    english = command.get_usage

    def get_usage(context: typer.Context) -> str:
        usage: str = english(context)
        for part in _USAGE:
            usage = usage.replace(part, translated(part), 1)
        return usage

    command.get_usage = get_usage


def _commands(command: Any) -> Iterator[Any]:
    yield command
    for below in getattr(command, "commands", {}).values():
        yield from _commands(below)


def _holders(command: Any) -> Iterator[tuple[Any, str]]:
    yield from ((command, "help"), (command, "short_help"), (command, "epilog"))
    context = typer.Context(command)
    # `--help` itself is made on demand.
    for parameter in (*command.params, command.get_help_option(context)):
        yield from ((parameter, "help"), (parameter, "rich_help_panel"))
        # An option shows its own word in place of its type, an argument beside it.
        is_shown = parameter.param_type_name == "argument" or not (parameter.metavar or parameter.is_flag)
        if is_shown and not parameter.type.get_metavar(parameter, context):
            yield parameter.type, "name"
