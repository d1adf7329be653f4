"""Goes through automata that find all words of a dictionary, and links them; compiled. See `trie`."""

from __future__ import annotations

import numpy as np

from etl.tagging.komoran.layout import FAIL, FIRST_CHILD, FIRST_LETTER, HIGH, LOW, N_LETTERS, WORD
from etl.tagging.native.kernel import kernel

_LETTERS = (1 << N_LETTERS) - 1


@kernel
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


@kernel
def _ones(bits):  # type: ignore[no-untyped-def]
    """How many bits are set; the compiler knows this as one instruction."""
    bits = bits - ((bits >> np.uint64(1)) & np.uint64(0x5555555555555555))
    twos = np.uint64(0x3333333333333333)
    bits = (bits & twos) + ((bits >> np.uint64(2)) & twos)
    bits = (bits + (bits >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((bits * np.uint64(0x0101010101010101)) >> np.uint64(56))


@kernel
def _mask(states, state):  # type: ignore[no-untyped-def]
    return (np.uint64(np.uint32(states[state, HIGH])) << np.uint64(32)) | np.uint64(
        np.uint32(states[state, LOW])
    )


@kernel
def _begin_of_children(states, state):  # type: ignore[no-untyped-def]
    return states[state, FIRST_CHILD] - np.int64(_mask(states, state) >> np.uint64(N_LETTERS))


@kernel
def has_child(states, state):  # type: ignore[no-untyped-def]
    """Whether a word goes on after the state."""
    return _begin_of_children(states, state + 1) > _begin_of_children(states, state)


@kernel
def child(states, keys, state, code):  # type: ignore[no-untyped-def]
    """The state after one more character, or -1.

    Args:
        states: int32, (n_states + 1, 5), see `layout`; the last row ends the one before it.
        keys: the character of each state, uint16, (n_states,).
        state: any but the root, which has too many children to look through.
        code: the character.
    """
    mask, found = _mask(states, state), np.int64(-1)
    letter, first = np.int64(code) - FIRST_LETTER, np.int64(states[state, FIRST_CHILD])
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


@kernel
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


@kernel
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
