"""Finds the best analysis of one line as Komoran does, compiled: a Viterbi search over letters.

A node is a word up to a letter, with the best that can stand before it. All nodes that end at one letter stand
one after another, in Komoran's order, since of equally good ones the first counts. Contractions hide nodes:
those of their first words, which end at no letter, stand at the other end of the arrays.

Arrays are handed on one by one: each time that an array comes out of a tuple it is counted, which takes longer
than all that is computed here.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from etl.tagging.komoran.letters import SPACE
from etl.tagging.komoran.trie import WORD, child, has_child, step

# What `classes` says of a character: two bits for the kind of run it may be in, and a bit each.
RUN, SYMBOL, BLANK, UNREADABLE = 3, 4, 8, 16
# What a node is that is no word of a dictionary: letters as they stand, a start or an end, and letters that
# are put together to the characters that they come from.
LETTERS, EDGE, CHARACTERS = -1, -2, -3
# Columns of `facts`: the node before, the word, and from where to where the letters go.
BEFORE, ENTRY, BEGIN, END = range(4)
# Columns of the words of a dictionary: length, last letter, state, the number outside it, and where their rows
# and those of all words that they end in begin. The last row ends these.
LENGTH, LAST, STATE, NUMBER, ROWS, ENDINGS = range(6)
# Places in `marks`: the tags of connecting and of final endings; of a start as a code, of an end, of what is
# unknown and of a symbol; and after them the tag of each kind of run.
CONNECTING, FINAL, START_CODE, EDGE_TAG, UNKNOWN, SYMBOL_TAG, RUNS = range(7)
RUN_SCORE, SYMBOL_SCORE, UNKNOWN_SCORE = -1.0, -10000.0, -10000.0
LEFT = -1  # instead of a number of nodes: the line is for the library
MOST_OPEN = 512  # contractions whose last word may still grow
MARGIN = 1 << 14  # more nodes than one letter can bring


@njit(cache=True, nogil=True)
def _best(scores, codes, transitions, kind, begin, end):  # type: ignore[no-untyped-def]
    """The node before which a word of the kind is best, -1 if there is none, and the score of both."""
    best, found = -np.inf, -1
    for node in range(begin, end):
        score = transitions[kind, codes[node]] + scores[node]
        if score > best:
            best, found = score, node
    return found, best


@njit(cache=True, nogil=True)
def _set(scores, codes, facts, node, score, code, before, entry, begin, end):  # type: ignore[no-untyped-def]
    scores[node], codes[node] = score, code
    facts[node, BEFORE], facts[node, ENTRY], facts[node, BEGIN], facts[node, END] = before, entry, begin, end


@njit(cache=True, nogil=True)
def _put(scores, codes, facts, transitions, starts, count, tag, score, begin, end):  # type: ignore[no-untyped-def]
    """Adds a node of letters as they stand where there is one that it may stand after; returns how many there are."""
    found, best = _best(scores, codes, transitions, tag, starts[begin], starts[begin + 1])
    if found >= 0:
        _set(scores, codes, facts, count, best + score, 2 * tag, found, LETTERS, begin, end)
        count += 1
    return count


@njit(cache=True, nogil=True)
def _put_word(
    scores, codes, facts, transitions, words, kinds, row_scores, marks, count, word, first, last, end, is_regular
):  # type: ignore[no-untyped-def]
    """Adds the nodes of a word, one a tag; an ending that connects may be a final one if the word is regular."""
    for row in range(words[word, ROWS], words[word + 1, ROWS]):
        kind, code = kinds[row, 0], kinds[row, 1]
        number, begin = words[word, NUMBER], end - words[word, LENGTH]
        found, best = _best(scores, codes, transitions, kind, first, last)
        if found >= 0:
            _set(scores, codes, facts, count, best + row_scores[row], code, found, number, begin, end)
            count += 1
        if is_regular and kind == marks[CONNECTING]:
            found, best = _best(scores, codes, transitions, marks[FINAL], first, last)
            if found >= 0:
                code = 2 * marks[FINAL] + (code & 1)
                _set(scores, codes, facts, count, best + row_scores[row], code, found, number, begin, end)
                count += 1
    return count


@njit(cache=True, nogil=True)
def _put_words(
    scores, codes, facts, transitions, words, order, kinds, row_scores, marks, starts, count, longest, end, is_regular
):  # type: ignore[no-untyped-def]
    """Adds the nodes of all words of a dictionary that end here, of which one is the longest."""
    for place in range(words[longest, ENDINGS], words[longest + 1, ENDINGS]):
        word = order[place]
        begin = end - words[word, LENGTH]
        first, last = starts[begin], starts[begin + 1]
        if first < last:
            count = _put_word(
                scores, codes, facts, transitions, words, kinds, row_scores, marks, count, word, first, last, end, is_regular
            )
    return count


@njit(cache=True, nogil=True)
def _put_contraction(
    scores, codes, facts, transitions, tokens, token_scores, marks, opened, sizes, entry, first, last, begin, end
):  # type: ignore[no-untyped-def]
    """Adds the nodes of what a contracted form stands for.

    Args:
        scores, codes, facts, transitions, marks: see `analyse`.
        tokens: kind, code and number of each word, int32, (n_tokens, 3).
        token_scores: float64, (n_tokens,).
        opened: is filled with contractions whose last word may grow.
        sizes: how many nodes there are, how many are hidden, and how many contractions are open.
        entry: the first word, that after the last, the tag that must fit to what stands before, and the last
            word's state, or -1.
        first, last: the nodes before it.
        begin, end: where it does.

    Returns:
        The sizes; LEFT nodes where the library fails.
    """
    count, hidden, n_opened = sizes
    token, after, kind, state = entry
    found, best = _best(scores, codes, transitions, kind, first, last)
    if found < 0:
        return count, hidden, n_opened
    if state < 0:
        return LEFT, hidden, n_opened
    is_alone = token + 1 == after
    while token + 1 < after:
        hidden += 1
        node = len(scores) - hidden
        best += token_scores[token]
        _set(scores, codes, facts, node, best, tokens[token, 1], found, tokens[token, 2], begin, begin)
        found, token = node, token + 1
        best = transitions[tokens[token, 0], codes[found]] + scores[found]
        if best == -np.inf and token + 1 < after:
            return count, hidden, n_opened
    if not is_alone:
        opened[n_opened, 0], opened[n_opened, 1] = found, state
        n_opened += 1
    kind, code, score = tokens[token, 0], tokens[token, 1], token_scores[token]
    if best > -np.inf:
        _set(scores, codes, facts, count, best + score, code, found, tokens[token, 2], begin, end)
        count += 1
    if kind == marks[CONNECTING]:
        code = 2 * marks[FINAL] + (code & 1)
        if not is_alone:
            best = transitions[marks[FINAL], codes[found]] + scores[found]
        if best > -np.inf:
            _set(scores, codes, facts, count, best + score, code, found, tokens[token, 2], begin, end)
            count += 1
    return count, hidden, n_opened


@njit(cache=True, nogil=True)
def _put_contractions(
    scores, codes, facts, transitions, forms, order, entries, tokens, token_scores, marks, starts, opened, sizes, longest, end
):  # type: ignore[no-untyped-def]
    """Adds the nodes of all contracted forms that end here, of which one is the longest."""
    for place in range(forms[longest, ENDINGS], forms[longest + 1, ENDINGS]):
        form = order[place]
        begin = end - forms[form, LENGTH]
        first, last = starts[begin], starts[begin + 1]
        if first == last:
            continue
        for row in range(forms[form, ROWS], forms[form + 1, ROWS]):
            entry = (entries[row, 0], entries[row, 1], entries[row, 2], entries[row, 3])
            sizes = _put_contraction(
                scores, codes, facts, transitions, tokens, token_scores, marks, opened, sizes, entry, first, last, begin, end
            )
            if sizes[0] == LEFT:
                return sizes
    return sizes


@njit(cache=True, nogil=True)
def _grow(
    scores, codes, facts, transitions, states, keys, words, kinds, row_scores, marks, growing, n_growing, grown, n_grown, count, code, end
):  # type: ignore[no-untyped-def]
    """Lets the last words of open contractions grow by one letter.

    Args:
        scores, codes, facts, transitions, states, keys, words, kinds, row_scores, marks: see `analyse`.
        growing: the hidden node before each word and its state, int32, (2 * MOST_OPEN, 2).
        n_growing: how many there are.
        grown: is filled with those that may go on.
        n_grown: how many are in it.
        count: how many nodes there are.
        code: the letter.
        end: the place after it.

    Returns:
        How many nodes there are, and how many contractions are open.
    """
    for place in range(n_growing):
        node, state = growing[place, 0], child(states, keys, np.int64(growing[place, 1]), code)
        if state < 0:
            continue
        if has_child(states, state):
            grown[n_grown, 0], grown[n_grown, 1] = node, state
            n_grown += 1
        word = states[state, WORD]
        if word >= 0 and words[word, STATE] == state:
            count = _put_word(
                scores, codes, facts, transitions, words, kinds, row_scores, marks, count, word, node, node + 1, end, False
            )
    return count, n_grown


@njit(cache=True, nogil=True)
def _put_space(scores, codes, facts, transitions, marks, starts, count, word_begin, at, line):  # type: ignore[no-untyped-def]
    """Ends a word at a space; where that cannot be, the word is unknown. Returns how many nodes there are."""
    found, best = _best(scores, codes, transitions, marks[EDGE_TAG], starts[at], count)
    if found < 0:
        code, before = 2 * marks[UNKNOWN] + has_coda(line[at - 1]), starts[word_begin]
        _set(scores, codes, facts, count, UNKNOWN_SCORE, code, before, LETTERS, word_begin, at)
        best, found, count = 0.0, count, count + 1
    starts[at + 1] = count
    _set(scores, codes, facts, count, best, marks[START_CODE], found, EDGE, at, at + 1)
    return count + 1


@njit(cache=True, nogil=True)
def analyse(line, length, tables, nodes, starts, open_pair):  # type: ignore[no-untyped-def]
    """Finds the best path through one line.

    Args:
        line: its letters, uint16; it begins and ends with no space, and has no two in a row.
        length: how many there are.
        tables: see `etl.tagging.komoran.tables.Tables.arrays`.
        nodes: room for nodes: scores, float64, codes of tags as in `transitions`, int32, both (n_nodes,), and
            facts, int32, (n_nodes, 4).
        starts: room for where the nodes of each place begin, int32, (length + 3,).
        open_pair: room for open contractions, twice int32, (2 * MOST_OPEN, 2).

    Returns:
        The last node, whose BEFORE leads back to node 0; or LEFT.
    """
    known, own, contracted, transitions, marks, classes, _ = tables
    states, keys, root, order, words, kinds, row_scores = known
    own_states, own_keys, own_root, own_order, own_words, own_kinds, own_scores = own
    form_states, form_keys, form_root, form_order, forms, entries, tokens, token_scores = contracted
    scores, codes, facts = nodes
    growing, grown = open_pair
    _set(scores, codes, facts, 0, 0.0, marks[START_CODE], -1, EDGE, -1, 0)
    starts[0], starts[1], count, hidden, has_own = 0, 1, 1, 0, len(own_keys) > 1
    state = own_state = form_state = n_open = run = run_begin = word_begin = 0
    for at in range(length):
        if count + hidden + MARGIN > len(scores) or n_open > MOST_OPEN:
            return LEFT
        code, end = line[at], at + 1
        kind = classes[code]
        if kind & RUN != run:
            if run != 0:
                tag = marks[RUNS + run - 1]
                count = _put(scores, codes, facts, transitions, starts, count, tag, RUN_SCORE, run_begin, at)
            run, run_begin = kind & RUN, at
        starts[end] = count
        if code == SPACE:
            count = _put_space(scores, codes, facts, transitions, marks, starts, count, word_begin, at, line)
            word_begin = end
        if kind & SYMBOL:
            tag = marks[SYMBOL_TAG]
            count = _put(scores, codes, facts, transitions, starts, count, tag, SYMBOL_SCORE, at, end)
        if has_own:
            own_state = step(own_states, own_keys, own_root, own_state, code)
            longest = own_states[own_state, WORD]
            if longest >= 0:
                count = _put_words(
                    scores, codes, facts, transitions, own_words, own_order, own_kinds, own_scores, marks, starts, count, longest, end, False
                )
        state = step(states, keys, root, state, code)
        longest = states[state, WORD]
        if longest >= 0:
            count = _put_words(
                scores, codes, facts, transitions, words, order, kinds, row_scores, marks, starts, count, longest, end, True
            )
        form_state = step(form_states, form_keys, form_root, form_state, code)
        longest, n_grown = form_states[form_state, WORD], 0
        if longest >= 0:
            count, hidden, n_grown = _put_contractions(
                scores, codes, facts, transitions, forms, form_order, entries, tokens, token_scores, marks, starts, grown,
                (count, hidden, 0), longest, end,
            )
            if count == LEFT:
                return LEFT
        count, n_open = _grow(
            scores, codes, facts, transitions, states, keys, words, kinds, row_scores, marks,
            growing, n_open, grown, n_grown, count, code, end,
        )
        growing, grown = grown, growing
    if run != 0:
        tag = marks[RUNS + run - 1]
        count = _put(scores, codes, facts, transitions, starts, count, tag, RUN_SCORE, run_begin, length)
    found, _ = _best(scores, codes, transitions, marks[EDGE_TAG], starts[length], count)
    if found < 0:
        # What is unknown to the end of the line, unless even that may not stand before an end.
        is_whole = transitions[marks[EDGE_TAG], 2 * marks[UNKNOWN]] == -np.inf
        begin = 0 if is_whole else word_begin
        code, before = 2 * marks[UNKNOWN], starts[begin]
        _set(scores, codes, facts, count, UNKNOWN_SCORE, code, before, CHARACTERS, begin, length)
        found = count
    return found


@njit(cache=True, nogil=True)
def has_coda(code):  # type: ignore[no-untyped-def]
    """Whether the letter may end a syllable, Lattice.hasJongsung."""
    return 0x3131 <= code <= 0x314E and code != 0x3138 and code != 0x3143 and code != 0x3149
