"""Every command and option that a message names exists."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import typer.main
import yaml

import etl
from etl.cli import app
from etl.settings import Settings

PACKAGE = Path(etl.__file__).parent
SCHEMAS = PACKAGE.parent / "schemas"
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
NAMED = re.compile(r"`etl((?: --?[a-z]+)*) ([^-`][^`]*)`")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
# `corrections.jsonl` is a file, and so are others.
FILES = {"jsonl", "lock", "frames"}
# Options of other programs, which messages name with their program in the same quotation marks.
QUOTED = re.compile(r"`([^`]*)`")


def strings_of_code() -> Iterator[tuple[str, str]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values]
                yield path.name, "".join(parts)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield path.name, node.value


def strings_of_schemas() -> Iterator[tuple[str, str]]:
    for path in sorted(SCHEMAS.rglob("*.yaml")):
        for text in leaves(yaml.safe_load(path.read_text(encoding="utf-8"))):
            yield path.name, text


def leaves(tree: object) -> Iterator[str]:
    if isinstance(tree, dict):
        for value in tree.values():
            yield from leaves(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from leaves(value)
    elif isinstance(tree, str):
        yield tree


TEXTS = [*strings_of_code(), *strings_of_schemas()]


def options_of(command: str) -> set[str]:
    """The options of a command; of one that has commands of its own, those of all of them."""
    parts = getattr(COMMANDS[command], "commands", {}).values()
    return {
        name
        for each in (COMMANDS[command], *parts)
        for parameter in each.params
        for name in (*parameter.opts, *parameter.secondary_opts)
    }


def test_every_command_that_a_text_names_exists_with_its_options() -> None:
    wrong = []
    for name, text in TEXTS:
        for _, words in NAMED.findall(text):
            command, *_ = words.split()
            if command in {"…", "COMMAND", "X"} or command.startswith("{"):
                continue
            parts = getattr(COMMANDS.get(command), "commands", None)
            if parts is not None and words.split()[1:2] and words.split()[1] not in {*parts, "--help"}:
                wrong.append((name, words))
            unknown = command not in COMMANDS or set(OPTION.findall(words)) - options_of(command) - {"--help"}
            if unknown:
                wrong.append((name, words))
    assert wrong == []


def test_every_option_that_a_text_names_alone_is_one_of_a_command() -> None:
    known = {option for command in COMMANDS for option in options_of(command)} | {
        "--debug",
        "--lang",
        "--verbose",
        "--help",
    }
    wrong = [
        (name, quoted)
        for name, text in TEXTS
        for quoted in QUOTED.findall(text)
        if quoted.startswith("--") and set(OPTION.findall(quoted)) - known
    ]
    assert wrong == []


def test_every_option_of_a_finding_that_has_no_quotation_marks_exists_too() -> None:
    advice = [text for name, text in TEXTS if name in {path.name for path in (SCHEMAS / "checks").glob("*")}]
    known = {option for command in COMMANDS for option in options_of(command)}
    assert {name for text in advice for name in OPTION.findall(text)} <= known


def test_every_setting_that_a_text_names_exists() -> None:
    sections = {
        field.name: {each.name for each in msgspec.structs.fields(field.type)}
        for field in msgspec.structs.fields(Settings)
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct)
    }
    named = re.compile(rf"(?<![\w./-])({'|'.join(sections)})\.([a-z_]+)\b")
    wrong = [
        (name, match[0])
        for name, text in TEXTS
        for match in named.finditer(text)
        if match[2] not in sections[match[1]] | FILES
    ]
    assert wrong == []


def test_texts_that_name_commands_are_found_at_all() -> None:
    named = {words.split()[0] for _, text in TEXTS for _, words in NAMED.findall(text)}
    assert {"ingest", "validate", "build-vocab", "doctor"} <= named


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_says_what_it_is(command: str) -> None:
    assert COMMANDS[command].help
