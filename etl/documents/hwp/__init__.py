"""Documents of Hangul: HWP 5 and HWPX.

Counted as text are the body, table cells, text boxes, captions, the contents of form fields, footnotes and
endnotes. Not counted are headers, footers, master pages, memos, hidden comments, deletions that the document
tracks, equations, the preview, and the directions of form fields.

`compound.py` opens a HWP 5 file, `records.py` and `binary.py` read its sections; `package.py` opens a HWPX
file, `markup.py` reads its sections; `words.py` holds what both make of a paragraph.
"""
