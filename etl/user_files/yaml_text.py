"""Decodes YAML that a user wrote: settings and taxonomies. What YAML lets pass in silence is refused here.

The package's own files, which tests read, are decoded by `etl.schema.resources`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from etl.language.message import tr
from etl.user_files import yaml_problems

_TEXT = "tag:yaml.org,2002:str"
_MERGE = "tag:yaml.org,2002:merge"
_MOST_LEVELS = 50
_MOST_NODES = 1_000_000  # with what aliases repeat


class YamlError(ValueError):
    """The text is not YAML, or not such as is used here; its text says why, and in which line."""


def decode_yaml(content: str | bytes) -> Any:
    """Returns the value of a YAML document, the keys of all mappings as they are written.

    Args:
        content: as bytes it has to be UTF-8.

    Raises:
        YamlError: it is not YAML, has a key twice in one mapping or a value that its type does not have
            (such as a 13th month), nests too deeply, or grows beyond measure by its aliases.
    """
    import yaml

    if isinstance(content, bytes):
        content = _decode(content)
    # The one in C parses ten times faster; events come without recursion, nodes with it, and without a limit.
    kind = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _check_depth(yaml.parse(content, Loader=kind))
        loader = kind(content)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _measure(node, {})
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except YamlError:
        raise
    # The constructors of dates, numbers and booleans raise whatever Python does.
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, ArithmeticError) as error:
        raise YamlError(yaml_problems.describe(error, content)) from error


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise YamlError(tr("line {line} is not UTF-8: save the file again as UTF-8", line=line)) from error


def _check_depth(events: Iterable[Any]) -> None:
    level = 0
    for event in events:
        name = type(event).__name__
        level += name.endswith(("MappingStartEvent", "SequenceStartEvent"))
        level -= name.endswith(("MappingEndEvent", "SequenceEndEvent"))
        if level > _MOST_LEVELS:
            raise YamlError(
                tr(
                    "line {line}: more than {most} levels deep",
                    line=event.start_mark.line + 1,
                    most=_MOST_LEVELS,
                )
            )


def _measure(node: Any, seen: dict[int, int | None]) -> int:
    """Returns the number of nodes with those that aliases repeat; each node is looked at once."""
    if id(node) in seen:
        size = seen[id(node)]
        if size is None:
            raise YamlError(
                tr("line {line}: an alias stands within what it repeats", line=node.start_mark.line + 1)
            )
        return size
    seen[id(node)] = None
    size = 1
    if isinstance(node.value, list):
        pairs = [part if isinstance(part, tuple) else (part,) for part in node.value]
        _keep_as_written(key for key, *value in pairs if value)
        size += sum(_measure(part, seen) for pair in pairs for part in pair)
    if size > _MOST_NODES:
        raise YamlError(
            tr(
                "line {line}: its aliases repeat more than {most:,} values",
                line=node.start_mark.line + 1,
                most=_MOST_NODES,
            )
        )
    seen[id(node)] = size
    return size


def _keep_as_written(keys: Iterable[Any]) -> None:
    """Makes keys the text that they are written as, and checks that each is there once.

    YAML would read the label `no` as a boolean, and `1` as a number, which is another key than `"1"`.
    """
    lines: dict[str, int] = {}
    for key in keys:
        line = key.start_mark.line + 1
        if not isinstance(key.value, str):  # a list or a mapping, which no value of ours has as its key
            continue
        if key.value in lines:
            raise YamlError(
                tr(
                    "line {line}: the key {key!r} stands in line {before} already",
                    line=line,
                    key=key.value,
                    before=lines[key.value],
                )
            )
        lines[key.value] = line
        if key.tag != _MERGE:
            key.tag = _TEXT
