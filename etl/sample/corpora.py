"""Writes made-up corpora in the formats of the real ones, and what ingest should count in them.

The AIHub corpora are licensed to each applicant; with these nobody needs a licence to try the tool. Every
kind of defect that real files have is planted at a known place. Each corpus has a module of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from etl.errors import SettingsError
from etl.language.message import tr
from etl.runtime.failures import write_error
from etl.runtime.scratch import remove_leftovers, scratch_path
from etl.sample import dialogue, keti, multimodal, planted, speech
from etl.sample.files import json_bytes, save
from etl.sample.phrases import deal_sentences

TRUTH = "truth.json"
# The settings under which the counts hold: the defaults, and a tagger that leaves every sentence a token.
_ASSUMED = {
    "taxonomy": "ko7",
    "read": {"turns": "first", "modality": "text"},
    "split": {"mode": "official", "validation": 0.1, "test": 0.1},
    "dedupe": {"duplicates": "first", "conflicts": "reject", "short_eojeols": 3, "short_chars": 10},
    "tagger": "any that leaves every sentence at least one key token",
}


def write_sample(folder: Path, *, dialogues: int = 600, clips: int = 60, seed: int = 7) -> dict[str, Any]:
    """Writes the sample corpora and `truth.json`; all of it or nothing.

    Args:
        folder: where to write; it must be empty or not exist.
        dialogues: number of 감성대화 dialogues without defects; those with defects come on top.
        clips: number of 멀티모달 clips, about ten utterances each.
        seed: the same seed gives the same bytes.

    Returns:
        The content of `truth.json`: `seed`, the `settings` under which it holds, for each source the rows
        `read`, `kept` and `rejected` by reason, and `near_pairs`, the planted near-duplicates (none yet).

    Raises:
        SettingsError: `folder` is not empty, or there are not enough sentences for so many rows.
        WriteError: it cannot be written; the cause is the system's.
    """
    remove_leftovers(folder)
    _check_empty(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with scratch_path(folder) as unfinished:
            unfinished.mkdir()
            truth = _write_all(unfinished, dialogues, clips, seed)
            unfinished.replace(folder)
    except OSError as error:
        _check_empty(folder)  # another run may have been first
        raise write_error(folder, error) from error
    return truth


def _check_empty(folder: Path) -> None:
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    raise SettingsError(
        tr("{folder} is not an empty folder", folder=folder),
        details=[tr("expected a folder that is empty or does not exist yet: nothing is overwritten")],
        next_step=tr("give another folder, such as `etl sample sample-corpora`."),
    )


def _write_all(folder: Path, dialogues: int, clips: int, seed: int) -> dict[str, Any]:
    if dialogues < 0:
        raise SettingsError(
            tr("--dialogues must not be negative"),
            details=[tr("got {got}", got=dialogues)],
            next_step=tr("give 0 or more."),
        )
    rng = Random(seed)  # noqa: S311 - made-up sentences are no secret
    sentences = deal_sentences(rng)
    parts = dialogue.make_parts(dialogues, sentences, rng)
    planted.plant(parts)
    reasons: dict[str, Sequence[str | None]] = {
        dialogue.SLUG: dialogue.write_dialogues(folder, parts, rng),
        multimodal.SLUG: multimodal.write_clips(folder, clips, sentences, rng),
        keti.SINGLE: keti.write_single(folder, sentences),
        keti.DIALOGUE: keti.write_dialogue(folder, sentences, rng),
        speech.SLUG: speech.write_speech(folder, sentences, rng),
    }
    truth = {
        "seed": seed,
        "settings": _ASSUMED,
        "sources": {slug: _counts(named) for slug, named in sorted(reasons.items())},
        "near_pairs": [],
    }
    save(folder / TRUTH, json_bytes(truth, indent=2) + b"\n")
    return truth


def _counts(reasons: Sequence[str | None]) -> dict[str, Any]:
    """Counts the rows of one source by reject reason; None: kept."""
    rejected = Counter(reason for reason in reasons if reason is not None)
    return {
        "read": len(reasons),
        "kept": len(reasons) - rejected.total(),
        "rejected": dict(sorted(rejected.items())),
    }
