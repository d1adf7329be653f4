import json
from pathlib import Path

import polars as pl
import pytest

import etl
from etl.dataset import preparation
from etl.dataset.read import open_dataset
from etl.errors import InputError, SettingsError
from etl.ingestion import pipeline
from etl.ingestion.ingest import discover
from etl.ingestion.prepare import prepare, prepare_text
from etl.ingestion.tagger_comparison import compare_taggers
from etl.settings import Read, Settings, Table, Tag, load
from etl.tagging.policy import load as load_policy
from etl.tagging.tagger import open_tagger
from etl.validation.external import dataset as external

REAL = Path(__file__).parents[2] / ".." / "shared" / "data"
WHITESPACE = Settings(tag=Tag(tagger="whitespace"), table=Table(text_column="text", label_column="label"))


def quiet(amount: int, description: str | None = None) -> None:
    """Nobody watches."""


def write(path: Path, *rows: tuple[str, str | None]) -> Path:
    lines = [json.dumps({"text": text, "label": label}, ensure_ascii=False) for text, label in rows]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_the_steps_are_those_of_the_design_in_that_order() -> None:
    names = [step.name for step in pipeline.STEPS]
    assert names == ["clean", "relabel", "tag", "key_tokens", "split"]


def test_a_step_in_the_list_is_run_wherever_text_is_prepared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shout(rows: pl.DataFrame, _: pipeline.Tools) -> pl.DataFrame:
        return rows.with_columns(pl.col("text") + "!")

    clean, *others = pipeline.STEPS
    monkeypatch.setattr(pipeline, "STEPS", (clean, pipeline.Step("shout", "text", shout), *others))
    raw = write(tmp_path / "a.jsonl", ("오늘은 정말 좋은 날이다", "기쁨"))
    dataset = etl.ingest(raw, tmp_path / "d", WHITESPACE)
    assert dataset.scan().collect()["text"].to_list() == ["오늘은 정말 좋은 날이다!"]
    how = preparation.load(dataset.path / preparation.FILE)
    with preparation.open_tagger(how, 1) as tagger:
        prepared = prepare(how, pl.Series(["어제는 슬펐다"]), tagger)
    assert prepared["tokens"].to_list() == [["어제는", "슬펐다!"]]
    assert prepare_text(how, pl.Series(["어제는 슬펐다"]))["text"].to_list() == ["어제는 슬펐다!"]
    [compared] = compare_taggers(["어제는 슬펐다"], WHITESPACE, ["whitespace"], quiet)
    assert [token.token for token in compared.answers[0].tokens] == ["어제는", "슬펐다!"]
    (tmp_path / "b.csv").write_text("text,label\n어제는 슬펐다,슬픔\n", encoding="utf-8")
    with external.open_as_dataset(tmp_path / "b.csv", external.Columns("text", "label")) as (outside, _):
        assert outside.scan().collect()["text"].to_list() == ["어제는 슬펐다!"]


def test_no_step_drops_adds_or_reorders_a_row() -> None:
    rows = ["오늘은 정말 좋은 날이다", "", "오늘은 정말 좋은 날이다", "\u200b", "네.", "슬픈 일이 있었다"]
    frame = pl.DataFrame(
        {
            "id": [f"table:{number}" for number in range(len(rows))],
            "source": "table",
            "group": [f"g{number}" for number in range(len(rows))],
            "raw_text": rows,
            "raw_label": ["기쁨", "기쁨", "기쁨", None, "?", "슬픔"],
            "split": None,
            "reason": None,
            "detail": None,
        }
    ).cast(pl.String)
    with open_tagger(WHITESPACE.tag, 1) as tagger:
        tools = pipeline.Tools(WHITESPACE, tagger, load_policy(WHITESPACE.tag))
        for step in pipeline.STEPS:
            if step.scope != "corpus":
                before, frame = frame, step.run(frame, tools)
                assert frame["id"].to_list() == before["id"].to_list(), step.name
                marked = before["reason"].is_not_null()
                assert frame.filter(marked)["reason"].to_list() == before.filter(marked)["reason"].to_list()
    assert frame["reason"].to_list() == [None, "empty_text", None, "empty_text", "unknown_label", None]


def test_discover_says_what_would_be_read_and_writes_nothing(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", ("오늘 좋다", "기쁨"))
    write(tmp_path / "b.jsonl", ("어제 슬펐다", "슬픔"))
    (tmp_path / "film.mp4").write_bytes(b"")
    found, account = discover([tmp_path], WHITESPACE)
    assert {slug: [each.raw.name for each in files] for slug, files in found.items()} == {
        "table": ["a.jsonl", "b.jsonl"]
    }
    assert dict(account.ignored) == {".mp4": 1}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl", "b.jsonl", "film.mp4"]


def test_a_file_that_is_given_twice_is_read_once(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", ("오늘은 정말 좋은 날이다", "기쁨"))
    (tmp_path / "copy.jsonl").write_bytes((tmp_path / "a.jsonl").read_bytes())
    manifest = etl.ingest(tmp_path, tmp_path / "d", WHITESPACE).manifest
    assert manifest.counts["table"].read == 1
    assert [entry.file for entry in manifest.left_aside] == ["copy.jsonl"]


def test_a_dataset_that_stands_among_the_raw_files_is_not_read_as_one_of_them(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", *((f"{number}번째로 적는 새로운 문장이다", "기쁨") for number in range(20)))
    manifests = [
        etl.ingest([tmp_path], tmp_path / "dataset", WHITESPACE, workers=1, progress=quiet) for _ in range(2)
    ]
    assert manifests[0] == manifests[1]


def test_progress_is_told_about_every_row(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", *((f"{number}번째 문장이다", "기쁨") for number in range(50)))
    told: list[int] = []
    etl.ingest(
        [tmp_path], tmp_path / "d", WHITESPACE, workers=1, progress=lambda amount, _="": told.append(amount)
    )
    assert sum(told) == 50


def test_nothing_is_asked_of_the_output_before_the_input_is_known(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        etl.ingest([tmp_path / "none"], tmp_path / "deep" / "d", WHITESPACE, workers=1, progress=quiet)
    assert list(tmp_path.iterdir()) == []


def test_a_corpus_that_is_named_is_the_only_one_that_is_looked_for(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", ("오늘 좋다", "기쁨"))
    with pytest.raises(InputError, match="is kote"):
        discover([tmp_path], Settings(read=Read(source="kote")))
    with pytest.raises(SettingsError, match="'kotes' is not a corpus"):
        discover([tmp_path], Settings(read=Read(source="kotes")))


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """KOTE and Chatbot as they are published."""
    if not REAL.is_dir():
        pytest.skip("shared/data is not here")
    out = tmp_path_factory.mktemp("real") / "dataset"
    settings = load(None, {"taxonomy": "polarity3", "tag.tagger": "whitespace"})
    etl.ingest([REAL / "kote", REAL / "chatbot"], out, settings, workers=1, progress=quiet)
    return out


def test_real_rows_are_all_accounted_for(real: Path) -> None:
    counts = open_dataset(real).manifest.counts
    assert {source: each.read for source, each in counts.items()} == {"kote": 5_000, "chatbot": 11_823}
    for each in counts.values():
        assert each.read == each.kept + sum(each.rejected.values())


def test_no_real_group_and_no_real_text_is_in_two_splits(real: Path) -> None:
    kept = open_dataset(real).scan().collect()
    assert (kept.group_by("source", "group").agg(pl.col("split").n_unique())["split"] == 1).all()
    is_short = (pl.col("text").str.count_matches(" ") + 1 < 3) & (pl.col("text").str.len_chars() < 10)
    texts = kept.filter(~is_short)
    evaluated = texts.filter(pl.col("split") != "train")["text"].unique()
    assert evaluated.len() > 1_000
    assert not texts.filter(pl.col("split") == "train")["text"].is_in(evaluated.implode()).any()
