"""Lists in a sentence, in each language."""

from etl.language.lists import join_with_and, join_with_or, listing
from etl.language.message import tr, translated


def test_parts_are_joined_by_words_of_the_language() -> None:
    assert join_with_or(["a"]) == "a"
    assert join_with_or(["a", "b", "c"]) == "a or b or c"
    assert translated(join_with_or(["a", "b", "c"]), "ko") == "a 또는 b 또는 c"
    assert join_with_and(["a", tr("made-up texts")]) == "a and made-up texts"
    assert translated(join_with_and(["a", "b"]), "ko") == "a, b"


def test_there_may_be_many() -> None:
    many = [str(number) for number in range(5000)]
    assert translated(join_with_and(many), "ko") == ", ".join(many)


def test_a_listing_says_how_many_it_leaves_out() -> None:
    assert listing(["a", "b"]) == "a, b"
    assert listing(["a", "b", "c"], most=1) == "a and 2 more"
    assert listing(["a", "b", "c"], most=2, more=9) == "a, b and 10 more"
    assert translated(listing(["a", "b", "c"], most=2), "ko") == "a, b 외 1개"
