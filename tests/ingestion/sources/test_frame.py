import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from etl.ingestion.sources.frame import one_hot_labels
from etl.schema.label_cells import list_items

NAMES = ["여성/가족", "악플, 욕설", "clean"]


def one_hot(*rows: tuple[str | None, ...], names: list[str], has_counts: bool = False) -> list[str | None]:
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    return frame.select(one_hot_labels(names, has_counts=has_counts).alias("label"))["label"].to_list()


def test_the_columns_that_are_set_name_the_labels() -> None:
    rows = [("1", "0"), ("1.0", " True "), ("0.0", None), ("", "false"), ("0", "0.7")]
    assert one_hot(*rows, names=["여성/가족", "clean"]) == [
        *("여성/가족", "여성/가족,clean", None, None, "clean=0.7")
    ]


@given(st.lists(st.sampled_from(["0", "1"]), min_size=3, max_size=3))
def test_names_that_hold_the_separator_are_told_apart(row: list[str]) -> None:
    (label,) = one_hot(tuple(row), names=NAMES)
    wanted = [name for name, cell in zip(NAMES, row, strict=True) if cell == "1"]
    assert (list_items(label or "[]") or [label]) == (wanted or [None])


def test_a_number_is_a_count_of_raters_where_it_may_be_one() -> None:
    rows = [("3", "2.0"), ("1", "TRUE"), ("0", "1000"), (None, "x"), ("", "0")]
    assert one_hot(*rows, names=["기쁨", "슬픔"], has_counts=True) == [
        "기쁨,기쁨,기쁨,슬픔,슬픔",
        "기쁨,슬픔",
        "슬픔=1000",
        "슬픔=x",
        None,
    ]
    shares = [("0.6", "0.4"), ("1.0", "0.0"), (".5", "1e-05"), ("0.7", None), ("0.5", "x"), ("0.00", "0")]
    assert one_hot(*shares, names=["기쁨", "슬픔"], has_counts=True) == [
        '{"기쁨": 0.6, "슬픔": 0.4}',
        "기쁨",
        '{"기쁨": .5, "슬픔": 1e-05}',
        '{"기쁨": 0.7}',
        "기쁨=0.5,슬픔=x",
        None,
    ]
    assert one_hot(("3", "1"), names=["기쁨", "슬픔"]) == ["기쁨=3,슬픔"]
