"""`etl ingest` as a user sees it, and `etl rejects` and `etl init` beside it."""

import contextlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import polars as pl
import pytest
from support.patience import PATIENCE
from support.run_etl import COMMAND, TABLE, environment, etl, explained, ingest, make_rows, succeeded
from support.small_tables import write_lines


def manifest_of(dataset: Path) -> dict[str, object]:
    return json.loads((dataset / "manifest.json").read_text(encoding="utf-8"))


def test_the_closing_table_says_what_was_read_kept_and_rejected(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "dataset"
    run = succeeded(ingest(table, "--out", out))
    cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in run.stdout.splitlines()]
    counted = {row[0]: row[1:] for row in cells if len(row) > 1 and row[0]}
    assert (counted["read"], counted["kept"]) == (["63"], ["60"])
    assert all(counted[reason] == ["1"] for reason in ("empty_text", "missing_label", "unknown_label"))
    assert counted["기쁨"] == [
        f"{split['labels']['기쁨']}"
        for split in manifest_of(out)["splits"].values()  # type: ignore[attr-defined]
    ]
    assert f"{out} is complete. Next: `etl validate {out}`" in run.stdout


def test_a_terminal_gets_a_progress_bar(table: Path, tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    command = [*COMMAND, "ingest", *TABLE, str(table), "--out", str(tmp_path / "dataset")]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env=environment(TERM="xterm"))
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # Linux says so when the other side is closed
        while chunk := os.read(ours, 65_536):
            shown += chunk
    output, _ = run.communicate()
    os.close(ours)
    assert run.returncode == 0
    assert "━" in shown.decode()
    assert "is complete" in output.decode()
    assert b"\x1b[" not in output


def test_json_is_the_manifest_without_its_details(table: Path, tmp_path: Path) -> None:
    run = succeeded(ingest(table, "--out", tmp_path / "dataset", "--json"))
    document = json.loads(run.stdout)
    manifest = manifest_of(tmp_path / "dataset")
    assert document == {name: manifest[name] for name in document}
    assert {"counts", "splits", "left_aside", "skipped", "warnings"} <= set(document)
    assert run.stderr == ""


def test_a_dry_run_shows_the_files_and_writes_nothing(table: Path, tmp_path: Path) -> None:
    run = succeeded(ingest(table, "--out", tmp_path / "dataset", "--dry-run"))
    assert "table.jsonl" in run.stdout
    assert list(tmp_path.iterdir()) == []
    document = json.loads(succeeded(ingest(table, "--out", tmp_path / "d", "--dry-run", "--json")).stdout)
    assert [(each["source"], each["file"]) for each in document["read"]] == [("table", "table.jsonl")]
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_finds_what_a_run_would_stumble_over(tmp_path: Path) -> None:
    (tmp_path / "bad.zip").write_bytes(b"PK no zip")
    assert "bad.zip" in explained(etl("ingest", tmp_path, "--out", tmp_path / "d", "--dry-run"), 4)


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--label-column", "mood"], 4, "has no column 'mood'"),
        (["--label-columns", "기쁨,슬픔"], 2, "one or the other"),
        (["--taxonomy", "ko8"], 2, "there is no taxonomy 'ko8'"),
        (["--source", "kotte"], 2, "'kotte' is not a corpus"),
        (["--domain", "poem"], 2, "'poem' is none of"),
        (["--out", "{here}"], 2, "already holds something else"),
    ],
)
def test_a_dry_run_and_a_run_end_in_the_same_way(
    options: list[str], code: int, words: str, table: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    out = ["--out", tmp_path / "dataset", *(option.replace("{here}", str(tmp_path)) for option in options)]
    texts = [explained(ingest(table, *out, *more), code) for more in ([], ["--dry-run"])]
    assert texts[0] == texts[1]
    assert words in texts[0]
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_dry_run_reads_to_the_end_of_a_file(table: Path, tmp_path: Path) -> None:
    path = tmp_path / "broken.csv"
    path.write_bytes("text,label\n문장,기쁨\n".encode("cp949") * 30_000 + b"\xff\xff\n")
    options = [path, "--out", tmp_path / "dataset"]
    assert explained(ingest(*options, "--dry-run"), 4) == explained(ingest(*options), 4)


def test_a_dry_run_counts_the_reasons_of_rows_and_lists_unknown_labels(table: Path, tmp_path: Path) -> None:
    run = succeeded(ingest(table, "--out", tmp_path / "dataset", "--dry-run", "--json"))
    counts = json.loads(run.stdout)["counts"]["table"]
    assert counts["rejected"] == {"empty_text": 1, "missing_label": 1, "unknown_label": 1}
    assert (counts["read"], counts["kept"]) == (63, 60)
    path = write_lines(tmp_path / "table.jsonl", [{**row, "label": "심심"} for row in make_rows(30)])
    run = ingest(path, "--out", tmp_path / "dataset", "--dry-run")
    assert "nothing_kept: not one of 33 rows is kept; most: unknown_label (32)" in explained(run, 3)
    assert '"심심": {to: null}  # 32 rows' in run.stderr
    assert not (tmp_path / "dataset").exists()


def test_a_dataset_that_is_there_is_replaced(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "dataset"
    small = write_lines(tmp_path / "small.jsonl", make_rows(3))
    succeeded(ingest(table, "--out", out))
    succeeded(ingest(small, "--out", out))
    assert manifest_of(out)["counts"]["table"]["read"] == 6  # type: ignore[index]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dataset", "small.jsonl"]


def test_options_reach_the_settings(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "dataset"
    options = ["--taxonomy", "native11", "--turns", "all", "--modality", "sound", "--split", "grouped"]
    more = [
        "--seed",
        "7",
        "--shard-rows",
        "10",
        "--duplicates",
        "keep",
        "--conflicts",
        "majority",
        "--limit",
        "9",
    ]
    more += ["--labels", "soft"]
    succeeded(ingest(table, "--out", out, *options, *more, "--on-bad-file", "skip", "--domain", "sns"))
    settings = manifest_of(out)["settings"]
    assert settings == {
        "taxonomy": "native11",
        "labels": "soft",
        "read": {
            "source": None,
            "turns": "all",
            "documents": None,
            "modality": "sound",
            "on_bad_file": "skip",
            "limit": 9,
        },
        "table": {
            "path": None,
            "text_column": "text",
            "label_column": "label",
            "label_columns": [],
            "id_column": None,
            "name": None,
            "group_column": None,
            "split_column": None,
            "split": None,
            "domain": "sns",
            "delimiter": None,
            "header": True,
            "labels": {},
        },
        "tables": [],
        "clean": {
            "keep_markup": False,
            "max_raw_chars": 1_000_000,
            "max_chars": 1000,
            "max_repeats": 3,
            "fold_vowels": False,
        },
        "tag": {
            "tagger": "whitespace",
            "norm": True,
            "stem": True,
            "keep": None,
            "stop_words": None,
            "dictionary": None,
            "seconds": 10,
            "memory_mb": 3000,
        },
        "split": {"mode": "grouped", "validation": 0.1, "test": 0.1, "seed": 7},
        "dedupe": {
            "duplicates": "keep",
            "conflicts": "majority",
            "short_eojeols": 3,
            "short_chars": 10,
            "near": 0.8,
        },
        "write": {"shard_rows": 10, "row_group_rows": 10000},
    }
    assert manifest_of(out)["counts"]["table"]["read"] == 9  # type: ignore[index]


def test_a_taxonomy_of_the_users_own(tmp_path: Path) -> None:
    own = tmp_path / "mine.yaml"
    own.write_text(
        "name: mine\ntargets: [좋음, 나쁨]\nmaps:\n  table: {기쁨: 좋음, 슬픔: 나쁨, 분노: null}\n", "utf-8"
    )
    path = write_lines(tmp_path / "table.jsonl", make_rows(30))
    run = succeeded(ingest(path, "--out", tmp_path / "dataset", "--taxonomy", own, "--json"))
    counts = json.loads(run.stdout)["counts"]["table"]
    assert counts["rejected"]["label_not_in_taxonomy"] == 10
    assert counts["kept"] == 20


def test_many_unknown_labels_end_with_a_taxonomy_to_fill_in_that_makes_them_known(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "table.jsonl", [{**row, "label": "3.0"} for row in make_rows(30)])
    run = ingest(path, "--out", tmp_path / "dataset")
    assert "nothing_kept: not one of 33 rows is kept; most: unknown_label (32)" in explained(run, 3)
    assert "warning: table: 32 of 33 rows have an unknown label: '3' 32" in run.stderr
    form, _, _ = run.stderr[run.stderr.index("name:") :].partition("error:")
    own = tmp_path / "labels.yaml"
    own.write_text(form.replace("{to: null}", "기쁨"), "utf-8")
    again = succeeded(ingest(path, "--out", tmp_path / "dataset", "--taxonomy", own))
    assert "│ unknown_label" not in again.stdout


def test_init_writes_a_config_that_ingest_takes(table: Path, tmp_path: Path) -> None:
    succeeded(etl("init", "etl.yaml", cwd=tmp_path))
    config = tmp_path / "etl.yaml"
    config.write_text(config.read_text("utf-8").replace("tagger: okt ", "tagger: whitespace "), "utf-8")
    run = succeeded(
        etl(
            *["ingest", table, "--config", config, "--out", tmp_path / "dataset"],
            *["--text-column", "text", "--label-column", "label", "--seed", "3"],
        )
    )
    assert "is complete" in run.stdout
    settings = manifest_of(tmp_path / "dataset")["settings"]
    assert settings["tag"]["tagger"] == "whitespace"  # type: ignore[index]
    assert settings["split"]["seed"] == 3  # type: ignore[index]


def test_init_replaces_nothing_unless_it_must(tmp_path: Path) -> None:
    (tmp_path / "etl.yaml").write_text("taxonomy: polarity3\n")
    text = explained(etl("init", tmp_path / "etl.yaml"), 2)
    assert "--force" in text
    assert (tmp_path / "etl.yaml").read_text() == "taxonomy: polarity3\n"
    succeeded(etl("init", tmp_path / "etl.yaml", "--force"))
    assert "max_repeats" in (tmp_path / "etl.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("tagger: okt\n", "tagger"),
        ("clean:\n  max_chrs: 3\n", "max_chrs"),
        ("split:\n  validation: 2\n", "validation"),
        ("split:\n  validation: 0.6\n  test: 0.5\n", "validation"),
        ("clean: [1\n", "line 2"),
        ("- 1\n", "mapping"),
    ],
)
def test_a_config_that_is_wrong_is_named(content: str, word: str, table: Path, tmp_path: Path) -> None:
    (tmp_path / "etl.yaml").write_text(content)
    text = explained(ingest(table, "--config", tmp_path / "etl.yaml", "--out", tmp_path / "d"), 2)
    assert word in text
    assert not (tmp_path / "d").exists()


def test_rejects_shows_every_row_with_where_and_why(dataset: Path) -> None:
    text = succeeded(etl("rejects", dataset)).stdout
    for reason, position in (("empty_text", "61"), ("missing_label", "62"), ("unknown_label", "63")):
        (line,) = (each for each in text.splitlines() if position in each and reason in each)
        assert "table.jsonl" in line
    assert "심심" in text


def test_rejects_says_that_a_table_is_not_written(dataset: Path, tmp_path: Path) -> None:
    text = explained(etl("rejects", dataset, "--out", tmp_path / "r.csv"), 2)
    assert "--format csv" in text
    assert not (tmp_path / "r.csv").exists()


def test_rejects_may_be_narrowed_to_a_reason_or_a_corpus(dataset: Path) -> None:
    text = succeeded(etl("rejects", dataset, "--reason", "empty_text")).stdout
    assert "empty_text" in text
    assert "unknown_label" not in text
    assert "table.jsonl" in succeeded(etl("rejects", dataset, "--source", "table")).stdout
    assert "expected one of table" in explained(etl("rejects", dataset, "--source", "kote"), 2)
    nothing = succeeded(etl("rejects", dataset, "--reason", "leak_exact"))
    assert nothing.stdout == "no such row was rejected\n"
    limited = succeeded(etl("rejects", dataset, "--limit", "1"))
    assert "2 more" in limited.stderr


def test_rejects_as_json_are_lines_with_everything_that_is_known(dataset: Path) -> None:
    run = succeeded(etl("rejects", dataset, "--json"))
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    assert [row["reason"] for row in rows] == ["empty_text", "missing_label", "unknown_label"]
    assert [row["position"] for row in rows] == [61, 62, 63]
    assert {"file", "member", "position", "reason", "detail", "raw_text", "raw_label", "source"} <= set(
        rows[0]
    )
    (one,) = succeeded(etl("rejects", dataset, "--json", "--reason", "missing_label")).stdout.splitlines()
    assert json.loads(one) == rows[1]


def test_rejects_as_tables_for_a_spreadsheet(dataset: Path, tmp_path: Path) -> None:
    text = succeeded(etl("rejects", dataset, "--format", "csv", "--limit", "2")).stdout
    assert text.startswith("\ufeffid,source,")
    assert len(text.splitlines()) == 3
    succeeded(etl("rejects", dataset, "--format", "xlsx", "--out", tmp_path / "rejects.xlsx"))
    assert pl.read_excel(tmp_path / "rejects.xlsx")["reason"].to_list() == [
        "empty_text",
        "missing_label",
        "unknown_label",
    ]
    assert "--out FILE" in explained(etl("rejects", dataset, "--format", "xlsx"), 2)


def test_a_reason_that_there_is_not(dataset: Path) -> None:
    text = explained(etl("rejects", dataset, "--reason", "boring"), 2)
    assert "'boring' is not a reason" in text
    assert "empty_text" in text


def workers_below(process: int) -> list[int]:
    """The living processes whose parents lead to this one."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            parents[int(status.parent.name)] = int(fields[1])
    below = [process]
    for parent in below:
        below += [child for child, of in parents.items() if of == parent]
    return below[1:]


def has_java(process: int) -> bool:
    try:
        return "libjvm" in Path(f"/proc/{process}/maps").read_text()
    except OSError:
        return False


@pytest.mark.jvm
@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_stops_a_run_and_leaves_nothing(workers: str, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "table.jsonl", make_rows(20_000))
    columns = ["--text-column", "text", "--label-column", "label"]
    columns += ["--tagger", "hannanum", "--workers", workers]
    run = subprocess.Popen(
        [*COMMAND, "ingest", str(path), *columns, "--out", str(tmp_path / "dataset")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**environment(), "ETL_CACHE_DIR": str(tmp_path / "cache")},
        start_new_session=True,
    )
    deadline = time.monotonic() + PATIENCE
    while not any(map(has_java, workers_below(run.pid))):
        assert run.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(2)  # by now it tags
    started = workers_below(run.pid)
    assert run.poll() is None
    os.killpg(run.pid, signal.SIGINT)  # a terminal signals the whole group
    try:
        _, errors = run.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(run.pid, signal.SIGKILL)
        run.communicate()
        pytest.fail("the run went on for a minute")
    assert run.returncode == 130
    assert "Traceback" not in errors
    assert "stopped" in errors
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "table.jsonl"]
    assert not [process for process in started if has_java(process)]


def test_a_blank_sentence_never_reaches_the_tagger(tmp_path: Path) -> None:
    # Okt makes tokens of white space, so these would be kept if it saw them.
    blanks = ["", " ", "\n", "\t \n", "\u200b", "\u3164", "\ufeff\u115f", "\u2800"]
    rows = [{"text": blank, "label": "기쁨"} for blank in blanks]
    path = write_lines(tmp_path / "table.jsonl", [*rows, {"text": "오늘은 정말 기쁘다", "label": "기쁨"}])
    columns = ["--text-column", "text", "--label-column", "label", "--tagger", "okt", "--workers", "1"]
    succeeded(etl("ingest", path, *columns, "--out", tmp_path / "dataset", "--accept", "rows_rejected"))
    assert manifest_of(tmp_path / "dataset")["counts"] == {
        "table": {"read": 9, "kept": 1, "rejected": {"empty_text": 8}}
    }
    rows = [
        json.loads(line)
        for line in succeeded(etl("rejects", tmp_path / "dataset", "--json")).stdout.splitlines()
    ]
    assert [row["raw_text"] for row in rows] == blanks


def test_the_same_command_twice_and_with_more_workers_writes_the_same_bytes(
    table: Path, tmp_path: Path
) -> None:
    manifests = []
    for number, workers in enumerate(["1", "1", "2"]):
        out = tmp_path / f"dataset {number}"
        succeeded(etl("ingest", table, *TABLE[:-1], workers, "--out", out))
        manifests.append((out / "manifest.json").read_bytes())
    assert manifests[0] == manifests[1] == manifests[2]
