"""Plants defects in 감성대화 that ingest has to find: bad rows, duplicates, conflicts and leaks.

Only this corpus has official splits; in others a hash assigns the split, and a copy of a row may be a
duplicate or a leak. Each planted dialogue carries its expected reject reason.
"""

from __future__ import annotations

from dataclasses import replace

from etl.sample.dialogue import SLUG, Part, codes_by_emotion
from etl.sample.phrases import SampleSentence, load_corpus, load_phrases

_LEAKING_PROFILES = {"v1": 50001, "v2": 50002}


def plant(parts: dict[tuple[str, str], Part]) -> None:
    """Appends the planted dialogues to the four parts."""
    for part in parts.values():
        plant_bad_rows(part)
    for release in ("v1", "v2"):
        train, validation = parts[release, "train"], parts[release, "validation"]
        plant_duplicates(train)
        plant_conflicts(train)
        plant_leaks_by_text(train, validation)
        plant_leaks_by_group(train, validation, _LEAKING_PROFILES[release])
        add_kept_repeats(train, validation)
    plant_across_releases(parts)


def plant_bad_rows(part: Part) -> None:
    """Plants rows with bad texts and labels, and one that only looks bad."""
    for blank in load_phrases()["planted"]["blank"]:
        part.add(replace(part.draw_sentence(), text=blank), reason="empty_text")
    part.add(part.draw_sentence(), "", reason="missing_label")
    unknown = load_corpus(SLUG)["unknown"]
    part.add(part.draw_sentence(), unknown, reason="unknown_label")
    for code in codes_by_emotion().get(None, []):
        part.add(part.draw_sentence(), code, reason="label_not_in_taxonomy")
    part.add(_changed(part.draw_sentence(), "{}  "))


def plant_duplicates(train: Part) -> None:
    """Plants repeated texts: unchanged, with another code of the same emotion, and with one more space."""
    sentence = train.draw_sentence()
    codes = train.codes[sentence.emotion]
    train.add(sentence, codes[0])
    train.add(sentence, codes[0], reason="duplicate")
    train.add(sentence, codes[-1], reason="duplicate")
    train.add(_changed(sentence, "{} "), codes[0], reason="duplicate")


def plant_conflicts(train: Part) -> None:
    """Plants texts with contradicting labels; a repeat with the same label counts as a duplicate."""
    first, other = list(train.codes)[:2]
    pair = train.draw_sentence(first)
    for emotion in (first, other):
        train.add(pair, train.draw_code(emotion), reason="conflicting_labels")
    triple = train.draw_sentence(other)
    train.add(triple, train.codes[other][0], reason="conflicting_labels")
    train.add(triple, train.codes[other][0], reason="duplicate")
    train.add(triple, train.codes[first][0], reason="conflicting_labels")


def plant_leaks_by_text(train: Part, validation: Part) -> None:
    """Plants texts of validation in train, unchanged and respelt, and one that is rejected in validation."""
    same, relabelled = validation.draw_sentence(), validation.draw_sentence(next(iter(validation.codes)))
    for sentence in (same, relabelled):
        validation.add(sentence)
    train.add(same, reason="leak_exact")
    train.add(relabelled, train.draw_code(list(train.codes)[1]), reason="leak_exact")

    prefixes, suffixes = load_phrases()["planted"]["prefixes"], load_phrases()["planted"]["suffixes"]
    respellings = [
        ("{}", "{}!?"),
        (prefixes[0] + "{}", prefixes[1] + "{}"),
        ("{}" + suffixes[0], "{}" + suffixes[1]),
    ]
    for here, there in respellings:
        sentence = validation.draw_sentence()
        validation.add(_changed(sentence, here))
        train.add(_changed(sentence, there), reason="leak_normalised")
    spaced = validation.draw_sentence()
    validation.add(spaced)
    train.add(replace(spaced, text=spaced.text.replace(" ", "", 2)), reason="leak_normalised")

    rejected = validation.draw_sentence()
    validation.add(rejected, "", reason="missing_label")
    train.add(rejected)


def plant_leaks_by_group(train: Part, validation: Part, profile: int) -> None:
    """Plants a profile with dialogues in train and validation."""
    validation.add(validation.draw_sentence(), profile=profile)
    for _ in range(2):
        train.add(train.draw_sentence(), profile=profile, reason="leak_group")


def add_kept_repeats(train: Part, validation: Part) -> None:
    """Adds repeats that are no defect: inside validation, and of very short utterances."""
    repeated = validation.draw_sentence()
    for _ in range(2):
        validation.add(repeated, validation.codes[repeated.emotion][0])
    for text in load_phrases()["planted"]["short"]:
        for part in (train, train, validation):
            part.add(replace(part.draw_sentence(), text=text))


def plant_across_releases(parts: dict[tuple[str, str], Part]) -> None:
    """Plants overlaps: a dialogue in train of both releases, and one in train of v2 and validation of v1."""
    overlap = parts["v2", "train"].draw_sentence()
    parts["v2", "train"].add(overlap)
    parts["v1", "train"].add(overlap, reason="duplicate")
    leaked = parts["v1", "validation"].draw_sentence()
    parts["v1", "validation"].add(leaked)
    parts["v2", "train"].add(leaked, reason="leak_exact")


def _changed(sentence: SampleSentence, template: str) -> SampleSentence:
    return replace(sentence, text=template.format(sentence.text))
