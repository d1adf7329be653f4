import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from etl.text.spreadsheet import guard, guard_cells

SIGNS = "=+-@＝＋－＠"


@given(st.text(alphabet=st.sampled_from(SIGNS + " \t\r\n'가a1"), max_size=8))
def test_no_cell_and_no_column_begins_like_a_formula(text: str) -> None:
    guarded = guard(text)
    assert not guarded.lstrip().startswith(tuple(SIGNS))
    assert guarded in {text, f"'{text}"}
    rows = guard_cells(pl.DataFrame({text: [text, None]}))
    assert rows.columns == [guarded]
    assert rows[guarded].to_list() == [guarded, None]


def test_numbers_stay_numbers() -> None:
    rows = pl.DataFrame({"score": [-0.5], "label": ["-0.5"]})
    assert guard_cells(rows).row(0) == (-0.5, "'-0.5")
