"""`etl demo`: the whole way, on a machine that has no Java of its own."""

import json
import os
from pathlib import Path

import pytest
from support.run_etl import environment, etl, etl_process, explained, succeeded

pytestmark = [pytest.mark.jvm, pytest.mark.training, pytest.mark.slow]

TRUTH = "truth.json"


def path_without_java() -> str:
    folders = os.environ.get("PATH", "").split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if not (Path(folder) / "java").exists())


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of a demo that ran with Java hidden, and what it showed."""
    folder = tmp_path_factory.mktemp("demo") / "demo"
    hidden = environment(PATH=path_without_java(), JAVA_HOME=None)
    run = succeeded(etl_process("demo", folder, env=hidden))
    return folder, run.stdout


def test_every_stage_leaves_its_result(demo: tuple[Path, str]) -> None:
    folder, _ = demo
    for name in (
        "raw/truth.json",
        "dataset/manifest.json",
        "dataset/vocab.json",
        "dataset/validation/report.html",
        "model/metrics.json",
    ):
        assert (folder / name).stat().st_size > 0, name


def test_the_closing_summary_says_where_to_look(demo: tuple[Path, str]) -> None:
    folder, shown = demo
    assert "Where to look:" in shown
    lines = shown.partition("Where to look:")[2].splitlines()
    places = [Path(line.split()[0]) for line in lines if line.strip().startswith(str(folder))]
    assert len(places) >= 5
    assert all(place.exists() for place in places)


def test_ingest_counts_what_the_sample_planted(demo: tuple[Path, str]) -> None:
    folder, _ = demo
    truth = json.loads((folder / "raw" / TRUTH).read_text(encoding="utf-8"))["sources"]
    counts = json.loads((folder / "dataset" / "manifest.json").read_text(encoding="utf-8"))["counts"]
    assert {source: (each["read"], each["kept"]) for source, each in counts.items()} == {
        source: (each["read"], each["kept"]) for source, each in truth.items()
    }
    assert {source: each["rejected"] for source, each in counts.items()} == {
        source: each["rejected"] for source, each in truth.items()
    }


def test_the_baseline_learns_more_than_the_constant_predictor(demo: tuple[Path, str]) -> None:
    folder, shown = demo
    assert "linear" in shown
    assert "constant predictor" in shown
    assert json.loads((folder / "model" / "metrics.json").read_text(encoding="utf-8"))


def test_it_publishes_twice_and_goes_back(demo: tuple[Path, str]) -> None:
    folder, shown = demo
    place = folder / "published" / "place"
    first, second = json.loads(succeeded(etl("versions", place, "--json")).stdout)
    assert (first["state"], second["state"]) == ("current", "withdrawn")
    assert f"rolled back to version {first['version']}" in shown
    assert sum(second["rows"].values()) > sum(first["rows"].values())


def test_the_demo_may_run_again_in_the_same_folder(demo: tuple[Path, str]) -> None:
    folder, shown = demo
    files = ["dataset/manifest.json", "dataset/vocab.json", "raw/truth.json"]
    before = {name: (folder / name).read_bytes() for name in files}
    again = succeeded(etl_process("demo", folder, "--workers", "1"))
    assert again.stdout.partition("Baseline")[0] == shown.partition("Baseline")[0]
    assert again.stdout.partition("rolled back")[2] == shown.partition("rolled back")[2]
    assert {name: (folder / name).read_bytes() for name in files} == before
    assert sorted(path.name for path in folder.iterdir()) == ["dataset", "model", "published", "raw"]


def test_a_folder_of_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "mine.json").write_text("[]")
    text = explained(etl("demo", tmp_path), 2)
    assert "no demo" in text
    assert [path.name for path in tmp_path.rglob("*")] == ["raw", "mine.json"]


def test_nothing_is_written_beside_what_is_no_demo(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text("[]")
    assert "no demo" in explained(etl("demo", tmp_path), 2)
    assert [path.name for path in tmp_path.rglob("*")] == ["mine.json"]
