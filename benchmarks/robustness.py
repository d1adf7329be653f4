"""Measures what misspelling costs, and what undoes it: `python -m benchmarks.robustness [OPTIONS]`.

The linear model, trained on clean rows of the Chatbot data and of NSMC with Kiwi's tokens, is scored on
held-out rows into which a rule has put misspellings. Only the rows that a rule changes are scored. A repair
is applied to all texts, those of training as well. Prints the table of docs/tagging.md.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
import polars as pl
import yaml

from benchmarks.key_tokens import read_rows
from etl.ingestion.steps.clean import clean, fold_repeats, fold_vowels
from etl.ingestion.steps.key_tokens import key_tokens
from etl.models.linear.features import count_features
from etl.models.linear.fit import fit_linear
from etl.runtime import console
from etl.settings import Clean, Tag
from etl.tagging import policy
from etl.tagging.around import load_cutter, tag_around

WORDS = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
INITIALS, VOWELS, FINALS = WORDS["initials"], WORDS["vowels"], WORDS["finals"]
FIRST, LAST = ord("\uac00"), ord("\ud7a3")
CORPORA = ("chatbot", "nsmc")
SEEDS = (1, 2, 3)
TODAY = "as today"
OFTEN = 0.1  # of the syllables that a rule may change; at least one is
LONGEST = 12

Edit = Callable[[str, random.Random], str]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.robustness", description=__doc__)
    parser.add_argument("--rows", type=int, default=8_000, help="of each corpus (default: 8000)")
    parser.add_argument("--seeds", nargs="*", type=int, default=SEEDS)
    arguments = parser.parse_args()
    losses: dict[tuple[str, str, str], list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="etl-bench-") as folder:
        for corpus in CORPORA:
            rows = read_rows(Path(folder), corpus).head(arguments.rows)
            for seed in arguments.seeds:
                for (kind, repair), loss in measure(rows, seed).items():
                    losses.setdefault((kind, repair, corpus), []).append(loss)
                console.note(f"{corpus}, seed {seed}")
    show(losses)


def measure(rows: pl.DataFrame, seed: int) -> dict[tuple[str, str], float]:
    """Returns by how much macro-F1 is lower than on the same rows unchanged and not repaired."""
    from sklearn.model_selection import GroupShuffleSplit

    groups = rows["group"].to_list()
    [(learnt, held_out)] = GroupShuffleSplit(1, test_size=0.25, random_state=seed).split(
        groups, groups=groups
    )
    test, train = rows[held_out], rows[learnt]
    labels = sorted(set(rows["label"]))
    models = {repair: Model(train, labels, repair) for repair in REPAIRS}
    untouched = models[TODAY].predict(test["text"])
    losses = {}
    for repair, model in models.items():
        losses["no misspelling", repair] = _loss(test["label"], untouched, model.predict(test["text"]))
    for kind, repairs in WORDS["kinds"].items():
        generator = random.Random(f"{seed} {kind}")
        spelt = pl.Series("text", [KINDS[kind](text, generator) for text in test["text"]])
        is_changed = (spelt != test["text"]).to_numpy()
        own, right = test["label"].filter(is_changed), untouched[is_changed]
        for repair in (TODAY, *repairs):
            losses[kind, repair] = _loss(own, right, models[repair].predict(spelt.filter(is_changed)))
    return losses


def _loss(labels: pl.Series, one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    from sklearn.metrics import f1_score

    return float(f1_score(labels, one, average="macro") - f1_score(labels, other, average="macro"))


class Model:
    """The linear model of `etl train-baseline`, on texts that were repaired."""

    def __init__(self, train: pl.DataFrame, labels: list[str], repair: str):
        self._labels, self._prepare = labels, partial(prepare, repair=repair)
        frame = self._frame(train["text"], train["label"])
        selection = frame.gather_every(5)
        learnt = frame.with_row_index().filter(pl.col("index") % 5 > 0).drop("index")
        self._encoder = count_features(learnt)
        rows, chosen = (self._encoder.encode(part, labels) for part in (learnt, selection))
        self._model, _ = fit_linear(rows, chosen, len(self._encoder), len(labels))

    def predict(self, texts: pl.Series) -> np.ndarray[Any, Any]:
        """Returns the predicted labels, (texts,)."""
        nothing = pl.Series("label", self._labels[:1]).new_from_index(0, len(texts))
        rows = self._encoder.encode(self._frame(texts, nothing), self._labels)
        return np.array(self._labels)[self._model.score_rows(rows).argmax(axis=1)]

    def _frame(self, texts: pl.Series, labels: pl.Series) -> pl.DataFrame:
        distinct = self._prepare(texts.unique(maintain_order=True))
        frame = pl.DataFrame({"raw": texts, "label": labels, "source": "own"})
        return frame.join(distinct, on="raw", how="left", maintain_order="left")


def prepare(texts: pl.Series, repair: str) -> pl.DataFrame:
    """Cleans distinct texts as `etl ingest` does, and repairs them: `raw`, `text` and `tokens`."""
    edit, typos = REPAIRS[repair]
    frame = pl.DataFrame({"raw_text": texts, "reason": None, "detail": None}).cast(pl.String)
    repaired = edit(clean(frame, Clean())["text"]).rename("text")
    tagged = tag_around(repaired.unique(maintain_order=True), load_cutter("kiwi"), partial(_tag, typos=typos))
    unmarked = dict.fromkeys(("reason", "detail"), pl.lit(None, pl.String))
    kept = key_tokens(tagged.with_columns(**unmarked), policy.load(Tag(tagger="kiwi")))
    tokens = pl.DataFrame({"raw": texts, "text": repaired}).join(
        kept.select("text", pl.col("tokens").fill_null([])), on="text", how="left", maintain_order="left"
    )
    return tokens.with_columns(pl.col("text").fill_null(""))


def _tag(texts: pl.Series, typos: str | None) -> pl.DataFrame:
    analysed = [_kiwi().tokenize(text, typos=typos) for text in texts]
    columns = {name: [[getattr(each, name) for each in row] for row in analysed] for name in ("form", "tag")}
    lists = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.List(pl.String)))
    nothing = pl.lit(None, pl.String)
    return lists.select(texts.alias("text"), tokens="form", tags="tag", problem=nothing, found=nothing)


@cache
def _kiwi() -> Any:
    from kiwipiepy import Kiwi

    return Kiwi(num_workers=1)


def split_syllable(syllable: str) -> tuple[str, str, str] | None:
    """Returns initial, vowel and final, which is a blank where there is none; None of what is no syllable."""
    if not FIRST <= ord(syllable) <= LAST:
        return None
    rest, final = divmod(ord(syllable) - FIRST, len(FINALS))
    initial, vowel = divmod(rest, len(VOWELS))
    return INITIALS[initial], VOWELS[vowel], FINALS[final]


def join_syllable(initial: str, vowel: str, final: str) -> str:
    """Returns the syllable of three parts."""
    place = INITIALS.index(initial) * len(VOWELS) + VOWELS.index(vowel)
    return chr(FIRST + place * len(FINALS) + FINALS.index(final))


def _neighbours() -> dict[str, str]:
    found: dict[str, str] = {}
    for side in (0, 1):
        keys = {
            (row, column): key
            for row, sides in enumerate(WORDS["keyboard"])
            for column, key in enumerate(sides[side])
        }
        for (row, column), key in keys.items():
            near = [(row, column - 1), (row, column + 1), (row - 1, column), (row + 1, column)]
            found[key] = "".join(keys[place] for place in near if place in keys)
    return found


NEIGHBOURS = _neighbours()


def _press_neighbour(syllable: str, generator: random.Random) -> str:
    initial, vowel, final = split_syllable(syllable) or ("", "", "")
    places = [place for place, part in enumerate((initial, vowel, final)) if part in NEIGHBOURS]
    if not places:
        return syllable
    parts = [initial, vowel, final]
    place = generator.choice(places)
    parts[place] = generator.choice(NEIGHBOURS[parts[place]])
    return join_syllable(*parts)


def _lose_final(syllable: str, generator: random.Random) -> str:  # noqa: ARG001 - as other edits
    parts = split_syllable(syllable)
    return join_syllable(*parts[:2], FINALS[0]) if parts else syllable


def _press_twice(syllable: str, generator: random.Random) -> str:  # noqa: ARG001 - as other edits
    parts = split_syllable(syllable)
    return syllable + "".join(parts).strip()[-1] if parts else syllable


def _draw_out(syllable: str, generator: random.Random) -> str:
    parts = split_syllable(syllable)
    if not parts or parts[2] != FINALS[0]:
        return syllable
    return syllable + _echo(parts[1]) * generator.randint(1, 4)


def _echo(vowel: str) -> str:
    return join_syllable(WORDS["silent"], WORDS["drawn_out"].get(vowel, vowel), FINALS[0])


def _edit_syllables(text: str, generator: random.Random, edit: Edit) -> str:
    """Changes one syllable in ten of those that the edit changes, and at least one."""
    places = [place for place, each in enumerate(text) if edit(each, random.Random(0)) != each]
    if not places:
        return text
    chosen = {place for place in places if generator.random() < OFTEN} or {generator.choice(places)}
    return "".join(edit(each, generator) if place in chosen else each for place, each in enumerate(text))


def _space_out(text: str, generator: random.Random) -> str:
    inside = [place for place in range(1, len(text)) if " " not in text[place - 1 : place + 1]]
    if not inside:
        return text
    chosen = {place for place in inside if generator.random() < 2 * OFTEN} or {generator.choice(inside)}
    return "".join(" " + each if place in chosen else each for place, each in enumerate(text))


def _close_up(text: str, generator: random.Random, share: float) -> str:
    return "".join("" if each == " " and generator.random() < share else each for each in text)


def _lengthen_runs(text: str, generator: random.Random) -> str:
    return re.sub(WORDS["runs"], lambda found: found[1] * generator.randint(1, LONGEST), text)


def _respell(text: str, generator: random.Random) -> str:  # noqa: ARG001 - as other edits
    return re.sub(
        WORDS["emoticons"], lambda found: "".join(WORDS["spellings"][each] for each in found[0]), text
    )


def _one_spelling(texts: pl.Series) -> pl.Series:
    def fold(text: str) -> str:
        return re.sub(WORDS["emoticons"], lambda found: WORDS["one_spelling"][found[0][0]], text)

    return pl.Series([fold(text) for text in texts], dtype=pl.String)


def _space(texts: pl.Series, *, anew: bool) -> pl.Series:
    return pl.Series([_kiwi().space(text, reset_whitespace=anew) for text in texts], dtype=pl.String)


def _unchanged(texts: pl.Series) -> pl.Series:
    return texts


# By the names of `robustness.yaml`.
KINDS: dict[str, Edit] = {
    "neighbouring key": partial(_edit_syllables, edit=_press_neighbour),
    "final consonant lost": partial(_edit_syllables, edit=_lose_final),
    "key pressed twice": partial(_edit_syllables, edit=_press_twice),
    "no spaces": partial(_close_up, share=1.0),
    "half of the spaces": partial(_close_up, share=0.5),
    "spaces too many": _space_out,
    "runs of another length": _lengthen_runs,
    "jamo of another spelling": _respell,
    "vowels drawn out": partial(_edit_syllables, edit=_draw_out),
}
# What is done to the texts, and Kiwi's `typos`.
REPAIRS: dict[str, tuple[Callable[[pl.Series], pl.Series], str | None]] = {
    TODAY: (_unchanged, None),
    "typos": (_unchanged, "basic_with_continual"),
    "lengthening": (_unchanged, "lengthening"),
    "typos and lengthening": (_unchanged, "basic_with_continual_and_lengthening"),
    "spaces added": (partial(_space, anew=False), None),
    "spaces anew": (partial(_space, anew=True), None),
    "max_repeats 2": (partial(fold_repeats, times=2), None),
    "max_repeats 1": (partial(fold_repeats, times=1), None),
    "one spelling of jamo": (_one_spelling, None),
    "fold_vowels": (fold_vowels, None),
}


def show(losses: dict[tuple[str, str, str], list[float]]) -> None:
    """Prints what each kind costs as it is, and with each repair."""
    console.line(f"| misspelling | repair | {' | '.join(CORPORA)} |\n|---|---|---:|---:|")
    for kind, repair in dict.fromkeys((kind, repair) for kind, repair, _ in losses):
        cells = [
            f"{-mean(values):+.4f} ± {stdev(values):.4f}" if len(values) > 1 else f"{-mean(values):+.4f}"
            for values in (losses[kind, repair, corpus] for corpus in CORPORA)
        ]
        console.line(f"| {kind} | {repair} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
