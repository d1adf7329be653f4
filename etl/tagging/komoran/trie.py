"""Automata that find all words of a dictionary in a text, one character a step, compiled.

Komoran's AhoCorasickDictionary as flat arrays. States are numbered by depth, and those of one depth in the
order of their words, so that the children of a state stand side by side: first those of characters below
Hangul's letters, then those of the letters, then all above. Which of the 51 letters are there is a bit each,
and how many of these come before a child says where it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from etl.tagging.komoran.compiled import from_python, inner

FIRST_LETTER, N_LETTERS = 0x3131, 51  # of the letters that Komoran takes syllables apart to
# Columns of `states`: the mask in two halves, the first child of a letter, where to go on when no child fits,
# and the longest word that ends here, or -1. The mask's bits above the letters count the children below them.
LOW, HIGH, FIRST, FAIL, WORD = range(5)
_LETTERS = (1 << N_LETTERS) - 1
_JAVA_TABLE = 16  # of an empty java.util.HashMap, which grows when it is three quarters full


@from_python
def depths(n_children, left, depth):  # type: ignore[no-untyped-def]
    """The depth of each state of a trie that is given parents first.

    Args:
        n_children: how many children each state has, int32, (n_states,).
        left: zeros, int32, at least as many as there are depths.
        depth: is filled, int32, (n_states,).
    """
    level = 0  # `left` has the children of each state above that are still to come
    for state in range(len(n_children)):
        while level > 0 and left[level] == 0:
            level -= 1
        depth[state] = level if state == 0 else level + 1
        if state > 0:
            left[level] -= 1
            level += 1
        left[level] = n_children[state]


@inner
def _ones(bits):  # type: ignore[no-untyped-def]
    """How many bits are set; the compiler knows this as one instruction."""
    bits = bits - ((bits >> np.uint64(1)) & np.uint64(0x5555555555555555))
    twos = np.uint64(0x3333333333333333)
    bits = (bits & twos) + ((bits >> np.uint64(2)) & twos)
    bits = (bits + (bits >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((bits * np.uint64(0x0101010101010101)) >> np.uint64(56))


@inner
def _mask(states, state):  # type: ignore[no-untyped-def]
    return (np.uint64(np.uint32(states[state, HIGH])) << np.uint64(32)) | np.uint64(
        np.uint32(states[state, LOW])
    )


@inner
def _begin_of_children(states, state):  # type: ignore[no-untyped-def]
    return states[state, FIRST] - np.int64(_mask(states, state) >> np.uint64(N_LETTERS))


@inner
def has_child(states, state):  # type: ignore[no-untyped-def]
    """Whether a word goes on after the state."""
    return _begin_of_children(states, state + 1) > _begin_of_children(states, state)


@inner
def child(states, keys, state, code):  # type: ignore[no-untyped-def]
    """The state after one more character, or -1.

    Args:
        states: int32, (n_states + 1, 5), see the columns above; the last row ends the one before it.
        keys: the character of each state, uint16, (n_states,).
        state: any but the root, which has too many children to look through.
        code: the character.
    """
    mask, found = _mask(states, state), np.int64(-1)
    letter, first = np.int64(code) - FIRST_LETTER, np.int64(states[state, FIRST])
    if 0 <= letter < N_LETTERS:
        bit = np.uint64(1) << np.uint64(letter)
        if mask & bit != 0:
            found = first + _ones(mask & (bit - np.uint64(1)))
    else:
        begin, end = first - np.int64(mask >> np.uint64(N_LETTERS)), first
        if letter > 0:
            begin = first + _ones(mask & np.uint64(_LETTERS))
            end = _begin_of_children(states, state + 1)
        while begin < end and keys[begin] != code:
            begin += 1
        if begin < end:
            found = begin
    return found


@inner
def step(states, keys, root, state, code):  # type: ignore[no-untyped-def]
    """The state of the longest beginning of a word that the text ends in after one more character.

    Args:
        states, keys: see `child`.
        root: the state of each first character, or 0, int32, (65536,).
        state: the state before.
        code: the character.
    """
    found = np.int64(-1)
    while state != 0 and found < 0:
        found = child(states, keys, state, code)
        if found < 0:
            state = np.int64(states[state, FAIL])
    return found if found >= 0 else np.int64(root[code])


@from_python
def link(states, keys, parents, root, hashes, words):  # type: ignore[no-untyped-def]
    """Fills in where the automaton goes on, and describes the words.

    Args:
        states: as for `child`, without FAIL, and WORD only where a word ends.
        keys: as for `child`.
        parents: the state before each, int32, (n_states,).
        root: as for `step`.
        hashes: is filled with Java's hash of each state, uint32, (n_states,); zero for the root.
        words: is filled, but for the length in front, with the last character of each word, its state, the
            next shorter word that it ends in or -1, and Java's hash, int32, (n_words, 5).
    """
    for state in range(1, len(keys)):
        parent, code = parents[state], keys[state]
        hashes[state] = np.uint32(hashes[parent] * np.uint32(31) + np.uint32(code))
        fail = np.int64(0)
        if parent != 0:
            fail = step(states, keys, root, np.int64(states[parent, FAIL]), code)
        states[state, FAIL] = fail
        word, shorter = states[state, WORD], states[fail, WORD]
        if word < 0:
            states[state, WORD] = shorter
        else:
            words[word, 1], words[word, 2] = code, state
            words[word, 3], words[word, 4] = shorter, np.int32(hashes[state])


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
    depths(n_children, np.zeros(1 << 16, np.int32), depth)
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
    states[:-1, FIRST] = ends - n_children + n_below[:-1]
    states[-1, FIRST] = len(keys)
    states[:, WORD] = -1
    ending = np.flatnonzero(is_word[by_depth])
    states[ending, WORD] = np.arange(len(ending))
    words = np.zeros((len(ending), 5), np.int32)
    link(states, keys, parents, roots(states, keys), np.zeros(len(keys), np.uint32), words)
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
        int(row[FIRST]) - (int(row[HIGH]) % (1 << 32) >> N_LETTERS - 32) for row in states[state : state + 2]
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
        for code in word[shared:]:
            n_children[path[-1]] += 1
            path.append(len(keys))
            keys.append(code)
            n_children.append(0)
            is_word.append(False)
        is_word[path[-1]], before = True, list(word)
    return np.array(keys, np.uint16), np.array(n_children, np.int32), np.array(is_word)
