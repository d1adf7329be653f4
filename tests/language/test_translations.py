"""Every text that the tool says has its Korean, with the same values, and particles that fit."""

import re
import string
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from etl.language.fill import PARTICLE

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "translations" / "ko.po"
sys.path.insert(0, str(ROOT / "translations"))

import catalogues  # noqa: E402 - it stands in no package
import messages  # noqa: E402

PAIRS = {"은/는", "이/가", "을/를", "과/와", "으로/로", "이라/라", "이나/나", "이며/며", "입/ㅂ"}
FIRST, CODAS, RIEUL = 0xAC00, 28, 8
# A word ends in the syllable that a particle could be.
WORDS = re.compile("(?:경로|통로|마을|가을|결과|효과|초과|통과|학과|성과)$")
PLACEHOLDER_AND_PARTICLE = re.compile(
    r"(?<=\w)\}[`'\"’”\]]*(?:은|는|이|가|을|를|과|와|으로|로)(?=[\s,.;:]|$)"
)
OPEN = re.compile(r"은\(는\)|는\(은\)|이\(가\)|가\(이\)|을\(를\)|를\(을\)|과\(와\)|와\(과\)|\(으\)로")


@pytest.fixture(scope="module")
def korean() -> Catalog:
    with SOURCE.open("rb") as file:
        return read_po(file, locale="ko")


def texts(message: Message) -> list[str]:
    """The English of a message, both for one and for several."""
    return [message.id] if isinstance(message.id, str) else list(message.id)


def said(message: Message) -> str:
    return message.string if isinstance(message.string, str) else message.string[0]


def names(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def formats(text: str) -> set[tuple[str, str, str | None]]:
    """The name of each value with its format, without a particle, and its conversion."""
    return {
        (name, PARTICLE.sub(r"\g<spec>", spec or ""), conversion)
        for _, name, spec, conversion in string.Formatter().parse(text)
        if name is not None
    }


def test_every_text_is_there_and_none_is_left_over(korean: Catalog) -> None:
    wanted = {message.id for message in messages.template() if message.id}
    there = {message.id for message in korean if message.id}
    assert len(wanted) > 2000
    assert (wanted - there, there - wanted) == (set(), set()), "run `make messages`"


def test_every_text_has_its_korean(korean: Catalog) -> None:
    assert [texts(each)[0] for each in korean if each.id and (each.fuzzy or not said(each))] == []


def test_the_values_of_a_text_are_in_both_languages(korean: Catalog) -> None:
    wrong = {}
    for message in korean:
        if not message.id or "{" not in texts(message)[-1] + said(message) or not _has_values(message):
            continue
        wanted = names(texts(message)[-1])
        if names(said(message)) != wanted:
            wrong[texts(message)[-1]] = names(said(message)) ^ wanted
    assert wrong == {}


def test_the_values_of_a_text_have_the_same_format_in_both_languages(korean: Catalog) -> None:
    values = [each for each in korean if each.id and _has_values(each)]
    wrong = {said(each): formats(said(each)) - formats(texts(each)[-1]) for each in values}
    assert {text: odd for text, odd in wrong.items() if odd} == {}


def _has_values(message: Message) -> bool:
    """Whether braces are names of values: they are not in a text without any, which may hold braces."""
    try:
        return any(name and name.isidentifier() for name in names(texts(message)[-1]))
    except ValueError:
        return False


def test_the_commands_and_options_of_a_text_are_the_same_in_both_languages(korean: Catalog) -> None:
    quoted = re.compile(r"`(?:etl |--|pip |make )[^`]+`")
    wrong = {}
    for message in korean:
        if message.id:
            code, shown = (
                {re.sub(r":[^}]*\}", "}", " ".join(found.split())) for found in quoted.findall(each)}
                for each in (texts(message)[-1], said(message))
            )
            if code - shown:
                wrong[texts(message)[-1]] = said(message)
    assert wrong == {}


def test_a_particle_after_a_value_is_chosen_by_its_sound(korean: Catalog) -> None:
    assert [said(each) for each in korean if PLACEHOLDER_AND_PARTICLE.search(said(each))] == []
    assert [said(each) for each in korean if OPEN.search(said(each))] == []
    pairs = {found["pair"] for each in korean for found in _specifications(said(each))}
    assert pairs <= PAIRS


def _specifications(text: str) -> list[re.Match[str]]:
    try:
        parsed = list(string.Formatter().parse(text))
    except ValueError:
        return []
    return [found for _, _, spec, _ in parsed if (found := PARTICLE.fullmatch(spec or ""))]


def test_a_particle_after_a_word_fits_it(korean: Catalog) -> None:
    assert [word for each in korean if each.id for word in misfits(said(each))] == []


@pytest.mark.parametrize("word", ["파일를", "행와", "파일으로", "말뭉치을", "말뭉치으로", "문장로"])
def test_a_particle_that_does_not_fit_is_found(word: str) -> None:
    assert misfits(f"이 {word} 씁니다.") == [word]


@pytest.mark.parametrize("word", ["파일을", "행과", "파일로", "말뭉치를", "경로", "문장으로", "결과", "마을"])
def test_one_that_fits_is_not(word: str) -> None:
    assert misfits(f"이 {word} 씁니다.") == []


def misfits(text: str) -> list[str]:
    """The words with a particle that only fits another last sound, as far as one can tell without grammar."""
    wrong = []
    for word in re.findall("[가-힣]+", text):
        for particle, fits in (
            ("를", lambda coda: not coda),
            ("을", bool),
            ("와", lambda coda: not coda),
            ("으로", lambda coda: coda and coda != RIEUL),
            ("로", lambda coda: not coda or coda == RIEUL),
        ):
            before = word.removesuffix(particle)
            if before and before != word:
                coda = (ord(before[-1]) - FIRST) % CODAS
                if not fits(coda) and not WORDS.search(word):
                    wrong.append(word)
                break
    return wrong


def test_what_is_compiled_is_what_is_written(korean: Catalog) -> None:
    with (ROOT / catalogues.COMPILED / "ko" / "LC_MESSAGES" / "messages.mo").open("rb") as file:
        compiled = read_mo(file)
    there, written = (
        {texts(each)[0]: said(each) for each in catalogue if each.id and said(each) and not each.fuzzy}
        for catalogue in (compiled, korean)
    )
    assert there == written, "run `make messages`"
