"""Collects what the tool says into the translations, and compiles them: `make messages`.

A text that is new stands in `translations/LANGUAGE.po` without a translation, one that was changed with the
old one and marked fuzzy; a test names both until somebody has seen to them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
import yaml
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po
from catalogues import ROOT, compile_all
from typer.main import get_command

from etl.cli import app
from etl.language import comments, help_texts
from etl.schema import contract, taxonomy

LANGUAGES = ("ko",)
# What a call of each of these marks: its first argument, or one text for a single thing and one for several.
MARKS: dict[str, Any] = {"tr": None, "plural": (1, 2)}
WIDTH = 110
# Texts that are data, and said by `tr`: the keys in these files below which all strings are texts.
DATA = {
    "schemas/checks/*.yaml": {"title", "short", "message", "explanation", "what_to_do"},
    "schemas/emotions/*.yaml": {"about", "why"},
    "schemas/columns.yaml": {"reasons"},
    "schemas/guards.yaml": {"message", "hints"},
    "schemas/documents/formats.yaml": {"said", "next"},
    "schemas/documents/exports.yaml": {"left_out"},
}
# Files that the tool writes with their comments translated.
COMMENTED = ("schemas/etl.yaml", "schemas/schedule/*.template")

Found = tuple[str, Any]  # where, and the text, or one for a single thing and one for several


def found() -> Iterator[Found]:
    """Yields every text that people read: marked in the code, help texts, data, typer's own words."""
    for path in sorted((ROOT / "etl").rglob("*.py")):
        for _, text, _, _ in extract_from_file("python", path, MARKS):
            yield path.relative_to(ROOT).as_posix(), text
    for text in help_texts.texts(get_command(app)):
        yield "etl/commands", text
    for pattern, keys in DATA.items():
        for path in sorted(ROOT.glob(pattern)):
            for text in _values(yaml.safe_load(path.read_text(encoding="utf-8")), keys):
                yield path.relative_to(ROOT).as_posix(), text
    yield from _in_comments()
    yield from _of_corpora()
    for path in sorted(Path(typer.__file__).parent.rglob("*.py")):
        for _, text, _, _ in extract_from_file("python", path, {"_": None, "ngettext": (1, 2)}):
            yield "typer", text


def template() -> Catalog:
    """Returns all texts, without a translation."""
    catalogue = Catalog(fuzzy=False)
    for where, text in found():
        catalogue.add(
            text, locations=[(where, 0)], flags=("python-brace-format",) if "{" in str(text) else ()
        )
    return catalogue


def updated(language: str) -> Catalog:
    """Returns the translations of a language, with every text that is said now and none that is not."""
    path = ROOT / "translations" / f"{language}.po"
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    before = catalogue.creation_date
    catalogue.update(template())
    catalogue.creation_date = before
    return catalogue


def main() -> None:
    """Writes the translations of every language, and compiles them."""
    for language in LANGUAGES:
        catalogue = updated(language)
        with (ROOT / "translations" / f"{language}.po").open("wb") as file:
            write_po(
                file, catalogue, width=WIDTH, sort_by_file=True, ignore_obsolete=True, include_lineno=False
            )
        missing = [
            message.id for message in catalogue if message.id and (message.fuzzy or not message.string)
        ]
        sys.stdout.write(f"{language}: {len(catalogue)} texts, {len(missing)} without a translation\n")
    compile_all()


def _in_comments() -> Iterator[Found]:
    for pattern in COMMENTED:
        for path in sorted(ROOT.glob(pattern)):
            for text in comments.texts(path.read_text(encoding="utf-8")):
                yield path.relative_to(ROOT).as_posix(), text


def _of_corpora() -> Iterator[Found]:
    """What `etl sources` and `etl labels` say of a corpus; names of files and Korean words are no texts."""
    for corpus in map(contract.load, contract.slugs()):
        title = (corpus.title,) if corpus.title.isascii() else ()
        for text in (*title, corpus.about, corpus.limitations, corpus.licence, *corpus.files):
            if " " in text or (text.isalpha() and text.islower()):
                yield "data_contracts", text
    for slug in taxonomy.corpora():
        for name in taxonomy.label_table(slug).codes.values():
            if re.search("[a-z]", name):
                yield "schemas/labels", name


def _values(content: object, keys: set[str], *, is_text: bool = False) -> Iterator[Any]:
    """Yields the texts below any of `keys`; a `message` with one for a single thing beside it, as both."""
    if isinstance(content, dict) and "of_one" in content:
        yield content["of_one"], content["message"]
        content = {key: value for key, value in content.items() if key != "message"}
    if isinstance(content, str) and is_text:
        yield content
    elif isinstance(content, list):
        for each in content:
            yield from _values(each, keys, is_text=is_text)
    elif isinstance(content, dict):
        for key, value in content.items():
            yield from _values(value, keys, is_text=is_text or key in keys)


if __name__ == "__main__":
    main()
