"""The layouts of chats in text files: compiled from `schemas/documents/chats/`, and found in the first lines.

`etl.documents.chats.lines` reads the messages of a file whose layout was found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import chain
from typing import Any

from etl.schema import resources

APPS = ("kakaotalk", "line", "whatsapp", "discord")
_HEAD_LINES, _HEAD_CHARS = 300, 100_000
# How far the first message is looked for below a title: whoever came and went may fill pages.
_SEARCHED_CHARS = 2_000_000
# Below lines that are no title, day or message, fewer messages than this share are quoted in another text.
_LEAST_LINES, _LEAST_SHARE = 2, 0.5
# A layout with fewer messages than this share of the commonest is that of something else above a chat.
_LEAST_PASTED = 0.1
# Of more messages than two, at most this share are the first of their sender.
_MOST_SENDERS = 0.75
_NOTHING = "(?!)"  # matches never
_FRAGMENT = re.compile(r"\{\{(\w+)\}\}")

Pattern = re.Pattern[str]


@dataclass(frozen=True)
class App:
    """What in the export of an app nobody has written.

    Args:
        name: of the app.
        title: a line above the first message.
        unspoken: a line above the first message, or below an event, that is known to hold no words.
        end: a line that ends the words of a message.
        nobody: the words of a line with a stamp and no sender, where the app has written them.
        own_event: what follows the sender's name at the beginning of a message, where the app has written it.
        machines: senders that are no people.
        placeholders: whole messages that stand for pictures and the like.
        placeholder: the same, where it is not always the same.
        cut: what is taken out of a message.
    """

    name: str
    title: Pattern
    unspoken: Pattern
    end: Pattern
    nobody: Pattern
    own_event: Pattern
    machines: frozenset[str]
    placeholders: frozenset[str]
    placeholder: Pattern
    cut: Pattern | None


@dataclass(frozen=True)
class Layout:
    """One way in which an app writes messages into a text. A pattern is compiled when it is used first.

    Args:
        app: whose layout it is.
        name: of the layout.
        patterns: the regular expressions of the schema.
        fragments: what `{{name}}` in them stands for.
    """

    app: App
    name: str
    patterns: Mapping[str, Any]
    fragments: Mapping[str, str]

    @cached_property
    def message(self) -> Pattern:
        """The first line of a message, with the groups `stamp`, `speaker` and `text`."""
        return _compiled(self.patterns["message"], self.fragments)

    @cached_property
    def stamped(self) -> Pattern:
        """A line with a stamp and no sender, with the groups `is_event` and `event`."""
        return _compiled(self.patterns.get("stamped", _NOTHING), self.fragments)

    @cached_property
    def event(self) -> Pattern:
        """A line without a stamp that is no message."""
        return any_of(self.patterns.get("event", []), self.fragments)

    @cached_property
    def days(self) -> tuple[Pattern, ...]:
        """Lines that tell the day of the messages below them."""
        return tuple(_compiled(day, self.fragments) for day in self.patterns["day"])

    @cached_property
    def has_dates(self) -> bool:
        """Whether each message tells its day."""
        return bool({"year", "last"} & set(self.message.groupindex))

    @property
    def has_numbers(self) -> bool:
        """Whether the day is three numbers whose order is not known."""
        return "last" in self.message.groupindex

    @property
    def needs_title(self) -> bool:
        """Whether messages alone are not enough to recognise it."""
        return bool(self.patterns.get("needs_title"))

    @property
    def is_common(self) -> bool:
        """Whether other texts have lines like its messages, so that one is not enough."""
        return self.needs_title or bool(self.patterns.get("is_common"))

    @property
    def has_blanks(self) -> bool:
        """Whether nothing but a blank stands between a name and the words."""
        return bool(self.patterns.get("has_blanks"))

    @property
    def is_quoted(self) -> bool:
        """Whether a text of several lines stands in quotation marks."""
        return bool(self.patterns.get("is_quoted"))


def find_layout(text: str, *, is_stated: bool = False) -> Layout | None:
    """Returns the layout that the first lines of a text follow; None: it is no chat that is known.

    Where messages of another chat were pasted into one, the layout of the first message is that of the file.

    Args:
        text: lines end with a line feed.
        is_stated: whether it is known to be a chat, so that a single message is enough.
    """
    lines = [line for line in text[:_HEAD_CHARS].split("\n")[:_HEAD_LINES] if line.strip()]
    found = _layouts_in(lines)
    if not found and len(lines) > 1 and any(_n_matched(app.title, lines[:2]) for app in _apps()):
        lines = [line for line in text[:_SEARCHED_CHARS].split("\n") if line.strip()]
        found = _layouts_in(lines)
    if not found:
        return None
    most = max(len(messages) for messages, _ in found)
    common_ones = [each for each in found if len(each[0]) >= _LEAST_PASTED * most]
    messages, layout = min(common_ones, key=lambda each: (each[0][0], -len(each[0])))
    n_messages = len(messages)
    if is_stated:
        return layout
    n_heads = _n_heads(layout, lines)
    # A message fits `stamped` too.
    n_events = max(0, _n_matched(layout.stamped, lines) - n_messages) if layout.has_dates else 0
    is_first = any(pattern.fullmatch(lines[0]) for pattern in (layout.message, layout.stamped))
    is_begun = n_heads or (is_first and not layout.is_common)
    is_certain = is_begun or n_messages >= _LEAST_SHARE * len(lines)
    is_alone = len(lines) == n_messages and not layout.is_common
    is_enough = is_alone or n_messages + n_heads + n_events >= _LEAST_LINES
    return layout if is_certain and is_enough else None


def _layouts_in(lines: Sequence[str]) -> list[tuple[list[int], Layout]]:
    """The layouts that lines may follow, with the indices of those that begin a message."""
    numbered = [
        ([index for index, line in enumerate(lines) if layout.message.fullmatch(line)], layout)
        for layout in all_layouts()
    ]
    return [each for each in numbered if each[0] and _is_likely(each[1], lines)]


def _is_likely(layout: Layout, lines: Sequence[str]) -> bool:
    """Whether what looks like messages are some: below a title or a day, or of senders that come again.

    Where a title is needed, a day alone is not enough: a diary has days and times too, and hardly twice the
    same word after a time.
    """
    if not layout.is_common or _n_matched(layout.app.title, lines):
        return True
    senders = [found["speaker"] for line in lines if (found := layout.message.fullmatch(line))]
    is_again = len(set(senders)) <= max(_LEAST_LINES, _MOST_SENDERS * len(senders))
    has_heads = _n_heads(layout, lines) > 0
    return (has_heads and is_again) if layout.needs_title else (has_heads or is_again)


def find_app(text: str) -> App | None:
    """Returns the app whose title the first two lines of a text are; None where they are of none."""
    lines = [line for line in text[:_HEAD_CHARS].split("\n")[:_HEAD_LINES] if line.strip()][:2]
    return next((app for app in _apps() if _n_matched(app.title, lines) == _LEAST_LINES), None)


def _n_heads(layout: Layout, lines: Sequence[str]) -> int:
    """The number of lines that are titles or tell a day."""
    return sum(_n_matched(pattern, lines) for pattern in (layout.app.title, *layout.days))


def _n_matched(pattern: Pattern, lines: Iterable[str]) -> int:
    return sum(pattern.fullmatch(line) is not None for line in lines)


@cache
def all_layouts() -> tuple[Layout, ...]:
    """Returns every layout of every app; of two that fit a line equally the first is preferred."""
    return tuple(chain.from_iterable(_layouts_of(app) for app in APPS))


def _apps() -> Iterable[App]:
    return map(app_named, APPS)


@cache
def app_named(name: str) -> App:
    """Returns what nobody has written in the exports of an app, such as `kakaotalk`."""
    return _app(schema_of(name), _fragments(name))


@cache
def stamp_pattern() -> Pattern:
    """Returns the pattern of a line that begins as lines of chats do, in a layout that need not be known."""
    return any_of(common()["stamp"], common()["fragments"])


def common() -> Mapping[str, Any]:
    """Returns what the layouts of all apps have in common."""
    return schema_of("common")


def schema_of(name: str) -> Mapping[str, Any]:
    """Returns the YAML of an app."""
    schema: Mapping[str, Any] = resources.load("schemas", "documents", "chats", f"{name}.yaml")
    return schema


def any_of(patterns: Sequence[str], fragments: Mapping[str, str]) -> Pattern:
    """Returns a pattern that matches what one of these does; nothing, where there are none.

    Args:
        patterns: none of them has a named group.
        fragments: what `{{name}}` in them stands for.
    """
    return _compiled("|".join(f"(?:{pattern})" for pattern in patterns) or _NOTHING, fragments)


def _fragments(name: str) -> Mapping[str, str]:
    fragments: dict[str, str] = common()["fragments"] | schema_of(name).get("fragments", {})
    return fragments


def _layouts_of(name: str) -> Iterable[Layout]:
    fragments, schema = _fragments(name), schema_of(name)
    for layout, patterns in schema["layouts"].items():
        days = [*patterns.get("day", []), *schema.get("day", [])]
        yield Layout(app_named(name), layout, patterns | {"day": days}, fragments)


def _app(schema: Mapping[str, Any], fragments: Mapping[str, str]) -> App:
    kinds = ("title", "end", "nobody", "own_event")
    patterns = {kind: any_of(schema.get(kind, []), fragments) for kind in kinds}
    return App(
        name=schema["app"],
        unspoken=any_of([*schema.get("title", []), *schema.get("notice", [])], fragments),
        machines=frozenset(schema.get("machines", [])),
        placeholders=frozenset(schema.get("placeholder", [])),
        placeholder=any_of(schema.get("placeholder_patterns", []), fragments),
        cut=any_of(schema["cut"], fragments) if "cut" in schema else None,
        **patterns,
    )


def _compiled(pattern: str, fragments: Mapping[str, str]) -> Pattern:
    while _FRAGMENT.search(pattern):
        pattern = _FRAGMENT.sub(lambda found: fragments[found[1]], pattern)
    return re.compile(pattern, re.MULTILINE)
