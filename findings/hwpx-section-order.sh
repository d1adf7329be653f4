#!/usr/bin/env bash
# A HWPX document (KS X 6101) names its sections section0.xml, section1.xml … and lists them in the spine of
# Contents/content.hpf in the order of reading. Two readers sort the names as text, so that section 10 comes before
# section 2, silently. Three of four give a hidden comment (hp:hiddenComment, 숨은 설명), which is on no page, as a line of the
# body. `etl/documents/hwp/` therefore reads the sections itself.
#
# Seen with syhwp 0.0.8, hwp-hwpx-parser 1.0.0, unhwp 0.23.1 and dochan 1.15.0 on Python 3.11.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet syhwp==0.0.8 hwp-hwpx-parser==1.0.0 unhwp==0.23.1 dochan==1.15.0
cat > "$folder/order.py" <<'PYTHON'
import re
import sys
import zipfile

import dochan
import hwp_hwpx_parser
import syhwp
import unhwp

HWPML, NUMBERS = "http://www.hancom.co.kr/hwpml/2011", range(12)
COMMENT = "<hp:ctrl><hp:hiddenComment><hp:subList><hp:p><hp:run><hp:t>not to be seen</hp:t></hp:run></hp:p></hp:subList></hp:hiddenComment></hp:ctrl>"
path = f"{sys.argv[1]}/twelve.hwpx"
with zipfile.ZipFile(path, "w") as archive:
    archive.writestr("mimetype", "application/hwp+zip")
    archive.writestr("version.xml", f'<hv:HCFVersion xmlns:hv="{HWPML}/version"/>')
    archive.writestr("META-INF/container.xml", '<ocf:container xmlns:ocf="urn:oasis:names:tc:opendocument:xmlns:container"><ocf:rootfiles><ocf:rootfile full-path="Contents/content.hpf" media-type="application/hwpml-package+xml"/></ocf:rootfiles></ocf:container>')
    archive.writestr("Contents/header.xml", f'<hh:head xmlns:hh="{HWPML}/head" secCnt="12"/>')
    items = "".join(f'<opf:item id="s{n}" href="Contents/section{n}.xml" media-type="application/xml"/>' for n in NUMBERS)
    order = "".join(f'<opf:itemref idref="s{n}"/>' for n in NUMBERS)
    archive.writestr("Contents/content.hpf", f'<opf:package xmlns:opf="http://www.idpf.org/2007/opf/"><opf:manifest>{items}</opf:manifest><opf:spine>{order}</opf:spine></opf:package>')
    for n in NUMBERS:
        archive.writestr(f"Contents/section{n}.xml", f'<hs:sec xmlns:hs="{HWPML}/section" xmlns:hp="{HWPML}/paragraph"><hp:p><hp:run><hp:t>chapter {n}.</hp:t>{COMMENT if n == 0 else ""}</hp:run></hp:p></hs:sec>')

texts = {
    "syhwp": syhwp.extract_text(path),
    "hwp-hwpx-parser": hwp_hwpx_parser.Reader(path).extract_text(),
    "unhwp": unhwp.extract_text(path),
    "dochan": dochan.Dochan(path).to_plain_text(),
}
seen = {
    name: ([int(n) for n in re.findall(r"chapter (\d+)", text)] == list(NUMBERS), "not to be seen" in text)
    for name, text in texts.items()
}
for name, (is_in_order, has_comment) in seen.items():
    print(f"{name}: sections {'in' if is_in_order else 'out of'} order, hidden comment {'read' if has_comment else 'left out'}")
known = {"syhwp": (False, True), "hwp-hwpx-parser": (False, True), "unhwp": (True, False), "dochan": (True, True)}
sys.exit(0 if seen == known else "changed: this is not what was seen before")
PYTHON
"$folder/venv/bin/python" "$folder/order.py" "$folder"
