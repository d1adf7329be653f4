"""MeCab's Viterbi search over whole batches of texts, compiled.

MeCab 0.996 with the left-space penalty of mecab-ko 0.9.2 (tokenizer.cpp, viterbi.cpp, connector.cpp): where
a word ends, each word that begins there is connected to the cheapest of those that end there. Of those that
are as cheap, MeCab's linked lists decide: the word that begins last wins, then the one that the dictionary
has first. Words that begin at one place with one attribute to the left all choose the same one, which is
looked for once. Arrays are pointers here, and the rows of tables stand one after another.
"""

from __future__ import annotations

import numpy as np

from etl.tagging.mecab.layout import (
    BEFORE,
    CATEGORY,
    COST,
    END,
    IS_GROUP,
    IS_INVOKED,
    KIND,
    LEFT,
    LEXICON,
    LONGEST,
    N_CHARACTER,
    N_CHOSEN,
    N_NODE,
    N_ROW,
    N_WORD,
    NEXT,
    NODE_LEFT,
    NODE_RIGHT,
    OWN,
    RIGHT,
    START,
    SYSTEM,
    TOTAL,
    TYPES,
    UNKNOWN,
    WORD,
)
from etl.tagging.native.kernel import kernel

_LONGEST_GROUP = 24  # characters
_SPACE = 0x20
_MAX = 2147483647
# Typed, so that a function is compiled once for all of them.
_SYSTEM, _OWN, _UNKNOWN = np.int64(SYSTEM), np.int64(OWN), np.int64(UNKNOWN)


@kernel
def _character(codes, at, end):  # type: ignore[no-untyped-def]
    """The character at a place in UTF-8, 0 at the end and beyond U+FFFF, and how many bytes it has."""
    if at >= end:
        return 0, 1
    first = np.int64(codes[at])
    if first < 0x80:
        return first, 1
    if first < 0xE0:
        return (first & 0x1F) << 6 | np.int64(codes[at + 1]) & 0x3F, 2
    if first < 0xF0:
        low = (np.int64(codes[at + 1]) & 0x3F) << 6 | np.int64(codes[at + 2]) & 0x3F
        return (first & 0x0F) << 12 | low, 3
    return 0, 4


@kernel
def _run(codes, at, end, types, characters):  # type: ignore[no-untyped-def]
    """Follows characters each of which shares a category with the one before it.

    Returns:
        Where they end, how many they are, and the first character that is none of them.
    """
    count, character = 0, 0
    while at < end:
        character, size = _character(codes, at, end)
        if types & characters[character * N_CHARACTER + TYPES] == 0:
            break
        types = characters[character * N_CHARACTER + TYPES]
        at += size
        count += 1
    return at, count, character


@kernel
def _add_words(words, number, which, place, penalties, nodes, limit, n):  # type: ignore[no-untyped-def]
    """Adds a node for each word that a value of the double array stands for.

    Args:
        words: of the lexicon.
        number: the value: the first word times 256, and how many they are.
        which: the lexicon.
        place: where they start and end, and whether there is a space before them.
        penalties: what a space costs, by kind.
        nodes: all nodes.
        limit: for how many there is room.
        n: how many there are; -1 if there was no room before.

    Returns:
        How many there are now, or -1 where there is no room for as many.
    """
    start, end, has_space = place
    first, count = number >> 8, number & 0xFF
    if n < 0 or n + count > limit:
        return np.int64(-1)
    for number in range(first, first + count):
        word, node = number * N_WORD, n * N_NODE
        cost = np.int32(words[word + COST])
        if has_space:
            cost += penalties[words[word + KIND]]
        nodes[node + TOTAL], nodes[node + NODE_LEFT] = cost, words[word + LEFT]
        nodes[node + NODE_RIGHT], nodes[node + WORD] = words[word + RIGHT], number
        nodes[node + START], nodes[node + END], nodes[node + LEXICON] = start, end, which
        n += 1
    return n


@kernel
def _look_up(lexicon, which, codes, place, penalties, nodes, limit, n):  # type: ignore[no-untyped-def]
    """Adds nodes for all words of a lexicon that begin at a place; see `_add_words`."""
    units, n_units, words = lexicon
    start, end, has_space = place
    base, at = np.int64(units[0]), start
    while True:
        value = np.int64(units[2 * base])
        if value < 0 and units[2 * base + 1] == base:
            word_place = start, at, has_space
            n = _add_words(words, -value - 1, which, word_place, penalties, nodes, limit, n)
        if at == end:
            return n
        unit = base + np.int64(codes[at]) + 1
        if unit >= n_units or units[2 * unit + 1] != base:
            return n
        base = np.int64(units[2 * unit])
        at += 1


@kernel
def _add_unknown(codes, place, first, unknown, characters, penalties, nodes, limit, n, is_known):  # type: ignore[no-untyped-def]
    """Adds nodes for the unknown words that may begin at a place, with the character `first`."""
    words, values = unknown
    start, end, has_space = place
    known = first * N_CHARACTER
    if is_known and not characters[known + IS_INVOKED]:
        return n
    number, types, before = np.int64(values[characters[known + CATEGORY]]), characters[known + TYPES], n
    to = start + _character(codes, start, end)[1]
    group_end = np.int64(-1)
    if characters[known + IS_GROUP]:
        group_end, length, _ = _run(codes, to, end, types, characters)
        if length <= _LONGEST_GROUP:
            group = start, group_end, has_space
            n = _add_words(words, number, _UNKNOWN, group, penalties, nodes, limit, n)
    for _ in range(characters[known + LONGEST]):
        if to > end or to == group_end:
            break
        n = _add_words(words, number, _UNKNOWN, (start, to, has_space), penalties, nodes, limit, n)
        character, size = _character(codes, to, end)
        if types & characters[character * N_CHARACTER + TYPES] == 0:
            break
        to += size
    if n == before and not is_known:
        n = _add_words(words, number, _UNKNOWN, (start, to, has_space), penalties, nodes, limit, n)
    return n


@kernel
def _gather(nodes, node, lefts):  # type: ignore[no-untyped-def]
    """Copies what ends at a place, in the order of MeCab's list: cost, attribute to the right, and node.

    Returns:
        How many they are.
    """
    totals, rights, numbers = lefts
    count = 0
    while node >= 0:
        totals[count], rights[count] = nodes[node * N_NODE + TOTAL], nodes[node * N_NODE + NODE_RIGHT]
        numbers[count] = node
        count += 1
        node = np.int64(nodes[node * N_NODE + NEXT])
    return count


@kernel
def _cheapest(lefts, n_lefts, matrix, left):  # type: ignore[no-untyped-def]
    """What the cheapest node before a word costs with its connection, and the first that costs as much.

    To look at every one is faster than to know by a bound which cannot win: nothing waits for a comparison.
    """
    totals, rights, numbers = lefts
    costs, n_rights = matrix
    best, best_place = np.int32(_MAX), 0
    for place in range(n_lefts):
        cost = totals[place] + np.int32(costs[left * n_rights + rights[place]])
        if cost < best:
            best, best_place = cost, place
    return best, numbers[best_place]


@kernel
def _connect(nodes, before, n, begin, heads, lefts, n_lefts, matrix, chosen, stamp):  # type: ignore[no-untyped-def]
    """Connects the nodes that begin at a place to those that end there, the last first, as MeCab does."""
    for number in range(n - 1, before - 1, -1):
        node = number * N_NODE
        left, to = np.int64(nodes[node + NODE_LEFT]), nodes[node + END] - begin
        choice = left * N_CHOSEN
        if chosen[choice] != stamp:
            chosen[choice] = stamp
            chosen[choice + 1], chosen[choice + 2] = _cheapest(lefts, n_lefts, matrix, left)
        nodes[node + TOTAL] += chosen[choice + 1]
        nodes[node + BEFORE], nodes[node + NEXT] = chosen[choice + 2], heads[to]
        heads[to] = number


@kernel
def _walk_back(nodes, node, rows, count):  # type: ignore[no-untyped-def]
    """Writes the words of the cheapest path in their order; returns how many rows there are."""
    last, n_words = node, 0
    while node > 0:
        n_words += 1
        node = nodes[node * N_NODE + BEFORE]
    node, row = last, (count + n_words) * N_ROW
    while node > 0:
        row -= N_ROW
        place = node * N_NODE
        rows[row], rows[row + 1] = nodes[place + START], nodes[place + END]
        rows[row + 2], rows[row + 3] = nodes[place + WORD], nodes[place + LEXICON]
        node = nodes[place + BEFORE]
    return count + n_words


@kernel
def tag(codes, ends, done, n_texts, tables, room, rows, row_ends, state):  # type: ignore[no-untyped-def]
    """Finds the words of texts.

    Args:
        codes: texts one after another in UTF-8, uint8, (n_bytes,); none longer than `LONGEST_TEXT`.
        ends: where each text begins in `codes`, and where the last one ends, int64, (n_texts + 1,).
        done: how many texts are done already.
        n_texts: how many there are.
        tables: of `tables.load`.
        room: of `exact`, for no other thread at the same time.
        rows: is filled with a row a word: where it starts and ends in `codes`, its number, and the lexicon
            that has it, int32, (n_bytes, 4).
        row_ends: is filled with where the words of each text end in `rows`, int64, (n_texts,).
        state: is filled with how many texts are done, int64, (1,): not all of them where one needs more
            nodes than there is room for.
    """
    system, own, unknown, characters, matrix, penalties = tables
    nodes, limit, heads, lefts, chosen = room
    space = characters[_SPACE * N_CHARACTER + TYPES]
    stamp, count = np.int32(0), np.int64(0)
    if done > 0:
        count = row_ends[done - 1]
    for text in range(done, n_texts):
        state[0] = text
        begin, end = ends[text], ends[text + 1]
        for at in range(end - begin + 1):
            heads[at] = -1
        # The beginning of the text is a node that ends at its first place.
        nodes[TOTAL], nodes[NODE_RIGHT], nodes[NEXT], nodes[BEFORE] = 0, 0, -1, -1
        heads[0], n = 0, np.int64(1)
        for at in range(begin, end):
            if heads[at - begin] < 0:
                continue
            start, _, first = _run(codes, at, end, space, characters)
            if start == end:
                continue  # nothing but spaces: the last word stands before them
            before, place = n, (start, end, start > at)
            n = _look_up(system, _SYSTEM, codes, place, penalties, nodes, limit, n)
            if own[1] > 1:
                n = _look_up(own, _OWN, codes, place, penalties, nodes, limit, n)
            n = _add_unknown(codes, place, first, unknown, characters, penalties, nodes, limit, n, n > before)
            if n < 0:
                return
            stamp += np.int32(1)
            n_lefts = _gather(nodes, np.int64(heads[at - begin]), lefts)
            _connect(nodes, before, n, begin, heads, lefts, n_lefts, matrix, chosen, stamp)
        to = end - begin
        while heads[to] < 0:
            to -= 1
        n_lefts = _gather(nodes, np.int64(heads[to]), lefts)
        count = _walk_back(nodes, _cheapest(lefts, n_lefts, matrix, np.int64(0))[1], rows, count)
        row_ends[text] = count
    state[0] = n_texts
