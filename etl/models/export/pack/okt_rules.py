r"""The rules of Okt, beside its words (`etl.models.export.pack.okt_words`), as config of a pack.

parts               the names of the parts of speech, by their numbers
longest_word, beam  see `etl.tagging.okt.layout`
names               {family_name, given_name, full_name}: bits of the kinds of words
weights             float32, by the numbers of `etl.tagging.okt.parse`
trie                which part of speech may follow which: {parts: that of each node, following: the nodes
                    that may follow each, may_end: whether a word may end there, roots: those that begin one}
codas               the number of the final consonant that each initial one can be, else 0
number_syllables, number_endings, josa_syllables, ha_syllables, name_ending     see `schemas/okt.yaml`
typos               [[typo, what it stands for]], in the order in which they are corrected
normalise           how colloquial Korean is normalised; null: it is not. See `etl.tagging.okt.normalise`
    run, emotion, repeated, repeated_pair               patterns
    detachable                                          `emotion` is found in runs with it alone
    coda_n_exceptions, coda_n_endings, coda_n_inserted  see `schemas/okt.yaml`
    coda_n, codas_of_laughter                           numbers of final consonants
cut                 how an eojeol is cut into pieces: see `etl.tagging.okt.cut`
    scripts         [[kind, ranges of code points]]: each longest run is a piece
    foreign         the kind of all other characters
    digit           an eojeol with it is cut by `numbers`
    odd             an eojeol with it is cut by `links`, with or without digits
    numbers, links  [[kind, pattern]]: searched one after another in the whole eojeol; a match that overlaps
                    an earlier one is dropped, and what lies between the matches is foreign
    blank_start     an eojeol with it has no pieces
    blank           a piece of another kind than Korean that matches it is no token
    signs           {kind: characters}: a piece of that kind has one of them; other kinds are not here
    longest_odd     an odd eojeol with more code points is left to the library
    characters      ranges of code points; an eojeol with any other is left to the library
has_frequency, others, verb_stems, adjective_stems      see `etl.models.export.pack.okt_words`
"""

from __future__ import annotations

import re
from typing import Any

from etl.errors import SettingsError
from etl.language.message import tr
from etl.models.export.pack.container import Tensors
from etl.models.export.pack.okt_words import pack_words
from etl.models.export.pack.patterns import Dialect, translate
from etl.schema import resources
from etl.settings import Tag
from etl.tagging.native.batch import BLANK
from etl.tagging.native.open import load_tables
from etl.tagging.okt import cut, normalise
from etl.tagging.okt.layout import BEAM, FAMILY_NAME, FULL_NAME, GIVEN_NAME, LONGEST_WORD
from etl.tagging.okt.native import NATIVE
from etl.tagging.okt.tables import CODA_OF_ONSET, POS_NAMES, Tables

_SYLLABLES = ("number_syllables", "number_endings", "josa_syllables", "ha_syllables", "name_ending")
_PATTERNS = ("run", "emotion", "repeated", "repeated_pair")
_LETTERS = ("coda_n_exceptions", "coda_n_endings", "coda_n_inserted")


def pack_okt(settings: Tag, dialect: Dialect) -> tuple[dict[str, Any], Tensors]:
    """Returns what the config says of Okt, and its arrays.

    Args:
        settings: `norm`, `stem` and the user's own `dictionary`.
        dialect: the language of the patterns.

    Raises:
        SettingsError: the installed library is one that is not understood.
        EtlError: its dictionaries cannot be read.
    """
    tables = load_tables(NATIVE, settings)
    if tables is None:
        raise SettingsError(
            tr("what the installed Okt has in its dictionaries and rules is not understood"),
            cause=tr(
                "It is another version than those that were compared, and its tokens come out otherwise."
            ),
            next_step=tr("`etl doctor --prove` shows the difference; install the version of constraints.txt"),
        )
    words, tensors = pack_words(tables, is_stemmed=settings.stem)
    constants = resources.load("schemas", "okt.yaml")
    config = {
        "parts": list(POS_NAMES),
        "longest_word": LONGEST_WORD,
        "beam": BEAM,
        "names": {"family_name": FAMILY_NAME, "given_name": GIVEN_NAME, "full_name": FULL_NAME},
        **_scores(tables),
        "codas": list(CODA_OF_ONSET),
        **{name: constants[name] for name in _SYLLABLES},
        "typos": [list(pair) for pair in tables.typos] if settings.norm else [],
        "normalise": _normalise(constants["normalise"], dialect) if settings.norm else None,
        "cut": {**_cut(tables, constants["odd"], dialect), "signs": constants["signs"]},
        **words,
    }
    return config, tensors


def _scores(tables: Tables) -> dict[str, Any]:
    _, _, (weights, (parts, following, _, may_end, n_nodes, _), *_) = tables.arrays
    rows = [[number for number in row if number >= 0] for row in following.tolist()]
    trie = {
        "parts": parts.tolist(),
        "following": rows[:n_nodes],
        "may_end": [bool(each) for each in may_end],
        "roots": rows[n_nodes],
    }
    return {"weights": weights.tolist(), "trie": trie}


def _normalise(rules: dict[str, str], dialect: Dialect) -> dict[str, Any]:
    return {
        **{name: translate(rules[name], dialect=dialect) for name in _PATTERNS},
        "detachable": translate(rules["detachable"], "rust", dialect),
        **{name: rules[name] for name in _LETTERS},
        "coda_n": normalise.CODA_N,
        "codas_of_laughter": list(normalise.CODAS_OF_LAUGHTER),
    }


def _cut(tables: Tables, odd: str, dialect: Dialect) -> dict[str, Any]:
    links = [(kind, pattern) for kind, pattern in tables.patterns if pattern]
    can_search = len(links) == len(tables.patterns)
    numbers = [(kind, pattern.pattern) for kind, pattern in cut.number_patterns()]
    return {
        "scripts": [[kind, _ranges(inside)] for kind, inside in cut.scripts().items()],
        "foreign": cut.FOREIGN,
        "digit": translate(cut.DIGIT, "rust", dialect),
        "odd": translate(odd, "rust", dialect),
        "numbers": _translated(numbers, dialect),
        "links": _translated(links, dialect) if can_search else [],
        "blank_start": translate(cut.BLANK_START, "rust", dialect),
        "blank": translate(BLANK, "rust", dialect),
        "longest_odd": cut.LONGEST_ODD if can_search else 0,
        "characters": [[each.start, each.stop - 1] for each in cut.CHARACTERS],
    }


def _translated(patterns: list[tuple[str, str]], dialect: Dialect) -> list[list[str]]:
    return [[kind, translate(pattern, dialect=dialect)] for kind, pattern in patterns]


def _ranges(inside: str) -> list[list[int]]:
    r"""The ranges of a class of characters such as `a-z\[`."""
    pairs = re.findall(r"\\?(.)(?:-\\?(.))?", inside)
    return [[ord(first), ord(last or first)] for first, last in pairs]
