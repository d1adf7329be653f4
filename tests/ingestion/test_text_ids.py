"""Rows without a key stay themselves, whatever their file is called and wherever they stand in it."""

from __future__ import annotations

import tempfile
import unicodedata
from pathlib import Path

import polars as pl
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from support.decided import decide_rows
from support.reading import read_all, settings
from support.small_tables import kept_rows

import etl
from etl.dataset.difference import compare
from etl.dataset.read import Dataset
from etl.ingestion.ingest import discover
from etl.ingestion.pipeline import TEXT, Tools, run_steps
from etl.ingestion.sources.units import read_units
from etl.ingestion.steps.split import split
from etl.schema import votes
from etl.schema.text_ids import text_id

COLUMNS = {"text_column": "text", "label_column": "label"}
SENTENCES = [row["text"] for row in kept_rows(0, 40)]  # of which none is near another
few = hypothesis_settings(max_examples=10)  # each makes datasets
TEXTS = st.lists(st.sampled_from(["네.", "아니요.", *SENTENCES[:8]]), min_size=2, max_size=12)


def write(path: Path, texts: list[str], label: str = "기쁨") -> Path:
    path.write_text("\n".join(["text,label", *(f"{text},{label}" for text in texts)]), encoding="utf-8")
    return path


def read(folder: Path, batch_rows: int = 5) -> pl.DataFrame:
    """Reads the tables of a folder as ingest does, up to the numbers; the rows in order."""
    chosen = settings(table=COLUMNS)
    found, log = discover([folder], chosen)
    label = pl.lit("기쁨").alias("label"), pl.lit(None, votes.VOTES).alias(votes.COLUMN)
    batches = [
        split(run_steps(batch, Tools(chosen), TEXT).with_columns(label), chosen.split)
        for frame in read_units(found, chosen, log)
        for batch in frame.iter_slices(batch_rows)
    ]
    frame = pl.concat(batches)
    rows = decide_rows(frame, chosen, batch_rows=batch_rows).drop("row", "reason", "detail", "corrected")
    assert rows["id"].is_unique().all()
    return rows


def read_texts(*files: list[str], name: str = "a") -> pl.DataFrame:
    with tempfile.TemporaryDirectory() as folder:
        for number, texts in enumerate(files):
            write(Path(folder) / f"{name}{number}.csv", texts)
        return read(Path(folder))


def splits(rows: pl.DataFrame) -> dict[str, set[str]]:
    return {text: set(of["split"]) for (text,), of in rows.group_by("raw_text")}


@few
@given(TEXTS, st.data())
def test_a_line_that_is_deleted_changes_no_other_row(texts: list[str], data: st.DataObject) -> None:
    gone = data.draw(st.integers(0, len(texts) - 1))
    before, after = read_texts(texts), read_texts(texts[:gone] + texts[gone + 1 :])
    assert splits(after).items() <= splits(before).items()
    assert len({*before["id"]} - {*after["id"]}) == 1
    assert {*after["id"]} <= {*before["id"]}


@few
@given(st.permutations([*SENTENCES[:6], *SENTENCES[:3], "네."]))
def test_rows_in_another_order_or_file_are_the_same_rows(texts: list[str]) -> None:
    before, after = read_texts(sorted(texts)), read_texts(texts, name="another name ")
    assert splits(before) == splits(after)
    assert {*before["id"]} == {*after["id"]}


@few
@given(TEXTS, TEXTS)
def test_equal_texts_have_one_split_and_ids_of_their_own_over_batches_and_files(
    one: list[str], two: list[str]
) -> None:
    rows = read_texts(one, two)
    assert all(len(of) == 1 for of in splits(rows).values())
    assert rows["id"].is_unique().all()
    assert (rows["group"] == rows["id"]).all()
    numbers = rows.group_by("raw_text").agg(
        pl.col("id").str.extract("#(.*)").cast(pl.Int64).fill_null(1).sort()
    )
    assert all(of.to_list() == list(range(1, len(of) + 1)) for of in numbers["id"])


def test_equal_texts_are_numbered_over_batches() -> None:
    rows = read_texts(["네."] * 7)
    assert rows["id"].to_list()[1:] == [f"{rows['id'][0]}#{number}" for number in range(2, 8)]


def test_an_id_is_the_same_in_every_run_and_on_every_machine() -> None:
    said = "오늘은 좋은 날"
    texts = pl.DataFrame({"raw_text": [said, f" {said}\t", unicodedata.normalize("NFD", said), None]})
    ids = texts.select(text_id("table")).to_series()
    assert ids.to_list()[:3] == [ids[0]] * 3
    assert ids[0] != ids[3]
    assert ids[3] == "table:~2d06800538d394c2"  # XXH3 of nothing


def test_a_key_of_the_users_own_is_the_id_whatever_the_row_says(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("key,text,label\n7.0,하나,기쁨\nb,둘,슬픔\n,셋,슬픔\n", encoding="utf-8")
    rows, log = read_all(tmp_path, table=COLUMNS | {"id_column": "key", "name": "설문"})
    assert [row["id"] for row in rows[:2]] == ["table:설문:7", "table:설문:b"]
    assert rows[2]["id"].startswith("table:설문:~")
    assert log.warnings == ["a.csv: 1 row with nothing in the column 'key'; an id is made of the text"]


def ingest(path: Path, out: Path, **options: str) -> Dataset:
    chosen = {"text_column": "text", "label_column": "label", "tagger": "whitespace"}
    return etl.ingest(path, out, workers=1, **(chosen | options))  # type: ignore[arg-type]


def test_a_key_that_two_rows_share_is_a_duplicate_id(tmp_path: Path) -> None:
    lines = [f"{number},{text},기쁨" for number, text in enumerate([*SENTENCES, "또 하나의 다른 문장"])]
    lines[3] = lines[3].replace("3,", "2,", 1)
    (tmp_path / "a.csv").write_text("\n".join(["key,text,label", *lines]), encoding="utf-8")
    dataset = ingest(tmp_path / "a.csv", tmp_path / "out", id_column="key")
    assert dataset.manifest.counts["table"].rejected["duplicate_id"] == 1


def with_old_ids(dataset: Dataset, folder: Path) -> Dataset:
    """The same rows as an earlier version wrote them: an id was made of the file and the line."""
    for shard in sorted((dataset.path / "data").iterdir()):
        rows = pl.read_parquet(shard).with_columns(id=pl.format("table:{}:{}", "file", "position"))
        (folder / "data").mkdir(parents=True, exist_ok=True)
        rows.write_parquet(folder / "data" / shard.name)
    return Dataset(folder, dataset.manifest, is_as_found=True)


def test_a_dataset_with_ids_of_another_kind_is_compared_by_text(tmp_path: Path) -> None:
    before = with_old_ids(ingest(write(tmp_path / "a.csv", SENTENCES), tmp_path / "one"), tmp_path / "old")
    (tmp_path / "a.csv").write_text(
        "\n".join(
            [
                "text,label",
                *(f"{text},{'슬픔' if at == 9 else '기쁨'}" for at, text in enumerate(SENTENCES) if at),
            ]
        ),
        encoding="utf-8",
    )
    now = ingest(tmp_path / "a.csv", tmp_path / "two")
    difference = compare(before, now)
    assert (difference.relabelled, difference.reworded, difference.moved) == (1, 0, {})
    assert (sum(difference.added.values()), sum(difference.removed.values())) == (0, 1)
    by_lines = compare(before, with_old_ids(now, tmp_path / "also old"))
    assert (by_lines.relabelled, by_lines.reworded, by_lines.moved) == (1, 0, {})


def test_a_row_with_a_key_may_be_reworded(tmp_path: Path) -> None:
    datasets = []
    for number, text in enumerate(("처음에 적은 문장이다", "나중에 고쳐 적은 문장이다")):
        lines = [f"{at},{each},기쁨" for at, each in enumerate([*SENTENCES, text])]
        (tmp_path / "a.csv").write_text("\n".join(["key,text,label", *lines]), encoding="utf-8")
        datasets.append(ingest(tmp_path / "a.csv", tmp_path / f"{number}", id_column="key"))
    difference = compare(*datasets)
    assert difference.reworded == 1
    assert difference.examples == {"reworded": ("table:40",)}
