"""Finds the best analysis of one line as Komoran does, compiled: a Viterbi search over letters.

A node is a word up to a letter, with the best that can stand before it. All nodes that end at one letter stand
one after another, in Komoran's order, since of equally good ones the first counts. Contractions hide nodes:
those of their first words, which end at no letter, stand at the other end of the arrays.
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
def _set(nodes, node, score, code, fact):  # type: ignore[no-untyped-def]
    scores, codes, facts = nodes
    scores[node], codes[node] = score, code
    facts[node, BEFORE], facts[node, ENTRY], facts[node, BEGIN], facts[node, END] = fact


@njit(cache=True, nogil=True)
def _put(nodes, count, transitions, kind, code, score, before, span):  # type: ignore[no-untyped-def]
    """Adds a node where there is one that it may stand after; returns how many there are then."""
    entry, letter, end = span
    found, best = _best(nodes[0], nodes[1], transitions, kind, before[0], before[1])
    if found >= 0:
        _set(nodes, count, best + score, code, (found, entry, letter, end))
        count += 1
    return count


@njit(cache=True, nogil=True)
def _put_word(nodes, count, rules, dictionary, word, before, end, is_ending_too):  # type: ignore[no-untyped-def]
    """Adds the nodes of a word, one a tag; an ending that connects may be a final one if that is asked for."""
    transitions, (connecting, final) = rules[0], rules[1]
    words, rows, kinds, scores = dictionary
    for row in range(rows[word], rows[word + 1]):
        kind, code, entry = kinds[row, 0], kinds[row, 1], words[word, 3]
        span = (entry, end - words[word, 0], end)
        count = _put(nodes, count, transitions, kind, code, scores[row], before, span)
        if kind == connecting and is_ending_too:
            code = 2 * final + (code & 1)
            count = _put(nodes, count, transitions, final, code, scores[row], before, span)
    return count


@njit(cache=True, nogil=True)
def _put_all(nodes, count, rules, automaton, dictionary, state, starts, end, is_ending_too):  # type: ignore[no-untyped-def]
    """Adds the nodes of all words of a dictionary that end here."""
    states, order, order_starts = automaton[0], automaton[3], automaton[4]
    longest = states[state, WORD]
    if longest < 0:
        return count
    words = dictionary[0]
    for place in range(order_starts[longest], order_starts[longest + 1]):
        word = order[place]
        begin = end - words[word, 0]
        before = (starts[begin], starts[begin + 1])
        if before[0] < before[1]:
            count = _put_word(nodes, count, rules, dictionary, word, before, end, is_ending_too)
    return count


@njit(cache=True, nogil=True)
def _put_contracted(nodes, sizes, rules, contraction, before, span, opened):  # type: ignore[no-untyped-def]
    """Adds the nodes of what a contracted form stands for.

    Args:
        nodes, rules: see `analyse`.
        sizes: how many nodes there are, how many of them hidden, and how many contractions are open.
        contraction: kind, code, score and word of each word, the tag that must fit to what stands before, and
            the last word's state in the dictionary.
        before: the nodes before it.
        span: where it begins and ends.
        opened: is filled with contractions whose last word may grow.

    Returns:
        The sizes; LEFT nodes where the library fails.
    """
    count, hidden, n_opened = sizes
    transitions, (connecting, final) = rules[0], rules[1]
    tokens, scores, first, state = contraction
    found, best = _best(nodes[0], nodes[1], transitions, first, before[0], before[1])
    if found < 0:
        return sizes
    if state < 0:
        return LEFT, hidden, n_opened
    last, begin = len(tokens) - 1, span[0]
    for token in range(last):
        if token > 0:
            best = transitions[tokens[token, 0], nodes[1][found]] + nodes[0][found]
            if best == -np.inf:
                return count, hidden, n_opened
        hidden += 1
        node = len(nodes[0]) - hidden
        _set(nodes, node, best + scores[token], tokens[token, 1], (found, tokens[token, 2], begin, begin))
        found = node
    fact, code = (found, tokens[last, 2], begin, span[1]), tokens[last, 1]
    if last > 0:
        opened[n_opened, 0], opened[n_opened, 1] = found, state
        n_opened += 1
        best = transitions[tokens[last, 0], nodes[1][found]] + nodes[0][found]
    if best > -np.inf:
        _set(nodes, count, best + scores[last], code, fact)
        count += 1
    if tokens[last, 0] == connecting:
        if last > 0:
            best = transitions[final, nodes[1][found]] + nodes[0][found]
        if best > -np.inf:
            _set(nodes, count, best + scores[last], 2 * final + (code & 1), fact)
            count += 1
    return count, hidden, n_opened


@njit(cache=True, nogil=True)
def _put_all_contracted(nodes, sizes, rules, automaton, contractions, state, starts, end, opened):  # type: ignore[no-untyped-def]
    """Adds the nodes of all contracted forms that end here; arguments as of `_put_contracted`."""
    longest = automaton[0][state, WORD]
    if longest < 0:
        return sizes
    order, order_starts = automaton[3], automaton[4]
    forms, entries, facts, tokens, scores = contractions
    for place in range(order_starts[longest], order_starts[longest + 1]):
        form = order[place]
        begin = end - forms[form, 0]
        before = (starts[begin], starts[begin + 1])
        if before[0] == before[1]:
            continue
        for entry in range(entries[form], entries[form + 1]):
            first, last, kind, last_state = facts[entry]
            contraction = (tokens[first:last], scores[first:last], kind, last_state)
            sizes = _put_contracted(nodes, sizes, rules, contraction, before, (begin, end), opened)
            if sizes[0] == LEFT:
                return sizes
    return sizes


@njit(cache=True, nogil=True)
def _grow(nodes, count, rules, automaton, dictionary, code, end, open_before, opened):  # type: ignore[no-untyped-def]
    """Lets the last words of open contractions grow by one letter.

    Args:
        nodes, rules, automaton, dictionary: see `analyse`.
        count: how many nodes there are.
        code: the letter.
        end: the place after it.
        open_before: the contractions that are open before it, and how many.
        opened: is filled with those that still are after it, and how many are in it.

    Returns:
        How many nodes there are, and how many contractions are open.
    """
    (growing, n_growing), (grown, n_opened) = open_before, opened
    states, keys = automaton[0], automaton[1]
    words = dictionary[0]
    for place in range(n_growing):
        node = growing[place, 0]
        state = child(states, keys, growing[place, 1], code)
        if state < 0:
            continue
        if has_child(states, state):
            grown[n_opened, 0], grown[n_opened, 1] = node, state
            n_opened += 1
        word = states[state, WORD]
        if word >= 0 and words[word, 2] == state:
            count = _put_word(nodes, count, rules, dictionary, word, (node, node + 1), end, False)
    return count, n_opened


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
    dictionary, own, contracted, rules, classes = tables
    transitions, _, (edge, ending, unknown, symbol), run_kinds = rules
    scores, codes, facts = nodes
    _set(nodes, 0, 0.0, edge, (-1, EDGE, -1, 0))
    starts[0], starts[1], count, hidden = 0, 1, 1, 0
    state = own_state = contracted_state = n_open = run = run_begin = word_begin = 0
    growing, grown = open_pair
    for at in range(length):
        if count + hidden + MARGIN > len(scores) or n_open > MOST_OPEN:
            return LEFT
        code, end = line[at], at + 1
        kind = classes[code] & RUN
        if kind != run:
            if run != 0:
                before, span = (starts[run_begin], starts[run_begin + 1]), (LETTERS, run_begin, at)
                run_kind = run_kinds[run]
                count = _put(nodes, count, transitions, run_kind, 2 * run_kind, RUN_SCORE, before, span)
            run, run_begin = kind, at
        starts[end] = count
        if code == SPACE:
            found, best = _best(scores, codes, transitions, ending, starts[at], count)
            if found < 0:
                best, found = 0.0, count
                unknown_code = 2 * unknown + has_coda(line[at - 1])
                fact = (starts[word_begin], LETTERS, word_begin, at)
                _set(nodes, count, UNKNOWN_SCORE, unknown_code, fact)
                count += 1
                starts[end] = count
            _set(nodes, count, best, edge, (found, EDGE, at, end))
            count += 1
            word_begin = end
        if classes[code] & SYMBOL:
            before, span = (starts[at], starts[end]), (LETTERS, at, end)
            count = _put(nodes, count, transitions, symbol, 2 * symbol, SYMBOL_SCORE, before, span)
        if len(own[0][1]) > 1:
            own_state = step(own[0], own_state, code)
            count = _put_all(nodes, count, rules, own[0], own[1], own_state, starts, end, False)
        state = step(dictionary[0], state, code)
        count = _put_all(nodes, count, rules, dictionary[0], dictionary[1], state, starts, end, True)
        contracted_state = step(contracted[0], contracted_state, code)
        sizes = (count, hidden, 0)
        count, hidden, n_opened = _put_all_contracted(
            nodes, sizes, rules, contracted[0], contracted[1], contracted_state, starts, end, grown
        )
        if count == LEFT:
            return LEFT
        count, n_open = _grow(
            nodes, count, rules, dictionary[0], dictionary[1], code, end, (growing, n_open), (grown, n_opened)
        )
        growing, grown = grown, growing
    if run != 0:
        before, span = (starts[run_begin], starts[run_begin + 1]), (LETTERS, run_begin, length)
        count = _put(nodes, count, transitions, run_kinds[run], 2 * run_kinds[run], RUN_SCORE, before, span)
    found, _ = _best(scores, codes, transitions, ending, starts[length], count)
    if found < 0:
        # What is unknown to the end of the line, unless even that may not stand before an end.
        is_whole = transitions[ending, 2 * unknown] == -np.inf
        before = 0 if is_whole else starts[word_begin]
        _set(nodes, count, UNKNOWN_SCORE, 2 * unknown, (before, CHARACTERS, 0 if is_whole else word_begin, length))
        found = count
    return found


@njit(cache=True, nogil=True)
def has_coda(code):  # type: ignore[no-untyped-def]
    """Whether the letter may end a syllable, Lattice.hasJongsung."""
    return 0x3131 <= code <= 0x314E and code != 0x3138 and code != 0x3143 and code != 0x3149
