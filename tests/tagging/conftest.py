import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.okt_answers import Answers, PlainOkt

from etl.settings import Tag

PLAIN_OKT = Path(__file__).parents[1] / "support" / "plain_okt.py"
# How a JVM collects its garbage changes no answer, and saves the longest test a tenth of its time.
JAVA_OPTIONS = "-XX:+UseSerialGC -Xmn600m"


@pytest.fixture(scope="module")
def brief_java() -> Iterator[None]:
    """For JVMs that end soon: they do without the compiler that optimises, which changes no answer.

    Not for Kkma, which computes for seconds before it can tag.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1")
        yield


@pytest.fixture(scope="module")
def plain_okt() -> Iterator[PlainOkt]:
    """Answers what `[okt.pos(text) for text in texts]` does, blank tokens aside; one JVM for all tests."""
    with subprocess.Popen(
        [sys.executable, PLAIN_OKT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "JAVA_TOOL_OPTIONS": JAVA_OPTIONS},
    ) as process:
        assert process.stdin
        assert process.stdout

        def answer(texts: list[str], settings: Tag) -> Answers:
            asked = {"texts": texts, "norm": settings.norm, "stem": settings.stem}
            print(json.dumps(asked), file=process.stdin, flush=True)
            answers = json.loads(process.stdout.readline())
            return [[(token, tag) for token, tag in answer if token.strip()] for answer in answers]

        yield answer
        process.stdin.close()
