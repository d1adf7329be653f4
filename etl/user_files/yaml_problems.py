"""Says where a text is not YAML, and what to change, in the words of someone who writes settings.

libyaml tells where its parser stood: "found character that cannot start any token" is a tab, most often. What
stands in `_SAID` is what users meet; anything else is said as libyaml says it, after the line.
"""

from __future__ import annotations

from typing import Any

from etl.language.message import Message, tr

# What libyaml says, and what it means. `start` is the line in which began what it stood in.
_SAID = {
    "found character that cannot start any token": tr(
        "no value begins with {character!r}: put a value that does into quotes"
    ),
    "did not find expected ',' or ']'": tr(
        "the list that [ opens in line {start} goes on here without a comma or ]"
    ),
    "did not find expected ',' or '}'": tr(
        "the mapping that {{ opens in line {start} goes on here without a comma or }}"
    ),
    "found unexpected end of stream": tr("the quotation mark that opens in line {start} is not closed"),
    "mapping values are not allowed in this context": tr(
        "no colon may stand here: indent keys that belong together alike, and quote a value with a colon"
    ),
    "did not find expected key": tr(
        "expected a key of the mapping that begins in line {start}, indented as its other keys are"
    ),
    "did not find expected '-' indicator": tr(
        "expected - and an entry of the list that begins in line {start}, indented as its other entries are"
    ),
    "could not find expected ':'": tr("expected a colon after the key in line {start}"),
    "did not find expected node content": tr("a value is missing here, or a bracket is not closed"),
    "found undefined alias": tr("no anchor has this name: put a value that begins with * into quotes"),
    "found unknown escape character": tr(
        "a backslash before {after!r} means nothing in double quotes: write two, or use single quotes"
    ),
    "but found another document": tr(
        "a second document begins here, and only one is read: remove the line ---"
    ),
}
_TAB = tr("a tab: YAML is indented by spaces")
_TAG = tr("a tag, which begins with !, has no meaning here: put a value that begins with ! into quotes")


def describe(error: Exception, content: str) -> str:
    """Returns what is wrong, on one line.

    Args:
        error: what the parser raised, or the constructor of a value.
        content: what it read.
    """
    mark = getattr(error, "problem_mark", None)
    if mark is None and (character := getattr(error, "character", None)) is not None:
        code = character if isinstance(character, int) else ord(character)
        return tr("the character U+{code:04X} cannot stand in YAML: save the file as plain text", code=code)
    if mark is None:  # of a value that its type does not have
        return " ".join(str(error).split())
    return tr(
        "line {line}, column {column}: {problem}",
        line=mark.line + 1,
        column=mark.column + 1,
        problem=_problem(error, _rest_of_line(content, mark)),
    )


def _problem(error: Any, rest: str) -> Message | str:
    problem = error.problem or ""
    if problem.startswith("could not determine a constructor for the tag"):
        return _TAG
    if problem == "found character that cannot start any token" and rest.startswith("\t"):
        return _TAB
    if problem not in _SAID:
        return " ".join(f"{error.context or ''} {problem}".split())
    start = error.context_mark or error.problem_mark
    return tr(_SAID[problem].template, character=rest[:1], after=rest[1:2], start=start.line + 1)


def _rest_of_line(content: str, mark: Any) -> str:
    """What follows a mark in its line."""
    lines = content.split("\n")
    return lines[mark.line][mark.column :] if mark.line < len(lines) else ""
