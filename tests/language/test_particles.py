"""The particle after a word that is filled in fits its last sound."""

import pytest

from etl.language.fill import Filler
from etl.language.particles import fitting


@pytest.mark.parametrize(
    ("word", "topic", "towards"),
    [
        ("말뭉치", "는", "로"),
        ("행", "은", "으로"),
        ("파일", "은", "로"),
        ("레이블(감정)", "은", "로"),
        ("‘기쁨’", "은", "으로"),
        ("3", "은", "으로"),
        ("1,000", "은", "으로"),
        ("7", "은", "로"),
        ("2", "는", "로"),
        ("50%", "는", "로"),
        ("train", "은", "으로"),
        ("label", "은", "로"),
        ("file", "은", "로"),
        ("test", "는", "로"),
        ("okt", "는", "로"),
        ("NSMC", "는", "로"),
        ("KOTE", "는", "로"),
        ("URL", "은", "로"),
        ("comments.csv", "는", "로"),
        ("comments.tsv", "는", "로"),
        ("manifest.json", "은", "으로"),
        ("report.html", "은", "로"),
        ("`etl ingest`", "는", "로"),
        ("a" * 100_000 + "#길", "은", "로"),
        ("", "는", "로"),
        ("😀", "는", "로"),
    ],
)
def test_the_particle_fits(word: str, topic: str, towards: str) -> None:
    assert (fitting(word, "은/는"), fitting(word, "으로/로")) == (topic, towards)


def test_a_translation_names_both_particles_and_the_format_before_them() -> None:
    def same(text: str) -> str:
        return text

    filled = Filler(same).format(
        "{rows:,을/를} {file:이/가} {name!r:과/와} {share:.1%}", rows=1000, file="표", name="x", share=0.5
    )
    assert filled == "1,000을 표가 'x'와 50.0%"
