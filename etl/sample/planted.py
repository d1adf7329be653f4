"""Plants in 감성대화 what ingest has to find: bad rows, duplicates, conflicts and leaks.

Only this corpus has official splits; elsewhere a hash decides where a row goes, and nobody could say
beforehand whether a copy of it is a duplicate or a leak. Each planted dialogue carries its reason.
"""

from __future__ import annotations

from dataclasses import replace

from etl.sample.dialogue import SLUG, Part, codes_by_emotion
from etl.sample.phrases import Sentence, phrases
from etl.schema import resources

_LEAKING_PROFILES = {"v1": 50001, "v2": 50002}


def plant(made: dict[tuple[str, str], Part]) -> None:
    """Appends the planted dialogues to the four parts."""
    for part in made.values():
        bad_rows(part)
    for release in ("v1", "v2"):
        train, validation = made[release, "train"], made[release, "validation"]
        duplicates(train)
        conflicts(train)
        leaks_by_text(train, validation)
        leaks_by_group(train, validation, _LEAKING_PROFILES[release])
        kept_repeats(train, validation)
    across_releases(made)


def bad_rows(part: Part) -> None:
    """Rows that are wrong in themselves, and one that only looks so."""
    for blank in phrases()["planted"]["blank"]:
        part.add(replace(part.sentence(), text=blank), reason="empty_text")
    part.add(part.sentence(), "", reason="missing_label")
    unknown = resources.load("schemas", "sample", "corpora.yaml")[SLUG]["unknown"]
    part.add(part.sentence(), unknown, reason="unknown_label")
    for code in codes_by_emotion().get(None, []):
        part.add(part.sentence(), code, reason="label_not_in_taxonomy")
    part.add(_changed(part.sentence(), "{}  "))


def duplicates(train: Part) -> None:
    """The same text again: as it is, with another code of the same emotion, and with a space more."""
    sentence = train.sentence()
    codes = train.codes[sentence.emotion]
    train.add(sentence, codes[0])
    train.add(sentence, codes[0], reason="duplicate")
    train.add(sentence, codes[-1], reason="duplicate")
    train.add(_changed(sentence, "{} "), codes[0], reason="duplicate")


def conflicts(train: Part) -> None:
    """The same text with labels that exclude each other; the repeat among them is a duplicate first."""
    first, other = list(train.codes)[:2]
    pair = train.sentence(first)
    for emotion in (first, other):
        train.add(pair, train.code(emotion), reason="conflicting_labels")
    triple = train.sentence(other)
    train.add(triple, train.codes[other][0], reason="conflicting_labels")
    train.add(triple, train.codes[other][0], reason="duplicate")
    train.add(triple, train.codes[first][0], reason="conflicting_labels")


def leaks_by_text(train: Part, validation: Part) -> None:
    """Texts of validation in train, as they are and respelt; a rejected text of validation leaks nothing."""
    same, relabelled = validation.sentence(), validation.sentence(next(iter(validation.codes)))
    for sentence in (same, relabelled):
        validation.add(sentence)
    train.add(same, reason="leak_exact")
    train.add(relabelled, train.code(list(train.codes)[1]), reason="leak_exact")

    prefixes, suffixes = phrases()["planted"]["prefixes"], phrases()["planted"]["suffixes"]
    respellings = [
        ("{}", "{}!?"),
        (prefixes[0] + "{}", prefixes[1] + "{}"),
        ("{}" + suffixes[0], "{}" + suffixes[1]),
    ]
    for here, there in respellings:
        sentence = validation.sentence()
        validation.add(_changed(sentence, here))
        train.add(_changed(sentence, there), reason="leak_normalised")
    spaced = validation.sentence()
    validation.add(spaced)
    train.add(replace(spaced, text=spaced.text.replace(" ", "", 2)), reason="leak_normalised")

    rejected = validation.sentence()
    validation.add(rejected, "", reason="missing_label")
    train.add(rejected)


def leaks_by_group(train: Part, validation: Part, profile: int) -> None:
    """One profile with dialogues on both sides."""
    validation.add(validation.sentence(), profile=profile)
    for _ in range(2):
        train.add(train.sentence(), profile=profile, reason="leak_group")


def kept_repeats(train: Part, validation: Part) -> None:
    """Repeats that are no defect: inside validation, and of utterances so short that it is chance."""
    repeated = validation.sentence()
    for _ in range(2):
        validation.add(repeated, validation.codes[repeated.emotion][0])
    for text in phrases()["planted"]["short"]:
        for part in (train, train, validation):
            part.add(replace(part.sentence(), text=text))


def across_releases(made: dict[tuple[str, str], Part]) -> None:
    """The releases overlap: one dialogue is in train of both, one in train here and in validation there."""
    overlap = made["v2", "train"].sentence()
    made["v2", "train"].add(overlap)
    made["v1", "train"].add(overlap, reason="duplicate")
    leaked = made["v1", "validation"].sentence()
    made["v1", "validation"].add(leaked)
    made["v2", "train"].add(leaked, reason="leak_exact")


def _changed(sentence: Sentence, template: str) -> Sentence:
    return replace(sentence, text=template.format(sentence.text))
