from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from support.small_datasets import Row, write_dataset


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """`write(rows, rejects=(), **manifest)` writes a dataset and returns its path."""

    numbers = count()

    def write_here(rows: Sequence[Row], rejects: Sequence[Row] = (), **options: Any) -> Path:
        return write_dataset(tmp_path / f"dataset {next(numbers)}", rows, rejects, **options)

    return write_here
