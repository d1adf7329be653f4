"""YAML that users write: what it lets pass in silence, and what breaks its decoder."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from support.run_etl import etl, explained

from etl.errors import SettingsError
from etl.language.library_words import said
from etl.language.message import translated
from etl.schema import taxonomy
from etl.settings import load_settings
from etl.user_files.yaml_text import YamlError, decode_yaml

WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=0xD7FF, exclude_categories=["Cc"]), max_size=8)
TREES: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=20,
)


@given(TREES)
def test_what_yaml_writes_is_read_as_yaml_reads_it(tree: Any) -> None:
    text = yaml.safe_dump(tree, allow_unicode=True)
    assert decode_yaml(text) == yaml.safe_load(text) == tree


@given(TREES, WORDS)
def test_a_key_that_stands_twice_is_refused_wherever_it_stands(tree: Any, key: str) -> None:
    twice = yaml.MappingNode(
        "tag:yaml.org,2002:map", [(scalar(key), scalar("1")), (scalar(key), scalar("2"))]
    )
    inside = (
        yaml.safe_dump([tree], allow_unicode=True)
        + "- "
        + yaml.serialize(twice, allow_unicode=True).replace("\n", "\n  ")
    )
    with pytest.raises(YamlError, match="already"):
        decode_yaml(inside)


def scalar(text: str) -> yaml.ScalarNode:
    return yaml.ScalarNode("tag:yaml.org,2002:str", text, style='"')


@pytest.mark.parametrize(
    "text",
    [
        "a: [",
        "[" * 1200 + "]" * 1200,
        "a: 2024-13-45",
        "a: " + "9" * 5000,
        "a: !!bool maybe",
        "a: !!timestamp never",
        "a: !!int ''",
        "? [a]\n: b",
        "{1: a, '1': b}",
        "a: \0",
        b"a: \xff",
    ],
)
def test_what_no_settings_hold_is_refused_with_a_reason_on_one_line(text: str | bytes) -> None:
    with pytest.raises(YamlError) as caught:
        decode_yaml(text)
    assert len(str(caught.value).splitlines()) == 1


# What is written by mistake, and what is said of it; `@` and the tab have the same words in libyaml.
MISTAKES = {
    "a:\n\tb: 1\n": "line 2, column 1: a tab",
    "a: @x\n": "line 1, column 4: no value begins with '@'",
    "a: `x`\n": "no value begins with '`'",
    "a: *x\n": "put a value that begins with * into quotes",
    "a: !x y\n": "put a value that begins with ! into quotes",
    'a: "x\nb: 1\n': "the quotation mark that opens in line 1 is not closed",
    'a: "\\q"\n': "line 1, column 5: a backslash before 'q'",
    "a: [1, 2\nb: 3\n": "the list that [ opens in line 1",
    "a: [1,\n": "a value is missing here, or a bracket is not closed",
    "a: {b: 1\nc: 2\n": "the mapping that { opens in line 1",
    "a: b: c\n": "line 1, column 5: no colon may stand here",
    "a:\n  b: 1\n c: 2\n": "line 3, column 2: expected a key of the mapping that begins in line 1",
    "- a\nb: 1\n": "line 2, column 1: expected - and an entry of the list that begins in line 1",
    "? a\nb\n": "expected a colon after the key in line 2",
    "a: 1\n---\nb: 2\n": "line 2, column 1: a second document",
    "a: \x07\n": "the character U+0007 cannot stand in YAML",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_said_with_its_line_in_the_words_of_who_writes_settings(text: str) -> None:
    for content in (text, text.encode()):
        with pytest.raises(YamlError) as caught:
            decode_yaml(content)
        assert MISTAKES[text] in str(caught.value)
        in_korean = translated(said(caught.value), "ko")
        assert re.search("[가-힣]{2}", in_korean)
        assert not re.search(r"[a-z]{3,} [a-z]{3,}", in_korean)


def test_bytes_of_another_encoding_are_said_with_their_line() -> None:
    assert decode_yaml("\ufeffa: 기쁨\n".encode()) == {"a": "기쁨"}
    with pytest.raises(YamlError, match=r"^line 2 is not UTF-8: save the file again as UTF-8$"):
        decode_yaml("a: 1\nb: 기쁨\n".encode("cp949"))


def test_a_mistake_of_another_kind_is_said_as_the_parser_says_it() -> None:
    with pytest.raises(
        YamlError, match=r"^line 1, column 5: while constructing a mapping expected a mapping or"
    ):
        decode_yaml("<<: 1\n")


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "a: &a [1]\nb: *a\n", "a: &a {b: 1}\nc: {<<: *a, d: 2}\n"]
)
def test_comments_anchors_and_merges_are_yaml(text: str) -> None:
    assert decode_yaml(text) == yaml.safe_load(text)


def test_keys_are_text_as_they_are_written() -> None:
    keys = ["1", "1.0", "yes", "no", "true", "null", "2024-01-02", "~", "a b"]
    assert list(decode_yaml("".join(f"{key}: 1\n" for key in keys))) == keys


SECTIONS = ["read", "table", "tables", "clean", "tag", "split", "dedupe", "write", "refresh", "validate"]


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("value", ["[a]", "text", "3", "null", "{1: a}"])
def test_another_thing_where_a_section_belongs_is_a_setting_that_cannot_be_used(
    tmp_path: Path, section: str, value: str
) -> None:
    (tmp_path / "etl.yaml").write_text(f"{section}: {value}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="cannot be used as settings"):
        load_settings(tmp_path / "etl.yaml", text_column="a", split="official", turns="all", source="kote")


def test_a_key_twice_in_settings_and_in_a_taxonomy_is_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "etl.yaml").write_text("split:\n  seed: 1\n  seed: 2\n", encoding="utf-8")
    run = etl("ingest", tmp_path, "--config", tmp_path / "etl.yaml", "--out", tmp_path / "dataset")
    assert "line 3: the key 'seed' stands in line 2 already" in explained(run, 2)
    (tmp_path / "my.yaml").write_text("name: a\nname: b\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="the key 'name' stands in line 1 already"):
        taxonomy.load(str(tmp_path / "my.yaml"))
