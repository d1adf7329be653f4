import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.text.charts import line_chart, list_ticks, round_up
from etl.text.html import show_blanks, table

NUMBERS = st.floats(1e-6, 1e9)


@given(NUMBERS)
def test_the_end_of_an_axis_is_above_what_it_holds_and_not_far(number: float) -> None:
    assert number * (1 - 1e-6) <= round_up(number) <= 2 * number * (1 + 1e-6)


@given(NUMBERS, NUMBERS)
def test_ticks_enclose_the_numbers_at_one_distance(low: float, high: float) -> None:
    low, high = sorted((low, high))
    ticks = list_ticks(low, high)
    assert len(ticks) <= 7
    assert ticks[0] <= low * (1 + 1e-6)
    assert ticks[-1] >= high * (1 - 1e-6)
    distances = [after - before for before, after in pairwise(ticks)]
    assert all(distance == pytest.approx(distances[0], rel=1e-3) for distance in distances)


def test_a_chart_has_ticks_on_both_axes_and_stays_within_its_box() -> None:
    drawn = line_chart(
        "rows", {"train": [12_000, None, 15_500.0, 15_000]}, ["a", "b", "c", "<d>"], level=14_000
    )
    chart = ET.fromstring(drawn)
    shown = [each.text for each in chart.iter("text")]
    assert {"12k", "14k", "16k", "a", "b", "c", "<d>"} <= {*shown}
    _, _, width, height = map(float, chart.attrib["viewBox"].split())
    points = [(float(dot.attrib["cx"]), float(dot.attrib["cy"])) for dot in chart.iter("circle")]
    assert len(points) == 3
    assert all(0 < x < width and 0 < y < height for x, y in points)


def test_many_steps_get_only_as_many_names_as_fit() -> None:
    days = [f"2026-01-{day:02}" for day in range(1, 32)]
    drawn = line_chart("mood", {"s0": [float(day) for day in range(31)]}, days)
    assert 2 <= len(re.findall(r">2026-01-\d\d<", drawn)) <= 5


def test_a_chart_of_nothing_is_nothing() -> None:
    assert line_chart("rows", {"train": [None]}, ["1"]) == ""


@pytest.mark.parametrize(
    ("name", "shown"),
    [("2   ", "2␣␣␣"), ("2", "2"), (" a b ", "␣a b␣"), ("a  b", "a␣␣b"), ("a\tb", "a␣b"), ("a\xa0b", "a␣b")],
)
def test_blanks_that_nobody_sees_are_shown(name: str, shown: str) -> None:
    assert show_blanks(name) == shown


def test_labels_that_differ_in_blanks_look_different_in_a_table() -> None:
    drawn = table([("2   ", "n"), ("2", "n")], [["1", "2"]])
    assert "2␣␣␣" in drawn
