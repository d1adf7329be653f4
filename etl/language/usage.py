"""What typer says of a wrong command line."""

from __future__ import annotations

import re

import typer

from etl.language.forms import recognise
from etl.language.message import tr

_FORMS = (
    (r"Invalid value for (?P<option>.*?): (?P<reason>.*)", tr("Invalid value for {option}: {reason}")),
    (r"Missing argument (?P<name>'[^.]*')\.", tr("Missing argument {name}.")),
    (r"Missing option (?P<name>'[^.]*')\.", tr("Missing option {name}.")),
    (
        r"Missing argument (?P<name>.*)\. Choose from: (?P<choices>.*)",
        tr("Missing argument {name}. Choose from: {choices}"),
    ),
    (
        r"Missing option (?P<name>.*)\. Choose from: (?P<choices>.*)",
        tr("Missing option {name}. Choose from: {choices}"),
    ),
    (
        r"No such option: (?P<name>\S+) \(Possible options: (?P<options>.*)\)",
        tr("No such option: {name} (Possible options: {options})"),
    ),
    # Its beginning was said by typer in the user's language.
    (r"(?P<problem>.*) Did you mean (?P<names>.*)\?", tr("{problem} Did you mean {names}?")),
    (r"No such option: (?P<name>\S+)", tr("No such option: {name}")),
    (r"Option (?P<name>.*) requires an argument\.", tr("Option {name} requires an argument.")),
    (
        r"Got unexpected extra argument\(s\) \((?P<words>.*)\)",
        tr("Got unexpected extra argument(s) ({words})"),
    ),
    (r"(?P<value>.*) is not a valid int(?: range)?\.", tr("{value} is not a whole number")),
    (r"(?P<value>.*) is not a valid float(?: range)?\.", tr("{value} is not a number")),
    (r"(?P<value>.*) is not a valid (?P<kind>.*)\.", tr("{value} is not a valid {kind}.")),
    (r"(?P<value>.*) is not in the range (?P<range>.*)\.", tr("{value} is not in the range {range}.")),
    (r"(?P<value>.*) is not one of (?P<choices>.*)\.", tr("{value} is not one of {choices}.")),
)


def describe(error: typer.TyperException) -> str:
    """Returns what is wrong in one line, as a message where it has one of the forms that users meet."""
    return recognise(_in_one_line(error.format_message()), _FORMS)


def of(context: typer.Context) -> str:
    """Returns how the command is called, in one line."""
    return _in_one_line(context.get_usage())


def _in_one_line(text: str) -> str:
    return re.sub(r"\n\s*", " ", text)
