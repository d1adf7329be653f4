"""Keeps each Korean page beside its English one: headings, lists, commands, tables, names, figures, links."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.pages import INLINE, ROOT, anchors, blocks, prose, text_of

KOREAN = [
    page
    for page in (ROOT / "README.ko.md", *sorted((ROOT / "docs").glob("*.ko.md")))
    if page.with_name(page.name.replace(".ko.md", ".md")).exists()
]
LINK = re.compile(r"\]\(([^)\s]+)\)")
FILE = re.compile(r"[\w*/-]+(?:\.\w+)+", re.ASCII)
CODE_ONLY = re.compile(r"\*{0,2}`[^`]+`\*{0,2}(?:, `[^`]+`)*")
FIGURE = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
# Figures that one of the languages may spell out.
SPELT = {
    "0": "zero",
    "1": "an?|one|once|single|first|half|third|quarter|[a-z]{2,}th(?:s)?",
    "2": "two|twice|both|second|pairs?|half",
    "3": "three|third|trigrams?",
    "4": "four|fourth|quarters?",
    "5": "five|fifths?",
    "6": "six|sixths?",
    "7": "seven|sevenths?",
    "8": "eight|eighths?",
    "9": "nine|ninths?",
    "10": "ten|tenths?",
    "12": "twelve",
    "20": "twenty",
    "24": "twenty-four",
    "50": "half",
    "100": "hundred|hundredths?",
    "0.01": "hundredth",
    "1,000": "thousand",
    "1,000,000": "(?:a|one) million",
    "3,000,000": "three million",
}
korean_pages = pytest.mark.parametrize("page", KOREAN, ids=lambda page: page.name)

Section = tuple[int, str]


def english_of(page: Path) -> Path:
    return page.with_name(page.name.replace(".ko.md", ".md"))


def sections(text: str) -> list[Section]:
    """The level of each heading and what stands below it, up to the next; without fenced blocks."""
    parts = re.split(r"^(#+) .+$", prose(text), flags=re.MULTILINE)
    return [(len(mark), body) for mark, body in zip(parts[1::2], parts[2::2], strict=True)]


def headings(text: str) -> list[int]:
    return [level for level, _ in sections(text)]


def lists(text: str) -> list[list[str]]:
    """The marks of the lists of each section."""
    return [re.findall(r"^ *(-|\d\.) ", body, re.MULTILINE) for _, body in sections(text)]


def commands(text: str) -> list[tuple[str, list[str]]]:
    """The fenced blocks without their comments; of the lines of a drawn folder, which are comments but for
    their files, only these."""
    return [
        (
            language,
            [
                "; ".join(FILE.findall(line)) if "── " in line else re.sub(r"(^|\s+)# .*$", "", line)
                for line in content.splitlines()
            ],
        )
        for language, content in blocks(text)
    ]


def tables(text: str) -> list[list[list[str]]]:
    """The rows of each table as their cells."""
    drawn = re.findall(r"(?:^\|.*\n)+", prose(text) + "\n", re.MULTILINE)
    return [
        [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in table.splitlines()]
        for table in drawn
    ]


def cells(text: str) -> list[list[list[str]]]:
    """What no language changes in cells: a number or an alignment that fills one, code, emptiness."""
    return [[[_constant(cell) for cell in row] for row in table] for table in tables(text)]


def _constant(cell: str) -> str:
    number = re.sub(r"[\s%]", "", cell)
    if CODE_ONLY.fullmatch(cell) or re.fullmatch(r":?-+:?", cell):
        return cell
    if re.fullmatch(r"[-+±*\d.,–()]+", number):
        return number
    return f"prose with {sorted(INLINE.findall(cell))}" if cell else ""


def names(text: str) -> list[set[str]]:
    """The options, commands, files and other code of each section."""
    return [set(INLINE.findall(body)) for _, body in sections(text)]


def figures(body: str) -> set[str]:
    """The numbers outside code and the targets of links; 300만 is 3,000,000."""
    text = LINK.sub("]", INLINE.sub("", body))
    text = re.sub(r"(\d+)만", lambda match: f"{int(match[1]) * 10_000:,}", text)
    return set(FIGURE.findall(re.sub(r"^ *\d\. ", "", text, flags=re.MULTILINE)))


def lost_figures(english: str, korean: str) -> list[str]:
    """Figures of one language that the other neither has nor spells out, section by section."""
    return [
        f"{figure} (section {number})"
        for number, ((_, one), (_, other)) in enumerate(
            zip(sections(english), sections(korean), strict=True), 1
        )
        for figure in figures(one) ^ figures(other)
        if figure in figures(one)
        or not re.search(rf"\b(?:{SPELT.get(figure, '(?!)')})\b", one, re.IGNORECASE)
    ]


ALIKE: list[Callable[[str], object]] = [headings, lists, commands, cells, names]


def differences(english: str, korean: str) -> Iterator[str]:
    """What a reader of one language would miss in the other."""
    for part in ALIKE:
        if part(english) != part(korean):
            yield part.__name__
    if headings(english) == headings(korean) and lost_figures(english, korean):
        yield "figures"


def korean_link(link: str, page: Path) -> str:
    """A link of an English page as its Korean twin has it: to the Korean page and heading, if any."""
    path, _, anchor = link.partition("#")
    linked = page.parent / path if path else page
    twin = linked.with_suffix(".ko.md")
    if linked.suffix != ".md" or linked.name.endswith(".ko.md") or not twin.exists():
        return link
    heading = f"#{anchors(text_of(twin))[anchors(text_of(linked)).index(anchor)]}" if anchor else ""
    return (path and path.removesuffix(".md") + ".ko.md") + heading


@korean_pages
def test_both_languages_have_the_same_parts(page: Path) -> None:
    english, korean = text_of(english_of(page)), text_of(page)
    for part in ALIKE:
        assert part(korean) == part(english), part.__name__


@korean_pages
def test_no_figure_is_lost(page: Path) -> None:
    assert lost_figures(text_of(english_of(page)), text_of(page)) == []


@korean_pages
def test_links_lead_to_the_other_language_and_then_to_pages_in_the_same(page: Path) -> None:
    english = english_of(page)
    first, *links = LINK.findall(prose(text_of(english)))
    korean_first, *korean_links = LINK.findall(prose(text_of(page)))
    assert (first, korean_first) == (page.name, english.name)
    assert sorted(korean_links) == sorted(korean_link(link, english) for link in links)


def test_both_readmes_name_every_korean_page() -> None:
    pages = {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.ko.md")}
    for readme in (ROOT / "README.md", ROOT / "README.ko.md"):
        assert pages <= {*LINK.findall(text_of(readme))}, readme.name


CHANGES: dict[str, Callable[[str], str]] = {
    "headings": lambda text: text + "\n## One more\n",
    "lists": lambda text: re.sub(r"^- ", "- One more.\n- ", text, count=1, flags=re.MULTILINE),
    "commands": lambda text: re.sub(r"^(\$ etl .*)$", r"\1\n$ etl doctor", text, count=1, flags=re.MULTILINE),
    "cells": lambda text: re.sub(r"^(\|[-:|]+\|)$", r"\1\n| new |", text, count=1, flags=re.MULTILINE),
    "names": lambda text: text + "\nThe option `--colour` is new.\n",
    "figures": lambda text: text + "\nIt takes 8,765 seconds.\n",
}


@pytest.mark.parametrize("part", CHANGES)
def test_what_is_new_in_an_english_page_would_be_noticed(part: str) -> None:
    english, korean = (text_of(ROOT / "docs" / name) for name in ("dataset.md", "dataset.ko.md"))
    assert [*differences(english, korean)] == []
    assert part in differences(CHANGES[part](english), korean)


def test_a_comment_in_a_block_may_be_translated_and_a_setting_may_not() -> None:
    block = "# Page\n\n```yaml\nnear: 0.9 # {}\n```\n"
    assert [*differences(block.format("at least"), block.format("이상"))] == []
    assert [*differences(block.format("at least"), block.replace("0.9", "0.8").format("이상"))] == [
        "commands"
    ]
