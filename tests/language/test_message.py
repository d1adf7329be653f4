"""A message is its English text, and is said in the language of who reads it."""

import copy
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import InputError
from etl.language import catalogue
from etl.language.message import joined, plural, tr, translated
from etl.language.stored import restore, store

FILES = st.text(min_size=1)


@given(FILES)
def test_programs_read_english(name: str) -> None:
    message = tr("{file} does not exist", file=name)
    catalogue.use("ko")
    try:
        assert message == f"{name} does not exist"
        assert json.loads(json.dumps([message])) == [f"{name} does not exist"]
        assert f"{message}" == str(message) == message
    finally:
        catalogue.use("en")


def test_english_is_said_unless_another_language_is_used() -> None:
    assert translated(tr("{file} does not exist", file="a.csv")) == "a.csv does not exist"


@pytest.mark.usefixtures("korean")
class TestKorean:
    def test_a_message_is_said_in_korean_with_its_values(self) -> None:
        said = translated(tr("  Next: {step}", step="etl sources"))
        assert said == "  다음: etl sources"

    def test_what_is_no_message_stays_as_it_is(self) -> None:
        assert translated("  Next: {step}") == "  Next: {step}"

    def test_a_message_without_a_translation_is_said_in_english(self) -> None:
        assert translated(tr("a text of nobody, {n}", n=3)) == "a text of nobody, 3"

    def test_messages_within_a_message_are_said_too(self) -> None:
        rows = plural("{number:,} row", "{number:,} rows", 1200)
        assert rows == "1,200 rows"
        assert translated(tr("{what}: {done:,} done", what=rows, done=3)).startswith(translated(rows))
        assert "1,200행" in translated(rows)

    def test_a_joined_message_is_said_part_by_part(self) -> None:
        rows = plural("{number:,} row", "{number:,} rows", 1)
        assert joined(" {}; ", [rows, "{x}"]) == "1 row {}; {x}"
        assert translated(joined("; ", [rows, "{x}"])) == f"{translated(rows)}; {{x}}"
        assert translated(rows + "!") == f"{translated(rows)}!"
        assert translated("(" + rows) == f"({translated(rows)}"

    def test_the_message_of_an_error_is_said_within_another(self) -> None:
        error = InputError(plural("{number:,} row", "{number:,} rows", 3), next_step="etl sources")
        assert str(error) == "3 rows\n  Next: etl sources"
        assert "3행" in translated(tr("{what}: {done:,} done", what=error, done=1))

    @pytest.mark.parametrize(
        "again",
        [copy.deepcopy, lambda message: pickle.loads(pickle.dumps(message))],
        ids=["copied", "pickled"],
    )
    def test_a_message_from_another_process_is_one(self, again: object) -> None:
        rows = tr("{what}: {done:,} done", what=plural("{number:,} row", "{number:,} rows", 2), done=2)
        assert callable(again)
        assert again(rows) == rows
        assert translated(again(rows)) == translated(rows) != rows


def test_an_error_that_cannot_be_pickled_is_said_in_another_process() -> None:
    class OfOneProcessError(Exception):
        def __reduce__(self) -> tuple[object, ...]:
            raise TypeError("it stays here")

    message = tr("{path} is damaged: {error}", path="a.csv", error=OfOneProcessError("line 3"))
    assert pickle.loads(pickle.dumps(message)) == message == "a.csv is damaged: line 3"


def test_braces_of_a_value_are_no_names() -> None:
    assert joined("{}", ["{a}", "{b}"]) == "{a}{}{b}"
    assert tr("{file} does not exist", file="{b}.csv") == "{b}.csv does not exist"


def test_a_number_that_json_has_not_is_stored_as_its_text() -> None:
    message = tr("{share:.1f} of the rows", share=float("nan"))
    assert restore(store(message)) == store(message) == "nan of the rows"


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one of"):
        catalogue.use("fr")
