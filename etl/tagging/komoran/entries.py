"""Puts dictionaries into the arrays that the search takes: Komoran's own, and the user's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from etl.tagging.komoran import code, trie
from etl.tagging.komoran.layout import DERIVED, LETTERS, NUMBER, ROWS, STATE, WORD
from etl.tagging.komoran.models import Irregular

# The arrays of a dictionary, and of the contracted forms.
AUTOMATON = ("states", "keys")
WORDS = ("order", "words", "rows", "scores")
DICTIONARY = (*AUTOMATON, *WORDS)
CONTRACTED = (*AUTOMATON, "order", "words", "entries", "tokens", "scores")
# Particles look at the last letter before them: their tags have two more kinds each, one that needs a final
# consonant there, and one that allows none. They are numbered after the tags, in this order.
PARTICLES = ("JKO", "JKS", "JKC")
_NEEDS, _REFUSES = 0, 1
_SILENT, _G, _A, _I = 0x3147, 0x3131, 0x314F, 0x3163
_NEVER_LAST = (0x3138, 0x3143, 0x3149)  # consonants that end no syllable


def kinds(tags: dict[str, int], numbers: np.ndarray, firsts: np.ndarray) -> np.ndarray:
    """The kinds of words, Lattice.getMaxTransitionNodeFromPrevNodes.

    Args:
        tags: the number of each tag.
        numbers: the tag of each word, int64, (n,).
        firsts: the first two letters of each word, uint16, (n, 2).

    Returns:
        int64, (n,).
    """
    found = numbers.copy()
    is_silent = firsts[:, 0] == _SILENT
    refuses = (firsts[:, 0] == _G) & (firsts[:, 1] == _A)
    needs = is_silent & (firsts[:, 1] == _I)
    for place, name in enumerate(PARTICLES):
        is_tag = numbers == tags[name]
        first_kind = len(tags) + 2 * place
        found[is_tag & (is_silent if name == "JKO" else needs)] = first_kind + _NEEDS
        found[is_tag & (~is_silent if name == "JKO" else refuses)] = first_kind + _REFUSES
    return found


def transitions(tags: dict[str, int], scores: np.ndarray) -> np.ndarray:
    """Scores of each kind after each tag without and with a final consonant, (n_kinds, 2 * n_tags)."""
    after = np.repeat(scores.T, 2, axis=1)
    particles = np.repeat(after[[tags[name] for name in PARTICLES]], 2, axis=0)
    particles[_NEEDS::2, 0::2] = -np.inf
    particles[_REFUSES::2, 1::2] = -np.inf
    return np.concatenate([after, particles])


def dictionary(
    tags: dict[str, int],
    built: tuple[np.ndarray, np.ndarray, np.ndarray],
    tagged: tuple[np.ndarray, np.ndarray, np.ndarray],
    first_entry: int = 0,
    *,
    is_regular: bool = True,
) -> tuple[dict[str, Any], tuple[np.ndarray, np.ndarray]]:
    """The arrays of a dictionary.

    Args:
        tags: the number of each tag.
        built: the trie, as `trie.build` takes it.
        tagged: how many tags each word has, in the order of the trie, and the tags and scores of all.
        first_entry: the entry of the first word.
        is_regular: whether endings that connect may be final ones as well, as in Komoran's own dictionary.

    Returns:
        What `DICTIONARY` names; the words as Komoran writes them, UTF-8, uint8, and where each ends in it,
        int64.
    """
    automaton = trie.build(*built)
    n_tags, numbers, scores = tagged
    place = automaton["place"]
    begins, n_tags = (np.cumsum(n_tags) - n_tags)[place], n_tags[place]
    # Of each row the word, and its place in `numbers` and `scores`; then those of endings a second time.
    words = np.repeat(np.arange(len(place)), n_tags)
    given = np.arange(len(words)) + np.repeat(begins - np.cumsum(n_tags) + n_tags, n_tags)
    codes, ends = trie.characters(automaton)
    rows = _rows(tags, automaton["words"], (codes, ends), words, numbers[given])
    twice = np.repeat(np.arange(len(rows)), 1 + ((numbers[given] == tags["EC"]) & is_regular))
    is_second = np.diff(twice, prepend=-1) == 0
    rows = rows[twice]
    rows[is_second, 0], rows[is_second, DERIVED] = tags["EF"], 1
    rows[is_second, 1] += 2 * (tags["EF"] - tags["EC"])
    row_ends = np.cumsum(np.bincount(words[twice], minlength=len(place)))
    arrays = {
        **{name: automaton[name] for name in ("states", "keys", "order")},
        "words": _words(automaton, np.arange(first_entry, first_entry + len(place)), np.append(0, row_ends)),
        "rows": rows.astype(np.int32),
        "scores": scores[given][twice],
    }
    return arrays, written(codes, ends)


def _rows(
    tags: dict[str, int],
    facts: np.ndarray,
    letters: tuple[np.ndarray, np.ndarray],
    words: np.ndarray,
    numbers: np.ndarray,
) -> np.ndarray:
    """Kind and code of each tag of each word, and 0, int64, (n_rows, 3).

    Args:
        tags: the number of each tag.
        facts: length and last letter of each word, int32, (n_words, 3).
        letters: what `trie.characters` returns.
        words: of each row the word, int64, (n_rows,).
        numbers: of each row the tag, int64, (n_rows,).
    """
    codes, ends = letters
    starts, last = ends - facts[:, 0], facts[:, 1]
    firsts = np.stack([codes[starts], codes[np.minimum(starts + 1, ends - 1)]], axis=1)
    has_coda = (last >= _G) & (last < _A) & ~np.isin(last, _NEVER_LAST)
    return np.column_stack([kinds(tags, numbers, firsts[words]), 2 * numbers + has_coda[words], 0 * numbers])


def written(codes: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Words as Komoran writes them, UTF-8, uint8, and where each ends in it, int64."""
    tokens = np.full((len(ends), 4), LETTERS, np.int32)
    tokens[:, 2], tokens[:, 3] = np.append(0, ends[:-1]) if len(ends) else 0, ends
    out, out_ends = np.empty(3 * len(codes), np.uint8), np.zeros(len(ends) + 1, np.int64)
    no_data, no_parts = np.frombuffer(b"", np.uint32), np.empty((0, 5), np.int64)
    count = code.write_out()(no_data, codes, no_parts, tokens, codes, out, out_ends)
    return out[: out_ends[count - 1] if count else 0], out_ends[:count]


def contracted(irregulars: Sequence[Irregular], of_dictionary: dict[str, Any]) -> dict[str, Any]:
    """The arrays of the contracted forms.

    Args:
        irregulars: the forms, in the order of their letters.
        of_dictionary: the arrays of the dictionary.

    Returns:
        What `CONTRACTED` names: beside the automaton and its words, where the entries of each form begin; of
        each entry its first token, that after its last, the tag that must fit to what stands before, and the
        state of its last word, or -1 where Komoran fails; of each token its kind, code and number, and its
        score.
    """
    names = list(dict.fromkeys(each.form for each in irregulars))
    automaton = trie.build(*trie.of_words([list(map(ord, name)) for name in names]))
    by_form: dict[str, list[Irregular]] = {name: [] for name in names}
    for each in irregulars:
        by_form[each.form].append(each)
    looked_up = {
        each: _token(of_dictionary, *each) for each in {each for one in irregulars for each in one.tokens}
    }
    entries: list[tuple[int, int, int, int]] = []
    tokens: list[tuple[int, int, int]] = []
    scores: list[float] = []
    rows = [0]
    for place in automaton["place"]:
        for each in by_form[names[place]]:
            found = [looked_up[token] for token in each.tokens]
            first, states = len(tokens), [state for *_, state in found]
            tokens.extend((kind, code, entry) for kind, code, entry, _, _ in found)
            scores.extend(score for *_, score, _ in found)
            entries.append((first, len(tokens), each.first, -1 if -1 in states else states[-1]))
        rows.append(len(entries))
    return {
        **{name: automaton[name] for name in ("states", "keys", "order")},
        "words": _words(automaton, np.arange(len(names)), np.array(rows)),
        "entries": np.array(entries, np.int32).reshape(-1, 4),
        "tokens": np.array(tokens, np.int32).reshape(-1, 3),
        "scores": np.array(scores, np.float64),
    }


def _words(automaton: dict[str, Any], numbers: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The words as the search takes them, int32, (n_words + 1, 6); see `layout`."""
    found = np.zeros((len(rows), 6), np.int32)
    found[:-1, :NUMBER], found[:-1, NUMBER] = automaton["words"], numbers
    found[:, ROWS], found[:, ROWS + 1] = rows, automaton["starts"]
    return found


def _token(arrays: dict[str, Any], letters: str, tag: int) -> tuple[int, int, int, float, int]:
    """Kind, code, number, score and state of a word with a tag; -1 as state where there is no such word."""
    missing = 0, 0, 0, 0.0, -1
    state = 0
    for letter in letters:
        children = trie.children(arrays["states"], state)
        found = children.start + int(np.searchsorted(arrays["keys"][children], ord(letter)))
        if found == children.stop or arrays["keys"][found] != ord(letter):
            return missing
        state = found
    word = int(arrays["states"][state, WORD])
    if word < 0 or arrays["words"][word, STATE] != state:
        return missing
    for row in range(arrays["words"][word, ROWS], arrays["words"][word + 1, ROWS]):
        if arrays["rows"][row, 1] >> 1 == tag:
            kind, code, _ = arrays["rows"][row]
            return (
                int(kind),
                int(code),
                int(arrays["words"][word, NUMBER]),
                float(arrays["scores"][row]),
                state,
            )
    return missing
