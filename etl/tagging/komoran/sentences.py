"""Takes texts apart to lines of letters, has them analysed, and puts the words together again, compiled.

What is done around Komoran is done here as well: emoji are no part of what it gets, each line is analysed by
itself, and tokens of white space are left out (`etl.tagging.taggers`).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from etl.tagging.komoran.lattice import (
    BEFORE,
    BEGIN,
    BLANK,
    CHARACTERS,
    EDGE,
    END,
    ENTRY,
    LEFT,
    MARGIN,
    MOST_OPEN,
    UNREADABLE,
    analyse,
)
from etl.tagging.komoran.letters import SPACE, decoded, letters, write

_LINE_END, _JOINER, _EMOJI_STYLE = 0x0A, 0x200D, 0xFE0F
_NODES_A_LETTER = 64


@njit(cache=True, nogil=True)
def _is_blank(codes, begin, end, classes):  # type: ignore[no-untyped-def]
    for place in range(begin, end):
        if not classes[codes[place]] & BLANK:
            return False
    return True


@njit(cache=True, nogil=True)
def _add_words(last, line, piece, facts, codes, tables, out, sizes):  # type: ignore[no-untyped-def]
    """Writes the words of a line; arguments as of `tag`.

    Args:
        last: the last node of the path.
        line: the letters of the line.
        piece: its characters, and from where to where they go.
        facts, codes: of the nodes.
        tables, out: see `tag`.
        sizes: how many tokens there are, how many of them are written out, and how many bytes these take.
    """
    count, n_written, n_bytes = sizes
    tokens, written, ends = out
    classes, is_blank = tables[5], tables[6]
    n_words, node = 0, last
    while node > 0:
        n_words += facts[node, ENTRY] != EDGE
        node = facts[node, BEFORE]
    # The path is known from its end, and tokens that are written out have to come in their order: two ways.
    ordered, place, node = np.empty(n_words, np.int32), n_words, last
    while node > 0:
        if facts[node, ENTRY] != EDGE:
            place -= 1
            ordered[place] = node
        node = facts[node, BEFORE]
    for node in ordered:
        entry = facts[node, ENTRY]
        if entry >= 0:
            if is_blank[entry]:
                continue
            tokens[count, 0] = entry
        else:
            begin, end = facts[node, BEGIN], facts[node, END]
            if _is_blank(line, begin, end, classes):
                continue
            if entry == CHARACTERS:
                characters, first, after = piece
                if begin > 0:
                    first = after
                    while characters[first - 1] != SPACE:
                        first -= 1
                n_bytes = write(characters, first, after, written, n_bytes)
            else:
                n_bytes = write(line, begin, end, written, n_bytes)
            ends[n_written] = n_bytes
            n_written += 1
            tokens[count, 0] = -n_written
        tokens[count, 1] = codes[node] >> 1
        count += 1
    return count, n_written, n_bytes


@njit(cache=True, nogil=True)
def _tag_piece(piece, length, line, tables, room, out, sizes):  # type: ignore[no-untyped-def]
    """Tags text without emoji; returns the sizes, or LEFT tokens if the library has to."""
    nodes, starts, open_pair = room
    classes = tables[5]
    if _is_blank(piece, 0, length, classes):
        return sizes
    begin = 0
    while begin < length:
        end = begin
        while end < length and piece[end] != _LINE_END:
            if classes[piece[end]] & UNREADABLE:
                return LEFT, sizes[1], sizes[2]
            end += 1
        first, after = begin, end
        while first < after and piece[first] <= SPACE:
            first += 1
        while after > first and piece[after - 1] <= SPACE:
            after -= 1
        if begin < end:
            n_letters = letters(piece, first, after, line)
            last = analyse(line, n_letters, tables, nodes, starts, open_pair) if n_letters else LEFT
            if last == LEFT:
                return LEFT, sizes[1], sizes[2]
            sizes = _add_words(last, line, (piece, first, after), nodes[2], nodes[1], tables, out, sizes)
        begin = end + 1
    return sizes


@njit(cache=True, nogil=True)
def tag(data, text_ends, tables, emoji, out, token_ends, is_left):  # type: ignore[no-untyped-def]
    """Tags texts.

    Args:
        data: their UTF-8 one after another, uint8.
        text_ends: where each ends, int64, (n_texts,).
        tables: see `etl.tagging.komoran.tables.Tables.arrays`.
        emoji: the number of the tag of emoji.
        out: is filled with a row a token: its word, or -1 - its number among those written out, and its tag,
            int32, (n_bytes, 2); with those written out as UTF-8, uint8; and with where each of these ends, int64.
        token_ends: is filled with where the tokens of each text end, int64, (n_texts,).
        is_left: is filled with whether a text is for the library; it has no tokens then, bool, (n_texts,).

    Returns:
        How many tokens there are, how many of them are written out, and how many bytes these take.
    """
    longest, begin = 0, 0
    for text in range(len(text_ends)):
        longest, begin = max(longest, text_ends[text] - begin), text_ends[text]
    n_nodes = _NODES_A_LETTER * longest + 2 * MARGIN
    nodes = (np.empty(n_nodes), np.empty(n_nodes, np.int32), np.empty((n_nodes, 4), np.int32))
    open_pair = (np.empty((2 * MOST_OPEN, 2), np.int32), np.empty((2 * MOST_OPEN, 2), np.int32))
    room = (nodes, np.empty(longest + 3, np.int32), open_pair)
    piece, line = np.empty(longest + 1, np.uint16), np.empty(longest + 3, np.uint16)
    sizes, at = (0, 0, 0), 0
    for text in range(len(text_ends)):
        before, length = sizes, 0
        while at < text_ends[text] and sizes[0] != LEFT:
            code, after = decoded(data, at)
            if code <= 0xFFFF:
                piece[length] = code
                length, at = length + 1, after
                continue
            sizes = _tag_piece(piece, length, line, tables, room, out, sizes)
            length = 0
            if sizes[0] != LEFT:
                at, sizes = _add_emoji(data, at, text_ends[text], emoji, out, sizes)
        if sizes[0] != LEFT:
            sizes = _tag_piece(piece, length, line, tables, room, out, sizes)
        is_left[text] = sizes[0] == LEFT
        if is_left[text]:
            sizes = before
        token_ends[text], at = sizes[0], text_ends[text]
    return sizes


@njit(cache=True, nogil=True)
def _add_emoji(data, begin, end, emoji, out, sizes):  # type: ignore[no-untyped-def]
    """Writes characters beyond U+FFFF, with what joins and dresses them, as one token."""
    count, n_written, n_bytes = sizes
    tokens, written, ends = out
    at = begin
    while at < end:
        code, after = decoded(data, at)
        if code <= 0xFFFF and code != _JOINER and code != _EMOJI_STYLE:
            break
        for place in range(at, after):
            written[n_bytes] = data[place]
            n_bytes += 1
        at = after
    ends[n_written], n_written = n_bytes, n_written + 1
    tokens[count, 0], tokens[count, 1] = -n_written, emoji
    return at, (count + 1, n_written, n_bytes)
