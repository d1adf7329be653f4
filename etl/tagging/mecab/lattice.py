"""MeCab's Viterbi search over whole batches of texts, compiled.

MeCab 0.996 with the left-space penalty of mecab-ko 0.9.2 (tokenizer.cpp, viterbi.cpp, connector.cpp): where
a word ends, each word that begins there is connected to the cheapest of those that end there. Of those that
are as cheap, MeCab's linked lists decide: the word that begins last wins, then the one that the dictionary
has first. Two facts make it fast and change nothing: of words that end at one place and have one attribute to
the right only the cheapest can win, and words that begin at one place with one attribute to the left all
choose the same one.

Compiled without numba's counting of references, which would take half of the time: nothing here allocates,
all room is given.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

LONGEST_TEXT = 30_000  # bytes: then no sum of costs can leave 32 bits, and no text leaves MeCab's window
# Columns of a word of a lexicon, and of what is known of a character; see `tables`.
LEFT, RIGHT, KIND, COST = range(4)
TYPES, CATEGORY, LONGEST, IS_GROUP, IS_INVOKED = range(5)
# Columns of a node.
TOTAL, NODE_LEFT, NODE_RIGHT, BEFORE, START, END, WORD, LEXICON = range(8)
NEXT = NODE_LEFT  # once it is connected
SYSTEM, OWN, UNKNOWN = np.arange(3)
_LONGEST_GROUP = 24  # characters
_SPACE = 0x20
_MAX = 2147483647

_compiled = njit(cache=True, nogil=True, _nrt=False)


@_compiled
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


@_compiled
def _run(codes, at, end, types, characters):  # type: ignore[no-untyped-def]
    """Follows characters each of which shares a category with the one before it.

    Returns:
        Where they end, how many they are, and the first character that is none of them.
    """
    count, character = 0, 0
    while at < end:
        character, size = _character(codes, at, end)
        if types & characters[character, TYPES] == 0:
            break
        types = characters[character, TYPES]
        at += size
        count += 1
    return at, count, character


@_compiled
def _add_words(words, number, which, place, penalties, nodes, n):  # type: ignore[no-untyped-def]
    """Adds a node for each word that a value of the double array stands for.

    Args:
        words: of the lexicon.
        number: the value: the first word times 256, and how many they are.
        which: the lexicon.
        place: where they start and end, and whether there is a space before them.
        penalties: what a space costs, by kind.
        nodes: all nodes.
        n: how many there are; -1 if there was no room before.

    Returns:
        How many there are now, or -1 where there is no room for as many.
    """
    start, end, has_space = place
    first, count = np.int64(number) >> 8, np.int64(number) & 0xFF
    if n < 0 or n + count > len(nodes):
        return np.int64(-1)
    for word in range(first, first + count):
        cost = np.int32(words[word, COST])
        if has_space:
            cost += penalties[words[word, KIND]]
        nodes[n, TOTAL], nodes[n, NODE_LEFT] = cost, words[word, LEFT]
        nodes[n, NODE_RIGHT], nodes[n, WORD] = words[word, RIGHT], word
        nodes[n, START], nodes[n, END], nodes[n, LEXICON] = start, end, which
        n += 1
    return n


@_compiled
def _look_up(lexicon, which, codes, place, penalties, nodes, n):  # type: ignore[no-untyped-def]
    """Adds nodes for all words of a lexicon that begin at a place; see `_add_words`."""
    units, words = lexicon
    start, end, has_space = place
    base, at = np.uint32(units[0, 0]), start
    while True:
        value = units[base, 0]
        if value < 0 and np.uint32(units[base, 1]) == base:
            n = _add_words(words, np.int64(-value - 1), which, (start, at, has_space), penalties, nodes, n)
        if at == end:
            return n
        unit = base + np.uint32(codes[np.uint64(at)]) + np.uint32(1)
        if unit >= len(units) or np.uint32(units[unit, 1]) != base:
            return n
        base = np.uint32(units[unit, 0])
        at += 1


@_compiled
def _add_unknown(codes, place, first, unknown, characters, penalties, nodes, n, is_known):  # type: ignore[no-untyped-def]
    """Adds nodes for the unknown words that may begin at a place, with the character `first`."""
    if is_known and not characters[first, IS_INVOKED]:
        return n
    words, values = unknown
    start, end, has_space = place
    number, types, before = np.int64(values[characters[first, CATEGORY]]), characters[first, TYPES], n
    to = start + _character(codes, start, end)[1]
    group_end = np.int64(-1)
    if characters[first, IS_GROUP]:
        group_end, length, _ = _run(codes, to, end, types, characters)
        if length <= _LONGEST_GROUP:
            n = _add_words(words, number, UNKNOWN, (start, group_end, has_space), penalties, nodes, n)
    for _ in range(characters[first, LONGEST]):
        if to > end or to == group_end:
            break
        n = _add_words(words, number, UNKNOWN, (start, to, has_space), penalties, nodes, n)
        character, size = _character(codes, to, end)
        if types & characters[character, TYPES] == 0:
            break
        to += size
    if n == before and not is_known:
        n = _add_words(words, number, UNKNOWN, (start, to, has_space), penalties, nodes, n)
    return n


@_compiled
def _gather(nodes, node, lefts, seen, stamp):  # type: ignore[no-untyped-def]
    """Sorts what ends at a place by its cost, of those with one attribute to the right only the cheapest.

    Args:
        nodes: all nodes.
        node: the first of those that end there, in the order of MeCab's list.
        lefts: is filled with cost, attribute, place in MeCab's list and node.
        seen: the last `stamp` of each attribute.
        stamp: what no attribute has been seen at.

    Returns:
        How many rows of `lefts` are filled.
    """
    count, order = 0, 0
    while node >= 0:
        total, right = nodes[node, TOTAL], nodes[node, NODE_RIGHT]
        place = count
        if seen[right] == stamp:
            place = 0
            while lefts[place, 1] != right:
                place += 1
            is_better = total < lefts[place, 0]
        else:
            seen[right] = stamp
            is_better = True
            count += 1
        if is_better:
            while place > 0 and lefts[place - 1, 0] > total:
                for column in range(4):
                    lefts[place, column] = lefts[place - 1, column]
                place -= 1
            lefts[place, 0], lefts[place, 1], lefts[place, 2], lefts[place, 3] = total, right, order, node
        order += 1
        node = nodes[node, NEXT]
    return count


@_compiled
def _cheapest(lefts, n_lefts, matrix, left, least):  # type: ignore[no-untyped-def]
    """What the cheapest node before a word costs with its connection, and which it is.

    Of several the first in MeCab's list. `lefts` are sorted by cost, so no other can win once one costs more
    than the best by itself with the `least` of all connection costs of the word.
    """
    best, best_order, best_node = np.int32(_MAX), np.int32(_MAX), np.int32(-1)
    row = np.uint32(left)  # unsigned, so that numba need not look whether it counts from the end
    for place in range(n_lefts):
        total = lefts[place, 0]
        if total + least[row] > best:
            break
        cost = total + np.int32(matrix[row, np.uint32(lefts[place, 1])])
        if cost < best or (cost == best and lefts[place, 2] < best_order):
            best, best_order, best_node = cost, lefts[place, 2], lefts[place, 3]
    return best, best_node


@_compiled
def _connect(nodes, before, n, begin, heads, lefts, n_lefts, matrix, least, chosen, stamp):  # type: ignore[no-untyped-def]
    """Connects the nodes that begin at a place to those that end there, the last first, as MeCab does."""
    for node in range(n - 1, before - 1, -1):
        left, to = nodes[node, NODE_LEFT], nodes[node, END] - begin
        if chosen[left, 0] != stamp:
            chosen[left, 0] = stamp
            chosen[left, 1], chosen[left, 2] = _cheapest(lefts, n_lefts, matrix, left, least)
        nodes[node, TOTAL] += chosen[left, 1]
        nodes[node, BEFORE], nodes[node, NEXT] = chosen[left, 2], heads[to]
        heads[to] = node


@_compiled
def tag(codes, ends, tables, room, first_text, rows, row_ends):  # type: ignore[no-untyped-def]
    """Finds the words of texts.

    Args:
        codes: texts one after another in UTF-8, uint8, (n_bytes,); none longer than `LONGEST_TEXT`.
        ends: where each text begins in `codes`, and where the last one ends, int64, (n_texts + 1,).
        tables: of `tables.load`.
        room: of `room`, for no other thread at the same time.
        first_text: with which text to begin; those before it are done.
        rows: is filled with a row a word: where it starts and ends in `codes`, its number, and the lexicon
            that has it, int32, (n_bytes, 4).
        row_ends: is filled with where the words of each text end in `rows`, int64, (n_texts,).

    Returns:
        How many texts are done: not all of them where one needs more nodes than there is room for.
    """
    system, own, unknown, characters, (matrix, least), penalties = tables
    nodes, heads, lefts, seen, chosen = room
    space = characters[_SPACE, TYPES]
    stamp, count = np.int32(0), np.int64(row_ends[first_text - 1] if first_text else 0)
    for text in range(first_text, len(row_ends)):
        begin, end = ends[text], ends[text + 1]
        for at in range(end - begin + 1):
            heads[at] = -1
        # The beginning of the text is a node that ends at its first place.
        nodes[0, TOTAL], nodes[0, NODE_RIGHT], nodes[0, NEXT], nodes[0, BEFORE] = 0, 0, -1, -1
        heads[0], n = 0, np.int64(1)
        for at in range(begin, end):
            if heads[at - begin] < 0:
                continue
            start, _, first = _run(codes, at, end, space, characters)
            if start == end:
                continue  # nothing but spaces: the last word stands before them
            before, place = n, (start, end, start > at)
            n = _look_up(system, SYSTEM, codes, place, penalties, nodes, n)
            if len(own[1]) > 0:
                n = _look_up(own, OWN, codes, place, penalties, nodes, n)
            is_known = n > before
            n = _add_unknown(codes, place, first, unknown, characters, penalties, nodes, n, is_known)
            if n < 0:
                return text
            stamp += np.int32(1)
            n_lefts = _gather(nodes, heads[at - begin], lefts, seen, stamp)
            _connect(nodes, before, n, begin, heads, lefts, n_lefts, matrix, least, chosen, stamp)
        to = end - begin
        while heads[to] < 0:
            to -= 1
        stamp += np.int32(1)
        n_lefts = _gather(nodes, heads[to], lefts, seen, stamp)
        node = _cheapest(lefts, n_lefts, matrix, 0, least)[1]
        count = _walk_back(nodes, node, rows, count)
        row_ends[text] = count
    return len(row_ends)


@_compiled
def _walk_back(nodes, node, rows, count):  # type: ignore[no-untyped-def]
    """Writes the words of the cheapest path in their order; returns how many rows there are."""
    last, n_words = node, 0
    while node > 0:
        n_words += 1
        node = nodes[node, BEFORE]
    node, row = last, count + n_words
    while node > 0:
        row -= 1
        rows[row, 0], rows[row, 1] = nodes[node, START], nodes[node, END]
        rows[row, 2], rows[row, 3] = nodes[node, WORD], nodes[node, LEXICON]
        node = nodes[node, BEFORE]
    return count + n_words


def room(tables: tuple[Any, ...], n_nodes: int) -> tuple[np.ndarray, ...]:
    """Returns what `tag` works in: nodes, heads, lefts, seen and chosen."""
    n_lefts, n_rights = tables[4][0].shape
    shapes = [(n_nodes, 8), (LONGEST_TEXT + 1,), (n_rights, 4), (n_rights,), (n_lefts, 3)]
    return tuple(np.zeros(shape, np.int32) for shape in shapes)
