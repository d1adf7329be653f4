"""Takes texts apart to lines of letters, and puts the words of their best paths together again, compiled.

What is done around Komoran is done here as well: emoji are no part of what it gets, each line is analysed by
itself, and tokens of white space are left out (`etl.tagging.taggers`).
"""

from __future__ import annotations

import numpy as np

from etl.tagging.komoran.automaton import step
from etl.tagging.komoran.layout import AFTER, BLANK, CHARACTERS, EMOJI, FIRST, FROM, TO, UNREADABLE, WORD
from etl.tagging.komoran.letters import SPACE, encode, put_letters, write
from etl.tagging.native.kernel import kernel

_LINE_END, _JOINER, _EMOJI_STYLE, _LAST_OF_KOMORAN = 0x0A, 0x200D, 0xFE0F, 0xFFFF


@kernel
def _put_line(data, begin, end, classes, letters, count):  # type: ignore[no-untyped-def]
    """Writes the letters of a line; returns how many there are then, or -1 if the library has to tag it."""
    while begin < end and data[begin] <= SPACE:
        begin += 1
    while end > begin and data[end - 1] <= SPACE:
        end -= 1
    before, is_readable = count, True
    for at in range(begin, end):
        code = np.int64(data[at])
        if code != SPACE or data[at - 1] != SPACE:
            count = put_letters(code, letters, count)
        is_readable &= not classes[code] & UNREADABLE
    return count if is_readable and count > before else -1


@kernel
def split(data, text_ends, classes, letters, parts, is_left):  # type: ignore[no-untyped-def]
    """Takes texts apart.

    Args:
        data: their characters one after another, uint32.
        text_ends: where each ends, int64, (n_texts,).
        classes: what each character is, uint8, (65536,).
        letters: is filled with the letters of all lines, uint16, at least three times as long as `data`.
        parts: is filled with a row for each line and each run of emoji, int64, (n_parts, 5).
        is_left: is filled with whether a text is for the library; it has no parts then, bool, (n_texts,).

    Returns:
        How many parts there are.
    """
    n_parts = count = at = np.int64(0)
    for text in range(len(text_ends)):
        text_end, parts_before, count_before = text_ends[text], n_parts, count
        is_left[text] = False
        while at < text_end:
            begin, is_blank, is_emoji = at, True, data[at] > _LAST_OF_KOMORAN
            while at < text_end and is_emoji == (
                data[at] > _LAST_OF_KOMORAN
                or (is_emoji and (data[at] == _JOINER or data[at] == _EMOJI_STYLE))
            ):
                is_blank &= is_emoji or classes[data[at]] & BLANK != 0
                at += 1
            # Each line of a piece, and emoji as one.
            line = at if is_blank and not is_emoji else begin
            while line < at:
                begin, after = line, count
                while line < at and (is_emoji or data[line] != _LINE_END):
                    line += 1
                if not is_emoji and begin < line:
                    after = _put_line(data, begin, line, classes, letters, count)
                    is_left[text] |= after < 0
                if begin < line:
                    parts[n_parts, 0], parts[n_parts, 1], parts[n_parts, 2] = text, count, after
                    parts[n_parts, 3], parts[n_parts, 4] = begin, line
                    n_parts, count = n_parts + 1, max(count, after)
                line += 1
        if is_left[text]:
            n_parts, count = parts_before, count_before
    return n_parts


@kernel
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


@kernel
def write_out(data, letters, parts, tokens, characters, out, ends):  # type: ignore[no-untyped-def]
    """Writes the tokens that are no words of a dictionary.

    Args:
        data, letters, parts: see `split`.
        tokens: see `etl.tagging.komoran.paths.tag`; the entries of these become -1 - their number.
        characters: room for those of a line, uint16.
        out: is filled with their UTF-8, uint8.
        ends: is filled with where each ends in it, int64.

    Returns:
        How many there are.
    """
    count = n_bytes = np.int64(0)
    for token in range(len(tokens)):
        entry, begin, end = tokens[token, 0], np.int64(tokens[token, 2]), np.int64(tokens[token, 3])
        if entry >= 0:
            continue
        if entry == EMOJI:
            for at in range(parts[begin, FROM], parts[begin, TO]):
                n_bytes = encode(np.int64(data[at]), out, n_bytes)
        elif entry == CHARACTERS:
            n = _characters(data, parts[begin, FROM], parts[begin, TO], characters)
            n_bytes = write(characters, 0 * n, n, out, n_bytes)
        else:
            n_bytes = write(letters, begin, end, out, n_bytes)
        ends[count] = n_bytes
        count += 1
        tokens[token, 0] = -count
    return count


@kernel
def _characters(data, begin, end, characters):  # type: ignore[no-untyped-def]
    """The characters of a line after its last space; returns how many there are."""
    while begin < end and data[begin] <= SPACE:
        begin += 1
    while end > begin and data[end - 1] <= SPACE:
        end -= 1
    first = end
    while first > begin and data[first - 1] != SPACE:
        first -= 1
    for at in range(first, end):
        characters[at - first] = data[at]
    return end - first
