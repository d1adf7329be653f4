import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.text.markdown import code, escape


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"])))
def test_an_escaped_text_has_no_markup_and_reads_as_before(text: str) -> None:
    escaped = escape(text)
    assert not set(escaped) & set("|<>*`[]_")
    assert html.unescape(escaped) == text


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "a\u2028b"])
def test_an_escaped_text_is_one_line(text: str) -> None:
    assert len(escape(text).splitlines()) == 1


def test_a_name_is_code_unless_it_would_end_it() -> None:
    assert code("ko7") == "`ko7`"
    assert "`" not in code("a`b")
