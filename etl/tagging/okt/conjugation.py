"""The forms of Okt's verbs and adjectives, from their stems, by the rules of `schemas/okt_conjugation.yaml`.

Endings depend on the last syllable of a stem alone, so they are worked out once for each, and joined.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from etl.schema import resources

_FIRST = 0xAC00
_PER_ONSET, _PER_VOWEL = 588, 28


def conjugated(stems: pl.Series, *, is_adjective: bool) -> pl.DataFrame:
    """All forms of verbs, or of adjectives.

    Args:
        stems: stems of Hangul, each once.
        is_adjective: what they are.

    Returns:
        A row for each pair of a form, `word`, and the dictionary form that it may come from, `stem`.
    """
    rules = resources.load("schemas", "okt_conjugation.yaml")
    spelled = pl.DataFrame({"spelled": stems, "stem": stems + rules["ending"]})
    spelled = pl.concat([spelled, _doubled(spelled, rules["doubled"])]).with_columns(
        last=pl.col("spelled").str.slice(-1), is_single=pl.col("spelled").str.len_chars() == 1
    )
    kinds = spelled.select("last", "is_single").unique()
    endings = [
        _endings(last, is_adjective=is_adjective, is_single=is_single, rules=rules)
        for last, is_single in kinds.iter_rows()
    ]
    kinds = kinds.with_columns(ending=pl.Series(endings, dtype=pl.List(pl.String)))
    head = pl.col("spelled").str.head(-1)
    forms = spelled.join(kinds, on=["last", "is_single"]).explode("ending")
    forms = forms.select("stem", word=head + pl.col("ending")).unique()
    return forms if is_adjective else forms.filter(~pl.col("word").is_in(rules["no_verbs"]))


def _doubled(spelled: pl.DataFrame, rule: dict[str, str]) -> pl.DataFrame:
    """Stems that are also spelled with one more consonant, so spelled."""
    pattern = f"^(.*)(.){rule['syllable']}$"
    found = spelled.filter(pl.col("spelled").str.contains(pattern))
    added = _letters()["codas"].index(rule["coda"])
    doubled = []
    for word, stem in found.iter_rows():
        before = ord(word[-2])
        if (before - _FIRST) % _PER_VOWEL == 0:
            doubled.append((word[:-2] + chr(before + added) + word[-1], stem))
    return pl.DataFrame(doubled, schema=spelled.schema, orient="row")


def _endings(last: str, *, is_adjective: bool, is_single: bool, rules: dict[str, Any]) -> list[str]:
    """What may stand in the place of the last syllable of a stem."""
    number = ord(last) - _FIRST
    letters = _letters()
    onset = letters["onsets"][number // _PER_ONSET]
    vowel = letters["vowels"][number % _PER_ONSET // _PER_VOWEL]
    coda = letters["codas"][number % _PER_VOWEL]
    facts = {"adjective": is_adjective, "single": is_single}
    for rule in rules["rules"]:
        fits = all(rule.get(name, given) == given for name, given in facts.items())
        parts = {"onset": onset, "vowel": vowel, "coda": coda}
        if fits and all(part in rule.get(name, part) for name, part in parts.items()):
            return list(dict.fromkeys(_forms(rule["forms"], (onset, vowel, coda), rules["groups"])))
    raise ValueError(f"no rule fits {last!r}")


def _forms(forms: list[dict[str, str]], parts: tuple[str, str, str], groups: dict[str, str]) -> Iterator[str]:
    onset, vowel, coda = parts
    for form in forms:
        following = "".join(groups[name] for name in form["then"].split()) if "then" in form else [""]
        for other in form.get("codas", coda):
            syllable = _composed(onset, form.get("vowel", vowel), other)
            yield from (syllable + each for each in following)


def _composed(onset: str, vowel: str, coda: str) -> str:
    letters = _letters()
    number = letters["onsets"].index(onset) * _PER_ONSET + letters["vowels"].index(vowel) * _PER_VOWEL
    return chr(_FIRST + number + letters["codas"].index(coda))


def _letters() -> dict[str, str]:
    letters: dict[str, str] = resources.load("schemas", "okt_conjugation.yaml")
    return letters
