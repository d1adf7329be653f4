"""What the console shows in Korean: columns are those of the terminal, and cp949 is no obstacle."""

import errno
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from rich.cells import cell_len
from support.patience import PATIENCE
from support.run_etl import environment

LONG = "아주 긴 설명이 붙은 작업: 말뭉치 파일을 하나씩 읽어 정제하고 형태소를 분석합니다"
TABLE = f"""
console.table("데이터셋의 행", ["레이블", "행", "비고"],
              [["기쁨", 12345, {LONG!r}], ["슬픔과 아쉬움", 7, "짧음 – ✓ 😀"], ["label", 1, ""]])
"""
WIDE = f"""
names = ["file", "member", "position", "reason", "detail", "label", "raw_text"]
console.table("탈락한 행", names, [["감성대화_Training.json", "", 1203, "unknown_label", {LONG!r}, "심심",
                                    ("아무 일도 없이 지나간 하루", "둘째 줄")]] * 2)
"""
PROGRESS = f"""
with console.progress("말뭉치를 읽는 중", total=1200) as advance:
    advance(200, {LONG!r})
    advance(1000)
"""


def program(*parts: str) -> list[str]:
    """A program that shows something as a command does."""
    body = "\n".join(parts).replace("\n", "\n    ")
    start = "from etl.runtime import console\nfrom etl.runtime.streams import guard_outputs\n"
    return [sys.executable, "-c", f"{start}with guard_outputs():\n    {body}\n"]


def on_terminal(command: list[str], columns: int, **variables: str) -> str:
    """What a command shows on a terminal so wide, without colours and movements of the cursor."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    surroundings = environment(TERM="xterm", COLUMNS=None, NO_COLOR=None, FORCE_COLOR=None) | variables
    process = subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, env=surroundings)
    os.close(follower)
    shown = b""
    while True:
        try:
            read = os.read(leader, 65_536)
        except OSError as error:  # how Linux says that the other side is closed
            assert error.errno == errno.EIO
            break
        if not read:
            break
        shown += read
    os.close(leader)
    assert process.wait(60) == 0, shown
    encoding = variables.get("PYTHONIOENCODING", "utf-8")
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode(encoding))


def piped(command: list[str], encoding: str, cwd: Path) -> tuple[str, str]:
    done = subprocess.run(
        command,
        capture_output=True,
        check=True,
        cwd=cwd,
        env={**environment(), "PYTHONIOENCODING": encoding},
        timeout=PATIENCE,
    )
    return done.stdout.decode(encoding), done.stderr.decode(encoding)


def rows_of(shown: str) -> list[str]:
    return [line for line in shown.splitlines() if line and line[0] in "│┃|"]


@pytest.mark.parametrize("columns", [60, 80])
@pytest.mark.parametrize("encoding", ["utf-8", "cp949"])
def test_a_table_is_aligned_by_the_columns_of_the_terminal(columns: int, encoding: str) -> None:
    rows = rows_of(on_terminal(program(TABLE), columns, PYTHONIOENCODING=encoding))
    assert len(rows) > 3
    assert {cell_len(row) for row in rows} <= {columns, max(cell_len(row) for row in rows)}
    borders = [[cell_len(row[: at.start()]) for at in re.finditer("[│┃|]", row)] for row in rows]
    assert all(each in (borders[0], [borders[0][0], borders[0][-1]]) for each in borders)
    (of_joy,), (of_sorrow,) = ([row for row in rows if number in row] for number in ("12,345", " 7 "))
    assert cell_len(of_joy[: of_joy.index("12,345")]) + 6 == cell_len(of_sorrow[: of_sorrow.index(" 7 ")]) + 2


def test_rows_of_more_columns_than_can_be_read_are_lists_of_names_and_values() -> None:
    shown = on_terminal(program(WIDE), 80).splitlines()
    assert rows_of("\n".join(shown)) == []
    assert max(map(cell_len, shown)) <= 80
    one, other = "\n".join(line.rstrip() for line in shown).strip().split("\n\n")[1:]
    assert one == other
    assert one.splitlines() == [
        "file      감성대화_Training.json",
        "position  1,203",
        "reason    unknown_label",
        "detail    아주 긴 설명이 붙은 작업: 말뭉치 파일을 하나씩 읽어 정제하고 형태소를",
        "          분석합니다",
        "label     심심",
        "raw_text  아무 일도 없이 지나간 하루",
        "          둘째 줄",
    ]
    assert len(rows_of(on_terminal(program(WIDE), 200))) > 3


@pytest.mark.parametrize(
    ("columns", "variables"),
    [
        (80, {}),
        (60, {}),
        (60, {"NO_COLOR": "1"}),
        (60, {"PYTHONIOENCODING": "cp949"}),
        (80, {"TERM": "dumb"}),  # rich takes every dumb terminal to be that wide
    ],
    ids=["80", "60", "no colour", "cp949", "dumb"],
)
def test_a_long_korean_description_leaves_a_bar_the_numbers_and_the_time(
    columns: int, variables: dict[str, str]
) -> None:
    lines = [
        line for line in re.split(r"[\r\n]+", on_terminal(program(PROGRESS), columns, **variables)) if line
    ]
    last = lines[-1]
    assert last.startswith("아주 긴 설명이 붙은 작업")
    assert re.search(r"… (━|-){10} 1200/1200 0:00:0\d$", last.rstrip())
    assert max(map(cell_len, lines)) <= columns


def test_a_pipe_gets_a_line_at_the_start_and_one_at_the_end(tmp_path: Path) -> None:
    out, err = piped(program(PROGRESS), "utf-8", tmp_path)
    start, end = err.splitlines()
    assert start == "말뭉치를 읽는 중 …"
    assert end.startswith("말뭉치를 읽는 중: 1,200")
    assert out == ""


def test_what_cp949_lacks_is_shown_by_what_looks_like_it(tmp_path: Path) -> None:
    text = "끝났습니다 … – — − ✓ 😀 “인용”"
    shown = f"console.line({text!r})\nconsole.note({text!r})\nconsole.table({text!r}, ['가'], [[{text!r}]])"
    out, err = piped(program(shown), "cp949", tmp_path)
    expected = "끝났습니다 … - - - v \\U0001f600 “인용”"
    assert out.count(expected) == 3
    assert err == f"{expected}\n"
    _, in_ascii = piped(program("console.note('… – ✓ “a”')"), "ascii", tmp_path)
    assert in_ascii == '... - v "a"\n'


def test_json_has_the_same_values_in_cp949(tmp_path: Path) -> None:
    values = {"가😀": ["–", "뷁", "a\u2026\x9b"]}
    out, _ = piped(program(f"console.json_document({values!r})"), "cp949", tmp_path)
    assert json.loads(out) == values
    assert "뷁" in out


def test_an_error_handler_that_the_user_chose_stays(tmp_path: Path) -> None:
    done = subprocess.run(
        program("console.line('가 ✓')"),
        capture_output=True,
        check=True,
        cwd=tmp_path,
        env={**environment(), "PYTHONIOENCODING": "cp949:xmlcharrefreplace"},
        timeout=PATIENCE,
    )
    assert done.stdout.decode("cp949") == "가 &#10003;\n"
