"""Finds the best analysis of one line as Komoran does, compiled: a Viterbi search over letters.

A node is a word up to a letter, with the best that can stand before it. All nodes that end at one letter stand
one after another, in Komoran's order, since of equally good ones the first counts. Contractions hide nodes:
those of their first words, which end at no letter, stand at the other end of the arrays.

Arrays are handed on one by one, to functions that call no others but the smallest: wherever else one is handed
on it is counted, which takes longer than all that is computed here.
"""

from __future__ import annotations

import numpy as np

from etl.tagging.komoran.compiled import inner
from etl.tagging.komoran.candidates import (
    CONNECTING,
    DERIVED,
    EDGE_TAG,
    ENDINGS,
    FINAL,
    LENGTH,
    NUMBER,
    ROWS,
    START_CODE,
    STATE,
    UNKNOWN,
)
from etl.tagging.komoran.compiled import inner
from etl.tagging.komoran.trie import WORD, child, has_child

# What a node is that is no word of a dictionary: letters as they stand, a start or an end, and letters that
# are put together to the characters that they come from.
LETTERS, EDGE, CHARACTERS = -1, -2, -3
# Columns of `facts`: the node before, the word, and from where to where the letters go, and
# the code of its tag, as the scores of kinds after tags have it.
BEFORE, ENTRY, BEGIN, END, CODE = range(5)
# Places in `sizes`: how many nodes there are, how many of them hidden, how many contractions are open, and
# whether the library would fail.
NODES, HIDDEN, OPEN, FAILS = range(4)
UNKNOWN_SCORE = -10000.0
LEFT = -1  # instead of a node: the line is for the library
MOST_OPEN = 512  # contractions whose last word may still grow
MARGIN = 1 << 14  # more nodes than one letter can bring


@inner
def _best(scores, facts, matrix, kind, begin, end):  # type: ignore[no-untyped-def]
    """The node before which a word of the kind is best, -1 if there is none, and the score of both."""
    best, found = -np.inf, -1
    for node in range(begin, end):
        score = matrix[kind, facts[node, CODE]] + scores[node]
        if score > best:
            best, found = score, node
    return found, best


@inner
def put_candidates(scores, facts, matrix, starts, kinds, gains, first, last, count, end):  # type: ignore[no-untyped-def]
    """Adds the nodes of the candidates that may stand after others; returns how many nodes there are.

    Args:
        scores, facts, matrix, starts: see `etl.tagging.komoran.paths.tag`.
        kinds, gains: the candidates, see `candidates.expand`.
        first, last: which of them.
        count: how many nodes there are.
        end: where they end.
    """
    for place in range(first, last):
        begin = np.int64(kinds[place, 0])
        found, best = _best(scores, facts, matrix, np.int64(kinds[place, 1]), starts[begin], starts[begin + 1])
        if found >= 0:
            scores[count], facts[count, CODE] = best + gains[place], kinds[place, 2]
            facts[count, BEFORE], facts[count, ENTRY] = found, kinds[place, 3]
            facts[count, BEGIN], facts[count, END] = begin, end
            count += 1
    return count


@inner
def put_end(scores, facts, matrix, starts, marks, begin, at, entry, coda, count):  # type: ignore[no-untyped-def]
    """Ends at a space, or with the line, what began at another; where that cannot be, it is unknown as a whole.

    Args:
        scores, facts, matrix, starts, marks: see `etl.tagging.komoran.paths.tag`.
        begin, at: what is ended.
        entry: LETTERS or CHARACTERS, for what is unknown.
        coda: whether it ends in a letter that may end a syllable.
        count: how many nodes there are.

    Returns:
        How many nodes there are, of which that of the end is the last.
    """
    found, best = _best(scores, facts, matrix, marks[EDGE_TAG], starts[at], count)
    if found < 0:
        scores[count], facts[count, CODE] = UNKNOWN_SCORE, 2 * marks[UNKNOWN] + coda
        facts[count, BEFORE], facts[count, ENTRY] = starts[begin], entry
        facts[count, BEGIN], facts[count, END] = begin, at
        best, found, count = 0.0, count, count + 1
    starts[at + 1] = count
    scores[count], facts[count, CODE] = best, marks[START_CODE]
    facts[count, BEFORE], facts[count, ENTRY] = found, EDGE
    facts[count, BEGIN], facts[count, END] = at, at + 1
    return count + 1


@inner
def put_contractions(
    scores, facts, matrix, starts, forms, order, entries, tokens, gains, opened, sizes, marks, longest, end
):  # type: ignore[no-untyped-def]
    """Adds the nodes of all contracted forms that end here.

    Args:
        scores, facts, matrix, starts: see `etl.tagging.komoran.paths.tag`.
        forms, order, entries, tokens, gains: see `entries.contracted`.
        opened: is filled with contractions whose last word may grow.
        sizes: is brought up to date.
        marks: see `candidates`.
        longest: the longest of the forms.
        end: where they end.
    """
    to = end % 2 * 2 * MOST_OPEN
    for place in range(forms[longest, ENDINGS], forms[longest + 1, ENDINGS]):
        form = order[place]
        begin = np.int64(end - forms[form, LENGTH])
        for row in range(forms[form, ROWS], forms[form + 1, ROWS]):
            found, best = _best(scores, facts, matrix, np.int64(entries[row, 2]), starts[begin], starts[begin + 1])
            if found < 0:
                continue
            token, last, state = entries[row, 0], entries[row, 1] - 1, entries[row, 3]
            sizes[FAILS] |= state < 0
            is_alone = token == last
            while token < last and best > -np.inf:
                sizes[HIDDEN] += 1
                node = len(scores) - sizes[HIDDEN]
                scores[node], facts[node, CODE] = best + gains[token], tokens[token, 1]
                facts[node, BEFORE], facts[node, ENTRY] = found, tokens[token, 2]
                facts[node, BEGIN], facts[node, END] = begin, begin
                found, token = node, token + 1
                best = matrix[tokens[token, 0], facts[node, CODE]] + scores[node]
            if token < last:
                continue
            if not is_alone:
                opened[to + sizes[OPEN], 0], opened[to + sizes[OPEN], 1] = found, state
                sizes[OPEN] += 1
            # An ending that connects may be a final one as well.
            for is_final in range(1 + (tokens[token, 0] == marks[CONNECTING])):
                code = tokens[token, 1]
                if is_final:
                    code = 2 * marks[FINAL] + (code & 1)
                    if not is_alone:
                        best = matrix[marks[FINAL], facts[found, CODE]] + scores[found]
                if best > -np.inf:
                    scores[sizes[NODES]], facts[sizes[NODES], CODE] = best + gains[token], code
                    facts[sizes[NODES], BEFORE], facts[sizes[NODES], ENTRY] = found, tokens[token, 2]
                    facts[sizes[NODES], BEGIN], facts[sizes[NODES], END] = begin, end
                    sizes[NODES] += 1


@inner
def grow(
    scores, facts, matrix, states, keys, words, rows, gains, opened, n_open, sizes, code, end
):  # type: ignore[no-untyped-def]
    """Lets the last words of open contractions grow by one letter.

    Args:
        scores, facts, matrix: see `etl.tagging.komoran.paths.tag`.
        states, keys, words, rows, gains: see `entries.dictionary`.
        opened: hidden nodes, and the states of the words after them; is filled with those that may go on.
        n_open: how many are open.
        sizes: is brought up to date.
        code: the letter.
        end: the place after it.
    """
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
                scores[sizes[NODES]], facts[sizes[NODES], CODE] = best + gains[row], rows[row, 1]
                facts[sizes[NODES], BEFORE], facts[sizes[NODES], ENTRY] = node, words[word, NUMBER]
                facts[sizes[NODES], BEGIN], facts[sizes[NODES], END] = end - 1, end
                sizes[NODES] += 1
