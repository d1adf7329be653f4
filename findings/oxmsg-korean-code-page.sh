#!/usr/bin/env bash
# python-oxmsg reads the texts of a mail in code page 949 with Python's EUC-KR codec, which knows 2,350 of the 11,172
# syllables that the code page has: a body with one of the others is an error. `etl/documents/mails/outlook.py`
# therefore reads the properties itself, from olefile.
#
# Seen with python-oxmsg 0.0.2: "UnicodeDecodeError: 'euc_kr' codec can't decode byte 0x8c"
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet python-oxmsg==0.0.2
cat > "$folder/read.py" <<'PYTHON'
import struct
from oxmsg.domain import constants as c
from oxmsg.properties import Properties
from oxmsg.storage import Storage, Stream

# A body of type PtypString8, and PidTagMessageCodepage 949, as MS-OXMSG describes them.
table = bytes(32) + struct.pack("<HHIQ", 0x001E, 0x1000, 6, 0) + struct.pack("<HHIQ", 3, 0x3FFD, 6, 949)
for text in ("서울", "똠방각하"):
    streams = (
        Stream("__properties_version1.0", table),
        Stream("__substg1.0_1000001E", text.encode("cp949")),
    )
    print(Properties(Storage("", streams, ()), 32).str_prop_value(c.PID_BODY))
PYTHON
if "$folder/venv/bin/python" "$folder/read.py" > "$folder/said" 2>&1; then
  echo "changed: code page 949 is read"
  exit 1
fi
cat "$folder/said"
grep --quiet "^서울" "$folder/said"
grep "UnicodeDecodeError: 'euc_kr' codec can't decode byte" "$folder/said"
