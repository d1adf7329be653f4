"""Automata that find all words of a dictionary in a text, one character a step: how they are made.

Komoran's AhoCorasickDictionary as flat arrays. States are numbered by depth, and those of one depth in the
order of their words, so that the children of a state stand side by side: first those of characters below
Hangul's letters, then those of the letters, then all above. Which of the 51 letters are there is a bit each,
and how many of these come before a child says where it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from etl.tagging.komoran import code
from etl.tagging.komoran.layout import FIRST_CHILD, FIRST_LETTER, HIGH, LOW, N_LETTERS, WORD

_JAVA_TABLE = 16  # of an empty java.util.HashMap, which grows when it is three quarters full


def _in_javas_order(words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All words that each word ends in, itself among them, in the order in which Komoran goes through them.

    That is the order of a java.util.HashMap that they were put into, the longest first.

    Args:
        words: what `link` returns.

    Returns:
        The numbers of the words of all lists, int32, and where each begins in them, int32, (n_words + 1,).
    """
    shorter, hashes = words[:, 3], words[:, 4].view(np.uint32)
    ending, other = [], np.arange(len(words))
    of_word = other
    while len(other):
        ending.append((of_word, other))
        of_word, other = of_word[shorter[other] >= 0], shorter[other][shorter[other] >= 0]
    of_word, other = (
        (np.concatenate(each) for each in zip(*ending, strict=True)) if ending else (other, other)
    )
    counts = np.bincount(of_word, minlength=len(words))
    slots = np.full(len(words), _JAVA_TABLE)
    while (is_full := 4 * counts > 3 * slots).any():
        slots[is_full] *= 2
    slot = (hashes ^ hashes >> 16)[other] & (slots - 1)[of_word]
    order = np.argsort(of_word * (1 << 32) + slot, kind="stable")
    return other[order].astype(np.int32), np.append(0, np.cumsum(counts)).astype(np.int32)


def build(keys: np.ndarray, n_children: np.ndarray, is_word: np.ndarray) -> dict[str, Any]:
    """The automaton of a trie that is given parents first and children in the order of their characters.

    Args:
        keys: the character of each state, uint16, (n_states,); any for the root.
        n_children: how many children each has, int32, (n_states,).
        is_word: whether a word ends there, bool, (n_states,).

    Returns:
        `states`, `keys`, `words` (length, last character, state), `order` and `starts`; `parents`, which only
        `characters` needs; and `place`: words are numbered as their states are, and it says which word of
        `is_word` each is, int64.
    """
    depth = np.empty(len(keys), np.int32)
    code.depths()(n_children, np.zeros(1 << 16, np.int32), depth)
    by_depth = np.argsort(depth.astype(np.int16), kind="stable")  # by radix: six times as fast
    keys, n_children = keys[by_depth], n_children[by_depth]
    ends = 1 + np.cumsum(n_children)
    parents = np.repeat(np.arange(len(keys), dtype=np.int32), n_children)
    parents = np.concatenate([np.zeros(1, np.int32), parents])
    states = np.zeros((len(keys) + 1, 5), np.int32)
    masks = np.zeros(len(keys) + 1, np.uint64)
    letter = keys[1:].astype(np.int64) - FIRST_LETTER
    is_letter = (letter >= 0) & (letter < N_LETTERS)
    np.bitwise_or.at(masks, parents[1:][is_letter], np.uint64(1) << letter[is_letter].astype(np.uint64))
    n_below = np.bincount(parents[1:][letter < 0], minlength=len(keys) + 1)
    masks |= n_below.astype(np.uint64) << np.uint64(N_LETTERS)
    states[:, LOW : HIGH + 1] = masks.view(np.int32).reshape(-1, 2)
    states[:-1, FIRST_CHILD] = ends - n_children + n_below[:-1]
    states[-1, FIRST_CHILD] = len(keys)
    states[:, WORD] = -1
    ending = np.flatnonzero(is_word[by_depth])
    states[ending, WORD] = np.arange(len(ending))
    words = np.zeros((len(ending), 5), np.int32)
    code.link()(states, keys, parents, roots(states, keys), np.zeros(len(keys), np.uint32), words)
    words[:, 0] = depth[by_depth[ending]]
    order, starts = _in_javas_order(words)
    return {
        "states": states,
        "keys": keys,
        "words": np.ascontiguousarray(words[:, :3]),
        "order": order,
        "starts": starts,
        "parents": parents,
        "place": (np.cumsum(is_word) - 1)[by_depth[ending]],
    }


def children(states: np.ndarray, state: int) -> slice:
    """The states after a state and one more character."""
    begin, end = (
        int(row[FIRST_CHILD]) - (int(row[HIGH]) % (1 << 32) >> N_LETTERS - 32)
        for row in states[state : state + 2]
    )
    return slice(begin, end)


def roots(states: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """The state of each character that a word begins with, else 0, int32, (65536,)."""
    root = np.zeros(1 << 16, np.int32)
    first = children(states, 0)
    root[keys[first]] = np.arange(first.start, first.stop)
    return root


def characters(automaton: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """All words of an automaton one after another, uint16, and where each ends, int64."""
    lengths, state = automaton["words"][:, 0].astype(np.int64), automaton["words"][:, 2]
    ends = np.cumsum(lengths)
    codes = np.empty(ends[-1] if len(ends) else 0, np.uint16)
    at = ends - 1
    while len(state):
        codes[at] = automaton["keys"][state]
        state = automaton["parents"][state]
        at, state = at[state > 0] - 1, state[state > 0]
    return codes, ends


def of_words(words: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The trie of words in their order, as `build` takes it."""
    keys, n_children, is_word = [0], [0], [False]
    path, before = [0], list[int]()
    for word in words:
        shared = 0
        while shared < min(len(before), len(word)) and before[shared] == word[shared]:
            shared += 1
        del path[shared + 1 :]
        for letter in word[shared:]:
            n_children[path[-1]] += 1
            path.append(len(keys))
            keys.append(letter)
            n_children.append(0)
            is_word.append(False)
        is_word[path[-1]], before = True, list(word)
    return np.array(keys, np.uint16), np.array(n_children, np.int32), np.array(is_word)
