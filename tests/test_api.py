"""The Python API: `import etl` gives the functions that the commands call, with typed results."""

import doctest
import importlib
import inspect
import re
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

import etl
from etl.dataset.manifest import Manifest
from etl.errors import SettingsError

ROOT = Path(__file__).parents[1]
CSV = "comment,emotion\n오늘은 정말 기쁘다,기쁨\n어제는 너무 슬펐다,슬픔\n내일이 몹시 불안하다,불안\n"


@pytest.fixture(scope="module")
def comments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("api") / "comments.csv"
    path.write_text(CSV, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def dataset(comments: Path) -> etl.Dataset:
    """Paths as strings, and nothing but what must be said."""
    out = str(comments.with_name("out"))
    return etl.ingest(str(comments), out, text_column="comment", label_column="emotion", tagger="whitespace")


@pytest.mark.parametrize("name", etl.__all__)
def test_every_public_name_is_there_documented_and_shown(name: str) -> None:
    public = getattr(etl, name)
    assert inspect.getdoc(public)
    assert re.search(rf"\b{name}\b", (ROOT / "docs" / "python.md").read_text(encoding="utf-8"))
    assert name in dir(etl)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'ingests'"):
        _ = etl.ingests  # type: ignore[attr-defined]


def test_a_room_does_not_hide_a_function() -> None:
    for room in ("ingestion", "validation", "publishing", "models"):
        importlib.import_module(f"etl.{room}")
    assert all(callable(getattr(etl, name)) for name in ("ingest", "validate", "refresh", "train", "predict"))


def test_ingest_returns_the_dataset_with_a_typed_manifest(dataset: etl.Dataset) -> None:
    assert isinstance(dataset.manifest, Manifest)
    assert dataset.manifest.counts["table"].read == 3
    assert dataset.scan().collect().height == dataset.manifest.counts["table"].kept == 3
    assert isinstance(dataset.scan(), pl.LazyFrame)


def test_a_dataset_is_opened_by_its_path(dataset: etl.Dataset) -> None:
    for path in (dataset.path, str(dataset.path)):
        assert etl.open_dataset(path).manifest == dataset.manifest


def test_several_paths_and_a_settings_file_are_taken_too(comments: Path, tmp_path: Path) -> None:
    (tmp_path / "more.csv").write_text(CSV.replace("오늘은", "지금은"), encoding="utf-8")
    config = tmp_path / "etl.yaml"
    config.write_text("table: {text_column: comment, label_column: emotion}\n", encoding="utf-8")
    made = etl.ingest([comments, tmp_path / "more.csv"], tmp_path / "d", str(config), tagger="whitespace")
    assert made.manifest.counts["table"].read == 6


def test_options_are_the_settings_of_the_command_line() -> None:
    settings = etl.load_settings(taxonomy="polarity3", split="grouped", text_column="comment")
    assert settings.taxonomy == "polarity3"
    assert settings.split.mode == "grouped"
    assert settings.table.text_column == "comment"
    assert etl.load_settings(tagger=None) == etl.Settings()


def test_an_option_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(SettingsError) as refused:
        etl.load_settings(taggers="okt")  # type: ignore[call-arg]
    assert "there is no option 'taggers'" in str(refused.value)
    assert "tagger" in str(refused.value)


def test_a_wrong_choice_is_a_settings_error(comments: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="tagger"):
        etl.ingest(comments, tmp_path / "d", tagger="okta")  # type: ignore[arg-type]


def test_validate_takes_the_dataset_or_its_path(dataset: etl.Dataset) -> None:
    result = etl.validate(dataset)
    assert result.exit_code("error") == etl.validate(str(dataset.path)).exit_code("error")
    assert (dataset.path / "validation" / "report.html").exists()


def test_build_vocab_returns_the_vocabulary(dataset: etl.Dataset) -> None:
    vocabulary = etl.build_vocab(dataset, min_count=1)
    assert len(vocabulary) > 2
    assert (dataset.path / "vocab.json").exists()


@pytest.mark.parametrize("module", ["etl", "etl.settings"])
def test_the_examples_in_docstrings_run(module: str) -> None:
    tried = doctest.testmod(importlib.import_module(module))
    assert tried.attempted
    assert not tried.failed


@pytest.mark.parametrize(
    "use",
    [
        lambda url: etl.ingest(url, "out"),
        lambda url: etl.ingest("comments.csv", url, text_column="comment", label_column="emotion"),
        etl.open_dataset,
        etl.validate,
        etl.build_vocab,
    ],
    ids=["read", "write", "open", "validate", "vocabulary"],
)
def test_a_url_is_no_folder_called_s3(
    use: Callable[[str], object], comments: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(comments.parent)
    with pytest.raises(SettingsError, match="a URL is given where a path is expected"):
        use("s3://bucket/place")
    assert not Path("s3:").exists()


def test_a_dataset_shows_its_path_and_not_a_page(dataset: etl.Dataset) -> None:
    assert repr(dataset) == f"Dataset(path={dataset.path!r})"
