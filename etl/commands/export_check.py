"""`etl export --check`: shows what an export makes of the texts of its vectors, beside what they say."""

from __future__ import annotations

from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

from etl.errors import EtlError, FindingsError, SettingsError
from etl.language.message import tr

if TYPE_CHECKING:
    from etl.models.export.check import Checked

# Of each field, and characters of each value.
_SHOWN_LINES, _SHOWN_CHARS = 3, 120


def check(folder: Path, *, is_json: bool) -> None:
    """Checks an export and shows the result.

    Args:
        folder: of the export.
        is_json: whether to show it as one document of JSON.

    Raises:
        FindingsError: something differs; the first differing lines are shown.
        EtlError: something could not be compared; the error says why, and what to install.
        InputError: it is no export, is damaged, or has no vectors.
    """
    from etl.models.export.check import check_export
    from etl.runtime import console

    checked = check_export(folder)
    if is_json:
        console.json_document(_document(checked))
    else:
        _show(checked)
    if checked.differing:
        raise _findings(checked)
    if checked.unchecked:
        raise _unchecked(checked)


def _show(checked: Checked) -> None:
    from etl.models.export.check import FIELDS
    from etl.runtime import console

    by_field = {each.field: each for each in checked.comparisons}
    rows = []
    for field in FIELDS:
        own = by_field.get(field)
        cells = (
            (tr("not checked"), "")
            if own is None
            else (
                tr(
                    "{number:,} of {rows:,}",
                    number=own.compared - len(own.differences),
                    rows=own.compared,
                ),
                f"{len(own.differences):,}",
            )
        )
        rows.append((field, *cells))
    console.table(
        tr(
            "{folder}: {runtime} of {architecture}",
            folder=checked.folder,
            runtime=checked.metadata.runtime,
            architecture=checked.metadata.model.architecture,
        ),
        [tr("field of the vectors"), tr("the same"), tr("differing")],
        rows,
    )


def _document(checked: Checked) -> dict[str, object]:
    return {
        "folder": str(checked.folder),
        "runtime": checked.metadata.runtime,
        "is_int8": checked.metadata.is_int8,
        "has_passed": checked.has_passed,
        "fields": {
            each.field: {
                "compared": each.compared,
                "differing": len(each.differences),
                "lines": [
                    {"line": own.line, "text": own.text, "expected": own.expected, "got": own.got}
                    for own in each.differences
                ],
            }
            for each in checked.comparisons
        },
        "unchecked": {field: each.error.what for each in checked.unchecked for field in each.fields},
    }


def _findings(checked: Checked) -> FindingsError:
    details = [
        tr(
            "line {line}, {field}: expected {expected}, got {got}, for {text}",
            line=own.line,
            field=each.field,
            expected=_shortened(own.expected),
            got=_shortened(own.got),
            text=_shortened(own.text),
        )
        for each in checked.differing
        for own in each.differences[:_SHOWN_LINES]
    ]
    details += [
        tr("not checked: {fields}: {what}", fields=", ".join(each.fields), what=each.error.what)
        for each in checked.unchecked
    ]
    vectors = checked.metadata.vectors
    name = getattr(vectors, "file", "")
    fields = ", ".join(each.field for each in checked.differing)
    return FindingsError(
        tr("{folder} does not do what its vectors say ({fields})", folder=checked.folder, fields=fields),
        details=details,
        cause=tr(
            "What is installed here prepares or computes otherwise than what made {name}, or "
            "metadata.json was edited.",
            name=name,
        ),
        next_step=tr(
            "compare the versions in metadata.json and preparation.json with those installed, "
            "or export the model again with `etl export MODEL --format FORMAT --out {folder}`",
            folder=checked.folder,
        ),
    )


def _unchecked(checked: Checked) -> EtlError:
    """Returns the error of what could not be compared, with the exit code of its cause."""
    first, *others = checked.unchecked
    details = [
        tr("not checked: {fields}: {what}", fields=", ".join(each.fields), what=line)
        for each in checked.unchecked
        for line in [each.error.what, *each.error.details]
    ]
    steps = dict.fromkeys(each.error.next_step for each in (first, *others))
    next_step = reduce(lambda one, other: tr("{one}, and {other}", one=one, other=other), steps)
    kind = type(first.error) if not others else SettingsError
    return kind(
        tr("{folder} was not checked in full; what was checked is as its vectors say", folder=checked.folder),
        details=details,
        cause=first.error.cause,
        next_step=next_step,
    )


def _shortened(value: object) -> str:
    text = value if isinstance(value, str) else str(value)
    shown = repr(text) if isinstance(value, str) else text
    return shown if len(shown) <= _SHOWN_CHARS else f"{shown[:_SHOWN_CHARS]}…"
