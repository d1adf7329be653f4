"""The splits, and their names in columns and in the names of files and folders: `schemas/splits.yaml`."""

from __future__ import annotations

import re

from etl.schema import resources
from etl.text.composition import composed

EVALUATION = ("validation", "test")
SPLITS = ("train", *EVALUATION)
# Rows that wait for a label: no split of those that are learnt or measured.
UNLABELLED = "unlabelled"
ALL_SPLITS = (*SPLITS, UNLABELLED)

_BETWEEN_WORDS = re.compile(r"[\W\d_]+")


def split_names() -> dict[str, str]:
    """Returns each name of a split, in lower case, with `train`, `validation` or `test`."""
    splits = resources.load("schemas", "splits.yaml")
    return {spelling: split for split, spellings in splits.items() for spelling in spellings}


def split_in_path(path: str) -> str | None:
    """Returns the split that a file is named after, or else the nearest folder that names one.

    A name counts as a whole word, numbers aside, and only if it is the one split of that file or folder.

    >>> [split_in_path(path) for path in ("a/dev.hate.tsv", "Test/a_학습.csv", "latest/train_test.csv")]
    ['validation', 'train', None]
    """
    known = split_names()
    for part in reversed(composed(path).lower().split("/")):
        splits = {known[word] for word in _BETWEEN_WORDS.split(part) if word in known}
        if splits:
            return splits.pop() if len(splits) == 1 else None
    return None
