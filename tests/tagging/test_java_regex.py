"""Patterns of Java's, written for Python: the same matches, or a refusal."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.tagging.okt.java_regex import CASE_INSENSITIVE, Ranges, UnknownSyntaxError, translate

JAVAS = {
    r"\s": [(9, 13), (32, 32)],
    r"\p{Alpha}": [(65, 90), (97, 122)],
    "[a-c[^x]]": [(97, 99)],
    ".": [(33, 126)],
}


def characters_of(written: str) -> Ranges:
    return JAVAS[written]


def spans(pattern: str, text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(pattern, text)]


words = st.text("abc", max_size=4)
patterns = st.recursive(
    words,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=6).map(lambda found: f"(?:{'|'.join(found)})"),
        st.tuples(inner, inner).map("".join),
        inner.map(lambda found: f"(?=a){found}"),
        inner.map(lambda found: f"(?:{found})?"),
        st.tuples(st.sampled_from("abc"), st.sampled_from("*+?")).map("".join),
        inner.map(lambda found: f"(?>a{found})+"),
    ),
    max_leaves=12,
)


@given(patterns, st.lists(st.text("abc", max_size=12), max_size=5))
def test_what_means_the_same_in_both_finds_the_same(pattern: str, texts: list[str]) -> None:
    ours = translate(pattern, 0, characters_of)
    assert [spans(ours, text) for text in texts] == [spans(pattern, text) for text in texts]


@pytest.mark.parametrize(
    ("pattern", "flags", "text", "found"),
    [
        (r"com|co|de", 0, "co.com.de", ["co", "com", "de"]),
        (r"co|com", 0, "com", ["co"]),
        (r"http", CASE_INSENSITIVE, "hTTp", ["hTTp"]),
        (r"s|k", CASE_INSENSITIVE, "sS\u017fkK\u212a", ["s", "S", "k", "K"]),
        (r"\p{Alpha}+", 0, "aZéа1", ["aZ"]),
        (r"[a-c[^x]]+\.", 0, "abc.x.", ["abc."]),
        (r"(a)(?:b)(?!c)", 0, "abc ab", ["ab"]),
        (r"(?<=https?:)a", 0, "http:a https:a ttp:a", ["a", "a"]),
        (r"[a-c[^x]]++b", 0, "aab", []),
        (r"b{1,2}", 0, "bbb", ["bb", "b"]),
        (r"b$", 0, "b\u2028b\x85", ["b"]),
        (r"(?:^|\s)b", 0, "b b", ["b", " b"]),
        ("\\u0041", 0, "A", ["A"]),
    ],
)
def test_what_differs_is_written_out(pattern: str, flags: int, text: str, found: list[str]) -> None:
    characters = {**JAVAS, "\\u0041": [(65, 65)]}
    assert [
        match[0] for match in re.finditer(translate(pattern, flags, characters.__getitem__), text)
    ] == found


UNKNOWN = [
    *[
        r"\b",
        r"(a)\1",
        r"\Qa\E",
        r"[\Qa\E]",
        r"\R",
        r"\x{41}",
        "(?i)a",
        "(?<!a)b",
        "(?<n>a)",
        "(?<=a*)b",
        "\ud800",
    ],
    *["(?:a{2})+++", "a{2}+", "(?:a?)*", "(?:^)+", "a*?", "a**", "^*", "a{x}"],
    *["a)", "(a", "[a", "*a", "[]a]", "[^]a]"],
]


@pytest.mark.parametrize("pattern", UNKNOWN, ids=ascii)
def test_what_is_not_known_is_refused(pattern: str) -> None:
    with pytest.raises(UnknownSyntaxError):
        translate(pattern, 0, {**JAVAS, "[a]": [(97, 97)]}.__getitem__)


@pytest.mark.parametrize("flags", [1, 4, 8, 16, 32, 64 | CASE_INSENSITIVE, 128, 256])
def test_so_is_every_other_flag(flags: int) -> None:
    with pytest.raises(UnknownSyntaxError):
        translate("a", flags, characters_of)


def test_a_class_without_a_character_is_refused() -> None:
    with pytest.raises(UnknownSyntaxError):
        translate("[x]", 0, lambda _: [])
