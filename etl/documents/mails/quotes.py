"""Tells the writer's own words in a mail from what is quoted, signed, or forwarded.

What these look like in the programs of Korea stands in `schemas/documents/mail.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from etl.documents.passage import Part
from etl.schema import resources

_SINGLE = (
    "quoted",
    "forwards",
    "answers",
    "encrypted",
    "above_fields",
    "memo",
    "see_html",
    "is_html",
    "time_of_day",
)
_MARK_CHARS = 1000  # of a line that are looked at: what programs write is shorter
_CONTACT_CHARS = 200
_LOOKED_AT = 4  # lines, for programs wrap what stands above a quote
_FIELDS_LOOKED_AT = 40  # lines
_SIGNED_LINES = 10  # and what people write there fits in so many
# Blanks that do not break, and what is no character to a reader; joiners stand in emoji.
_UNSEEN = {0xA0: " ", 0xAD: None, 0x34F: None, 0x200B: None, 0x200C: None, 0x2060: None, 0xFEFF: None}
_MARKED_QUOTE, _MARKED_ORIGINAL, _MARKED_SIGNATURE = ">", "-----Original Message-----", "-- "


@dataclass(slots=True)
class Letter:
    """What one person has written: the mail itself, or one that is forwarded in its text.

    Args:
        sender: as the block above a forwarded mail says it.
        time: as it says it.
        blocks: runs of lines of one part, in order.
    """

    sender: str | None = None
    time: str | None = None
    blocks: list[tuple[Part, list[str]]] = field(default_factory=list)


def letters_in(text: str, subject: str) -> Iterator[Letter]:
    """The letter of a mail's writer, and then those that are forwarded in its text.

    Args:
        text: of the body.
        subject: of the mail. One that says that it answers forwards nothing; one that says that it forwards
            does so with the first older mail in it.
    """
    lines = text.translate(_UNSEEN).split("\n")
    patterns = _patterns()
    is_answer = patterns["answers"].match(subject.strip()) is not None
    is_forward = patterns["forwards"].match(subject.strip()) is not None
    letter = Letter()
    while True:
        end = _take(letter, lines, is_answer=is_answer, is_forward=is_forward)
        _sign(letter)
        yield letter
        if end is None:
            return
        letter, lines = _forwarded(lines[end:])
        is_forward = False


def html_marks() -> dict[str, str]:
    """The line that stands for each class or id of an HTML element, as a plain mail has it."""
    html = _schema()["html"]
    lines = {"quote": _MARKED_QUOTE, "original": _MARKED_ORIGINAL, "signature": _MARKED_SIGNATURE}
    return {name: line for what, line in lines.items() for name in html[what]}


def has_words_elsewhere(text: str) -> bool:
    """Whether a plain part says no more than that the mail is in HTML."""
    return _patterns()["see_html"].match(text) is not None


def is_html(text: str) -> bool:
    """Whether a part that says it is plain is HTML."""
    return _patterns()["is_html"].match(text) is not None


def is_encrypted(text: str) -> bool:
    """Whether a text is ciphertext."""
    return _patterns()["encrypted"].match(text) is not None


def _take(letter: Letter, lines: list[str], *, is_answer: bool, is_forward: bool) -> int | None:
    """Fills a letter up to where a mail is forwarded, and returns that place."""
    rest: Part = "body"  # what lines are that look like nothing else
    quoted_lines = 0  # of what stands above a quote
    for index, line in enumerate(lines):
        here = "\n".join(each[:_MARK_CHARS] for each in lines[index : index + _LOOKED_AT])
        part: Part = "quote"
        if quoted_lines:
            quoted_lines -= 1
        elif rest == "quote":
            pass
        elif found := _found("attribution", here):
            quoted_lines = found.group().rstrip(">").rstrip().count("\n")
            if not _is_quoted_next(lines, index + quoted_lines + 1):
                rest = "quote"
        elif (is_new := _is_forwarded(here, is_forward=is_forward)) or _is_original(lines, index, here):
            if is_forward or (is_new and not is_answer):
                return index
            rest = "quote"
        else:
            part, rest = _part_of(line, here, rest)
        _add(letter, part, line.lstrip("> ") if part == "quote" else line)
    return None


def _part_of(line: str, here: str, rest: Part) -> tuple[Part, Part]:
    """The part of a line, and that of the lines after it which look like nothing else."""
    if _patterns()["quoted"].match(line):
        return "quote", rest
    if rest == "body" and _found("signature", here):
        return "signature", "signature"
    if rest == "body" and _found("footer", line.strip()[:_MARK_CHARS]):
        return "signature", rest
    return rest, rest


def _add(letter: Letter, part: Part, line: str) -> None:
    if not letter.blocks or letter.blocks[-1][0] != part:
        letter.blocks.append((part, []))
    letter.blocks[-1][1].append(line)


def _is_quoted_next(lines: list[str], start: int) -> bool:
    following = next((line for line in lines[start:] if line.strip()), None)
    return following is None or _patterns()["quoted"].match(following) is not None


def _sign(letter: Letter) -> None:
    """Parts the block of contacts that ends a writer's own words from them."""
    blocks = letter.blocks
    own = [number for number, (part, lines) in enumerate(blocks) if part == "body" and "".join(lines).strip()]
    if not own:
        return
    last, lines = own[-1], blocks[own[-1]][1]
    start = _contacts_in(lines)
    if start is not None and (len(own) > 1 or "".join(lines[:start]).strip()):
        blocks[last : last + 1] = [("body", lines[:start]), ("signature", lines[start:])]


def _contacts_in(lines: list[str]) -> int | None:
    """Where the contacts at the end of lines begin: below a rule, or two of them below a blank line."""
    rule, contact, sentence = (
        re.compile(_schema()["contacts"][name]) for name in ("rule", "contact", "sentence")
    )
    n_lines = n_contacts = 0
    start = None
    for index in range(len(lines) - 1, -1, -1):
        line = lines[index].strip()
        if len(line) > _CONTACT_CHARS:
            return start
        if not line:
            start = index if start is None and n_contacts > 1 else start
        elif rule.match(line):
            if n_contacts:
                return index
        elif contact.search(line):
            n_contacts += 1
        elif sentence.search(line) or n_lines >= _SIGNED_LINES:
            return start
        n_lines += bool(line)
    return start


def _is_forwarded(here: str, *, is_forward: bool) -> bool:
    """Whether a line says that a forwarded mail begins. Apple may quote that line, too."""
    if is_forward and here.startswith(">"):
        here = here.lstrip("> ")
    return _found("forwarded", here) is not None


def _is_original(lines: list[str], index: int, here: str) -> bool:
    """Whether an older mail begins: by a line that says so, or by a block of its fields."""
    if _found("original", here):
        return True
    if _patterns()["above_fields"].match(lines[index][:_MARK_CHARS]):
        following = (number for number in range(index + 1, len(lines)) if lines[number].strip())
        index = next(following, index)
    if not lines[index].strip() or not _patterns()["field"].match(lines[index]):
        return False
    fields, order, _ = _fields(lines, index)
    has_address = any("@" in value for value in fields.values())
    has_time = _patterns()["time_of_day"].search(fields.get("date", "")) is not None
    is_sent = has_address or has_time or ("date" in fields and not _patterns()["memo"].match(lines[index]))
    begins_with_sender = order[:1] == ["from"] and is_sent and len(order) >= 2
    return begins_with_sender or (len(order) >= 3 and {"from", "date"} <= set(order) and has_address)


def _forwarded(lines: list[str]) -> tuple[Letter, list[str]]:
    """The letter that begins after a line that says so, and the block of its fields; and its lines."""
    begins = 0 if _patterns()["field"].match(lines[0]) else 1
    while begins < len(lines) and _found("original", lines[begins]):  # Outlook marks the place twice
        begins += 1
    lines = lines[begins:]
    words = [line for line in lines if line.strip()]
    if words and all(line.startswith(">") for line in words[:3]):  # Apple quotes what it forwards
        lines = [line.removeprefix(">").removeprefix(" ") for line in lines]
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    fields, _, end = _fields(lines, first)
    return Letter(_name(fields.get("from", "")), fields.get("date") or None), lines[end:]


def _fields(lines: list[str], start: int) -> tuple[dict[str, str], list[str], int]:
    """The block of fields at a line: what they say, which they are in order, and the line after them."""
    fields: dict[str, str] = {}
    order: list[str] = []
    index = start
    while index < min(len(lines), start + _FIELDS_LOOKED_AT):
        line = lines[index]
        if found := _patterns()["field"].match(line):
            name = _field_names()[re.sub(r"\s+", " ", found["name"]).casefold()]
            order.append(name)
            fields.setdefault(name, found["value"].strip())
        elif line.strip():
            if not order or not _patterns()["goes_on"].match(line):
                break
        elif not (index + 1 < len(lines) and order and _patterns()["field"].match(lines[index + 1])):
            break
        index += 1
    return fields, order, index


def _name(value: str) -> str | None:
    """The name in `이름 <주소>`, `"이름" [mailto:주소]` or `이름 (주소)`; else the address."""
    name, address = re.match(r"\s*([^<\[(]*)(?:[<\[(](?:mailto:)?([^>\])\s]*))?", value).groups()  # type: ignore[union-attr]
    return name.strip(" \t\"'*\xa0") or (address or "").strip() or None


def _found(name: str, text: str) -> re.Match[str] | None:
    return next((found for pattern in _lists()[name] if (found := pattern.match(text))), None)


def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = resources.load("schemas", "documents", "mail.yaml")
    return schema


@cache
def _lists() -> dict[str, list[re.Pattern[str]]]:
    names = ("attribution", "original", "forwarded", "signature", "footer")
    return {name: [re.compile(each, re.MULTILINE) for each in _schema()[name]] for name in names}


@cache
def _field_names() -> dict[str, str]:
    return {name.casefold(): what for what, names in _schema()["fields"].items() for name in names}


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    names = sorted(_field_names(), key=len, reverse=True)
    spelled = "|".join(re.escape(name).replace(r"\ ", r"\s+") for name in names)
    schema = _schema()
    return {
        "field": re.compile(rf"[*\s]*(?P<name>(?i:{spelled}))\s?\*{{0,2}}\s?[:：]\*{{0,2}}(?P<value>[^\n]*)"),
        # What a long list of addresses is wrapped to.
        "goes_on": re.compile(r"[ \t]+\S|[^\n]*<[^<>\s]+@[^<>\s]+>[ ]?[;,]?\s*$|[^\n]*;\s*$"),
        **{name: re.compile(schema[name], re.DOTALL if name == "is_html" else 0) for name in _SINGLE},
    }
