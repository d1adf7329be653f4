import unicodedata

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.text.normalise import is_short, normalised_key

# Fillers and marks that are letters or symbols to Unicode.
INVISIBLE = "\u115f\u1160\u3164\uffa0\u2800\ufe0f\u20e3\u200b\u00ad"


def key(text: str | None) -> str | None:
    return (
        pl.DataFrame({"text": [text]}, schema={"text": pl.String})
        .select(normalised_key(pl.col("text")))
        .item()
    )


def short(text: str | None, eojeols: int = 3, chars: int = 10) -> bool:
    frame = pl.DataFrame({"text": [text]}, schema={"text": pl.String})
    return bool(frame.select(is_short(pl.col("text"), eojeols, chars)).item())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("오늘 정말 좋다!!", "오늘정말 좋다."),
        ("ＯＫ 좋아", "ok좋아"),
        ("가\u200b나\u3164다", "가나다"),
        ("사랑해 ❤️", "사랑해"),
        ("가", "\u1100\u1161"),
        ("가\uffa0나", "가\u2800나"),
    ],
)
def test_texts_that_differ_only_in_what_is_not_spoken_have_one_key(one: str, other: str) -> None:
    assert key(one) == key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("좋다", "좋아"), ("?", "!!!"), ("😀", "😡"), ("ㅋㅋ", "ㅠㅠ"), ("1", "2")]
)
def test_texts_that_say_different_things_have_different_keys(one: str, other: str) -> None:
    assert key(one) != key(other)


def test_a_text_of_symbols_only_keeps_them_without_white_space() -> None:
    assert key("😀 😀") == "😀😀"
    assert key(" ? ? ") == "??"


def test_null_has_no_key_and_counts_as_short() -> None:
    assert key(None) is None
    assert short(None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("네.", True),
        ("왜?", True),
        ("나 또 왜", False),
        ("안녕하세요반갑습니다", False),
        ("안녕하세요반갑습니", True),
        ("", True),
    ],
)
def test_short_means_few_words_and_few_characters(text: str, expected: bool) -> None:
    assert short(text) is expected


@given(st.text(max_size=40))
def test_a_key_has_no_white_space_and_ignores_spaces_around(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    found = key(text)
    assert found is not None
    assert not any(character.isspace() for character in found)
    assert key(f" {text}\u3000") == found


@given(st.text(alphabet="가나다ㅋㅠ a!?", max_size=20))
def test_composition_of_the_input_does_not_matter(text: str) -> None:
    assert key(unicodedata.normalize("NFD", text)) == key(text)


def plainly(text: str) -> str:
    """The key of a text, character by character."""
    folded = unicodedata.normalize("NFKC", text).lower()
    invisible = {*INVISIBLE, *(each for each in folded if unicodedata.category(each)[0] in "ZC")}
    seen = [each for each in folded if each not in invisible]
    spoken = "".join(each for each in seen if unicodedata.category(each)[0] not in "PS")
    return spoken or "".join(seen)


@given(
    st.lists(
        st.none() | st.text("가힣a Z9!~\n\t\x00ㅋㅠ\u1100\u1161éÉ①ＡΣ⊙😀…" + INVISIBLE, max_size=12),
        max_size=8,
    )
)
def test_a_column_of_keys_is_the_key_of_each_text(texts: list[str | None]) -> None:
    keys = pl.DataFrame({"text": pl.Series(texts, dtype=pl.String)}).select(normalised_key(pl.col("text")))
    assert keys["text"].to_list() == [None if each is None else plainly(each) for each in texts]
