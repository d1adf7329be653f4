"""Units of raw files that are sent to another process are read there as they are here."""

import pickle
from collections.abc import Generator
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
import yaml
from support.raw_files import write_files
from support.reading import kote, settings

from etl.errors import InputError
from etl.ingestion.ingest import discover
from etl.ingestion.sources.units import InputUnit, group_into_units, read_unit
from etl.sample.files import zip_bytes
from etl.settings import Settings

DATA = Path(__file__).parents[2] / "data"
# Zips with names in cp949, tars of zips, split parts, gzip, workbooks, members that cannot be opened.
CASES = [
    *("aihub-aspect/packages", "aihub-dialogue/v1-xlsx", "aihub-dialogue/v2", "aihub-empathy/openings"),
    *("aihub-free-talk/packages", "aihub-multimodal/clips", "keti-single/single", "nsmc/raw-lines"),
    *("table/all-formats", "wellness/topics"),
]


def units_in(folder: Path, chosen: Settings) -> list[InputUnit]:
    return list(group_into_units(discover([folder], chosen)[0], chosen))


def sent(unit: InputUnit) -> InputUnit:
    return pickle.loads(pickle.dumps(unit))  # type: ignore[no-any-return]


def all_of(reading: Generator[pl.DataFrame, None, Any]) -> tuple[list[list[dict[str, Any]]], Any]:
    frames = []
    while True:
        try:
            frames.append(next(reading).to_dicts())
        except StopIteration as end:
            return frames, end.value


@pytest.mark.parametrize("case", CASES)
def test_units_are_read_elsewhere_as_they_are_here(case: str, tmp_path: Path) -> None:
    described = yaml.safe_load((DATA / f"{case}.yaml").read_text(encoding="utf-8"))
    chosen = msgspec.convert(described.get("settings", {}), Settings)
    units = units_in(write_files(tmp_path, described["files"]), chosen)
    here = [all_of(read_unit(unit, chosen)) for unit in units]
    assert any(frames for frames, _ in here)
    assert [all_of(read_unit(sent(unit), chosen)) for unit in units] == here


def test_beside_a_bad_archive_that_is_skipped_the_others_are_read(tmp_path: Path) -> None:
    skip = settings(read={"on_bad_file": "skip"})
    inner = zip_bytes([("a.tsv", kote("첫 문장", "둘째 문장"))])
    (tmp_path / "outer.zip").write_bytes(zip_bytes([("good.zip", inner), ("bad.zip", inner[:-30])]))
    [unit] = units_in(tmp_path, skip)
    [[rows], log] = all_of(read_unit(sent(unit), skip))
    assert [row["raw_text"] for row in rows] == ["첫 문장", "둘째 문장"]
    assert not log.skipped  # it was said where the files were found


@pytest.mark.parametrize("on_bad_file", ["stop", "skip"])
def test_a_file_that_is_not_there_or_is_another_one_ends_the_run(on_bad_file: str, tmp_path: Path) -> None:
    chosen = settings(read={"on_bad_file": on_bad_file})
    path = tmp_path / "a.tsv"
    path.write_bytes(kote("첫 문장", "둘째 문장"))
    [unit] = units_in(tmp_path, chosen)
    arrived = sent(unit)
    path.write_bytes(kote("첫 문장"))
    with pytest.raises(InputError, match="another file than when the run began"):
        all_of(read_unit(arrived, chosen))
    path.unlink()
    with pytest.raises(InputError, match="cannot be read here") as raised:
        all_of(read_unit(arrived, chosen))
    assert "share" in raised.value.next_step
