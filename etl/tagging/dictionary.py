"""The user's own words: a UTF-8 file with one entry a line, `word` or `word<TAB>class`.

The class is a coarse one of `schemas/pos`, `noun` where none is given. Blank lines and lines that start with
`#` are left out. Which tagger takes which classes stands in `schemas/pos/dictionary.yaml`.
"""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from etl.errors import SettingsError
from etl.language.message import tr
from etl.language.system_words import system_words
from etl.schema import resources
from etl.settings import Tag
from etl.text.composition import composed
from etl.user_files.plain import plain_file


def load(path: str | None) -> list[tuple[str, str]]:
    """The entries of a user dictionary, in NFC, each once and in the order of the file.

    Returns:
        `(word, coarse class)`; nothing for None.

    Raises:
        SettingsError: the file cannot be read, or a line of it is no entry.
    """
    return [] if path is None else list(dict.fromkeys(entry for _, entry in _lines(path)))


def tagged(settings: Tag) -> list[tuple[str, str]]:
    """The entries of the settings' dictionary with the tags of the tagger: `(word, tag)`.

    Raises:
        SettingsError: as `load`, or the tagger takes no words, or none of this class.
    """
    if settings.dictionary is None:
        return []
    tags = _schema()["tags"].get(settings.tagger)
    if tags is None:
        raise SettingsError(
            tr("the tagger {tagger} takes no user dictionary", tagger=settings.tagger),
            details=[tr("{taggers} do", taggers=", ".join(_schema()["tags"]))],
            next_step=tr("choose one of these with `--tagger`, or leave out tag.dictionary."),
        )
    for number, (word, coarse) in _lines(settings.dictionary):
        if coarse not in tags:
            _refuse(
                settings.dictionary,
                number,
                tr(
                    "{word} is given as {word_class}, which {tagger} does not take",
                    word=word,
                    word_class=coarse,
                    tagger=settings.tagger,
                ),
                [
                    tr("{tagger} takes {classes}", tagger=name, classes=", ".join(classes))
                    for name, classes in _schema()["tags"].items()
                ],
            )
    return [(word, tags[coarse]) for word, coarse in load(settings.dictionary)]


def _schema() -> dict[str, dict[str, dict[str, str]]]:
    schema: dict[str, dict[str, dict[str, str]]] = resources.load("schemas", "pos", "dictionary.yaml")
    return schema


def _lines(path: str) -> list[tuple[int, tuple[str, str]]]:
    try:
        text = plain_file(Path(path)).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            tr("the user dictionary {path} cannot be read", path=path),
            details=[system_words(error) if isinstance(error, OSError) else error],
            next_step=tr("tag.dictionary in etl.yaml is a UTF-8 file with one word a line."),
        ) from error
    classes = sorted({coarse for tags in _schema()["tags"].values() for coarse in tags})
    entries = []
    for number, line in enumerate(composed(text).split("\n"), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        word, _, coarse = (part.strip() for part in line.partition("\t"))
        coarse = coarse or str(_schema()["default"])
        if not word or word.split() != [word]:
            _refuse(
                path,
                number,
                tr("{word!r} is not one word", word=word),
                [tr("a word has no white space in it")],
            )
        if coarse not in classes:
            _refuse(
                path,
                number,
                tr("{word_class!r} is no class", word_class=coarse),
                [tr("expected one of {classes}", classes=", ".join(classes))],
            )
        entries.append((number, (word, coarse)))
    return entries


def _refuse(path: str, number: int, found: str, details: list[str]) -> NoReturn:
    raise SettingsError(
        tr(
            "line {number} of the user dictionary {path} cannot be used: {found}",
            number=number,
            path=path,
            found=found,
        ),
        details=details,
        next_step=tr("a line is `word` or `word<TAB>class`."),
    )
