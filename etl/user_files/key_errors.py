"""Says which key of a file that a user writes cannot be used, what it has, and what it may have."""

from __future__ import annotations

import re
import types
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from etl.language.library_words import said
from etl.language.lists import join_with_or
from etl.language.message import joined, tr

_PLACED = re.compile(r"(.*) - at `(\$[^`]*)`", re.DOTALL)
_STEP = re.compile(r"\.(?P<name>[^.\[\]]+)|\[(?P<index>\d+)\]|(?P<each>\[\.\.\.\])")
_MISSING = re.compile(r"Object missing required field `(.+)`")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_OTHER = re.compile(r"Expected `.+`, got `.+`|Invalid enum value .+", re.DOTALL)
_BEYOND = re.compile(r"Expected `(?:int|float)` (?P<bound>[<>]=?) (?P<limit>\S+)")
_KINDS: dict[Any, str] = {
    None: "null",
    bool: tr("true or false"),
    dict: tr("keys with values"),
    float: tr("a number"),
    int: tr("a whole number"),
    list: tr("a list"),
    str: tr("a text"),
}


def describe(error: msgspec.ValidationError, tree: Any, kind: type) -> str:
    """Returns the sentence for a person.

    Args:
        error: why `msgspec.convert` refused the tree.
        tree: what was read: a value, or a list or a mapping of such; all keys are texts.
        kind: the type that it should have.
    """
    placed = _PLACED.fullmatch(str(error))
    what, where = placed.groups() if placed else (str(error), "")
    path, value, kind = _find(where, tree, kind)
    if unknown := _UNKNOWN.fullmatch(what):
        return _unknown(_key([*path, unknown[1]]), unknown[1], kind)
    if missing := _MISSING.fullmatch(what):
        return tr("{key} is missing", key=_key([*path, missing[1]]))
    if "matching regex" in what:  # that of a delimiter
        return tr("{key}: expected one character, or tab; got {found!r}", key=_key(path), found=value)
    if beyond := _BEYOND.fullmatch(what):
        return _beyond(beyond["bound"], key=_key(path), limit=beyond["limit"], found=shown(value))
    if not _OTHER.fullmatch(what):
        return tr("{key}: {problem}", key=_key(path), problem=said(what))
    names = [*dict.fromkeys(name for part in _parts(kind) for name in _names(part))]
    if any(get_origin(part) is Literal for part in _parts(kind)):
        values = joined(", ", names)
        return tr(
            "{key}: expected one of {values}; got {found}", key=_key(path), values=values, found=shown(value)
        )
    wanted = join_with_or(names)
    return tr("{key}: expected {wanted}, got {found}", key=_key(path), wanted=wanted, found=shown(value))


def _beyond(bound: str, **values: str) -> str:
    if bound == ">=":
        return tr("{key}: expected at least {limit}, got {found}", **values)
    if bound == "<=":
        return tr("{key}: expected at most {limit}, got {found}", **values)
    return tr("{key}: expected less than {limit}, got {found}", **values)


def _key(path: Iterable[str]) -> str:
    return ".".join(path).replace(".[", "[") or tr("all of it")


def _unknown(key: str, name: str, kind: Any) -> str:
    names = [each for struct in _structs(kind) for each in struct.__struct_fields__]
    if near := get_close_matches(name, names, n=1):
        return tr("{key}: there is no such key; did you mean `{near}`?", key=key, near=near[0])
    return tr("{key}: there is no such key; expected one of {names}", key=key, names=", ".join(names))


def _find(where: str, tree: Any, kind: Any) -> tuple[list[str], Any, Any]:
    """Follows a path such as `$.tables[0].domain`: returns its keys, what is there, and its type."""
    path: list[str] = []
    for step in _STEP.finditer(where):
        if step["name"]:
            kind = next(get_type_hints(each, include_extras=True)[step["name"]] for each in _structs(kind))
            key: Any = step["name"]
        elif step["index"]:
            kind = next(get_args(each)[0] for each in _parts(kind) if get_origin(each) in (list, tuple))
            key = int(step["index"])
        else:  # of a mapping, of which msgspec does not say the key
            kind = next(get_args(each)[1] for each in _parts(kind) if get_origin(each) is dict)
            key = next(name for name, value in tree.items() if not _fits(value, kind))
        tree = tree[key]
        path.append(f"[{key}]" if isinstance(key, int) else key)
    return path, tree, kind


def _fits(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _parts(kind: Any) -> Iterator[Any]:
    """The alternatives of a type, without what is annotated."""
    if get_origin(kind) is Annotated:
        yield from _parts(get_args(kind)[0])
    elif get_origin(kind) in (Union, types.UnionType):
        for each in get_args(kind):
            yield from _parts(each)
    else:
        yield kind


def _structs(kind: Any) -> list[type[msgspec.Struct]]:
    return [part for part in _parts(kind) if isinstance(part, type) and issubclass(part, msgspec.Struct)]


def _names(part: Any) -> Iterator[str]:
    """What a value of a type is called: the values themselves, where only some are allowed."""
    if get_origin(part) is Literal:
        yield from map(str, get_args(part))
    elif part is types.NoneType:
        yield _KINDS[None]
    elif get_origin(part) in (list, tuple):
        yield _KINDS[list]
    else:
        yield _KINDS.get(part, _KINDS[dict])


def shown(value: Any) -> str:
    """Returns a value as a file has it; only its kind where it is a list or a mapping."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or isinstance(value, dict | list):
        return _KINDS[None if value is None else type(value)]
    return repr(value)
