import re
import unicodedata

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from etl.ingestion.steps.clean import BLOCK_BYTES, clean, fold_repeats, fold_vowels
from etl.settings import Clean

# What looks like nothing although Python's and polars' strip keep it, and what they do not keep.
BLANKS = [
    *" \t\n\r\v\f\x00\x1f\x7f\x85\xa0\u1680\u2003\u2028\u2029\u202f\u205f\u3000",
    "\u00ad",
    "\u115f",
    "\u1160",
    "\u180e",
    "\u200b",
    "\u200c",
    "\u200e",
    "\u200f",
    "\u202e",
    "\u2060",
    "\u2800",
    "\u3164",
    "\ufeff",
    "\uffa0",
]
FAMILY = "👨\u200d👩\u200d👧"
# Surrogates cannot be stored in UTF-8, so no reader ever yields them.
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
# Texts in which blanks, repeats and combining characters are likely.
BUSY_TEXT = st.lists(
    st.sampled_from(
        [*BLANKS, *"가나ㅋㅠab!?~.12", "😀", "\u200d", "\ufe0f", "\u0301", "\u1100", "\u1161", "ㅋㅎ"]
    ),
    max_size=30,
).map("".join)
# Texts in which tags and entities are likely, also ones that cleaning puts together.
MARKED_TEXT = st.lists(
    st.sampled_from(
        [*BLANKS, *"<>/&;가\u037e", "<br", "<b>", "</b", " x=", "amp;", "lt;", "&#8203;", "&#x37e;"]
    ),
    max_size=20,
).map("".join)


def cleaned(*raw_texts: str | None, **changes: int) -> pl.DataFrame:
    nothing = [None] * len(raw_texts)
    frame = pl.DataFrame(
        {"raw_text": list(raw_texts), "reason": nothing, "detail": nothing},
        schema=dict.fromkeys(["raw_text", "reason", "detail"], pl.String),
    )
    return clean(frame, Clean(**changes))


def text_of(raw_text: str) -> str:
    return str(cleaned(raw_text)["text"].item())


def reason_of(raw_text: str | None, **changes: int) -> str | None:
    return cleaned(raw_text, **changes)["reason"].item()


def fold(*texts: str, times: int = 3) -> list[str]:
    return fold_repeats(pl.Series("text", texts, pl.String), times).to_list()


def fold_each(texts: list[str], times: int) -> list[str]:
    """What `fold_repeats` must give: the regular expression on every row, until nothing changes."""
    pattern = re.compile(rf"([^\d\s]{{1,3}}?)\1{{{times},}}")
    folded = []
    for text in texts:
        before, after = None, text
        while before != after:
            before, after = after, pattern.sub(lambda match: match[1] * times, after)
        folded.append(after)
    return folded


@given(ANY_TEXT | BUSY_TEXT | MARKED_TEXT)
def test_cleaning_twice_is_cleaning_once(raw_text: str) -> None:
    once = text_of(raw_text)
    assert text_of(once) == once


@pytest.mark.parametrize(
    ("raw_text", "text", "kept"),
    [
        ("좋아요 &lt;3<br>또 봐요", "좋아요 <3 또 봐요", "좋아요 &lt;3<br>또 봐요"),
        ("<b>좋</b>아요  ㅋㅋㅋㅋㅋ", "좋아요 ㅋㅋㅋ", "<b>좋</b>아요 ㅋㅋㅋ"),
        ("a&nbsp;&nbsp;b", "a b", "a&nbsp;&nbsp;b"),
        ("&#x1112;&#x1161;", "하", "&#x1112;&#x1161;"),
        ("<3 <사진> R&D", "<3 <사진> R&D", "<3 <사진> R&D"),
    ],
)
def test_html_is_taken_out_unless_it_is_to_be_kept(raw_text: str, text: str, kept: str) -> None:
    frame = cleaned(raw_text)
    assert (frame["raw_text"].item(), frame["text"].item()) == (raw_text, text)
    assert cleaned(raw_text, keep_markup=True)["text"].item() == kept


def test_a_sentence_of_nothing_but_html_is_empty() -> None:
    assert reason_of("<p>&nbsp;<br></p>") == "empty_text"
    assert reason_of("<p>&nbsp;<br></p>", keep_markup=True) is None


@given(ANY_TEXT | BUSY_TEXT | MARKED_TEXT)
def test_a_clean_text_is_nfc_and_has_single_spaces_between_words_only(raw_text: str) -> None:
    text = text_of(raw_text)
    assert unicodedata.is_normalized("NFC", text)
    assert text == text.strip()
    assert "  " not in text
    assert not set(text) & {blank for blank in BLANKS if blank != " "}


@given(st.lists(ANY_TEXT | BUSY_TEXT | st.none(), max_size=8))
def test_no_row_is_dropped_added_or_moved(raw_texts: list[str | None]) -> None:
    frame = cleaned(*raw_texts)
    assert frame["raw_text"].to_list() == raw_texts
    assert frame["text"].null_count() == 0


@given(st.lists(ANY_TEXT | BUSY_TEXT | MARKED_TEXT | st.none(), max_size=8))
def test_a_column_is_cleaned_like_each_text_alone(raw_texts: list[str | None]) -> None:
    assert cleaned(*raw_texts).rows() == [row for each in raw_texts for row in cleaned(each).rows()]


@given(st.text("가a 0123456789", max_size=40))
def test_digits_survive_folding(raw_text: str) -> None:
    assert re.findall(r"\d+", text_of(raw_text)) == re.findall(r"\d+", raw_text)


@pytest.mark.parametrize("blank", BLANKS, ids=lambda blank: f"U+{ord(blank):04X}")
def test_a_text_of_one_kind_of_blank_is_empty(blank: str) -> None:
    frame = cleaned(blank * 3)
    assert frame["text"].item() == ""
    assert frame["reason"].item() == "empty_text"
    assert frame["detail"].item() == "3 raw characters"


@pytest.mark.parametrize("blank", BLANKS, ids=lambda blank: f"U+{ord(blank):04X}")
def test_a_blank_becomes_one_space_inside_and_none_around(blank: str) -> None:
    assert text_of(f"{blank}{blank}오늘{blank} {blank}좋다{blank}") == "오늘 좋다"


@pytest.mark.parametrize(
    "raw_text", [None, "", "\u200d", "\ufe0f\ufe0e", "\ufe00", "\U000e0101", " \u200d \u3164 "]
)
def test_nothing_and_what_only_joins_is_empty(raw_text: str | None) -> None:
    assert reason_of(raw_text) == "empty_text"


@pytest.mark.parametrize("raw_text", [".", "?", "ㅋ", "😀", "1", "네"])
def test_a_single_visible_character_is_a_text(raw_text: str) -> None:
    assert reason_of(raw_text) is None
    assert text_of(raw_text) == raw_text


@pytest.mark.parametrize("emoji", [FAMILY, "❤️", "👍🏽", "🇰🇷", "🏳️\u200d🌈", "1️⃣"])
def test_a_composed_emoji_stays_whole(emoji: str) -> None:
    assert text_of(f" 좋아 {emoji}\u200b") == f"좋아 {emoji}"


def test_decomposed_hangul_is_composed() -> None:
    assert text_of(unicodedata.normalize("NFD", "행복했어요")) == "행복했어요"


def test_emotion_in_spelling_stays() -> None:
    assert text_of("정말?!! ㅠㅠ ㅋㅋㅋ ^^;; :)") == "정말?!! ㅠㅠ ㅋㅋㅋ ^^;; :)"


@pytest.mark.parametrize(
    ("raw_text", "text"),
    [
        ("와" * 9, "와와와"),
        ("만세다" * 9, "만세다만세다만세다"),
        ("ㅋ" * 9, "ㅋㅋㅋ"),
        ("ㄷ" * 9, "ㄷㄷㄷ"),
        ("ㅋㅎ" * 9, "ㅋㅎㅋㅎㅋㅎ"),
        ("😀" * 9, "😀😀😀"),
        ("와!!!!!!! 대박ㅋㅋㅋㅋㅋㅋ", "와!!! 대박ㅋㅋㅋ"),
        ("10000000원", "10000000원"),
        ("네 네 네 네 네", "네 네 네 네 네"),
        ("오늘은오늘은오늘은오늘은오늘은", "오늘은오늘은오늘은"),
        ("안녕하세요안녕하세요안녕하세요안녕하세요", "안녕하세요안녕하세요안녕하세요안녕하세요"),
    ],
)
def test_endless_repeats_are_folded(raw_text: str, text: str) -> None:
    assert text_of(raw_text) == text


def test_how_often_a_repeat_may_repeat_is_a_setting() -> None:
    assert cleaned("ㅋ" * 9, max_repeats=1)["text"].item() == "ㅋ"
    assert cleaned("ㅋ" * 9, max_repeats=5)["text"].item() == "ㅋㅋㅋㅋㅋ"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("너무우우 좋아아아아", "너무 좋아"),
        ("좋아요오오오 재밌다아아!", "좋아요 재밌다!"),
        ("뭐야아 싫어", "뭐야아 싫어"),  # one alone may be a word's own: 나아, 아이이
        ("오이 아우 우유우", "오이 아우 우유우"),
        ("으으으 진짜", "으 진짜"),
        ("값아아 옷오오", "값아아 옷오오"),  # a final consonant ends the sound
    ],
)
def test_drawn_out_vowels_are_folded_only_where_asked_for(raw: str, text: str) -> None:
    assert cleaned(raw, fold_vowels=True)["text"].item() == text
    assert cleaned(raw)["text"].item() == cleaned(raw, fold_vowels=False)["text"].item()


@given(st.lists(st.text("가나너무좋아우오요이으값 !"), min_size=1))
def test_folding_vowels_is_done_once_and_leaves_no_more_than_one(texts: list[str]) -> None:
    folded = fold_vowels(pl.Series("text", texts, pl.String))
    assert fold_vowels(folded).to_list() == folded.to_list()
    assert not any("무우우" in text or "아아아" in text or "요오오" in text for text in folded)


def test_the_length_is_measured_in_characters_after_cleaning() -> None:
    assert reason_of("가나다라마", max_chars=5) is None
    assert reason_of("가나다라마" + " " * 100, max_chars=5) is None
    assert reason_of("ㅋ" * 9, max_chars=5) is None
    frame = cleaned("가나다라마바", max_chars=5)
    assert frame["reason"].item() == "text_too_long"
    assert frame["detail"].item() == "6 characters"


def test_a_reason_that_is_there_is_kept() -> None:
    frame = pl.DataFrame(
        {"raw_text": [None], "reason": ["bad_row"], "detail": ["cut off"]},
        schema=dict.fromkeys(["raw_text", "reason", "detail"], pl.String),
    )
    marked = clean(frame, Clean())
    assert marked["reason"].item() == "bad_row"
    assert marked["detail"].item() == "cut off"


UNIT_CHARACTERS = st.sampled_from([*"가힣ㅋㅠaZ!é~", "😀", "🥲", "\u200d", "あ", "\U0002000b"])
RUN = st.builds(
    lambda unit, times: unit * times, st.text(UNIT_CHARACTERS, min_size=1, max_size=3), st.integers(1, 7)
)
RUNS = st.lists(RUN | st.sampled_from([" ", "12", "가"]) | ANY_TEXT, max_size=5).map("".join)


@settings(max_examples=400)
@given(st.lists(RUNS, max_size=6), st.integers(1, 5))
@example(["가나다", "다", "다다다"], 3)  # a run of bytes across rows is no repeat
@example(["ㅋ", "ㅋ", "ㅋ", "ㅋ"], 3)
@example(["", "", "ㅋㅋㅋㅋ", ""], 3)
@example(["a"], 1)
@example(["aa"], 1)
@example(["한힌한힌한힌한힌"], 3)
def test_folding_all_rows_at_once_is_folding_each(texts: list[str], times: int) -> None:
    assert fold(*texts, times=times) == fold_each(texts, times)


@given(st.lists(RUNS, min_size=1, max_size=6), st.integers(0, 6), st.integers(0, 6))
def test_a_slice_of_a_column_folds_like_a_column_of_its_own(
    texts: list[str], start: int, length: int
) -> None:
    part = pl.Series("text", texts, pl.String).slice(start, length)
    assert fold_repeats(part, 3).to_list() == fold_each(texts[start : start + length], 3)


@pytest.mark.parametrize("unit", ["a", "é", "가", "😀", "a가", "가😀", "ㅋㅎ", "가나다", "a😀가", "😀🥲😎"])
@pytest.mark.parametrize("times", [1, 2, 3, 5])
def test_a_run_is_found_wherever_it_stands(unit: str, times: int) -> None:
    run, folded = unit * (times + 1), unit * times
    texts = [run, f"끝 {run}", f"{run} 처음", "아무것도", f"x{run}y", run]
    expected = [folded, f"끝 {folded}", f"{folded} 처음", "아무것도", f"x{folded}y", folded]
    assert fold(*texts, times=times) == expected == fold_each(texts, times)
    assert fold(run, times=times) == [folded]


def test_a_run_as_long_as_allowed_is_left_alone() -> None:
    assert fold("ㅋㅋㅋ", "하하하", "가나다가나다가나다") == ["ㅋㅋㅋ", "하하하", "가나다가나다가나다"]


def test_a_fold_that_makes_a_new_run_is_folded_again() -> None:
    # aab aab aab aab: the inner repeat is too short to fold; the outer one is folded first.
    assert fold("aaaabaaaabaaaabaaaab") == fold_each(["aaaabaaaabaaaabaaaab"], 3)


def test_no_rows_and_empty_rows_fold_to_themselves() -> None:
    assert fold() == []
    assert fold("", "") == ["", ""]


@pytest.mark.parametrize("unit", ["a", "ㅋ", "ㅋㅎ", "😀하호"])
def test_a_run_is_found_across_the_ends_of_the_blocks_that_are_looked_at(unit: str) -> None:
    run = unit * 4
    filler = "abcdefgh" * (BLOCK_BYTES // 8)
    for before in range(0, len(run.encode()) + 1, 3):
        texts = [filler[before:], run, "끝"]
        assert fold(*texts) == [filler[before:], unit * 3, "끝"]
