"""What a refresh does, and what it leaves alone."""

import hashlib
import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import polars as pl
import pytest
from msgspec import structs
from support.places import content, job, make, ran, run, succeeded, whole, write_config, write_rows

import etl
from etl.corrections import Decision, append_decision, text_hash
from etl.dataset.difference import compare
from etl.dataset.read import open_dataset
from etl.errors import InputError, SettingsError
from etl.ingestion.sources.raw import HashingStream
from etl.publishing import record
from etl.publishing.job import Job, make_job
from etl.publishing.refresh import plan
from etl.schema.splits import UNLABELLED
from etl.settings import Corrections, Settings, Table
from etl.storage.versions.local import LOCK, LocalStore

pytestmark = pytest.mark.slow

ALL = ["ingest", "validate", "build-vocab", "publish"]


def files(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in {record.FILE, LOCK}
    }


def test_the_first_run_does_everything_and_publishes_a_dataset_with_a_vocabulary_and_a_report(
    tmp_path: Path,
) -> None:
    done = succeeded(run(make(tmp_path)))
    assert (done.outcome, done.exit_code, ran(done)) == ("published", 0, ALL)
    assert whole(tmp_path / "place") == done.version
    for name in ("manifest.json", "vocab.json", "validation/report.html"):
        assert (tmp_path / "place" / "current" / name).stat().st_size > 0
    assert sum(done.rows.values()) == 300
    assert not (tmp_path / "place" / ".candidate").exists()


def test_when_nothing_changed_nothing_is_done_and_nothing_is_written(published: Job) -> None:
    before = files(published.publish_dir)
    done = succeeded(run(published))
    assert (done.outcome, ran(done), done.events) == ("unchanged", [], [])
    assert files(published.publish_dir) == before


def test_a_date_is_no_change(published: Job) -> None:
    os.utime(published.inputs[0] / "a.jsonl", (1, 1))
    assert run(published).outcome == "unchanged"


def test_an_added_file_is_an_event_and_its_rows_are_added(published: Job) -> None:
    before = open_dataset(published.publish_dir / "current")
    write_rows(published.inputs[0] / "b.jsonl", 300, 330)
    done = succeeded(run(published))
    assert [(event.event, event.file) for event in done.events] == [("added", "b.jsonl")]
    assert (ran(done), done.stages[0].why) == (ALL, ["raw files changed"])
    found = compare(before, open_dataset(published.publish_dir / "current"))
    assert sum(found.added.values()) == 30
    assert (sum(found.removed.values()), found.moved, found.relabelled) == (0, {}, 0)


def test_the_same_name_with_new_bytes_and_a_file_that_is_gone_are_events(
    grown: tuple[Job, str, str],
) -> None:
    published, *_ = grown
    write_rows(published.inputs[0] / "a.jsonl", 0, 299)
    (published.inputs[0] / "b.jsonl").unlink()
    done = succeeded(run(replace(published, accept=("file_gone", "rows_gone"))))
    assert [(event.event, event.file) for event in done.events] == [
        ("changed", "a.jsonl"),
        ("gone", "b.jsonl"),
    ]
    assert sum(done.rows.values()) == 299


def test_rows_keep_their_split_for_ever_whatever_is_added(published: Job) -> None:
    def splits() -> dict[str, str]:
        rows = open_dataset(published.publish_dir / "current").scan().select("id", "split").collect()
        return dict(rows.iter_rows())

    before = splits()
    for number in range(1, 3):
        write_rows(published.inputs[0] / f"{number}.jsonl", 300 * number, 300 * number + 200)
        succeeded(run(published))
    after = splits()
    assert len(after) == 700
    assert {identifier: after[identifier] for identifier in before} == before


@pytest.mark.parametrize(
    ("change", "why", "stages"),
    [
        ({"dedupe__short_chars": 12}, "settings changed", ALL),
        ({"split__seed": 7}, "settings changed", ALL),
        ({"taxonomy": "native11"}, "labels changed", ALL),
        ({"refresh__min_count": 1}, "settings changed", ["build-vocab", "publish"]),
        ({"validate__thresholds": {"imbalance": 99.0}}, "settings changed", ["validate", "publish"]),
    ],
)
def test_a_changed_setting_runs_what_depends_on_it(
    published: Job, change: dict[str, object], why: str, stages: list[str]
) -> None:
    config = published.publish_dir.parent / "etl.yaml"
    done = succeeded(run(job(config, **change)))
    assert ran(done) == stages
    assert done.stages[ALL.index(stages[0])].why == [why]
    assert run(job(config, **change)).outcome == "unchanged"


def test_another_value_of_labels_publishes_the_rows_that_it_keeps(published: Job) -> None:
    write_rows(published.inputs[0] / "b.jsonl", 400, 440, label="기쁨,슬픔")
    succeeded(run(published))
    assert votes_of(published) == []
    config = published.publish_dir.parent / "etl.yaml"
    for mode in ("soft", "multi"):
        done = succeeded(run(job(config, labels=mode)))
        assert (ran(done), done.stages[0].why) == (ALL, ["settings changed"])
        assert open_dataset(published.publish_dir / "current").manifest.settings.labels == mode
        assert votes_of(published) == [[("기쁨", 0.5), ("슬픔", 0.5)]] * 40
    assert run(job(config, labels="multi")).outcome == "unchanged"


def votes_of(published: Job) -> list[list[tuple[str, float]]]:
    rows = open_dataset(published.publish_dir / "current").scan().filter(pl.col("label").is_null())
    return [[tuple(vote.values()) for vote in own] for own in rows.collect()["label_votes"].to_list()]


def test_what_is_published_is_what_an_ingest_of_all_of_it_gives(published: Job, tmp_path: Path) -> None:
    write_rows(published.inputs[0] / "b.jsonl", 290, 340, label="분노")  # conflicts, duplicates, leaks
    succeeded(run(published))
    etl.ingest(published.inputs, tmp_path / "anew", published.settings, workers=1, progress=lambda *_: None)
    manifest = open_dataset(tmp_path / "anew").manifest
    current = open_dataset(published.publish_dir / "current").manifest
    files = {name: facts for name, facts in current.files.items() if not name.startswith("vocab")}
    assert structs.replace(current, files=files) == manifest


def test_shards_that_did_not_change_are_shared(published: Job) -> None:
    before = {
        path.name: path.stat().st_ino for path in (published.publish_dir / "current" / "data").iterdir()
    }
    write_rows(published.inputs[0] / "z.jsonl", 300, 302)
    succeeded(run(published))
    after = {path.name: path.stat().st_ino for path in (published.publish_dir / "current" / "data").iterdir()}
    assert len(before.items() & after.items()) >= 2


def test_a_dataset_with_errors_is_not_published_and_kept_to_look_at(published: Job) -> None:
    current = whole(published.publish_dir)
    rows = [
        {"text": f"{number}번째 문장은 늘 같다고 한다", "label": "기쁨", "group": "g"} for number in range(9)
    ]
    (published.inputs[0] / "b.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    config = published.publish_dir.parent / "etl.yaml"
    strict = job(
        config,
        validate__severities={"constant_predictor": "error"},
        validate__thresholds={"constant_predictor": 0.1},
    )
    done = run(strict)
    assert (done.outcome, done.exit_code, done.version) == ("failed", 3, current)
    assert done.kept and (Path(done.kept) / "validation" / "report.html").exists()
    assert whole(published.publish_dir) == current
    assert [stage.stage for stage in done.stages] == ["ingest", "validate"]


def test_labels_that_nobody_knows_are_named(published: Job, caplog: pytest.LogCaptureFixture) -> None:
    write_rows(published.inputs[0] / "b.jsonl", 300, 350, label="심심")
    run(published)
    assert "table: 50 of 350 rows have an unknown label: '심심' 50" in caplog.messages


def test_a_bad_file_leaves_what_was_current(published: Job) -> None:
    current = whole(published.publish_dir)
    (published.inputs[0] / "bad.zip").write_bytes(b"PK\x03\x04 not a zip")
    done = run(published)
    assert (done.outcome, done.exit_code) == ("failed", 4)
    assert done.error and "bad.zip" in done.error
    assert whole(published.publish_dir) == current
    (published.inputs[0] / "bad.zip").unlink()
    assert run(published).outcome == "unchanged"


def test_of_failed_runs_only_the_last_few_are_kept(tmp_path: Path) -> None:
    made = make(tmp_path, keep_failed=2)
    config = tmp_path / "etl.yaml"
    for number in range(3):
        write_rows(made.inputs[0] / "a.jsonl", 0, 300 + number)
        assert run(
            job(
                config,
                validate__severities={"constant_predictor": "error"},
                validate__thresholds={"constant_predictor": 0.1},
            )
        ).kept
    assert sorted(path.name for path in (made.publish_dir / "failed").iterdir()) == ["000002", "000003"]


def test_every_run_is_a_line_of_the_record(published: Job) -> None:
    run(published)
    (published.inputs[0] / "bad.zip").write_bytes(b"PK\x03\x04 not a zip")
    run(published)
    lines = (published.publish_dir / record.FILE).read_text(encoding="utf-8").splitlines()
    runs = [json.loads(line) for line in lines]
    assert [each["outcome"] for each in runs] == ["published", "unchanged", "failed"]
    assert [each["run"] for each in runs] == [1, 2, 3]
    assert all(each["seconds"] > 0 and each["started"].endswith("Z") for each in runs)
    assert "bad.zip" in runs[2]["error"]


def test_a_line_that_was_cut_off_does_not_spoil_the_next(published: Job) -> None:
    with (published.publish_dir / record.FILE).open("ab") as lines:
        lines.write(b'{"run": 2, "outco')
    done = run(published)
    assert done.run == 2
    assert [each["outcome"] for each in record.read_runs(published.publish_dir)] == ["published", "unchanged"]


def test_so_many_versions_are_kept_beside_the_current_one(
    grown: tuple[Job, str, str], tmp_path: Path
) -> None:
    _, *names = grown
    made = job(write_config(tmp_path, keep=1))
    write_rows(made.inputs[0] / "a.jsonl", 0, 301)
    names.append(succeeded(run(made)).version or "")
    assert [version.name for version in LocalStore(made.publish_dir).versions()] == names[-2:]
    assert whole(made.publish_dir) == names[-1]
    assert LocalStore(made.publish_dir).rollback().name == names[-2]


@pytest.mark.parametrize("damaged", ["data/train-00000.parquet", "manifest.json", "vocab.json"])
def test_what_was_rolled_back_stays_so_when_it_is_damaged(grown: tuple[Job, str, str], damaged: str) -> None:
    published, first, second = grown
    store = LocalStore(published.publish_dir)
    store.rollback()
    (store.path_of(second) / damaged).write_bytes(b"{}")
    for _ in range(2):
        done = succeeded(run(published))
        assert (done.outcome, done.version, whole(published.publish_dir)) == ("withdrawn", first, first)
    assert [(version.name, version.is_withdrawn) for version in store.versions()] == [
        (first, False),
        (second, True),
    ]


def test_what_was_rolled_back_stays_so_until_something_changes(grown: tuple[Job, str, str]) -> None:
    published, first, second = grown
    LocalStore(published.publish_dir).rollback()
    done = succeeded(run(published))
    assert (done.outcome, done.version, whole(published.publish_dir)) == ("withdrawn", first, first)
    write_rows(published.inputs[0] / "c.jsonl", 400, 410)
    third = succeeded(run(published))
    assert third.outcome == "published"
    assert third.version not in {first, second}


def test_a_publication_that_was_cut_short_is_finished(grown: tuple[Job, str, str]) -> None:
    published, first, second = grown
    # As if the machine had stopped between the rename of the folder and that of the link.
    (published.publish_dir / "current").unlink()
    (published.publish_dir / "current").symlink_to(f"versions/{first}")
    done = succeeded(run(published))
    assert (done.outcome, ran(done), whole(published.publish_dir)) == ("published", [], second)


def test_a_damaged_version_is_made_again(published: Job) -> None:
    shard = next((published.publish_dir / "current" / "data").iterdir())
    shard.write_bytes(shard.read_bytes()[:-1])
    done = succeeded(run(published))
    assert done.stages[0].why == [f"a file of version {done.version} is missing or cut off"]
    assert whole(published.publish_dir) == done.version


def test_a_dry_run_says_what_would_be_done_and_does_nothing(published: Job) -> None:
    assert plan(published).is_nothing
    write_rows(published.inputs[0] / "b.jsonl", 300, 330)
    before = files(published.publish_dir)
    changes = plan(published)
    assert changes.why["ingest"] == ["raw files changed"]
    assert files(published.publish_dir) == before


def test_a_place_among_the_raw_files_is_not_read(tmp_path: Path) -> None:
    write_rows(tmp_path / "raw" / "a.jsonl", 0, 300)
    made = job(write_config(tmp_path, out="raw/place"))
    succeeded(run(made))
    assert run(made).outcome == "unchanged"


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"inputs": []}, "refresh.inputs is not set"),
        ({"out": None}, "refresh.out is not set"),
        ({"out": "."}, "holds the input"),
    ],
)
def test_a_section_that_cannot_be_used_is_refused(
    tmp_path: Path, sections: dict[str, object], words: str
) -> None:
    with pytest.raises(SettingsError, match=words):
        job(write_config(tmp_path, **sections))


def test_a_place_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    made = make(tmp_path)
    made.publish_dir.mkdir()
    (made.publish_dir / "mine.txt").write_text("mine")
    with pytest.raises(SettingsError, match="something else"):
        run(made)
    assert [path.name for path in made.publish_dir.iterdir()] == ["mine.txt"]


def test_settings_without_the_section_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"refresh\.inputs is not set"):
        make_job(Settings(), Path(), 1)


def test_content_is_read_by_polars_through_the_link(published: Job) -> None:
    rows = (
        pl.scan_parquet(published.publish_dir / "current" / "data" / "*.parquet").select(pl.len()).collect()
    )
    assert rows.item() == 300
    assert content(published.publish_dir)


def test_a_raw_file_is_hashed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make(tmp_path)
    table = made.inputs[0] / "a.jsonl"
    os.utime(table, (1_600_000_000, 1_600_000_000))
    hashed: list[str] = []
    file_digest = hashlib.file_digest

    def count_files(stream: IO[bytes], name: str) -> Any:
        hashed.append(stream.name)
        return file_digest(stream, name)

    class CountedStream(HashingStream):
        def __init__(self, stream: IO[bytes], sha256: str | None = None):
            super().__init__(stream, sha256)
            if sha256 is None:
                hashed.append(stream.name)

    monkeypatch.setattr(hashlib, "file_digest", count_files)
    monkeypatch.setattr("etl.ingestion.sources.raw.HashingStream", CountedStream)
    assert succeeded(run(made)).outcome == "published"
    assert [name for name in hashed if Path(name).name == "a.jsonl"] == [str(table)]


def test_a_record_that_cannot_be_read_is_an_explained_error(tmp_path: Path) -> None:
    (tmp_path / "place" / record.FILE).mkdir(parents=True)
    with pytest.raises(InputError, match=f"{record.FILE} cannot be read"):
        record.next_number(tmp_path / "place")


def test_a_changed_file_of_corrections_is_a_change_and_no_raw_file_is_read_again(
    published: Job, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    row = open_dataset(published.publish_dir / "current").scan("train").collect().row(0, named=True)
    path = published.publish_dir.parent / "corrections.jsonl"
    at = datetime(2026, 11, 29, tzinfo=UTC)
    decision = Decision(id=row["id"], text_hash=text_hash(row["text"]), decision="drop", by="kim", at=at)
    append_decision(path, decision)
    settings = structs.replace(published.settings, corrections=Corrections((str(path),)))
    monkeypatch.setattr("etl.ingestion.batches.read_unit", lambda *_, **__: pytest.fail("a raw file is read"))
    done = succeeded(run(replace(published, settings=settings)))
    assert done.stages[0].why == ["corrections changed"]
    rejects = open_dataset(published.publish_dir / "current").scan_rejects().collect()
    assert rejects.filter(pl.col("reason") == "dropped_by_correction")["id"].to_list() == [row["id"]]
    path.write_bytes(path.read_bytes() * 2)
    assert run(replace(published, settings=settings)).outcome == "unchanged"
    append_decision(path, structs.replace(decision, decision="undo", text_hash="", at=at.replace(hour=1)))
    assert succeeded(run(replace(published, settings=settings))).stages[0].why == ["corrections changed"]
    assert open_dataset(published.publish_dir / "current").manifest.corrections.applied == 0
    append_decision(path, structs.replace(decision, text_hash="0" * 32, at=at.replace(hour=2)))
    assert succeeded(run(replace(published, settings=settings))).outcome == "published"
    assert "not applied: 1 decision of people (1 stale" in caplog.text


def test_rows_that_all_wait_for_a_label_are_published_and_have_a_vocabulary_once_some_got_one(
    tmp_path: Path,
) -> None:
    made, path = make(tmp_path), tmp_path / "corrections.jsonl"
    settings = structs.replace(made.settings, table=Table(text_column="text"))
    waiting = replace(made, settings=settings)
    assert ran(succeeded(run(waiting))) == ["ingest", "validate", "publish"]
    rows = open_dataset(waiting.publish_dir / "current").scan(UNLABELLED).select("id", "text").collect()
    at = datetime(2026, 11, 29, tzinfo=UTC)
    for number, (row_id, text) in enumerate(rows.head(60).iter_rows()):
        label = ("기쁨", "슬픔")[number % 2]
        append_decision(
            path,
            Decision(id=row_id, text_hash=text_hash(text), decision="relabel", label=label, by="kim", at=at),
        )
    labelled = structs.replace(settings, corrections=Corrections((str(path),)))
    done = succeeded(run(replace(waiting, settings=labelled)))
    assert "build-vocab" in ran(done)
    assert (waiting.publish_dir / "current" / "vocab.json").exists()
