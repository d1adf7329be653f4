#!/usr/bin/env bash
# python-mecab-ko 1.3.7 drops what follows a zero byte in a text, and says nothing: the text reaches MeCab as a string of C.
#
# The tokens of such a text are those of its first part, which looks like any other answer. `etl/tagging/mecab/` leaves such
# texts to the library, so as to differ from it in nothing; the cleaner makes a space of a zero byte before any tagger sees it.
#
# Seen: "앞\0뒤" gives 앞 alone, and "앞 뒤" both. Fails if that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet python-mecab-ko==1.3.7 python-mecab-ko-dic==2.1.1.post2 2> /dev/null
"$folder/venv/bin/python" - <<'PYTHON'
import sys

from mecab import MeCab

mecab = MeCab()
seen = [mecab.morphs("앞\0뒤"), mecab.morphs("앞 뒤")]
print("with a zero byte between:", seen[0], "with a space:", seen[1])
sys.exit(0 if seen == [["앞"], ["앞", "뒤"]] else "the behaviour has changed")
PYTHON
