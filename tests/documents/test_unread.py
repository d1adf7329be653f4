"""Texts that nobody wrote as prose are refused, and prose that looks a little like them is read."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from etl.documents.passage import Passage
from etl.documents.read import read_document
from etl.errors import InputError

PYTHON = '''import os


def main(path):
    """글을 센다."""
    print(os.stat(path))
    mood = "기쁨"
    return mood
'''
SQL = """-- 일기
CREATE TABLE diary (
  id INT,
  memo TEXT
);
INSERT INTO diary VALUES (1, '비가 와서 우울했다');
"""
YAML = "name: diary\nservices:\n  web:\n    image: nginx\n    ports:\n      - 80:80\n"
TOML = '[tool.diary]\nname = "일기"\nmood = "기쁨을 적는 도구"\n'
TRACE = """Traceback (most recent call last):
  File "a.py", line 3, in <module>
    main()
ValueError: 일기가 없다
"""
STYLE = "body {\n  margin: 0;\n}\n.mood { color: red; }\n"
PAGE = """import React from 'react'

export default function Mood() {
  return (
    <p>기분이 어때요?</p>
  )
}
"""
LOG = "[INFO] 서버를 켰다\n[WARN] 느리다\n[ERROR] 연결이 끊겼다\n"
SUBTITLES = "1\n00:00:01,000 --> 00:00:02,000\n울지 마세요\n"


def read(path: Path, name: str, text: str) -> list[Passage]:
    (path / name).write_text(text, encoding="utf-8")
    return list(read_document(path / name, name))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.txt", PYTHON, "looks like program code or settings"),
        ("a.txt", SQL, "looks like program code or settings"),
        ("a.txt", YAML, "looks like program code or settings"),
        ("a.txt", TOML, "looks like program code or settings"),
        ("a.txt", TRACE, "looks like program code or settings"),
        ("a.txt", STYLE, "looks like program code or settings"),
        ("a.jsx", PAGE, "looks like program code or settings"),
        ("a.txt", base64.encodebytes(bytes(range(256)) * 2).decode(), "looks like program code or settings"),
        ("a.txt", '!function(){return "울지 마세요"}();', "looks like program code or settings"),
        ("a.txt", LOG, "looks like a chat or a log"),
        (
            "a.txt",
            "10.0.0.1 - - GET /\n10.0.0.2 - - GET /\n10.0.0.3 - - GET /\n",
            "looks like a chat or a log",
        ),
        ("a.txt", "May  1 10:00:00 a: b\nMay  1 10:00:01 a: c\nMay 11 10:00:02 a: d\n", "looks like a chat"),
        ("a.txt", SUBTITLES, "is subtitles (SRT), which is not read"),
        ("a.txt", "WEBVTT\n\n00:01.000 --> 00:02.000\n울지 마세요\n", "is subtitles (WebVTT)"),
        ("a.smi", "<SAMI><BODY><SYNC Start=1><P>울지 마세요</BODY></SAMI>", "is subtitles (SAMI)"),
        ("a.txt", "<diary>\n<day>비가 와서 우울했다</day>\n</diary>\n", "is a page of XML"),
        ("a.txt", "diff --git a/a b/a\n-비가 왔다\n+해가 났다\n", "is changes of files (diff)"),
        ("a.bat", "@echo off\r\npause\r\n", "is a program by its name"),
        ("a.properties", "비=우울\n해=기쁨\n", "is settings by its name"),
        ("a.txt", "1\t비가 온다\t0\n2\t해가 난다\t1\n3\t눈이 온다\t1\n", "which column holds the posts"),
        ("a.json", "[1, 2, 3]", "nothing in a.json can be read"),
        ("a.jsonl", '{"text": "비가', "nothing in a.jsonl can be read"),
    ],
)
def test_what_nobody_wrote_as_prose_is_refused(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        read(tmp_path, name, text)
    assert said in str(refused.value)
    assert "\n  Next: " in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "비 오는 날; 우울하다;\n해 나는 날; 기쁘다;\n",
        "The rain is sad;\nthe sun is glad;\nlet it be;\n",
        "If only it rained (a lot):\nReturn to me;\nClass was dull (again);\n",
        ";;\nㅋㅋㅋ;;\n^^;; 민망해요;;\n(-_-);\n",
        "// 비가 와서 우울했다\n",
        "오전 7시에 일어났다.\n오후 3시에 시험을 망쳤다.\n오후 9시까지 울었다.\n",
        "2019년 3월 2일에 태어났다.\n2022년 5월 1일에 울었다.\n2024년 3월 2일에는 기뻤다.\n",
        "12:30에 울었다.\n13:00부터 웃었다.\n14:00까지 잤다.\n",
        "기분: 우울\n한마디: 힘내세요\n날씨: 비\n",
        "<비 오는 날>을 읽고 울었다.\n<해 나는 날>도 슬펐다.\n",
        "글, 그림\n글은 슬프고, 그림은 기쁘다.\n",
        "(비가 와서)\n{우울}\n)\n울었다\n",
    ],
)
def test_prose_that_looks_like_code_a_log_or_a_table_is_read(tmp_path: Path, text: str) -> None:
    assert [each.text for each in read(tmp_path, "a.txt", text)] == text.strip().split("\n")


@pytest.mark.parametrize(
    "text",
    [
        "번호\t내용\t별점\n1\t비가 와서 우울했다\t2\n",
        '작성자,내용\n지우,비가 와서 우울했다\n하람,"해가 나서, 좋다"\n',
    ],
)
def test_a_table_in_a_text_is_known_by_its_columns(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, "a.txt", text)[0].text == "비가 와서 우울했다"
