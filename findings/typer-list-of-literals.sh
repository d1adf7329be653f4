#!/usr/bin/env bash
# Typer accepts `Literal` as the type of an option, and a list of an Enum, but not a list of a `Literal`: the
# annotation is valid Python and type-checks, and the command fails with a bare AssertionError before it parses
# anything, `--help` included. `etl/commands/choices.py` therefore checks such values with a parser.
#
# Seen with typer 0.27.3 on Python 3.11: "List types with complex sub-types are not currently supported".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet typer==0.27.3
cat > "$folder/one.py" <<'PYTHON'
from typing import Annotated, Literal
import typer

def main(tagger: Annotated[Literal["okt", "kkma"], typer.Option()] = "okt") -> None:
    print(tagger)

typer.run(main)
PYTHON
sed 's/Literal\["okt", "kkma"\], typer.Option()\] = "okt"/list[Literal["okt", "kkma"]] | None, typer.Option()] = None/' \
  "$folder/one.py" > "$folder/several.py"
"$folder/venv/bin/python" "$folder/one.py" --tagger kkma
if "$folder/venv/bin/python" "$folder/several.py" --tagger kkma > "$folder/said" 2>&1; then
  echo "changed: a list of literals is accepted"
  exit 1
fi
grep "AssertionError: List types with complex sub-types are not currently supported" "$folder/said"
