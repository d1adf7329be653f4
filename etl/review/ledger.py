"""Keeps what people decided: on disk, by `etl.corrections`, and in memory, by row, for the page.

The file is the truth. Whatever is appended to it, here, by another `etl review` or by hand, is read from
where the last reading ended, so that all who look at a dataset see each other's decisions.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl

from etl.corrections import Decision, append_decision, read_decisions, text_hash
from etl.corrections.agreement import Answers, compare_people, make_answer
from etl.corrections.read import CSV
from etl.errors import InputError, SettingsError
from etl.language.message import tr
from etl.language.system_words import system_words
from etl.review.rows import Flags, Rows
from etl.runtime import clock
from etl.user_files.plain import plain_file

_log = logging.getLogger(__name__)

UNDO, MAP, NOTE = "undo", "map_label", "note"
# What says of a row that somebody has looked at it.
ON_ROWS = ("relabel", "drop", "keep", "not_a_conflict")
# A row by its number, or all rows of a source with one unknown label.
Key = int | tuple[str, str]
# A row, what was decided, and its label or labels.
OnRow = tuple[int, str, str | tuple[str, ...] | None]


class Ledger:
    """The decisions on the rows of a dataset; threads may share it.

    Args:
        path: the file of corrections, JSON lines; it need not be there.
        rows: of the dataset.

    Attributes:
        is_decided: for each row whether anybody has decided on it, and on the text that it still has.
        version: changes whenever a decision is added.

    Raises:
        InputError: the file is there, and cannot be read or has a line that is no decision.
        SettingsError: it is CSV by its name.
    """

    def __init__(self, path: Path, rows: Rows):
        if path.suffix.lower() == CSV:
            raise SettingsError(
                tr("decisions are not appended to {path}", path=path),
                details=[tr("expected a file of JSON lines, such as corrections.jsonl")],
                next_step=tr(
                    "make one: `etl corrections merge {path} --out {target}`",
                    path=path,
                    target=path.with_suffix(".jsonl"),
                ),
            )
        if path.exists():
            read_decisions([path])  # strictly: later on, a line that is none only costs a warning
        self.path = path
        self.rows = rows
        self.is_decided: Flags = np.zeros(rows.frame.height, dtype=bool)
        self.version = 0
        self._taxonomy = rows.dataset.manifest.taxonomy.name
        self._lock = threading.RLock()
        self._offset = 0
        self._file = (0, 0)
        self._latest: dict[Key, dict[str, Decision]] = {}
        self._notes: dict[int, list[Decision]] = {}
        self._last_at: dict[str, datetime] = {}
        self.read()

    def read(self) -> None:
        """Reads what was appended to the file since it was last read.

        Raises:
            InputError: it cannot be read any more.
        """
        with self._lock:
            lines = self._new_lines()
            if not lines:
                return
            decisions = [decision for line in lines if (decision := _decoded(line, self.path))]
            numbers = self.rows.numbers_of(
                pl.Series([each.id for each in decisions if each.id], dtype=pl.String)
            )
            for decision in decisions:
                self._take(decision, numbers)
            self.version += 1

    def decide(self, decisions: Sequence[OnRow], *, by: str, why: str = "") -> None:
        """Writes decisions on rows that were made at once; all of them are on disk when it returns.

        Raises:
            WriteError: the file cannot be written.
        """
        texts = self.rows.frame[[number for number, *_ in decisions]].select("id", "text").iter_rows()
        self._write(
            [
                {"id": row_id, "text_hash": text_hash(text or ""), "decision": decision, "label": label}
                for (row_id, text), (_, decision, label) in zip(texts, decisions, strict=True)
            ],
            by=by,
            why=why,
        )

    def map_label(self, source: str, raw_label: str, label: str | None, *, by: str, why: str = "") -> None:
        """Writes what an unknown label of a source means, or that it means nothing; see `decide`."""
        place = {"source": source, "raw_label": raw_label}
        self._write([place | {"decision": MAP, "label": label}], by=by, why=why)

    def undo(self, by: str) -> int | None:
        """Takes back what somebody decided last, on all rows that it was decided on at once.

        Returns:
            One of the rows; None if nothing is left to take back.
        """
        with self._lock:
            mine = {key: said[by] for key, said in self._latest.items() if by in said}
            mine = {
                key: said
                for key, said in mine.items()
                # The file may hold labels of another dataset, of which the page shows nothing.
                if said.decision != UNDO and (isinstance(key, int) or self._row_of_value(key) is not None)
            }
            if not mine:
                return None
            last = max(said.at for said in mine.values())
            undone = {key: said for key, said in mine.items() if said.at == last}
            names = ("id", "text_hash", "source", "raw_label")
            places = [{name: getattr(said, name) for name in names} for said in undone.values()]
            self._write([place | {"decision": UNDO} for place in places], by=by)
        return next((key for key in undone if isinstance(key, int)), self._row_of_value(next(iter(undone))))

    def on_row(self, number: int) -> list[dict[str, Any]]:
        """Returns what people say of a row, earliest first, notes included."""
        with self._lock:
            said = [*self.latest(number).values(), *self._notes.get(number, [])]
        text = text_hash(self.rows.frame["text"][number] or "")
        return [
            {name: getattr(each, name) for name in ("by", "at", "decision", "why")}
            | {"labels": list(each.labels), "is_stale": each.text_hash not in ("", text)}
            for each in sorted(said, key=lambda each: each.at)
        ]

    def latest(self, number: int) -> dict[str, Decision]:
        """Returns the last decision of each person on a row, or on its unknown label."""
        source, reason, raw_label = self.rows.frame.select("source", "reason", "raw_label").row(number)
        value = self._latest.get((source, raw_label), {}) if reason == "unknown_label" else {}
        said = value | self._latest.get(number, {})
        return {by: each for by, each in said.items() if each.decision != UNDO}

    def on_rows(self, numbers: Sequence[int]) -> dict[int, dict[str, Decision]]:
        """Returns the last decision of each person on those rows that were decided on and have their text."""
        with self._lock:
            return {number: self.latest(number) for number in numbers if self.is_decided[number]}

    def decisions(self) -> list[Decision]:
        """Returns the last decision of each person on each row and label."""
        with self._lock:
            return [each for said in self._latest.values() for each in said.values()]

    def by_person(self) -> dict[str, int]:
        """Returns how many rows and labels each person has decided on, most first."""
        with self._lock:
            counts = Counter(
                by for said in self._latest.values() for by, each in said.items() if each.decision != UNDO
            )
        return dict(sorted(counts.items(), key=lambda count: (-count[1], count[0])))

    def agreement(self) -> dict[str, Any]:
        """Returns how far people agree, see `etl.corrections.agreement`.

        Returns:
            How many rows and labels several people decided on, `shared`, and alike, `agreed`; and `pairs`,
            each two people who decided on the same.
        """
        with self._lock:
            answers = [_answers(said) for said in self._latest.values() if len(said) > 1]
        shared = [said for said in answers if len(said) > 1]
        pairs = compare_people({by for said in shared for by in said}, shared)
        return {
            "shared": len(shared),
            "agreed": sum(len({*said.values()}) == 1 for said in shared),
            "pairs": [pair for pair in pairs if pair.both],
        }

    def decided_by(self, by: str) -> Flags:
        """Returns for each row whether this person has decided on it."""
        flags = np.zeros_like(self.is_decided)
        with self._lock:
            for key, said in self._latest.items():
                if by in said and said[by].decision != UNDO:
                    flags[self._rows_of(key)] = True
        return flags

    def disputed(self) -> Flags:
        """Returns for each row whether people decided on it differently."""
        flags = np.zeros_like(self.is_decided)
        with self._lock:
            for key, said in self._latest.items():
                flags[self._rows_of(key)] |= len({*_answers(said).values()}) > 1
        return flags

    def _write(self, decisions: list[dict[str, Any]], *, by: str, why: str = "") -> None:
        with self._lock:
            self.read()
            at = clock.local_time()
            if last_at := self._last_at.get(by):
                # The clock may have been set back: an undo is never older than what it takes back.
                at = max(at, last_at + timedelta(microseconds=1))
            try:
                for each in decisions:
                    decision = Decision(**each, by=by, why=why, taxonomy=self._taxonomy, at=at)
                    append_decision(self.path, decision)
            finally:
                self.read()

    def _new_lines(self) -> list[bytes]:
        """Returns the whole lines after those that were read; all, if another file stands there now."""
        try:
            with plain_file(self.path).open("rb") as file:
                found = os.fstat(file.fileno())
                is_other = (found.st_dev, found.st_ino) != self._file
                self._file = (found.st_dev, found.st_ino)
                if is_other or found.st_size < self._offset:
                    self._forget()
                file.seek(self._offset)
                content = file.read()
        except (FileNotFoundError, NotADirectoryError):
            self._forget()
            return []
        except OSError as error:
            raise InputError(
                tr("the corrections {path} cannot be read", path=self.path),
                details=[system_words(error)],
                next_step=tr("put the file back; what was decided so far is in it."),
            ) from error
        whole = content[: content.rfind(b"\n") + 1]
        self._offset += len(whole)
        return whole.splitlines()

    def _forget(self) -> None:
        self._offset = 0
        self._latest.clear()
        self._notes.clear()
        self.is_decided[:] = False
        self.version += 1

    def _take(self, decision: Decision, numbers: dict[str, int]) -> None:
        self._last_at[decision.by] = max(self._last_at.get(decision.by, decision.at), decision.at)
        key = numbers.get(decision.id) if decision.id else (decision.source, decision.raw_label)
        if key is None or (decision.labels and decision.taxonomy not in ("", self._taxonomy)):
            return
        if decision.decision == NOTE:
            if isinstance(key, int):
                self._notes.setdefault(key, []).append(decision)
            return
        said = self._latest.setdefault(key, {})
        if decision.by not in said or decision.at >= said[decision.by].at:
            said[decision.by] = decision
        self.is_decided[self._rows_of(key)] = self._counts(key)

    def _counts(self, key: Key) -> bool:
        standing = [each for each in self._latest[key].values() if each.decision != UNDO]
        if isinstance(key, tuple):
            return bool(standing)
        text = text_hash(self.rows.frame["text"][key] or "")
        return any(each.text_hash in ("", text) for each in standing)

    def _rows_of(self, key: Key) -> Any:
        """Returns an index of the rows that a decision is about."""
        if isinstance(key, int):
            return key
        is_of_value = (
            (pl.col("reason") == "unknown_label")
            & (pl.col("source") == key[0])
            & (pl.col("raw_label") == key[1])
        )
        return self.rows.frame.select(is_of_value.fill_null(value=False)).to_series().to_numpy()

    def _row_of_value(self, key: Key) -> int | None:
        found = np.flatnonzero(self._rows_of(key)).tolist() if isinstance(key, tuple) else []
        return found[0] if found else None


def _decoded(line: bytes, path: Path) -> Decision | None:
    try:
        return msgspec.json.decode(line, type=Decision) if line.strip() else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        _log.warning(tr("{path}: a line that is no decision is passed over: {error}", path=path, error=error))
        return None


def _answers(said: Mapping[str, Decision]) -> Answers:
    return {by: make_answer(each.decision, each.labels) for by, each in said.items() if each.decision != UNDO}
