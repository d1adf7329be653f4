"""Goes through all lines letter by letter, and gathers the words of the best path through each; compiled."""

from __future__ import annotations

import numpy as np

from etl.tagging.komoran.candidates import expand
from etl.tagging.komoran.lattice import LEFT, grow, put_candidates, put_contractions, put_end
from etl.tagging.komoran.layout import (
    AFTER,
    BEFORE,
    BEGIN,
    BLANK,
    CHARACTERS,
    CODE,
    EDGE,
    EMOJI,
    END,
    ENTRY,
    FAILS,
    FIRST,
    HIDDEN,
    LETTERS,
    MOST_OPEN,
    NODES,
    NODES_MARGIN,
    OPEN,
    START_CODE,
    TEXT,
)
from etl.tagging.komoran.letters import SPACE, has_coda
from etl.tagging.native.kernel import kernel


@kernel
def _search(letters, first, length, form_found, tables, working):  # type: ignore[no-untyped-def]
    """Finds the best path through a line; arguments as of `tag`.

    Returns:
        Its last node, whose BEFORE leads back to node 0, or LEFT if the library has to.
    """
    _, known, contracted, (matrix, marks, _, _) = tables
    nodes, (ends, n_last, kinds, gains), opened, sizes = working
    scores, facts, starts = nodes
    scores[0], facts[0, ENTRY], facts[0, CODE], word_begin = 0.0, EDGE, marks[START_CODE], np.int64(0)
    starts[0], sizes[NODES], sizes[HIDDEN], sizes[OPEN], sizes[FAILS] = 0, 1, 0, 0, 0
    for at in range(length):
        end, code, count = at + 1, letters[first + at], sizes[NODES]
        starts[end] = count
        if code == SPACE:
            coda, entry = has_coda(letters[first + at - 1]), np.int64(LETTERS)
            count = put_end(nodes, matrix, marks, word_begin, at, entry, coda, count)
            word_begin = np.int64(end)
        last = ends[end] - n_last[end]
        count = put_candidates(nodes, matrix, kinds, gains, ends[at], last, count, end)
        n_open, form, sizes[NODES], sizes[OPEN] = sizes[OPEN], form_found[first + at], count, 0
        if form >= 0:
            put_contractions(nodes, matrix, marks, contracted, opened, sizes, form, end)
        if n_open > 0:
            grow(nodes, matrix, known, opened, n_open, sizes, code, end)
        if n_last[end] > 0:
            sizes[NODES] = put_candidates(nodes, matrix, kinds, gains, last, ends[end], sizes[NODES], end)
        is_full = sizes[NODES] + sizes[HIDDEN] + NODES_MARGIN > len(scores) or sizes[OPEN] > MOST_OPEN
        if is_full or sizes[FAILS] != 0:
            return LEFT
    starts[length + 1] = sizes[NODES]
    count, coda, entry = sizes[NODES], has_coda(letters[first + length - 1]), np.int64(CHARACTERS)
    return put_end(nodes, matrix, marks, word_begin, length, entry, coda, count) - 1


@kernel
def tag(letters, parts, n_parts, found, tables, working, emoji, tokens, token_ends, is_left):  # type: ignore[no-untyped-def]
    """Tags what `sentences.split` has taken apart.

    Args:
        letters, parts, n_parts: see `sentences.split`. A line begins and ends with no space, and has no
            two in a row.
        found: the longest words of the user's and of the dictionary, and the longest contracted forms, see
            `sentences.walk`.
        tables: see `etl.tagging.komoran.tables.Tables`.
        working: see `room`.
        emoji: the number of the tag of emoji.
        tokens: is filled with a row a token, int32, (n_tokens, 4): its entry, its tag, and its letters or its
            part.
        token_ends: is filled with where the tokens end of each text that has parts, int64, (n_texts,).
        is_left: is brought up to date.

    Returns:
        How many tokens there are.
    """
    own, known, _, (_, marks, classes, is_blank) = tables
    (_, facts, _), candidates, _, _ = working
    own_found, known_found, form_found = found
    count, begin_of_text, text = np.int64(0), np.int64(0), np.int64(-1)
    for part in range(n_parts):
        first, length = parts[part, FIRST], parts[part, AFTER] - parts[part, FIRST]
        if parts[part, TEXT] != text:
            text, begin_of_text = parts[part, TEXT], count
        if length > 0 and not is_left[text]:
            last, longest = np.int64(LEFT), (own_found, known_found)
            if expand(letters, first, length, longest, own, known[2:], marks, classes, candidates):
                last = _search(letters, first, length, form_found, tables, working)
            is_left[text] = last == LEFT
            count = _add_path(last, facts, letters, first, part, classes, is_blank, tokens, count)
        if is_left[text]:
            count = begin_of_text
        elif length == 0:
            tokens[count, 0], tokens[count, 1], tokens[count, 2] = EMOJI, emoji, part
            count += 1
        token_ends[text] = count
    return count


@kernel
def _add_path(node, facts, letters, first, part, classes, is_blank, tokens, count):  # type: ignore[no-untyped-def]
    """Adds the words of a path, which is known from its end; returns how many tokens there are."""
    last = count
    while node > 0:
        entry = facts[node, ENTRY]
        begin, end = first + facts[node, BEGIN], first + facts[node, END]
        is_token = entry >= 0 and not is_blank[entry]
        if entry == LETTERS or entry == CHARACTERS:
            for at in range(begin, end):
                is_token |= classes[letters[at]] & BLANK == 0
        if is_token:
            tokens[last, 0], tokens[last, 1] = entry, facts[node, CODE] >> 1
            tokens[last, 2], tokens[last, 3] = part if entry == CHARACTERS else begin, end
            last += 1
        node = np.int64(facts[node, BEFORE])
    for place in range((last - count) // 2):
        for column in range(4):
            other = tokens[last - 1 - place, column]
            tokens[last - 1 - place, column] = tokens[count + place, column]
            tokens[count + place, column] = other
    return last
