"""Finds the best analysis of one line as Komoran does, compiled: a Viterbi search over letters.

A node is a word up to a letter, with the best that can stand before it. All nodes that end at one letter
stand one after another, in Komoran's order, since of equally good ones the first counts. Contractions hide
nodes: those of their first words, which end at no letter, stand at the other end of the arrays.

    nodes       scores, float64, (n,); facts, int32, (n, 5), see `layout`; and where the nodes of each place
                begin, int64, (length + 3,)
    matrix      the score of each kind after each code, float64, see `entries.transitions`
    sizes       int64, (4,), see `layout`
    opened      hidden nodes, and the states of the words after them, int64, (4 * MOST_OPEN, 2): those that
                are open at even places stand in one half, those at odd places in the other
"""

from __future__ import annotations

import numpy as np

from etl.tagging.komoran.automaton import child, has_child
from etl.tagging.komoran.layout import (
    BEFORE,
    BEGIN,
    CODE,
    CONNECTING,
    DERIVED,
    EDGE,
    EDGE_TAG,
    END,
    ENDINGS,
    ENTRY,
    FAILS,
    FINAL,
    HIDDEN,
    LENGTH,
    MOST_OPEN,
    NODES,
    NUMBER,
    OPEN,
    ROWS,
    START_CODE,
    STATE,
    UNKNOWN,
    WORD,
)
from etl.tagging.native.kernel import kernel

UNKNOWN_SCORE = -10000.0
LEFT = -1  # instead of a node: the line is for the library


@kernel
def _best(nodes, matrix, kind, begin, end):  # type: ignore[no-untyped-def]
    """The node before which a word of the kind is best, -1 if there is none, and the score of both."""
    scores, facts, _ = nodes
    best, found = -np.inf, -1
    for node in range(begin, end):
        score = matrix[kind, facts[node, CODE]] + scores[node]
        if score > best:
            best, found = score, node
    return found, best


@kernel
def _set(nodes, node, score, code, before, entry, begin, end):  # type: ignore[no-untyped-def]
    scores, facts, _ = nodes
    scores[node], facts[node, CODE] = score, code
    facts[node, BEFORE], facts[node, ENTRY], facts[node, BEGIN], facts[node, END] = before, entry, begin, end


@kernel
def put_candidates(nodes, matrix, kinds, gains, first, last, count, end):  # type: ignore[no-untyped-def]
    """Adds the nodes of the candidates that may stand after others; returns how many nodes there are.

    Args:
        nodes, matrix: see above.
        kinds, gains: the candidates, see `candidates.expand`.
        first, last: which of them.
        count: how many nodes there are.
        end: where they end.
    """
    starts = nodes[2]
    for place in range(first, last):
        begin, kind, entry = np.int64(kinds[place, 0]), np.int64(kinds[place, 1]), np.int64(kinds[place, 3])
        found, best = _best(nodes, matrix, kind, starts[begin], starts[begin + 1])
        if found >= 0:
            _set(nodes, count, best + gains[place], np.int64(kinds[place, 2]), found, entry, begin, end)
            count += 1
    return count


@kernel
def put_end(nodes, matrix, marks, begin, at, entry, coda, count):  # type: ignore[no-untyped-def]
    """Ends at a space, or with the line, what began at another; where that cannot be, it is unknown whole.

    Args:
        nodes, matrix: see above.
        marks: see `layout`.
        begin, at: from where to where that goes.
        entry: LETTERS or CHARACTERS, for what is unknown.
        coda: whether it ends in a letter that may end a syllable.
        count: how many nodes there are.

    Returns:
        How many nodes there are, of which that of the end is the last.
    """
    starts = nodes[2]
    found, best = _best(nodes, matrix, marks[EDGE_TAG], starts[at], count)
    if found < 0:
        best, found, code = 0.0, count, 2 * marks[UNKNOWN] + coda
        _set(nodes, count, UNKNOWN_SCORE, code, starts[begin], entry, begin, at)
        count += 1
    starts[at + 1] = count
    _set(nodes, count, best, marks[START_CODE], found, np.int64(EDGE), at, at + 1)
    return count + 1


@kernel
def put_contractions(nodes, matrix, marks, contracted, opened, sizes, longest, end):  # type: ignore[no-untyped-def]
    """Adds the nodes of all contracted forms that end here.

    Args:
        nodes, matrix: see above.
        marks: see `layout`.
        contracted: the forms, see `entries.contracted`.
        opened: is filled with contractions whose last word may grow.
        sizes: is brought up to date.
        longest: the longest of the forms.
        end: where they end.
    """
    order, forms, entries, tokens, gains = contracted
    scores, facts, starts = nodes
    to = end % 2 * 2 * MOST_OPEN
    for place in range(forms[longest, ENDINGS], forms[longest + 1, ENDINGS]):
        form = order[place]
        begin = np.int64(end - forms[form, LENGTH])
        for row in range(forms[form, ROWS], forms[form + 1, ROWS]):
            kind, token, last = np.int64(entries[row, 2]), np.int64(entries[row, 0]), entries[row, 1] - 1
            found, best = _best(nodes, matrix, kind, starts[begin], starts[begin + 1])
            if found < 0:
                continue
            sizes[FAILS] |= entries[row, 3] < 0
            is_alone = token == last
            while token < last and best > -np.inf:
                sizes[HIDDEN] += 1
                node, code, entry = len(scores) - sizes[HIDDEN], tokens[token, 1], np.int64(tokens[token, 2])
                _set(nodes, node, best + gains[token], np.int64(code), found, entry, begin, begin)
                found, token = node, token + 1
                best = matrix[tokens[token, 0], facts[node, CODE]] + scores[node]
            if token < last:
                continue
            if not is_alone:
                opened[to + sizes[OPEN], 0], opened[to + sizes[OPEN], 1] = found, entries[row, 3]
                sizes[OPEN] += 1
            # An ending that connects may be a final one as well.
            for is_final in range(1 + (tokens[token, 0] == marks[CONNECTING])):
                code, entry = np.int64(tokens[token, 1]), np.int64(tokens[token, 2])
                if is_final:
                    code = 2 * marks[FINAL] + (code & 1)
                if is_final and not is_alone:
                    best = matrix[marks[FINAL], facts[found, CODE]] + scores[found]
                if best > -np.inf:
                    _set(nodes, sizes[NODES], best + gains[token], code, found, entry, begin, end)
                    sizes[NODES] += 1


@kernel
def grow(nodes, matrix, known, opened, n_open, sizes, code, end):  # type: ignore[no-untyped-def]
    """Lets the last words of open contractions grow by one letter.

    Args:
        nodes, matrix: see above.
        known: the dictionary, see `entries.dictionary`.
        opened: is filled with contractions that may go on.
        n_open: how many were open before.
        sizes: is brought up to date.
        code: the letter.
        end: the place after it.
    """
    states, keys, _, words, rows, gains = known
    scores, facts, _ = nodes
    since, to = (end - 1) % 2 * 2 * MOST_OPEN, end % 2 * 2 * MOST_OPEN
    for place in range(since, since + n_open):
        node, state = opened[place, 0], child(states, keys, opened[place, 1], code)
        if state < 0:
            continue
        if has_child(states, state):
            opened[to + sizes[OPEN], 0], opened[to + sizes[OPEN], 1] = node, state
            sizes[OPEN] += 1
        word = states[state, WORD]
        if word < 0 or words[word, STATE] != state:
            continue
        for row in range(words[word, ROWS], words[word + 1, ROWS]):
            best = matrix[rows[row, 0], facts[node, CODE]] + scores[node]
            if best > -np.inf and not rows[row, DERIVED]:
                row_code, entry = np.int64(rows[row, 1]), np.int64(words[word, NUMBER])
                _set(nodes, sizes[NODES], best + gains[row], row_code, node, entry, end - 1, end)
                sizes[NODES] += 1
