"""A few of the faults of S3 of `make faults`."""

from collections.abc import Iterator

import pytest

from faults.s3 import Bench, bench, disturb

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("s3"), ["versions", "rollback", "ingest into a bucket"]) as made:
        yield made


@pytest.mark.parametrize(
    ("name", "fault", "number", "lasts"),
    [
        ("rollback", "500", 11, True),
        ("rollback", "wrong key", 0, True),
        ("rollback", "slow", 5, False),
        ("versions", "expired token", 4, False),
        ("versions", "half", 4, False),
        ("versions", "503", 7, False),
    ],
)
def test_a_server_that_fails_changes_no_result_and_no_secret_is_written(
    name: str, fault: str, number: int, lasts: bool, made: Bench
) -> None:
    disturb(made, name, fault, number, lasts=lasts)


def test_a_dataset_that_was_uploaded_in_part_is_uploaded_again(made: Bench) -> None:
    assert disturb(made, "ingest into a bucket", "cut", 12, lasts=True) == "was refused"
