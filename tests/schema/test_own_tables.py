from __future__ import annotations

from functools import cache

import pytest
from support.reading import settings

from etl.errors import SettingsError
from etl.schema import taxonomy
from etl.schema.own_tables import check_tables, find_table, has_own_settings, matches

ko7 = cache(lambda: taxonomy.load("ko7"))
COLUMNS = {"text_column": "text", "label_column": "label"}


@pytest.mark.parametrize(
    ("pattern", "path", "is_match"),
    [
        ("*.tsv", "train.tsv", True),
        ("*.tsv", "beep/train.tsv", True),
        ("beep/*.tsv", "beep/train.tsv", True),
        ("beep/*.tsv", "data/beep/train.tsv", True),
        ("beep/*.tsv", "beep/a/train.tsv", False),
        ("beep/**", "beep/a/train.tsv", True),
        ("beep/**/train.tsv", "beep/train.tsv", True),
        ("beep/**/train.tsv", "beep/a/b/train.tsv", True),
        ("beep", "beep/a/train.tsv", True),
        ("a.zip", "a.zip/in/train.tsv", True),
        ("/train.tsv", "beep/train.tsv", False),
        ("./train.tsv", "train.tsv", True),
        ("train.t?v", "train.tsv", True),
        ("train.t?v", "train.tv", False),
        ("[ab].csv", "b.csv", True),
        ("[!ab].csv", "b.csv", False),
        ("a+(1).csv", "a+(1).csv", True),
        ("rain.tsv", "train.tsv", False),
        ("학습/*", "학습/말뭉치.csv", True),
    ],
)
def test_a_pattern_is_that_of_a_path_from_any_folder_on(pattern: str, path: str, is_match: bool) -> None:
    assert matches(pattern, path) == is_match


def test_the_first_match_wins_and_the_rest_is_one_table_or_none() -> None:
    tables = [{"path": "a/*.csv", "domain": "sns"}, {"path": "*.csv", "domain": "mail"}]
    chosen = settings(tables=tables)
    assert [
        table and table.domain
        for path in ("a/x.csv", "x.csv", "x.tsv")
        for table in [find_table(chosen, path)]
    ] == [*("sns", "mail", None)]
    chosen = settings(tables=tables, table=COLUMNS)
    assert find_table(chosen, "x.tsv") is chosen.table
    assert not has_own_settings(chosen, "x.tsv")


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"table": {"domain": "poem"}}, "domain: 'poem' is none of"),
        ({"table": COLUMNS | {"label_columns": ["기쁨"]}}, "one or the other"),
        ({"table": COLUMNS | {"split_column": "s", "split": "test"}}, "one or the other"),
        ({"table": COLUMNS | {"path": "*.csv"}}, "only an entry of `tables` has one"),
        ({"tables": [COLUMNS]}, "path: a pattern of file names is missing"),
        (
            {"tables": [COLUMNS | {"path": "*.csv", "labels": {"0": "모름"}}]},
            "labels.0: '모름' is none of 기쁨",
        ),
    ],
)
def test_settings_of_tables_that_cannot_be_used_are_named(section: dict[str, object], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        check_tables(settings(**section), ko7())
    assert said in caught.value.text()


def test_labels_may_be_targets_words_for_them_and_nothing() -> None:
    check_tables(settings(table=COLUMNS | {"labels": {"0": "기쁨", "1": "anger", "-": None}}), ko7())
