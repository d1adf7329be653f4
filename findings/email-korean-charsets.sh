#!/usr/bin/env bash
# Names of Korean charsets that IANA has registered, and that the standard library of Python does not know: a sender
# in one of them becomes U+FFFD. `iso-ir-149`, `KS_C_5601-1989`, `KSC_5601` and `csKSC56011987` are aliases of
# KS_C_5601-1987 (https://www.iana.org/assignments/character-sets), `csEUCKR` is one of EUC-KR. Under the first name
# Outlook sends code page 949, of which the codec behind it knows less than half of the syllables. So
# `etl/documents/mails/charsets.py` has a table of its own; `tests/documents/test_mail_charsets.py` holds what is right.
#
# Seen with Python 3.11.7: "iso-ir-149: expected 김서연, got �輭�� <a@b.kr>"
set -euo pipefail
python3 - <<'PYTHON'
import base64
import platform
import sys
from email import message_from_bytes, policy

def sender(charset, text, codec):
    word = base64.b64encode(text.encode(codec)).decode()
    message = message_from_bytes(f"From: =?{charset}?B?{word}?= <a@b.kr>\n\n".encode(), policy=policy.default)
    return str(message["from"])

print("Python", platform.python_version())
lost = 0
for charset in ("iso-ir-149", "KS_C_5601-1989", "KSC_5601", "csKSC56011987", "csEUCKR"):
    got = sender(charset, "김서연", "euc_kr")
    print(f"{charset}: expected 김서연, got {got}")
    lost += "김서연" not in got
got = sender("ks_c_5601-1987", "똠방각하", "cp949")
print(f"ks_c_5601-1987 as Outlook sends it: expected 똠방각하, got {got}")
lost += "똠방각하" not in got
if lost < 6:
    sys.exit("changed: some of these names are known now")
PYTHON
