"""What people read is marked, so that it can be said in their language."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.errors import EtlError

PACKAGE = Path(__file__).parents[2] / "etl"
# The errors with an explanation, and other calls whose texts people read: lines, notes, tables, progress, the
# log, sections of a page.
ERRORS = {"EtlError", *(error.__name__ for error in EtlError.__subclasses__())}
SAYS = {
    *ERRORS,
    "bad_file",
    "line",
    "note",
    "table",
    "progress",
    "warning",
    "info",
    "error",
    "section",
    "bar",
    "Diagnosis",
    "OSError",
    "warnings.append",
    "leave_aside",
    "damaged",
    "on_note",
}
MARKS = {"tr", "plural"}
# Two words of prose side by side; what begins with a command of ours, or is in backticks, is code.
PROSE = re.compile(r"[A-Za-z]{2,}[,.:;]? [a-z]{2,}")
CODE = re.compile(r"`[^`]*`|<[^>]*>|^(?:etl|npm|pip|make|python3?|export) .*", re.DOTALL)


def text_of(node: ast.AST) -> str | None:
    """The English of a literal, with nothing for what is filled in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else " " for part in node.values)
    return None


def is_call_of(names: set[str], call: ast.Call) -> bool:
    """Whether what is called has one of these names, or ends with one."""
    called = ast.unparse(call.func)
    return any(called == name or called.endswith(f".{name}") for name in names)


def unmarked(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The line and the text of literals with prose that stand in a call which says them, and in no mark."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        if is_call_of(SAYS, call):
            for argument in (*call.args, *(each.value for each in call.keywords)):
                yield from _within(argument)


def _within(node: ast.AST) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Call) and is_call_of(MARKS, node):
        return
    text = text_of(node)
    if text is not None:
        if PROSE.search(CODE.sub("", text)):
            yield getattr(node, "lineno", 0), text
        return
    for below in ast.iter_child_nodes(node):
        yield from _within(below)


def test_every_text_that_people_read_is_marked() -> None:
    found = [
        (path.relative_to(PACKAGE).as_posix(), line, text)
        for path in sorted(PACKAGE.rglob("*.py"))
        for line, text in unmarked(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        'raise InputError("the file is empty")',
        'raise InputError(tr("{file}", file=name), details=[f"{name} is empty now"])',
        'console.note(f"{name}: nothing was read")',
        '_log.warning("%s has no rows", name)',
        'raise InputError(" ".join(["the file is empty", name]))',
        'log.warnings.append(f"{name}: nothing was read here")',
        'raise OSError(1, "this is no file")',
    ],
)
def test_a_text_without_a_mark_is_found(code: str) -> None:
    assert len(list(unmarked(ast.parse(code)))) == 1


@pytest.mark.parametrize(
    "code",
    [
        'raise InputError(tr("the file is empty"), next_step="etl sources kote")',
        'raise ValueError("the shapes differ here")',
        'console.note(plural("{number} row is left", "{number} rows are left", n))',
    ],
)
def test_one_with_a_mark_is_not(code: str) -> None:
    assert list(unmarked(ast.parse(code))) == []
