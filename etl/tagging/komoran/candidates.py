"""What may stand where in a line, whatever comes before: words of dictionaries, symbols, runs; compiled."""

from __future__ import annotations

import numpy as np

from etl.tagging.komoran.layout import (
    CANDIDATES_MARGIN,
    ENDINGS,
    LENGTH,
    NUMBER,
    ROWS,
    RUN,
    RUNS,
    SYMBOL,
    SYMBOL_TAG,
)
from etl.tagging.native.kernel import kernel

RUN_SCORE, SYMBOL_SCORE = -1.0, -10000.0
IN_LETTERS = -1  # instead of a word's number: letters as they stand


@kernel
def _add(kinds, gains, dictionary, longest, end, count):  # type: ignore[no-untyped-def]
    """Adds all words that end at a place, given the longest; returns how many candidates there are."""
    order, words, rows, row_gains = dictionary
    for place in range(words[longest, ENDINGS], words[longest + 1, ENDINGS]):
        word = order[place]
        begin = end - words[word, LENGTH]
        for row in range(words[word, ROWS], words[word + 1, ROWS]):
            kinds[count, 0], kinds[count, 1], kinds[count, 2] = begin, rows[row, 0], rows[row, 1]
            kinds[count, 3], gains[count] = words[word, NUMBER], row_gains[row]
            count += 1
    return count


@kernel
def expand(letters, first, length, found, own, known, marks, classes, candidates):  # type: ignore[no-untyped-def]
    """Lists what may end after each letter of a line, in the order in which Komoran tries it.

    Args:
        letters: of all lines, uint16.
        first, length: where those of this one begin, and how many there are.
        found: the longest word of the user's, and of the dictionary, that ends after each letter of all
            lines, or -1, int32.
        own, known: the words of both, see `entries.WORDS`.
        marks, classes: see `layout`.
        candidates: is filled with where those of each place end, and how many of them come after
            contractions, both int64, (length + 1,); with where each begins, its kind, code and number, int32,
            (n_candidates, 4); and with what it adds to the score, float64, (n_candidates,).

    Returns:
        Whether there was room.
    """
    (own_found, known_found), (ends, n_last, kinds, gains) = found, candidates
    count = run = run_begin = ends[0] = np.int64(0)
    for at in range(length):
        kind, end = classes[letters[first + at]], at + 1
        if kind & RUN != run:
            run, run_begin = kind & RUN, np.int64(at)
        if kind & SYMBOL:
            kinds[count, 0], kinds[count, 1], kinds[count, 2] = at, marks[SYMBOL_TAG], 2 * marks[SYMBOL_TAG]
            kinds[count, 3], gains[count] = IN_LETTERS, SYMBOL_SCORE
            count += 1
        if own_found[first + at] >= 0:
            count = _add(kinds, gains, own, own_found[first + at], end, count)
        if known_found[first + at] >= 0:
            count = _add(kinds, gains, known, known_found[first + at], end, count)
        n_last[end] = run != 0 and (end == length or classes[letters[first + end]] & RUN != run)
        if n_last[end]:
            tag = marks[RUNS + run - 1]
            kinds[count, 0], kinds[count, 1], kinds[count, 2] = run_begin, tag, 2 * tag
            kinds[count, 3], gains[count] = IN_LETTERS, RUN_SCORE
            count += 1
        ends[end] = count
        if count + CANDIDATES_MARGIN > len(gains):
            return False
    return True
