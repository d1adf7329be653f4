import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xxhash import xxh3_64_intdigest

from etl.ingestion.steps.split import split
from etl.settings import Split

Key = tuple[str, str, str | None]


def splits_of(rows: list[Key], **changes: object) -> list[str]:
    schema = dict.fromkeys(["source", "group", "split"], pl.String)
    frame = pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        label=pl.lit("기쁨"), label_votes=pl.lit(None)
    )
    return split(frame, Split(**changes))["split"].to_list()  # type: ignore[arg-type]


GROUPS = st.tuples(
    st.sampled_from(["nsmc", "table"]), st.text(max_size=3), st.sampled_from([None, "train", "validation"])
)
UNSPLIT = st.tuples(st.sampled_from(["nsmc", "table"]), st.text(max_size=3), st.none())
SHARES = {"validation": 0.3, "test": 0.3}


@given(st.lists(GROUPS, max_size=30))
def test_a_group_is_never_in_two_splits(rows: list[Key]) -> None:
    found: dict[tuple[str, str], set[str]] = {}
    for (source, group, _), name in zip(rows, splits_of(rows, mode="grouped", **SHARES), strict=True):
        found.setdefault((source, group), set()).add(name)
    assert all(len(names) == 1 for names in found.values())


@given(st.lists(UNSPLIT, max_size=20), st.lists(UNSPLIT, max_size=20), st.integers(0, 20))
def test_added_rows_never_move_an_old_one(rows: list[Key], added: list[Key], place: int) -> None:
    before = splits_of(rows, **SHARES)
    after = splits_of(rows[:place] + added + rows[place:], **SHARES)
    assert after[:place][: len(rows)] + after[len(rows[:place]) + len(added) :] == before


@given(st.lists(GROUPS, max_size=20), st.integers(0, 2**32))
def test_the_order_of_the_rows_does_not_matter(rows: list[Key], seed: int) -> None:
    assert splits_of(rows[::-1], seed=seed, **SHARES) == splits_of(rows, seed=seed, **SHARES)[::-1]


@pytest.mark.parametrize(("validation", "test"), [(0.1, 0.1), (0.2, 0.0), (0.0, 0.05), (0.5, 0.3)])
def test_the_shares_are_those_of_the_settings(validation: float, test: float) -> None:
    rows = [("table", f"group {number}", None) for number in range(20_000)]
    found = splits_of(rows, validation=validation, test=test)
    assert found.count("validation") / len(rows) == pytest.approx(validation, abs=0.01)
    assert found.count("test") / len(rows) == pytest.approx(test, abs=0.01)
    assert (found.count("test") == 0) == (test == 0)


def test_each_label_gets_its_share() -> None:
    rows = [("table", f"{label} {number}", None) for label in ["기쁨", "슬픔"] for number in range(5_000)]
    found = splits_of(rows)
    for half in (found[:5_000], found[5_000:]):
        assert half.count("validation") / 5_000 == pytest.approx(0.1, abs=0.02)


def test_official_splits_are_kept_and_the_rest_is_divided() -> None:
    rows = [("kote", f"{number}", name) for number in range(50) for name in ("train", "test", "validation")]
    assert splits_of(rows) == [name for *_, name in rows]
    mixed = [("kote", "a", "test"), *(("nsmc", f"{number}", None) for number in range(200))]
    assert splits_of(mixed)[0] == "test"
    assert set(splits_of(mixed)[1:]) == {"train", "validation", "test"}


def test_grouped_ignores_official_splits() -> None:
    official = [("kote", f"{number}", "test") for number in range(500)]
    unsplit = [("kote", group, None) for _, group, _ in official]
    assert splits_of(official, mode="grouped") == splits_of(unsplit)
    assert splits_of(official, mode="grouped").count("train") > 350


def test_another_seed_divides_otherwise() -> None:
    rows = [("table", f"{number}", None) for number in range(300)]
    assert splits_of(rows, seed=1) != splits_of(rows, seed=2)
    assert splits_of(rows, seed=1) == splits_of(rows, seed=1)


def test_the_same_group_name_in_two_corpora_is_two_groups() -> None:
    rows = [(source, f"{number}", None) for source in ("nsmc", "kote") for number in range(300)]
    found = splits_of(rows)
    assert found[:300] != found[300:]


@given(st.lists(UNSPLIT, max_size=20), st.integers(0, 2**64 - 1))
def test_the_share_that_a_group_falls_into_is_its_xxh3(rows: list[Key], seed: int) -> None:
    hashes = [xxh3_64_intdigest(f"{source}\0{group}".encode(), seed=seed) for source, group, _ in rows]
    names = [
        "validation" if each / 2**64 < 0.3 else "test" if each / 2**64 < 0.6 else "train" for each in hashes
    ]
    assert splits_of(rows, seed=seed, **SHARES) == names


def test_a_row_stays_where_older_versions_put_it() -> None:
    # Fixed for ever: a change here moves rows of every dataset between train and validation.
    rows = [("nsmc", f"movie {number}", None) for number in range(12)]
    found = splits_of(rows, **SHARES)
    assert [number for number, name in enumerate(found) if name == "validation"] == [2, 6, 10]
    assert [number for number, name in enumerate(found) if name == "test"] == [3, 4, 8, 9]
