"""Takes texts apart to lines of letters, and puts the words of their best paths together again, compiled.

What is done around Komoran is done here as well: emoji are no part of what it gets, each line is analysed by
itself, and tokens of white space are left out (`etl.tagging.taggers`).
"""

from __future__ import annotations

import numpy as np

from etl.tagging.komoran.compiled import from_python, inner
from etl.tagging.komoran.candidates import BLANK, UNREADABLE, expand
from etl.tagging.komoran.candidates import MARGIN as CANDIDATES_MARGIN
from etl.tagging.komoran.lattice import (
    BEFORE,
    BEGIN,
    CHARACTERS,
    EDGE,
    END,
    ENTRY,
    LEFT,
    MARGIN,
    MOST_OPEN,
    search,
)
from etl.tagging.komoran.letters import SPACE, decoded, put_letters, write
from etl.tagging.komoran.trie import WORD, step

_LINE_END, _JOINER, _EMOJI_STYLE, _FIRST_OF_FOUR = 0x0A, 0x200D, 0xFE0F, 0xF0
# Columns of parts: the text, where its letters and where its bytes begin and end. Emoji have no letters.
TEXT, FIRST, AFTER, FROM, TO = range(5)
EMOJI = -4  # beside LETTERS, EDGE and CHARACTERS
_NODES_A_LETTER = 64


@inner
def _is_blank(data, begin, end, classes):  # type: ignore[no-untyped-def]
    while begin < end:
        code, begin = decoded(data, begin)
        if not classes[code] & BLANK:
            return False
    return True


@inner
def _end_of_emoji(data, begin, end):  # type: ignore[no-untyped-def]
    """Where a run of characters beyond U+FFFF ends, with what joins and dresses them."""
    at = begin
    while at < end:
        code, after = decoded(data, at)
        if code <= 0xFFFF and code != _JOINER and code != _EMOJI_STYLE:
            break
        at = after
    return at


@inner
def _put_line(data, begin, end, classes, letters, count):  # type: ignore[no-untyped-def]
    """Writes the letters of a line; returns how many there are then, or -1 if the library has to tag it."""
    while begin < end and data[begin] <= SPACE:
        begin += 1
    while end > begin and data[end - 1] <= SPACE:
        end -= 1
    before, is_readable = count, True
    while begin < end:
        code, after = decoded(data, begin)
        if code != SPACE or data[begin - 1] != SPACE:
            count = put_letters(code, letters, count)
        is_readable &= not classes[code] & UNREADABLE
        begin = after
    return count if is_readable and count > before else -1


@from_python
def split(data, text_ends, classes, letters, parts, is_left):  # type: ignore[no-untyped-def]
    """Takes texts apart.

    Args:
        data: their UTF-8 one after another, uint8.
        text_ends: where each ends, int64, (n_texts,).
        classes: what each character is, uint8, (65536,).
        letters: is filled with the letters of all lines, uint16, (n_bytes,).
        parts: is filled with a row for each line and each run of emoji, int64, (n_parts, 5).
        is_left: is filled with whether a text is for the library; it has no parts then, bool, (n_texts,).

    Returns:
        How many parts there are.
    """
    n_parts = count = at = np.int64(0)
    for text in range(len(text_ends)):
        text_end, before = text_ends[text], (n_parts, count)
        is_left[text] = False
        while at < text_end:
            begin = at
            if data[at] >= _FIRST_OF_FOUR:
                at = _end_of_emoji(data, at, text_end)
                parts[n_parts, 0], parts[n_parts, 1], parts[n_parts, 2] = text, count, count
                parts[n_parts, 3], parts[n_parts, 4] = begin, at
                n_parts += 1
                continue
            while at < text_end and data[at] < _FIRST_OF_FOUR:
                at += 1
            if _is_blank(data, begin, at, classes):
                continue
            line = begin
            while line < at:
                begin = line
                while line < at and data[line] != _LINE_END:
                    line += 1
                if begin < line:
                    after = _put_line(data, begin, line, classes, letters, count)
                    is_left[text] |= after < 0
                    parts[n_parts, 0], parts[n_parts, 1], parts[n_parts, 2] = text, count, after
                    parts[n_parts, 3], parts[n_parts, 4] = begin, line
                    n_parts, count = n_parts + 1, max(count, after)
                line += 1
        if is_left[text]:
            n_parts, count = before
    return n_parts


@from_python
def walk(letters, parts, n_parts, states, keys, root, found):  # type: ignore[no-untyped-def]
    """Finds the longest word that ends after each letter.

    Args:
        letters: of all lines, uint16.
        parts, n_parts: see `split`.
        states, keys, root: see `etl.tagging.komoran.trie.step`.
        found: is filled, -1 where there is none, int32, (n_letters,).
    """
    for part in range(n_parts):
        state = np.int64(0)
        for at in range(parts[part, FIRST], parts[part, AFTER]):
            state = step(states, keys, root, state, letters[at])
            found[at] = states[state, WORD]


@inner
def _add_path(node, facts, codes, letters, first, part, tables, tokens, count):  # type: ignore[no-untyped-def]
    """Adds the words of a path, which is known from its end; returns how many tokens there are."""
    classes, is_blank = tables[5], tables[6]
    last = count
    while node > 0:
        entry, begin, end = facts[node, ENTRY], first + facts[node, BEGIN], first + facts[node, END]
        is_token = entry != EDGE
        if entry >= 0:
            is_token = not is_blank[entry]
        elif is_token:
            is_token = False
            for at in range(begin, end):
                is_token |= not classes[letters[at]] & BLANK
        if is_token:
            tokens[last, 0], tokens[last, 1] = entry, codes[node] >> 1
            tokens[last, 2], tokens[last, 3] = (part, begin - first) if entry == CHARACTERS else (begin, end)
            last += 1
        node = facts[node, BEFORE]
    for place in range((last - count) // 2):
        for column in range(4):
            other = tokens[last - 1 - place, column]
            tokens[last - 1 - place, column] = tokens[count + place, column]
            tokens[count + place, column] = other
    return last


@from_python
def tag(letters, parts, n_parts, found, tables, emoji, tokens, token_ends, is_left):  # type: ignore[no-untyped-def]
    """Tags what `split` has taken apart.

    Args:
        letters, parts, n_parts: see `split`.
        found: the longest words of the user's and of the dictionary, and the longest contracted forms, see
            `walk`.
        tables: see `etl.tagging.komoran.tables.Tables.arrays`.
        emoji: the number of the tag of emoji.
        tokens: is filled with a row a token, int32, (n_tokens, 4): its entry, its tag, and its letters or its
            part, and where in it.
        token_ends: is filled with where the tokens of each text end, int64, (n_texts,).
        is_left: is brought up to date.

    Returns:
        How many tokens there are.
    """
    longest = 0
    for part in range(n_parts):
        longest = max(longest, parts[part, AFTER] - parts[part, FIRST])
    n = _NODES_A_LETTER * longest + 2 * MARGIN
    nodes = (np.empty(n), np.empty(n, np.int32), np.empty((n, 4), np.int32))
    room = (np.empty(longest + 3, np.int64), np.empty((4 * MOST_OPEN, 2), np.int64), np.empty(4, np.int64))
    n = _NODES_A_LETTER * longest + 2 * CANDIDATES_MARGIN
    ends, runs = np.empty(longest + 1, np.int64), np.empty(longest + 1, np.int64)
    prepared = (ends, np.empty((n, 4), np.int32), np.empty(n), runs)
    count = part = np.int64(0)
    for text in range(len(token_ends)):
        before = count
        while part < n_parts and parts[part, TEXT] == text:
            first, length = parts[part, FIRST], parts[part, AFTER] - parts[part, FIRST]
            if length == 0:
                tokens[count, 0], tokens[count, 1], tokens[count, 2] = EMOJI, emoji, part
                count += 1
            elif not is_left[text]:
                last = LEFT
                if expand(letters, first, length, found[:2], tables, prepared):
                    last = search(letters, first, length, (prepared, found[2]), tables, nodes, room)
                is_left[text] = last == LEFT
                count = _add_path(last, nodes[2], nodes[1], letters, first, part, tables, tokens, count)
            part += 1
        if is_left[text]:
            count = before
        token_ends[text] = count
    return count


@from_python
def write_out(data, letters, parts, tokens, out, ends):  # type: ignore[no-untyped-def]
    """Writes the tokens that are no words of a dictionary.

    Args:
        data, letters, parts: see `split`.
        tokens: see `tag`; the entries of these become -1 - their number.
        out: is filled with their UTF-8, uint8, (n_bytes,).
        ends: is filled with where each ends in it, int64.

    Returns:
        How many there are, and how many bytes they take.
    """
    count = n_bytes = np.int64(0)
    characters = np.empty(len(letters) + 1, np.uint16)
    for token in range(len(tokens)):
        entry = tokens[token, 0]
        if entry >= 0:
            continue
        if entry == CHARACTERS or entry == EMOJI:
            begin, end = parts[tokens[token, 2], FROM], parts[tokens[token, 2], TO]
        if entry == EMOJI:
            for at in range(begin, end):
                out[n_bytes] = data[at]
                n_bytes += 1
        elif entry == CHARACTERS:
            n_characters = _characters(data, begin, end, tokens[token, 3] == 0, characters)
            n_bytes = write(characters, n_bytes * 0, n_characters, out, n_bytes)
        else:
            n_bytes = write(letters, np.int64(tokens[token, 2]), np.int64(tokens[token, 3]), out, n_bytes)
        ends[count] = n_bytes
        count += 1
        tokens[token, 0] = -count
    return count, n_bytes


@inner
def _characters(data, begin, end, is_whole, characters):  # type: ignore[no-untyped-def]
    """The characters of a line, or those after its last space; returns how many there are."""
    while begin < end and data[begin] <= SPACE:
        begin += 1
    while end > begin and data[end - 1] <= SPACE:
        end -= 1
    at, count = begin, 0
    while at < end:
        code, after = decoded(data, at)
        if code != SPACE or data[at - 1] != SPACE:
            count = 0 if code == SPACE and not is_whole else count
            if code != SPACE or is_whole:
                characters[count] = code
                count += 1
        at = after
    return count
