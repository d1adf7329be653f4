"""A refresh that would take away from its readers what they do not expect to lose is refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from support.places import job, make, run, succeeded, whole, write_config, write_rows
from support.run_etl import etl, explained
from support.run_etl import succeeded as ended_well
from support.small_tables import kept_rows, write_lines

from etl.dataset.guards import load_guards
from etl.dataset.manifest import Manifest, SourceCounts, SplitCounts, TaxonomyEntry
from etl.errors import SettingsError
from etl.publishing import record
from etl.publishing.guards import compare_manifests
from etl.publishing.job import Job
from etl.publishing.record import Run

LABELS = ("기쁨", "슬픔", "분노")


def codes(done: Run) -> set[str]:
    return {each.code for each in done.refused}


def refused(job: Job) -> Run:
    """A run that is refused and leaves what was published."""
    before = whole(job.publish_dir)
    done = run(job)
    assert (done.outcome, done.exit_code, done.version) == ("refused", 3, before)
    assert whole(job.publish_dir) == before
    return done


def manifest_of(counts: dict[str, int], splits: dict[str, dict[str, int]]) -> Manifest:
    """A manifest with so many rows of each source, and of each label of each split."""
    return Manifest(
        taxonomy=TaxonomyEntry("made", LABELS),
        counts={source: SourceCounts(rows, rows, {}) for source, rows in counts.items()},
        splits={split: SplitCounts(sum(labels.values()), labels) for split, labels in splits.items()},
        files={},
    )


def write_comments(folder: Path, start: int, stop: int) -> None:
    """The three files of KOTE, with comments of our own: each says joy (11) or anger (22)."""
    third = (stop - start) // 3
    for name, begin in (("train", start), ("val", start + third), ("test", start + 2 * third)):
        rows = kept_rows(begin, begin + third)
        lines = [
            f"{begin + at}\t{row['text']}\t{'11,33' if at % 2 else '8,12'}" for at, row in enumerate(rows)
        ]
        write_lines(folder / f"{name}.tsv", lines)


def test_a_corpus_that_is_missing_is_refused_and_kept_to_look_at(tmp_path: Path) -> None:
    write_rows(tmp_path / "raw" / "a.jsonl", 0, 300)
    write_comments(tmp_path / "raw" / "kote", 1000, 1150)
    config = write_config(tmp_path)
    sections = yaml.safe_load(config.read_text(encoding="utf-8"))
    sections["tables"] = [{"path": "*.jsonl", **sections.pop("table")}]
    config.write_text(yaml.safe_dump(sections), encoding="utf-8")
    made = job(config)
    succeeded(run(made))
    for name in ("train", "val", "test"):
        (made.inputs[0] / "kote" / f"{name}.tsv").unlink()
    done = refused(made)
    assert {"source_gone", "file_gone", "rows_gone"} <= codes(done)
    assert done.kept
    assert done.error
    assert "source_gone: sources of the published version without a row now: kote" in done.error
    assert done.kept in done.error
    assert (Path(done.kept) / "validation" / "report.html").exists()
    ended_well(etl("diff", made.publish_dir / "current", done.kept))


def test_what_is_accepted_by_its_code_is_published_and_recorded(grown: tuple[Job, str, str]) -> None:
    made, *_ = grown
    (made.inputs[0] / "b.jsonl").unlink()
    assert codes(refused(replace(made, accept=("rows_gone",)))) == {"file_gone"}
    done = succeeded(run(replace(made, accept=("file_gone", "rows_gone"))))
    assert done.outcome == "published"
    runs = record.read_runs(made.publish_dir)
    assert [each["outcome"] for each in runs] == ["published", "published", "refused", "published"]
    assert [each["code"] for each in runs[2]["refused"]] == ["file_gone"]
    assert runs[3]["refused"] == []
    assert {each["code"] for each in runs[3]["accepted"]} == {"file_gone", "rows_gone"}


def test_settings_say_what_a_new_version_may_lack(grown: tuple[Job, str, str], tmp_path: Path) -> None:
    made, *_ = grown
    (made.inputs[0] / "b.jsonl").unlink()
    allowed = job(write_config(tmp_path, guards={"file_gone": False, "rows_gone": 0.1}))
    assert succeeded(run(allowed)).outcome == "published"


def test_a_file_that_was_only_renamed_is_not_missing(published: Job) -> None:
    made = published
    (made.inputs[0] / "a.jsonl").rename(made.inputs[0] / "renamed.jsonl")
    assert succeeded(run(made)).outcome == "published"


def test_a_damaged_file_that_is_skipped_is_missing(tmp_path: Path) -> None:
    made = make(tmp_path)
    write_rows(made.inputs[0] / "b.jsonl", 300, 310)
    skipping = job(tmp_path / "etl.yaml", read__on_bad_file="skip")
    succeeded(run(skipping))
    (made.inputs[0] / "b.jsonl").write_bytes(b'{"text": "\xff\xfe\xff"}\n')
    assert codes(refused(skipping)) == {"file_gone"}


def test_a_label_that_vanishes_and_shares_that_jump_are_refused(published: Job) -> None:
    made = published
    rows = kept_rows(0, 300)
    write_lines(made.inputs[0] / "a.jsonl", [{**row, "label": LABELS[at % 2]} for at, row in enumerate(rows)])
    assert codes(refused(made)) == {"label_gone", "label_shares"}


def test_notify_and_the_record_get_what_was_refused(published: Job, tmp_path: Path) -> None:
    made = published
    write_rows(made.inputs[0] / "a.jsonl", 0, 200)
    told = tmp_path / "told.json"
    refused(job(write_config(tmp_path, notify=f"cp /dev/stdin {told}")))
    assert {each["code"] for each in json.loads(told.read_text())["refused"]} == {"rows_gone"}


def test_a_damaged_published_version_does_not_switch_the_guards_off(grown: tuple[Job, str, str]) -> None:
    made, _, second = grown
    (made.publish_dir / "versions" / second / "manifest.json").write_bytes(b"{}")
    write_rows(made.inputs[0] / "a.jsonl", 0, 100)
    done = run(made)
    assert (done.outcome, codes(done)) == ("refused", {"rows_gone"})


def test_the_command_says_how_to_publish_all_the_same(published: Job, tmp_path: Path) -> None:
    made = published
    write_rows(made.inputs[0] / "a.jsonl", 0, 200)
    command = ["refresh", "--config", "etl.yaml", "--workers", "1"]
    assert "`etl refresh` with `--accept rows_gone`" in explained(etl(*command, cwd=tmp_path), 3)
    shown = ended_well(etl(*command, "--accept", "rows_gone", cwd=tmp_path)).stdout
    assert "accepted: rows_gone: 33.3% fewer rows in all: 200, and 300 before" in shown


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--accept", "rows_missing"], "--accept names 'rows_missing', which is no guard"),
        (["--accept", "rows_gone", "--every", "1h"], "--accept is about one run"),
    ],
)
def test_an_acceptance_that_means_nothing_is_refused(tmp_path: Path, options: list[str], words: str) -> None:
    write_config(tmp_path)
    assert words in explained(etl("refresh", "--config", "etl.yaml", *options, cwd=tmp_path), 2)


def test_settings_for_a_guard_that_does_not_exist_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"refresh\.guards names 'rows'"):
        job(write_config(tmp_path, guards={"rows": 0.1}))


counted = st.dictionaries(st.sampled_from(LABELS), st.integers(1, 10_000), min_size=1)


@given(splits=st.dictionaries(st.sampled_from(("train", "validation", "test")), counted, min_size=1))
def test_nothing_speaks_against_the_same_rows_or_more_of_all(splits: dict[str, dict[str, int]]) -> None:
    total = sum(sum(labels.values()) for labels in splits.values())
    before = manifest_of({"a": total}, splits)
    assert compare_manifests(before, before, load_guards({})) == []
    twice = {split: {label: 2 * rows for label, rows in labels.items()} for split, labels in splits.items()}
    grown = manifest_of({"a": 2 * total, "b": 5}, twice)
    assert compare_manifests(grown, before, load_guards({})) == []


@given(before=st.integers(1000, 50_000), share=st.floats(0.051, 0.99))
def test_more_than_a_twentieth_fewer_rows_are_refused_in_one_source_of_many(
    before: int, share: float
) -> None:
    now = int(before * (1 - share))
    splits = {"train": {"기쁨": 10**6}}
    objections = compare_manifests(
        manifest_of({"large": 10**6, "small": now}, splits),
        manifest_of({"large": 10**6, "small": before}, splits),
        load_guards({}),
    )
    assert [(each.code, "of source small" in each.message) for each in objections] == [("rows_gone", True)]


def test_a_split_that_loses_its_rows_is_refused_though_few_are_missing_in_all() -> None:
    before = manifest_of({"a": 10_000}, {"train": {"기쁨": 9_900}, "test": {"기쁨": 100}})
    now = manifest_of({"a": 9_960}, {"train": {"기쁨": 9_900}, "test": {"기쁨": 60}})
    [objection] = compare_manifests(now, before, load_guards({}))
    assert (objection.code, "in test" in objection.message) == ("rows_gone", True)
    # Of a few rows some more or less are chance.
    fewer = manifest_of({"a": 9_990}, {"train": {"기쁨": 9_900}, "test": {"기쁨": 90}})
    assert compare_manifests(fewer, before, load_guards({})) == []


def test_the_page_names_every_guard_with_its_threshold() -> None:
    page = (Path(__file__).parents[2] / "docs" / "refresh.md").read_text(encoding="utf-8")
    for code, guard in load_guards({}).items():
        assert f"| `{code}` | {guard.title} | {guard.threshold:g} |" in page
