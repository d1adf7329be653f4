"""What users meet when something is wrong, in Korean: what, expected and got, cause, next step."""

from pathlib import Path

import pytest
from support.run_etl import TABLE, environment, etl, make_rows
from support.small_tables import write_lines

KOREAN = environment(ETL_LANG="ko")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wrong")
    write_lines(folder / "table.jsonl", make_rows(20))
    (folder / "latin.csv").write_bytes(b"text,label\n\xff\xfe\xff,\xff\n")
    (folder / "cut.zip").write_bytes(b"PK\x03\x04")
    (folder / "odd.yaml").write_text("split: {validation: much}\n", encoding="utf-8")
    (folder / "empty").mkdir()
    return folder


@pytest.mark.parametrize(
    ("words", "exit_code", "said"),
    [
        (["ingest", "nothing", "--out", "d"], 4, ["nothing: 없는 경로입니다", "다음: ", "`etl sources`"]),
        (["ingest", "cut.zip", "--out", "d"], 4, ["cut.zip", "읽을 수 없습니다", "다음: "]),
        (["ingest", "empty", "--out", "d"], 4, ["말뭉치", "다음: "]),
        (["ingest", "latin.csv", *TABLE, "--out", "d"], 4, ["latin.csv", "UTF-8", "다음: "]),
        (["ingest", "table.jsonl", *TABLE, "--out", "d", "--taxonomy", "none"], 2, ["none", "다음: "]),
        (
            ["ingest", "table.jsonl", "--text-column", "body", "--out", "d"],
            4,
            ["body", "열", "text", "다음: "],
        ),
        (["ingest", "table.jsonl", "--out", "d", "--config", "odd.yaml"], 2, ["odd.yaml", "다음: "]),
        (["ingest", "--out", "d"], 2, ["인자가 빠졌습니다", "사용법: etl ingest", "다음: "]),
        (["validate", "table.jsonl", "--fail-on", "x"], 2, ["'--fail-on' 값이 잘못되었습니다", "다음: "]),
        (
            ["ingest", "table.jsonl", "--out", "d", "--limit", "many"],
            2,
            ["'many'는 정수 값이 아닙니다", "다음: "],
        ),
        (["predict", "nothing", "안녕"], 4, ["nothing", "model.json", "다음: "]),
        (["build-vocab", "nothing"], 4, ["nothing", "manifest.json", "다음: "]),
        (["sources", "nsmcc"], 2, ["'nsmcc'", "말뭉치", "nsmc,", "다음: "]),
        (["ingst"], 2, ["'ingst' 명령은 없습니다", "ingest", "다음: "]),
        (["refresh", "--config", "none.yaml"], 2, ["none.yaml", "그런 파일이나 폴더가 없습니다", "다음: "]),
    ],
)
def test_an_error_is_said_in_korean(folder: Path, words: list[str], exit_code: int, said: list[str]) -> None:
    run = etl(*words, cwd=folder, env=KOREAN)
    assert run.returncode == exit_code, run.stderr
    text = run.stderr[run.stderr.index("오류: ") :]
    assert [each for each in said if each not in text] == []
    assert "error: " not in text
    assert "Next: " not in text
    assert "Traceback" not in text


def test_json_on_standard_output_is_kept_free_of_it(folder: Path) -> None:
    run = etl("ingest", "nothing", "--out", "d", "--json", cwd=folder, env=KOREAN)
    assert run.returncode == 4
    assert "없는 경로입니다" in run.stderr
    assert run.stdout == ""
