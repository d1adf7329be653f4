#!/usr/bin/env bash
# rich measures text in cells of the terminal, of which a Korean syllable takes two, but where it wraps a text it
# compares the number of *characters* of a line with its width in cells before it takes blanks off the end
# (`Text.rstrip_end`). A line of Korean that fills its column to the last cell keeps the blank behind its last word,
# is one cell too wide, and with `overflow="ellipsis"`, as in the help texts of typer, the last syllable of the line
# is lost to a "…". English lines are not cut. `etl/language/wrapping.py` therefore counts cells there.
#
# Seen with rich 15.0.0 on Python 3.11: of nine syllables in lines of four, seven are left.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet rich==15.0.0
cat > "$folder/wrap.py" <<'PYTHON'
from rich.console import Console
from rich.text import Text

console = Console(width=9, legacy_windows=False)
for text in ("가나다라 마바사아 끝", "abcdefgh ijklmnop end"):
    lines = Text(text).wrap(console, 8, overflow="ellipsis")
    print([line.plain for line in lines])
    kept = "".join(line.plain for line in lines).replace(" ", "").replace("…", "")
    print(len(kept), "of", len(text.replace(" ", "")))
PYTHON
"$folder/venv/bin/python" "$folder/wrap.py" | tee "$folder/said"
if [ "$(sed -n 4p "$folder/said")" != "19 of 19" ]; then
  echo "changed: English is cut, too"
  exit 1
fi
if [ "$(sed -n 2p "$folder/said")" = "9 of 9" ]; then
  echo "changed: no syllable is lost"
  exit 1
fi
