"""The normal form of one text is Unicode's, and costs no more than the text is long."""

import os
import unicodedata

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.text.composition import composed
from etl.text.markup import remove_markup

# Letters with marks above and below, in and out of their order; decomposed syllables; wide letters.
PIECES = st.lists(st.sampled_from("가a각ＡÅ１\u0315\u0300\u0316\u1112\u1161\u11ab"), max_size=40).map("".join)


@pytest.mark.parametrize("form", ["NFC", "NFKC"])
@given(text=PIECES)
def test_it_is_the_form_of_unicode_however_long_the_text_is(form: str, text: str) -> None:
    short = unicodedata.normalize(form, text)
    assert composed(text, form) == short  # type: ignore[arg-type]
    assert composed(text + "." * 1000, form) == short + "." * 1000  # type: ignore[arg-type]


def test_a_long_name_that_is_not_utf_8_is_returned_as_it_is() -> None:
    name = os.fsdecode("가".encode() * 2000 + b"\xff")
    assert composed(name) == name


def test_many_marks_in_the_wrong_order_are_ordered() -> None:
    marks = "\u0315" * 600 + "\u0300" * 600
    ordered = "à" + "\u0300" * 599 + "\u0315" * 600
    assert composed(f"a{marks}") == ordered
    assert remove_markup(f"<br>a{marks}") == f"\n{ordered}"
    assert pl.Series([ordered]).str.normalize("NFC").item() == ordered
