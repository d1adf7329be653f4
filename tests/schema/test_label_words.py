from __future__ import annotations

from pathlib import Path

import pytest

from etl.schema import resources, taxonomy
from etl.schema.label_words import explain_words, find_words
from etl.schema.resolver import make_resolver

SYNONYMS = resources.load("schemas", "synonyms.yaml")
EMOTIONS = ["ko7", "native11", "dialogue6", "polarity3"]


@pytest.mark.parametrize("name", EMOTIONS)
@pytest.mark.parametrize("line", SYNONYMS)
def test_a_synonym_becomes_what_its_label_becomes_in_every_taxonomy(name: str, line: str) -> None:
    chosen = taxonomy.load(name)
    resolve = make_resolver(chosen, "table")
    found = {(resolve(word).label, resolve(word).reason) for word in SYNONYMS[line]["words"]}
    assert len(found) == 1
    assert found == {(line, None)} or line not in chosen.targets
    assert "unknown_label" not in found.pop()


def test_the_codes_of_a_synonym_are_codes_of_corpora_that_agree() -> None:
    for synonyms in SYNONYMS.values():
        codes = [code.split("/", 1) for code in synonyms["codes"]]
        for name in ("ko7", "polarity3"):
            chosen = taxonomy.load(name)
            assert len({chosen.maps[slug][code] for slug, code in codes}) == 1


def test_a_word_with_two_targets_and_a_number_have_no_reading() -> None:
    words = find_words(taxonomy.load("ko7"))
    assert not any(word.isdigit() for word in words)
    assert words["화남/분노"] == "분노"
    assert words["surprise"] == "놀람"
    assert find_words(taxonomy.load("polarity3"))["surprise"] is None
    resolve = make_resolver(taxonomy.load("polarity3"), "table")
    assert [resolve(raw).reason for raw in ("1", "0", "Surprise")] == [
        *("unknown_label", "unknown_label", "label_not_in_taxonomy")
    ]


def test_the_words_are_listed_with_what_they_become() -> None:
    chosen = taxonomy.load("polarity3")
    rows = {row["code"]: row["target"] for row in explain_words(chosen)}
    assert rows["joy"] == "긍정"
    assert rows["surprise"] is None
    assert not rows.keys() & set(chosen.targets)


def test_the_words_lead_to_the_targets_of_a_taxonomy_that_knows_no_corpus(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "name: mine\ntargets: [Joy, 분노]\nmaps: {table: {'3': 분노, sad: null, angry: Joy}}\n", "utf-8"
    )
    resolve = make_resolver(taxonomy.load(str(path)), "table")
    assert resolve("행복").label == "Joy"
    assert resolve("joy").aliases == ("joy",)
    assert resolve("화남").label == "분노"
    assert resolve("angry").label == "Joy"  # the user's own map wins
    assert resolve("3.0").label == "분노"
    assert resolve("fear").reason == "unknown_label"
    assert resolve("슬픔").reason == "unknown_label"
    assert resolve("sad").reason == "label_not_in_taxonomy"
