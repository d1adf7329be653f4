"""Cached batches change nothing in the dataset: a run is only faster."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

import etl
from etl.dataset.manifest import Manifest
from etl.dataset.read import open_dataset
from etl.ingestion import fingerprints
from etl.ingestion.batch_cache import INDEX, BatchCache
from etl.ingestion.sources.raw import RawFile
from etl.ingestion.sources.recognised import RecognisedFile
from etl.ingestion.sources.units import group_into_units
from etl.sample.corpora import write_sample
from etl.schema import taxonomy
from etl.settings import Clean, Dedupe, Read, Settings, Split, Table, Tag
from etl.tagging.policy import load as load_policy

pytestmark = pytest.mark.slow

WHITESPACE = Settings(tag=Tag("whitespace"))
TABLE = Settings(tag=Tag("whitespace"), table=Table(text_column="text", label_column="label"))


def cache(folder: Path, settings: Settings) -> BatchCache:
    facts = fingerprints.fingerprint_batches(
        settings, taxonomy.load(settings.taxonomy), load_policy(settings.tag)
    )
    return BatchCache(folder / "cache", lambda content: fingerprints.hash_json([facts, content]))


def ingest(
    folder: Path, out: str, settings: Settings, *, is_cached: bool = True
) -> tuple[Manifest, list[str]]:
    """The manifest, and which files were read anew."""
    read: list[str] = []
    batches = cache(folder, settings) if is_cached else None
    before = {path.name for path in (folder / "cache").glob("*")}
    etl.ingest([folder / "raw"], folder / out, settings, workers=2, batch_cache=batches)
    for path in sorted((folder / "cache").glob("*")):
        if path.name not in before:
            index = json.loads((path / INDEX).read_bytes())
            read += [entry["member"] or entry["file"] for entry in index["inputs"]]
    return open_dataset(folder / out).manifest, read


def write(path: Path, *rows: tuple[str, str | None]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"text": text, "label": label}, ensure_ascii=False) for text, label in rows]
    path.write_text("\n".join(lines), encoding="utf-8")


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made-up corpora, read once with a cache."""
    folder = tmp_path_factory.mktemp("corpora")
    write_sample(folder / "raw", dialogues=80, clips=45)
    ingest(folder, "first", WHITESPACE)
    return folder


def test_a_dataset_of_cached_batches_is_the_same_byte_for_byte(corpora: Path) -> None:
    cached, read = ingest(corpora, "second", WHITESPACE)
    assert read == []
    assert len(cached.counts) == 5
    plain, _ = ingest(corpora, "plain", WHITESPACE, is_cached=False)
    assert cached == plain == open_dataset(corpora / "first").manifest


def test_only_what_is_new_is_read(corpora: Path, tmp_path: Path) -> None:
    settings = TABLE
    rows = [(f"{number}번째로 적는 새로운 문장 {number * 7919}", "기쁨") for number in range(60)]
    for name, part in (("a", rows[:20]), ("b", rows[20:40]), ("c", rows[40:])):
        write(tmp_path / "raw" / f"{name}.jsonl", *part)
        manifest, read = ingest(tmp_path, f"{name}.dataset", settings)
        assert read == [f"{name}.jsonl"]
    assert manifest == ingest(tmp_path, "plain", settings, is_cached=False)[0]
    write(tmp_path / "raw" / "b.jsonl", *rows[20:39])
    manifest, read = ingest(tmp_path, "changed", settings)
    assert read == ["b.jsonl"]
    (tmp_path / "raw" / "a.jsonl").rename(tmp_path / "raw" / "d.jsonl")  # ids and files bear the name
    manifest, read = ingest(tmp_path, "renamed", settings)
    assert read == ["d.jsonl"]
    assert manifest == ingest(tmp_path, "plain", settings, is_cached=False)[0]


@pytest.mark.parametrize(
    "changed",
    [
        {"taxonomy": "native11"},
        {"clean": Clean(max_chars=20)},
        {"clean": Clean(max_repeats=1)},
        {"tag": Tag("whitespace", stop_words="stop.txt")},
        {"tag": Tag("mecab")},
        {"split": Split(seed=1)},
        {"split": Split(validation=0.3)},
        {"dedupe": Dedupe(short_chars=30, short_eojeols=9)},
        {"dedupe": Dedupe(near=0.0)},
        {"read": Read(limit=10)},
        {"table": Table(text_column="text", label_column="label", domain="sns")},
    ],
    ids=str,
)
def test_a_changed_setting_never_reuses_what_was_made_with_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("stop.txt").write_text("오늘\n", encoding="utf-8")
    rows = [(f"오늘 {number}번째ㅋㅋㅋㅋ 이야기를 적는다 {number * 7919}", "기쁨") for number in range(40)]
    write(tmp_path / "raw" / "a.jsonl", *rows)
    ingest(tmp_path, "before", TABLE)
    settings = Settings(**{"tag": TABLE.tag, "table": TABLE.table, **changed})
    manifest, read = ingest(tmp_path, "after", settings)
    assert read == ["a.jsonl"]
    assert manifest == ingest(tmp_path, "plain", settings, is_cached=False)[0]


def test_what_decides_no_row_of_a_batch_is_no_reason_to_read_again(tmp_path: Path) -> None:
    write(tmp_path / "raw" / "a.jsonl", *((f"{number}번째 문장을 적는다", "기쁨") for number in range(20)))
    ingest(tmp_path, "before", TABLE)
    settings = Settings(tag=TABLE.tag, table=TABLE.table, dedupe=Dedupe(conflicts="keep", near=0.7))
    manifest, read = ingest(tmp_path, "after", settings)
    assert read == []
    assert manifest == ingest(tmp_path, "plain", settings, is_cached=False)[0]


@pytest.mark.parametrize("damage", ["cut off", "changed", "gone"])
def test_what_is_damaged_is_made_again(tmp_path: Path, damage: str) -> None:
    write(tmp_path / "raw" / "a.jsonl", *((f"{number}번째 문장을 적는다", "기쁨") for number in range(20)))
    before, _ = ingest(tmp_path, "before", TABLE)
    for file in (tmp_path / "cache").rglob("*.arrow"):
        content = file.read_bytes()
        if damage == "gone":
            file.unlink()
        else:
            file.write_bytes(content[:-1] if damage == "cut off" else content[:-9] + b"?" + content[-8:])
    assert ingest(tmp_path, "after", TABLE)[0] == before


def test_a_bad_file_that_is_skipped_is_not_cached(tmp_path: Path) -> None:
    settings = Settings(tag=TABLE.tag, table=TABLE.table, read=Read(on_bad_file="skip"))
    write(tmp_path / "raw" / "a.jsonl", *((f"{number}번째 문장을 적는다", "기쁨") for number in range(20)))
    (tmp_path / "raw" / "b.jsonl.gz").write_bytes(b"\x1f\x8b not gzip")
    before, read = ingest(tmp_path, "before", settings)
    assert read == ["a.jsonl"]
    after, _ = ingest(tmp_path, "after", settings)
    assert [each.file for each in after.skipped] == ["b.jsonl.gz"]
    assert after == before


def test_what_is_no_longer_used_is_removed(tmp_path: Path) -> None:
    write(tmp_path / "raw" / "a.jsonl", ("오늘은 정말 좋은 날이다", "기쁨"))
    write(tmp_path / "raw" / "b.jsonl", ("어제는 몹시 슬픈 날이었다", "슬픔"))
    ingest(tmp_path, "before", TABLE)
    (tmp_path / "raw" / "b.jsonl").unlink()
    used = cache(tmp_path, TABLE)
    etl.ingest([tmp_path / "raw"], tmp_path / "after", TABLE, workers=1, batch_cache=used)
    used.remove_unused()
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_thousands_of_small_files_are_few_units_that_do_not_depend_on_each_other() -> None:
    def units(names: list[str]) -> list[tuple[str, ...]]:
        files = [
            RecognisedFile("table", RawFile(name, "", 100, lambda: io.BytesIO(b"")), "csv", part=name)
            for name in names
        ]
        found = {"table": files}
        return [tuple(file.raw.file for file in unit.files) for unit in group_into_units(found, Settings())]

    names = [f"{number:04}.csv" for number in range(2000)]
    before, after = units(names), units([*names[:700], "0699b.csv", *names[700:]])
    assert 10 < len(before) < 100
    assert [name for unit in before for name in unit] == names
    assert len(set(before) - set(after)) <= 1
