"""How the labels of a chat change over time: predictions to a page."""

from __future__ import annotations

import re
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import InputError
from etl.models.inference.mood import count_moods, render_moods

LABELS = ["기쁨", "슬픔"]
SCHEMA = {"time": pl.String, "speaker": pl.String, "labels": pl.List(pl.String)}
Said = tuple[str | None, str | None, list[str] | None]


def page(*said: Said) -> str:
    counted: list[pl.DataFrame] = []
    frames = [pl.DataFrame([each], schema=SCHEMA, orient="row") for each in said]
    assert [*count_moods(frames, counted)] == frames
    return render_moods("model", counted, LABELS)


def rows_of(html: str, title: str) -> list[list[str]]:
    """The cells of the table below a heading."""
    body = html.partition(f"<h2>{title}</h2>")[2].partition("<tbody>")[2].partition("</tbody>")[0]
    lines = re.findall(r"<tr>(.*?)</tr>", body)
    return [
        [re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<t[dh].*?</t[dh]>", line)] for line in lines
    ]


def test_shares_are_those_of_each_day_and_a_day_without_words_is_a_gap() -> None:
    html = page(
        ("2026-03-01T21:00", "지우", ["기쁨"]),
        ("2026-03-01T21:01:30+09:00", "민준", ["슬픔"]),
        ("2026-03-02", "지우", ["슬픔"]),
        ("2026-03-04T08:00", "지우", ["슬픔"]),
    )
    assert rows_of(html, "By day") == [
        ["2026-03-01", "2", "50.0%", "50.0%"],
        ["2026-03-02", "1", "100.0%", "0.0%"],
        ["2026-03-04", "1", "100.0%", "0.0%"],
    ]
    assert rows_of(html, "By speaker") == [["지우", "3", "66.7%", "33.3%"], ["민준", "1", "100.0%", "0.0%"]]
    [line] = re.findall(r'<path d="(M[^"]*)" fill="none" stroke="var\(--s0\)"', html)
    assert line.count("M") == 2, "two pieces"


@pytest.mark.parametrize(
    ("times", "unit"),
    [
        (["2026-03-01T08:00", "2026-03-01T21:00"], "hour"),
        (["2026-03-01T08:00", "2026-05-01T21:00"], "day"),
        (["2026-03-01T08:00", "2026-12-01T21:00"], "week"),
        (["2023-03-01T08:00", "2026-03-01T21:00"], "month"),
    ],
)
def test_the_longer_the_time_the_longer_are_its_steps(times: list[str], unit: str) -> None:
    assert f"<h2>By {unit}</h2>" in page(*((time, None, ["기쁨"]) for time in times))


def test_names_are_never_markup() -> None:
    html = page(("2026-03-01T21:00", "<script>alert(1)</script>", ["기쁨"]))
    assert "<script" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize(
    "said", [(None, "지우", ["기쁨"]), ("오후 9:00", "지우", ["기쁨"]), ("2026-03-01", "지우", None)]
)
def test_without_a_time_or_a_label_there_is_no_page(said: Said) -> None:
    with pytest.raises(InputError, match="no sentence has a label and a time"):
        page(said)


@given(st.lists(st.tuples(st.integers(0, 900), st.sampled_from(LABELS)), min_size=1, max_size=40))
def test_every_sentence_is_counted_once(said: list[tuple[int, str]]) -> None:
    first = date(2026, 1, 1)
    html = page(*((f"{first + timedelta(days=day)}T10:00", None, [label]) for day, label in said))
    unit = re.findall(r"<h2>By (\w+)</h2>", html)[0]
    assert sum(int(row[1]) for row in rows_of(html, f"By {unit}")) == len(said)
