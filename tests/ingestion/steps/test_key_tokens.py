from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import SettingsError
from etl.ingestion.steps.key_tokens import key_tokens
from etl.settings import Tag
from etl.tagging.policy import Policy, load

# "나는 안 좋은 일이 없지 않았다 ㅠㅠ 못 갔어 하지 마 😀 ㅋㅋ" as each tagger cuts it.
CUT = {
    "okt": "나/Noun 는/Josa 안/Noun 좋다/Adjective 일이/Modifier 없다/Adjective 않다/Verb "
    "ㅠㅠ/KoreanParticle 못/Noun 가다/Verb 하다/Verb 마/Noun 😀/Foreign ㅋㅋ/KoreanParticle",
    "komoran": "나/NP 는/JX 안/MAG 좋/VA 은/ETM 일/NNG 이/JKS 없/VA 지/EC 않/VX 았/EP "
    "다/EC ㅠㅠ/Emoticon 못/MAG 가/VV 았/EP 어/EC 하/VV 지/EC 말/VX 아/EC 😀/Emoji ㅋㅋ/Emoticon",
    "hannanum": "나/N 는/J 안/M 좋/P 은/E 일/N 이/J 없/P 지/E 않/P "
    "아다/E ㅠㅠ/Emoticon 못/M 가/P 아아/E 하/P 지/E 마/N 😀/Emoji ㅋㅋ/Emoticon",
    "kkma": "나/NP 는/JX 안/MAG 좋/VA 은/ETD 일/NNG 이/JKS 없/VA 지/ECD 않/VXV 았/EPT "
    "다/EFN ㅠㅠ/Emoticon 못/MAG 가/VV 었/EPT 어/EFN 하/VV 지/ECD 마/NNG 😀/Emoji ㅋㅋ/Emoticon",
    "mecab": "나/NP 는/JX 안/MAG 좋/VA 은/ETM 일/NNG 이/JKS 없/VA 지/EC 않/VX "
    "았/EP 다/EF ㅠㅠ/Emoticon 못/MAG 갔/VV+EP 어/EC 하/VV 지/EC 마/VX+EC 😀/SY ㅋㅋ/Emoticon",
    "kiwi": "나/NP 는/JX 안/MAG 좋/VA 은/ETM 일/NNG 이/JKS 없/VA 지/EC 않/VX 었/EP "
    "다/EF ㅠㅠ/Emoticon 못/MAG 가/VV 었/EP 어/EF 하/VV 지/EC 말/VX 어/EF 😀/W_EMOJI ㅋㅋ/Emoticon",
}
NEGATION = [{"안"}, {"없다", "없"}, {"않다", "않"}, {"못"}, {"말", "마"}]


def cut(text: str) -> list[tuple[str, str]]:
    return [tuple(pair.rsplit("/", 1)) for pair in text.split()]  # type: ignore[misc]


def frame_of(*sentences: list[tuple[str, str]] | None) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "tokens": [None if pairs is None else [token for token, _ in pairs] for pairs in sentences],
            "tags": [None if pairs is None else [tag for _, tag in pairs] for pairs in sentences],
            "reason": [None] * len(sentences),
            "detail": [None] * len(sentences),
        },
        schema={
            "tokens": pl.List(pl.String),
            "tags": pl.List(pl.String),
            "reason": pl.String,
            "detail": pl.String,
        },
    )


def kept(policy: Policy, *pairs: tuple[str, str]) -> list[str]:
    return list(key_tokens(frame_of(list(pairs)), policy)["tokens"].item())


@pytest.mark.parametrize("tagger", CUT)
def test_negation_emoticons_and_emoji_survive(tagger: str) -> None:
    tokens = kept(load(Tag(tagger=tagger)), *cut(CUT[tagger]))  # type: ignore[arg-type]
    assert all(forms & set(tokens) for forms in NEGATION)
    assert {"ㅠㅠ", "ㅋㅋ", "😀"} <= set(tokens)


@pytest.mark.parametrize("tagger", ["komoran", "kkma", "mecab", "kiwi"])
def test_endings_that_carry_mood_stay_and_those_that_make_modifiers_go(tagger: str) -> None:
    tokens = kept(load(Tag(tagger=tagger)), *cut(CUT[tagger]))  # type: ignore[arg-type]
    assert "지" in tokens
    assert "은" not in tokens


@pytest.mark.parametrize("tagger", CUT)
def test_particles_are_left_out_and_what_remains_keeps_its_order(tagger: str) -> None:
    pairs = cut(CUT[tagger])
    tokens = kept(load(Tag(tagger=tagger)), *pairs)  # type: ignore[arg-type]
    assert not {"는", "이"} & set(tokens)
    rest = iter(token for token, _ in pairs)
    assert all(token in rest for token in tokens)


def test_tokens_and_tags_stay_side_by_side() -> None:
    frame = key_tokens(frame_of(cut(CUT["okt"])), load(Tag()))
    pairs = list(zip(frame["tokens"].item(), frame["tags"].item(), strict=True))
    assert [pair for pair in cut(CUT["okt"]) if pair in pairs] == pairs


def test_the_first_part_of_a_compound_tag_decides() -> None:
    policy = load(Tag(tagger="mecab"))
    assert kept(policy, ("갔", "VV+EP"), ("는", "ETM+VV")) == ["갔"]


def test_a_word_that_is_negation_only_as_a_verb_is_dropped_as_another() -> None:
    policy = load(Tag(tagger="komoran", keep=("negation",)))
    assert kept(policy, ("말", "VX"), ("말", "NNG"), ("안", "MAG"), ("좋", "VA")) == ["말", "안"]


def test_the_classes_to_keep_are_a_setting() -> None:
    policy = load(Tag(keep=("adjective",)))
    assert kept(policy, *cut("나/Noun 는/Josa 좋다/Adjective 가다/Verb")) == ["좋다"]


@pytest.mark.parametrize("tagger", CUT)
def test_negation_emoticons_and_emoji_survive_whatever_classes_are_chosen(tagger: str) -> None:
    tokens = kept(load(Tag(tagger=tagger, keep=("number",))), *cut(CUT[tagger]))  # type: ignore[arg-type]
    assert [forms & {*tokens} for forms in NEGATION].count(set()) == 0
    assert {"ㅠㅠ", "ㅋㅋ", "😀"} == {*tokens} - set().union(*NEGATION)


def test_negation_and_emoticons_are_dropped_only_by_name() -> None:
    policy = load(Tag(keep=("adjective", "-negation", "-emoticon")))
    assert kept(policy, *cut(CUT["okt"])) == ["좋다", "😀"]


def test_what_the_tagger_gave_stays_beside_what_is_kept() -> None:
    frame = key_tokens(frame_of(cut(CUT["okt"]), None), load(Tag()))
    assert frame["all_tokens"].to_list() == [[token for token, _ in cut(CUT["okt"])], None]
    assert frame["all_tags"].to_list() == [[tag for _, tag in cut(CUT["okt"])], None]


def test_a_class_that_no_tagger_has_is_refused() -> None:
    with pytest.raises(SettingsError, match="adverbial"):
        load(Tag(keep=("noun", "adverbial")))


def test_stop_words_are_dropped_whatever_they_are(tmp_path: Path) -> None:
    words = tmp_path / "stop.txt"
    words.write_text("# mine\n좋다\n\n 않다 \n", encoding="utf-8-sig")
    tokens = kept(load(Tag(stop_words=str(words))), *cut(CUT["okt"]))
    assert not {"좋다", "않다"} & set(tokens)
    assert "없다" in tokens


def test_stop_words_that_cannot_be_read_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="Next:"):
        load(Tag(stop_words=str(tmp_path / "none.txt")))


def test_stop_words_hold_for_the_white_space_tagger_too(tmp_path: Path) -> None:
    words = tmp_path / "stop.txt"
    words.write_text("나는\n", encoding="utf-8")
    policy = load(Tag(tagger="whitespace", stop_words=str(words)))
    assert kept(policy, ("나는", "Word"), ("간다", "Word")) == ["간다"]


def test_a_sentence_of_which_nothing_is_left_is_marked() -> None:
    frame = key_tokens(frame_of([("는", "Josa"), ("이", "Determiner")], [("좋다", "Adjective")]), load(Tag()))
    assert frame["reason"].to_list() == ["no_key_tokens", None]
    assert frame["detail"].to_list() == ["2 tokens, none of them kept", None]
    assert frame["tokens"].to_list() == [[], ["좋다"]]


def test_punctuation_and_numbers_alone_are_no_key_tokens_unless_they_are_asked_for() -> None:
    alone, beside = [("10", "Number"), ("...", "Punctuation")], [("좋다", "Adjective"), ("!", "Punctuation")]
    frame = key_tokens(frame_of(alone, beside), load(Tag()))
    assert frame["tokens"].to_list() == [[], ["좋다", "!"]]
    assert frame["reason"].to_list() == ["no_key_tokens", None]
    assert kept(load(Tag(keep=("number", "punctuation"))), *alone) == ["10", "..."]


@pytest.mark.parametrize("tagger", ["okt", "whitespace"])
def test_a_sentence_without_tokens_is_marked(tagger: str) -> None:
    frame = key_tokens(frame_of([], None), load(Tag(tagger=tagger)))  # type: ignore[arg-type]
    assert frame["reason"].to_list() == ["no_key_tokens", "no_key_tokens"]
    assert frame["detail"].to_list() == ["0 tokens, none of them kept"] * 2


def test_a_reason_that_is_there_is_kept() -> None:
    frame = frame_of(None).with_columns(reason=pl.lit("empty_text"), detail=pl.lit("0 raw characters"))
    marked = key_tokens(frame, load(Tag()))
    assert marked.select("reason", "detail").row(0) == ("empty_text", "0 raw characters")


def test_the_fingerprint_of_a_policy_changes_with_what_it_keeps(tmp_path: Path) -> None:
    words = tmp_path / "stop.txt"
    words.write_text("나\n", encoding="utf-8")
    policies = [Tag(), Tag(keep=("noun",)), Tag(stop_words=str(words)), Tag(tagger="kiwi")]
    assert len({load(settings).sha256() for settings in policies}) == len(policies)
    assert load(Tag()).sha256() == load(Tag(norm=False)).sha256()


PAIRS = st.lists(st.sampled_from(cut(CUT["okt"])), max_size=6)


@given(st.lists(PAIRS | st.none(), max_size=6), st.sampled_from([None, ("noun",), ("emoji", "negation")]))
def test_each_row_is_filtered_by_itself(
    sentences: list[list[tuple[str, str]] | None], keep: tuple[str, ...] | None
) -> None:
    policy = load(Tag(keep=keep))
    together = key_tokens(frame_of(*sentences), policy)
    alone = [key_tokens(frame_of(each), policy) for each in sentences]
    assert together.rows() == [frame.row(0) for frame in alone]
