"""The words of the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from etl.review.app import PAGE
from etl.schema import resources, row


def spelt(words: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Each word with the path of its key."""
    for name, value in words.items():
        if isinstance(value, dict):
            yield from spelt(value, f"{path}{name}.")
        else:
            yield path + name, value


def test_both_languages_have_the_same_words_and_fill_in_the_same() -> None:
    words = resources.load("schemas", "review.yaml")
    english, korean = (dict(spelt(words[language])) for language in ("en", "ko"))
    # English reasons are those of schemas/columns.yaml.
    assert {name for name in korean if not name.startswith("reasons.")} == english.keys()
    filled = {name: set(re.findall(r"{(\w+)}", text)) for name, text in english.items()}
    assert {name for name in filled if set(re.findall(r"{(\w+)}", korean[name])) != filled[name]} == set()


def test_every_reason_has_a_korean_word() -> None:
    assert resources.load("schemas", "review.yaml")["ko"]["reasons"].keys() == row.reasons().keys()


def test_every_word_that_is_said_is_there() -> None:
    english = dict(spelt(resources.load("schemas", "review.yaml")["en"]))
    scripts = "".join(file.read_text(encoding="utf-8") for file in PAGE.glob("*.js"))
    said = set(re.findall(r"""\bsay\("([\w.]+)\"""", scripts))
    assert len(said) > 40
    assert said - english.keys() == set()


def test_nothing_on_the_page_is_set_as_markup_or_loaded_from_elsewhere() -> None:
    for file in PAGE.iterdir():
        text = file.read_text(encoding="utf-8")
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", text
        )
        assert not re.search(r"""(?:https?:)?//[a-z]""", text.replace("http://www.w3.org/2000/svg", "")), file
