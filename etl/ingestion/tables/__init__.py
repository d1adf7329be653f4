"""Reads tables of any supported format: `preview` sniffs, `reader` opens, `Table.frames` yields the rows.

    table = open_table(open_file, Preview(raw))
    for frame in table.frames(["text", "label"]):
        ...                                       # position, text, label, detail, bad_record

One module for each family of formats: `delimited`, `json_records`, `workbook`, `columnar`. A new format is a
function there and a line in `reader.OPENERS`.
"""
