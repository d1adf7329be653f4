from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.schema.label_cells import (
    SEPARATORS,
    WHOLE,
    list_items,
    split_cell,
    split_table_cell,
    weigh_table_cell,
    without_fraction,
)

KNOWN = {"기쁨", "슬픔", "분노", "불평/불만", "가난한, 불우한", "2"}
WORDS = st.lists(
    st.text("기쁨슬픔 abc'\"\\/-", min_size=1, max_size=8).filter(str.strip), min_size=1, max_size=4
)


def is_known(label: str) -> bool:
    return label in KNOWN


@pytest.mark.parametrize(
    ("cell", "labels"),
    [
        (None, []),
        (" \t", []),
        (" 기쁨 ", ["기쁨"]),
        ("기쁨,슬픔", ["기쁨", "슬픔"]),
        ("기쁨 ; 슬픔", ["기쁨", "슬픔"]),
        ("기쁨|슬픔|", ["기쁨", "슬픔"]),
        ("기쁨;", ["기쁨"]),
        ("기쁨，슬픔", ["기쁨", "슬픔"]),
        ("7,", ["7"]),
        ("기쁨/슬픔", ["기쁨", "슬픔"]),
        ("기쁨 슬픔", ["기쁨", "슬픔"]),
        ("불평/불만", ["불평/불만"]),  # a label that holds a separator is one label
        ("가난한, 불우한", ["가난한, 불우한"]),
        ("불평/불만;기쁨", ["불평/불만", "기쁨"]),
        ("['기쁨', '가난한, 불우한']", ["기쁨", "가난한, 불우한"]),
        ("['기쁨' '슬픔']", ["기쁨", "슬픔"]),
        ("('기쁨',)", ["기쁨"]),
        ("{'슬픔'}", ["슬픔"]),
        ("[기쁨, 슬픔]", ["기쁨", "슬픔"]),
        ('["기쁨", null, "\\uc2ac\\ud514"]', ["기쁨", "슬픔"]),
        ("[2. 3.]", ["2.", "3."]),
        ("[]", []),
        ("2,3", ["2", "3"]),
        ("4,5", ["4", "5"]),  # numbers, of which none is known
        ("4;5", ["4", "5"]),
        ("1.5", ["1.5"]),
        ("기쁨,모름", ["기쁨", "모름"]),
        ("모름,몰라", ["모름,몰라"]),
        ("(기쁨)", ["(기쁨)"]),
        ("[['기쁨']]", ["[['기쁨']]"]),
        ("{'기쁨': 1}", ["{'기쁨': 1}"]),
    ],
)
def test_the_cell_of_a_table_is_cut_where_people_cut_it(cell: str | None, labels: list[str]) -> None:
    assert split_table_cell(cell, is_known) == labels


def test_a_corpus_has_its_own_separator_or_a_written_list() -> None:
    assert split_cell("기쁨,슬픔,,", ",", is_known) == ["기쁨", "슬픔"]
    assert split_cell("기쁨;슬픔", ",", is_known) == ["기쁨;슬픔"]
    assert split_cell("가난한, 불우한", ",", is_known) == ["가난한, 불우한"]
    assert split_cell("[2, 3]", None, is_known) == ["2", "3"]
    assert split_cell("기쁨,슬픔", None, is_known) == ["기쁨,슬픔"]


def test_a_whole_number_loses_the_fraction_that_spreadsheets_add() -> None:
    assert [without_fraction(cell) for cell in ("2.0", "-1.00", "label:1.0", "1.5", "2.", ".0")] == [
        *("2", "-1", "label:1", "1.5", "2.", ".0")
    ]


@given(WORDS)
def test_a_list_is_read_back_from_json_python_and_numpy(words: list[str]) -> None:
    stripped = [word.strip() for word in words]
    assert list_items(json.dumps(words, ensure_ascii=False)) == stripped
    assert list_items(str(words)) == stripped
    assert list_items(str(np.array(words, dtype=object))) == stripped


@pytest.mark.parametrize(
    ("cell", "items"),
    [
        ('{"기쁨": 3, "슬픔": 2}', ["기쁨"] * 3 + ["슬픔"] * 2),
        ('{"기쁨": 1, "슬픔": 0}', ["기쁨"]),
        ('{"기쁨": 1, "기쁨": 2}', ["기쁨"] * 3),
        ("{}", []),
        ('{"기쁨": 0.6}', None),
        ('{"기쁨": true}', None),
        ('{"기쁨": -1}', None),
        ('{"기쁨": 1000}', None),
        ('[{"기쁨": 1}]', None),
    ],
)
def test_an_object_of_counts_gives_each_label_as_often_as_raters_did(
    cell: str, items: list[str] | None
) -> None:
    assert list_items(cell) == items


@given(
    st.lists(st.sampled_from(sorted(KNOWN)), min_size=2, max_size=4), st.sampled_from([";", "|", "\n", "+"])
)
def test_known_labels_are_found_again_whatever_stands_between_them(labels: list[str], separator: str) -> None:
    assert separator in SEPARATORS
    assert split_table_cell(separator.join(labels), is_known) == labels


@given(st.text("[]{}()'\",\\ 기쁨:0", max_size=200))
def test_any_cell_is_cut_into_labels_without_blanks(cell: str) -> None:
    assert all(label and label == label.strip() for label in split_table_cell(cell, is_known))


@pytest.mark.parametrize(
    ("cell", "weights"),
    [
        ("기쁨:0.6/슬픔:0.4", {"기쁨": 0.6, "슬픔": 0.4}),
        ("기쁨 = 60 %, 슬픔=40%", {"기쁨": 60, "슬픔": 40}),
        ("기쁨: 3; 슬픔: 2", {"기쁨": 3, "슬픔": 2}),
        ('{"기쁨": 0.6, "슬픔": 4e-1}', {"기쁨": 0.6, "슬픔": 0.4}),
        ("{'기쁨': 0.6, '슬픔': 0.4, '분노': 0.0}", {"기쁨": 0.6, "슬픔": 0.4}),
        ("{'기쁨': 3, '슬픔': 2}", {"기쁨": 3, "슬픔": 2}),
        ('{"기쁨": .5, "없는 말": 1.}', {"기쁨": 0.5, "없는 말": 1}),
        ("{'기쁨': 0.0}", {}),
        ("불평/불만:1", {"불평/불만": 1}),
        ("기쁨:0.6/없는 말:0.4", None),
        ("기쁨,슬픔", None),
        ("기쁨2", None),
        ("2", None),
        ("0.6", None),
        ("기쁨:-1", None),
        ("기쁨:1000", None),
        ('{"기쁨": "0.6점"}', None),
        ('{"기쁨": [0.6]}', None),
        ('{"기쁨": null}', None),
        ("{}", None),
        ("", None),
        (None, None),
    ],
)
def test_numbers_beside_the_labels_of_a_cell_are_their_weights(
    cell: str | None, weights: dict[str, float] | None
) -> None:
    found = weigh_table_cell(cell, is_known)
    assert found == (weights if weights is None else {k: round(v * WHOLE) for k, v in weights.items()})


@given(st.text("{}'\",:=% 기쁨슬픔0.6e-", max_size=60))
def test_no_cell_has_a_weight_that_is_none(cell: str) -> None:
    found = weigh_table_cell(cell, is_known)
    assert found is None or all(0 < weight <= 999 * WHOLE for weight in found.values())


@given(st.dictionaries(st.sampled_from(sorted(KNOWN)), st.floats(1e-9, 999), min_size=1))
def test_the_weights_of_an_object_are_read_back(weights: dict[str, float]) -> None:
    for cell in (json.dumps(weights, ensure_ascii=False), str(weights)):
        found = weigh_table_cell(cell, is_known)
        assert found is not None
        assert {label: own / WHOLE for label, own in found.items()} == pytest.approx(weights, abs=1e-9)
