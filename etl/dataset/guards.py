"""Guards: what speaks against putting a new dataset in the place of one that people use.

Here are the thresholds, which `refresh.guards` of the settings replaces, and the guards that look at one
dataset: nothing was kept, or most of a source cannot be used. `etl.publishing.guards` compares two versions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from etl.dataset.manifest import MANIFEST, Manifest, SourceCounts, SplitCounts, read_manifest
from etl.errors import FindingsError, InputError, SettingsError
from etl.language.message import Message, joined, tr
from etl.schema import resources, row, taxonomy
from etl.schema.splits import SPLITS, UNLABELLED

NOTHING_KEPT, ROWS_REJECTED, NOTHING_LABELLED = "nothing_kept", "rows_rejected", "nothing_labelled"
# Those that hold for `etl ingest` too.
OF_INGEST = (NOTHING_KEPT, ROWS_REJECTED, NOTHING_LABELLED)


class Guard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of `schemas/guards.yaml`; its keys are explained there."""

    threshold: float
    title: str
    message: str
    reasons: tuple[str, ...] = ()
    of_tables: tuple[str, ...] = ()
    hints: dict[str, str] = {}


class Objection(msgspec.Struct, frozen=True):
    """What speaks against a dataset.

    Attributes:
        code: of the guard.
        message: a sentence with the number in it.
        number, threshold: what was measured, and what it had to exceed.
        of: the source that it is about; empty: all.
    """

    code: str
    message: str
    number: float
    threshold: float
    of: str = ""

    def line(self) -> Message:
        """The code and the sentence, as an error lists them."""
        return joined(": ", (self.code, self.message))


def load_guards(chosen: Mapping[str, float | Literal["off"]]) -> dict[str, Guard]:
    """Loads the guards that are not switched off.

    Args:
        chosen: `refresh.guards`: a threshold or "off" by code.

    Raises:
        SettingsError: `chosen` names a guard that does not exist.
    """
    guards = msgspec.convert(resources.load("schemas", "guards.yaml"), dict[str, Guard], strict=False)
    check_codes(chosen, "refresh.guards")
    return {
        code: msgspec.structs.replace(guard, threshold=threshold)
        for code, guard in guards.items()
        if (threshold := chosen.get(code, guard.threshold)) != "off"
    }


def check_codes(codes: Collection[str], where: str, known: Collection[str] | None = None) -> tuple[str, ...]:
    """Returns the codes of guards; refuses one that does not exist.

    Args:
        codes: what was given.
        where: what gave it: an option or a setting.
        known: the guards to choose from; None: all.

    Raises:
        SettingsError: there is no such guard.
    """
    known = known or resources.load("schemas", "guards.yaml")
    for code in codes:
        if code not in known:
            raise SettingsError(
                tr("{place} names {code!r}, which is no guard", place=where, code=code),
                details=[tr("expected one of {known}", known=", ".join(known))],
                next_step=tr("correct the code; docs/refresh.md says what each guard looks at."),
            )
    return tuple(codes)


def find_unusable(counts: Mapping[str, SourceCounts], guards: Mapping[str, Guard]) -> list[Objection]:
    """Returns whether no row was kept, or else of which sources most rows cannot be used.

    Rows that are rejected on purpose do not count, such as duplicates and labels that a taxonomy leaves out.

    Args:
        counts: the rows of each source.
        guards: see `load_guards`.
    """
    return [
        Objection(
            code,
            tr(guards[code].message, number=number, threshold=guards[code].threshold, **facts),
            number,
            guards[code].threshold,
            of,
        )
        for code, of, number, facts in _measure(counts, guards)
        if number > guards[code].threshold
    ]


def find_refused(counts: Mapping[str, SourceCounts], accept: Collection[str]) -> list[Objection]:
    """Returns what `find_unusable` says by the thresholds of the schema, and `accept` does not name."""
    return [each for each in find_unusable(counts, load_guards({})) if each.code not in accept]


def _measure(
    counts: Mapping[str, SourceCounts], guards: Mapping[str, Guard]
) -> Iterator[tuple[str, str, float, dict[str, object]]]:
    """Yields for each guard its code, the source, the number, and the facts of its message."""
    read = sum(each.read for each in counts.values())
    if read and not any(each.kept for each in counts.values()):
        rejected: Counter[str] = Counter()
        for each in counts.values():
            rejected.update(each.rejected)
        if NOTHING_KEPT in guards:
            hints = _hints_for(guards[NOTHING_KEPT].hints, counts)
            yield NOTHING_KEPT, "", 1, {"read": read, **_commonest(rejected, hints)}
        return
    if (guard := guards.get(ROWS_REJECTED)) is None:
        return
    for source, each in counts.items():
        reasons = {*guard.reasons, *(guard.of_tables if source == taxonomy.TABLE else ())}
        unusable = {reason: rows for reason, rows in each.rejected.items() if reason in reasons}
        if rows := sum(unusable.values()):
            facts = {
                "source": source,
                "rows": rows,
                "read": each.read,
                **_commonest(unusable, _said(guard.hints)),
            }
            yield ROWS_REJECTED, source, rows / each.read, facts


def _hints_for(texts: Mapping[str, str], sources: Collection[str]) -> dict[str, Message]:
    """Returns the hints by reason, with the taxonomies that have a place for labels of these sources."""
    if names := taxonomy.with_place_for(sources):
        filled = tr(texts["another_taxonomy"], names=", ".join(names), first=names[0])
        return {**_said(texts), "label_not_in_taxonomy": filled}
    return _said(texts)


def _said(texts: Mapping[str, str]) -> dict[str, Message]:
    return {reason: tr(text) for reason, text in texts.items()}


def _commonest(rejected: Mapping[str, int], hints: Mapping[str, Message]) -> dict[str, object]:
    """Returns the facts of the commonest reason; the first by name of equals."""
    reason = max(sorted(rejected), key=lambda name: rejected[name])
    hint = joined("", (" (", hints[reason], ")")) if reason in hints else ""
    why = tr(row.reasons()[reason])
    return {"reason": reason, "of_reason": rejected[reason], "why": why, "hint": hint}


def check_replacement(
    counts: Mapping[str, SourceCounts],
    splits: Mapping[str, SplitCounts],
    replaced: Manifest | None,
    out: str,
    accept: Collection[str],
) -> None:
    """Refuses a dataset without most rows, or all labels, where it would take the place of a better one.

    Args:
        counts, splits: the rows of the new dataset.
        replaced: the manifest of the dataset that is there; None: none, or none that can be read.
        out: its folder or URL, as it is shown to people.
        accept: codes of guards that are not asked.

    Raises:
        FindingsError: what is there has none of these faults.
    """
    if replaced is None:
        return
    objections = [] if find_refused(replaced.counts, ()) else find_refused(counts, accept)
    are_rows_rejected = bool(objections)
    if NOTHING_LABELLED not in accept and _loses_labels(splits, replaced.splits):
        guard = load_guards({})[NOTHING_LABELLED]
        message = tr(guard.message, rows=splits[UNLABELLED].rows)
        objections.append(Objection(NOTHING_LABELLED, message, 1, guard.threshold))
    if objections:
        raise FindingsError(
            tr("the new dataset is not written, since {out} holds a better one", out=out),
            details=[each.line() for each in objections],
            next_step=_try_elsewhere(accept_options(objections), out, are_rows_rejected=are_rows_rejected),
        )


def _loses_labels(now: Mapping[str, SplitCounts], before: Mapping[str, SplitCounts]) -> bool:
    """Whether all rows wait for a label, and some had one before."""
    return UNLABELLED in now and not _has_labels(now) and _has_labels(before)


def _has_labels(splits: Mapping[str, SplitCounts]) -> bool:
    return any(splits[name].rows for name in SPLITS if name in splits)


def _try_elsewhere(options: str, out: str, *, are_rows_rejected: bool) -> Message:
    if are_rows_rejected:
        return tr(
            "run the command again with another `--out` and look at it with `etl rejects`; if it is right, "
            "`{options}` replaces {out}.",
            options=options,
            out=out,
        )
    return tr(
        "run the command again with another `--out`; if it is right, `{options}` replaces {out}.",
        options=options,
        out=out,
    )


def not_usable(objections: Collection[Objection], out: str | None) -> FindingsError:
    """Returns the error for a dataset that lacks most rows and took no other's place.

    Args:
        objections: why; at least one.
        out: its folder or URL, as it is shown to people; None: nothing is written.
    """
    look = (
        tr("`etl rejects {out}` shows the rows", out=out)
        if out
        else tr("run it without `--dry-run` and look at `etl rejects`")
    )
    return FindingsError(
        tr("{out} is written, but most of what was read is not in it", out=out)
        if out
        else tr("most rows would be rejected"),
        details=[each.line() for each in objections],
        next_step=tr(
            "{look}; `{options}` says that it is right.", look=look, options=accept_options(objections)
        ),
    )


def find_replaced(folder: Path) -> Manifest | None:
    """Reads the manifest of the dataset that would be replaced; None if there is none that can be read."""
    if not (folder / MANIFEST).exists():
        return None
    try:
        return read_manifest(folder)
    except InputError:
        return None


def accept_options(objections: Collection[Objection]) -> str:
    """Returns the options that accept all of these."""
    return " ".join(f"--accept {code}" for code in dict.fromkeys(each.code for each in objections))
