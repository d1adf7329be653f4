"""The user's own words: what may stand in their file, and that taggers know them then."""

from pathlib import Path

import polars as pl
import pytest

from etl.errors import SettingsError
from etl.schema import resources
from etl.settings import Tag
from etl.tagging import dictionary, taggers
from etl.tagging.pool import Pool
from etl.tagging.tagger import open_tagger


def written(folder: Path, *lines: str, encoding: str = "utf-8") -> str:
    path = folder / "words.tsv"
    path.write_text("".join(f"{line}\n" for line in lines), encoding=encoding)
    return str(path)


def refusal(path: str) -> str:
    with pytest.raises(SettingsError) as caught:
        dictionary.load(path)
    assert caught.value.next_step
    return str(caught.value)


def test_an_entry_is_a_noun_unless_a_class_is_given(tmp_path: Path) -> None:
    path = written(tmp_path, "# 2020년대", "갓생", "", "킹받\tadjective", "갓생", " 꾸안꾸 \t noun ")
    assert dictionary.load(path) == [("갓생", "noun"), ("킹받", "adjective"), ("꾸안꾸", "noun")]
    assert dictionary.load(None) == []


def test_words_are_composed_and_line_ends_and_a_mark_at_the_beginning_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "words.tsv"
    path.write_bytes("갓생\r\n\u1100\u1161\u11ab\r\n".encode("utf-8-sig"))
    assert dictionary.load(str(path)) == [("갓생", "noun"), ("간", "noun")]


def test_a_file_that_is_not_there_or_not_utf_8_is_named(tmp_path: Path) -> None:
    assert "nowhere.tsv cannot be read" in refusal(str(tmp_path / "nowhere.tsv"))
    assert "words.tsv cannot be read" in refusal(written(tmp_path, "갓생", encoding="cp949"))


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("갓생\tnuon", "'nuon' is no class"),
        ("갓생\tparticle", "'particle' is no class"),
        ("갓생\tnoun\t1", "'noun\\t1' is no class"),
        ("갓 생", "'갓 생' is not one word"),
        ("\tnoun", "'' is not one word"),
    ],
)
def test_a_line_that_is_no_entry_is_named_with_its_number(line: str, found: str, tmp_path: Path) -> None:
    assert f"cannot be used: {found}" in refusal(written(tmp_path, "# 새말", "갓생", line))
    assert "line 3 of" in refusal(written(tmp_path, "# 새말", "갓생", line))


@pytest.mark.parametrize("name", ["hannanum", "kkma", "whitespace"])
def test_a_tagger_that_takes_no_words_says_which_do(name: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"the tagger {name} takes no user dictionary") as caught:
        Pool(Tag(tagger=name, dictionary=written(tmp_path, "갓생")), workers=1)  # type: ignore[arg-type]
    assert caught.value.details == ["okt, komoran, kiwi, mecab do"]


def test_okt_takes_nouns_only(tmp_path: Path) -> None:
    path = written(tmp_path, "갓생", "킹받\tadjective")
    with pytest.raises(
        SettingsError, match=r"line 2 .*킹받 is given as adjective, which okt does not"
    ) as caught:
        dictionary.tagged(Tag(dictionary=path))
    assert "okt takes noun" in caught.value.details


def test_words_come_with_the_tags_of_the_tagger(tmp_path: Path) -> None:
    path = written(tmp_path, "갓생", "킹받\tadjective")
    assert dictionary.tagged(Tag(tagger="kiwi", dictionary=path)) == [("갓생", "NNP"), ("킹받", "VA")]
    assert dictionary.tagged(Tag(tagger="kiwi")) == []


def test_a_word_comes_back_in_the_class_it_was_given_in() -> None:
    for tagger, tags in resources.load("schemas", "pos", "dictionary.yaml")["tags"].items():
        classes = resources.load("schemas", "pos", f"{tagger}.yaml")["classes"]
        assert {coarse: classes[tag] for coarse, tag in tags.items()} == {coarse: coarse for coarse in tags}


@pytest.mark.jvm
@pytest.mark.parametrize(
    ("name", "slang"),
    [
        ("okt", {"갓생": "요즘 갓생 산다"}),
        ("komoran", {"킹받드라슈": "요즘 킹받드라슈를 입는다", "갓생": "요즘 갓생 산다"}),
        ("kiwi", {"갓생": "요즘 갓생 산다"}),
        ("mecab", {"갓생": "요즘 갓생 산다"}),
    ],
    ids=["okt", "komoran", "kiwi", "mecab"],
)
def test_slang_is_one_token_once_the_dictionary_has_it(
    name: str, slang: dict[str, str], tmp_path: Path
) -> None:
    def tokens(path: str | None) -> list[list[str]]:
        settings = Tag(tagger=name, norm=False, stem=False, dictionary=path)  # type: ignore[arg-type]
        with open_tagger(settings, workers=1, is_cached=False) as tagger:
            frame = tagger(pl.Series("text", [*slang.values()]))
        assert frame["problem"].null_count() == len(slang)
        return frame["tokens"].to_list()

    for package in taggers.PACKAGES[name][:1]:
        pytest.importorskip(package.replace("python-mecab-ko", "mecab"))
    assert not [word for word, found in zip(slang, tokens(None), strict=True) if word in found]
    known = tokens(written(tmp_path, *slang))
    assert not [word for word, found in zip(slang, known, strict=True) if word not in found]


@pytest.mark.jvm
@pytest.mark.parametrize("name", ["komoran", "kiwi"])
def test_a_stem_given_as_a_verb_is_inflected(name: str, tmp_path: Path) -> None:
    if name == "kiwi":
        pytest.importorskip("kiwipiepy")
    path = written(tmp_path, "꿀빨\tverb", "갓벽하\tadjective", "겁나게\tadverb", "헐랭\tinterjection")
    with open_tagger(Tag(tagger=name, dictionary=path), workers=1, is_cached=False) as tagger:  # type: ignore[arg-type]
        [row] = tagger(pl.Series("text", ["너무 갓벽하고 꿀빨고 있다"])).to_dicts()
    pairs = list(zip(row["tokens"], row["tags"], strict=True))
    assert ("갓벽하", "VA") in pairs
    assert ("꿀빨", "VV") in [(token, tag.partition("-")[0]) for token, tag in pairs]
