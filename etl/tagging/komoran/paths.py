"""Goes through all lines letter by letter, and gathers the words of the best path through each; compiled."""

from __future__ import annotations

import numpy as np

from etl.tagging.komoran.candidates import BLANK, START_CODE, expand
from etl.tagging.komoran.compiled import from_python, inner
from etl.tagging.komoran.lattice import (
    BEFORE,
    BEGIN,
    CHARACTERS,
    EDGE,
    END,
    ENTRY,
    FAILS,
    HIDDEN,
    LETTERS,
    MARGIN,
    MOST_OPEN,
    NODES,
    OPEN,
    grow,
    put_candidates,
    put_contractions,
    put_end,
)
from etl.tagging.komoran.letters import SPACE, has_coda
from etl.tagging.komoran.sentences import AFTER, EMOJI, FIRST, TEXT

_A_LETTER = 64  # nodes and candidates that there is room for; a line with more is for the library


def room(longest: int) -> tuple[np.ndarray, ...]:
    """Arrays for `tag` to work in.

    Args:
        longest: how many letters the longest line has.

    Returns:
        Of nodes the scores, float64, the codes of tags as in `transitions`, int32, both (n,), and the facts, int32,
        (n, 4); of candidates what `expand` fills in last, int32, (n, 4), and float64, (n,); for each place where
        its candidates end, how many come last, and where its nodes begin, int64, (3, longest + 3); and open
        contractions, int64, (4 * MOST_OPEN, 2).
    """
    n = _A_LETTER * longest + 2 * MARGIN
    nodes = np.empty(n), np.empty(n, np.int32), np.empty((n, 4), np.int32)
    of_places = np.empty((3, longest + 3), np.int64)
    return *nodes, np.empty((n, 4), np.int32), np.empty(n), of_places, np.empty((4 * MOST_OPEN, 2), np.int64)


@from_python
def tag(letters, parts, n_parts, found, tables, working, emoji, tokens, token_ends, is_left):  # type: ignore[no-untyped-def]
    """Tags what `sentences.split` has taken apart.

    Args:
        letters, parts, n_parts: see `sentences.split`. A line begins and ends with no space, and has no two in
            a row.
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
    own, known, contracted, rules = tables
    own_order, own_words, own_rows, own_gains = own
    states, keys, order, words, rows, gains = known
    form_order, forms, entries, form_tokens, form_gains = contracted
    transitions, marks, classes, is_blank = rules
    scores, codes, facts, kinds, candidate_gains, of_places, opened = working
    own_found, known_found, form_found = found
    ends, n_last, starts = of_places[0], of_places[1], of_places[2]
    sizes, count, begin_of_text, text = np.empty(4, np.int64), np.int64(0), np.int64(0), np.int64(-1)
    for part in range(n_parts):
        first, length = parts[part, FIRST], parts[part, AFTER] - parts[part, FIRST]
        if parts[part, TEXT] != text:
            text, begin_of_text = parts[part, TEXT], count
        if length > 0 and not is_left[text]:
            is_left[text] = not expand(
                *(letters, first, length, own_found, known_found, own_order, own_words, own_rows, own_gains),
                *(order, words, rows, gains, marks, classes, ends, n_last, kinds, candidate_gains),
            )
            scores[0], codes[0], facts[0, ENTRY], word_begin = 0.0, marks[START_CODE], EDGE, np.int64(0)
            starts[0], starts[1], sizes[NODES], sizes[HIDDEN], sizes[OPEN], sizes[FAILS] = 0, 1, 1, 0, 0, 0
            for at in range(length + (not is_left[text])):
                end, n_nodes = at + 1, sizes[NODES]
                starts[end] = n_nodes
                if at == length or letters[first + at] == SPACE:
                    coda, entry = has_coda(letters[first + at - 1]), LETTERS if at < length else CHARACTERS
                    n_nodes = put_end(
                        scores, codes, facts, transitions, starts, marks, word_begin, at, entry, coda, n_nodes
                    )
                    word_begin = end
                if at == length:
                    count = _add_path(
                        *(n_nodes - 1, facts, codes, letters, first, part, classes, is_blank, tokens, count)
                    )
                    break
                from_place, to_place = ends[at], ends[end] - n_last[end]
                n_nodes = put_candidates(
                    *(scores, codes, facts, transitions, starts, kinds, candidate_gains),
                    *(from_place, to_place, n_nodes, end),
                )
                since, n_open, to = at % 2 * 2 * MOST_OPEN, sizes[OPEN], end % 2 * 2 * MOST_OPEN
                sizes[NODES], sizes[OPEN] = n_nodes, 0
                if form_found[first + at] >= 0:
                    put_contractions(
                        *(scores, codes, facts, transitions, starts, forms, form_order, entries, form_tokens),
                        *(form_gains, opened, to, sizes, marks, form_found[first + at], end),
                    )
                if n_open > 0:
                    grow(
                        *(scores, codes, facts, transitions, states, keys, words, rows, gains, opened, since),
                        *(n_open, to, sizes, letters[first + at], end),
                    )
                if n_last[end] > 0:
                    sizes[NODES] = put_candidates(
                        *(scores, codes, facts, transitions, starts, kinds, candidate_gains),
                        *(to_place, ends[end], sizes[NODES], end),
                    )
                if sizes[NODES] + sizes[HIDDEN] + MARGIN > len(scores) or sizes[OPEN] > MOST_OPEN or sizes[FAILS]:
                    is_left[text] = True
                    break
        if is_left[text]:
            count = begin_of_text
        elif length == 0:
            tokens[count, 0], tokens[count, 1], tokens[count, 2] = EMOJI, emoji, part
            count += 1
        token_ends[text] = count
    return count


@inner
def _add_path(node, facts, codes, letters, first, part, classes, is_blank, tokens, count):  # type: ignore[no-untyped-def]
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
            tokens[last, 0], tokens[last, 1] = entry, codes[node] >> 1
            tokens[last, 2], tokens[last, 3] = part if entry == CHARACTERS else begin, end
            last += 1
        node = np.int64(facts[node, BEFORE])
    for place in range((last - count) // 2):
        for column in range(4):
            other = tokens[last - 1 - place, column]
            tokens[last - 1 - place, column] = tokens[count + place, column]
            tokens[count + place, column] = other
    return last
