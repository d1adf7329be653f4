import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.schema.splits import split_in_path, split_names


@pytest.mark.parametrize(
    ("path", "split"),
    [
        ("train.tsv", "train"),
        ("hate_Training.csv.gz", "train"),
        ("dev.hate.tsv", "validation"),
        ("kmhas valid.txt", "validation"),
        ("validation-00000-of-00001.parquet", "validation"),
        ("data (test).csv", "test"),
        ("TESTING/a.csv", "test"),
        ("말뭉치_검증.xlsx", "validation"),
        ("학습/말뭉치.xlsx", "train"),
        ("corpus.zip/Test/a.json", "test"),
        ("test/train.csv", "train"),  # the file goes before its folder
        ("train/fold/dev/a.csv", "validation"),  # the nearest folder
        ("train/train_test.csv", None),  # two names are none
        ("latest.csv", None),
        ("contest/trainer.csv", None),
        ("기계학습.csv", None),
        ("test1.csv", "test"),
        ("trainset/감정.csv", "train"),
        ("감정_평가용.csv", "test"),
        ("a.csv", None),
    ],
)
def test_a_split_is_a_whole_word_of_a_name(path: str, split: str | None) -> None:
    assert split_in_path(path) == split
    assert split_in_path(unicodedata.normalize("NFD", path)) == split


@given(
    st.sampled_from(sorted(split_names())), st.sampled_from("_-. /"), st.sampled_from(["", "a", "4", "한"])
)
def test_every_name_of_a_split_is_found_between_any_separators(name: str, mark: str, other: str) -> None:
    split = split_names()[name]
    assert split_in_path(f"{other}{mark}{name.upper()}{mark}{other}") == split
    assert split_in_path(f"{name}x{mark}{other}") is None
