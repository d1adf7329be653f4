"""The dynamic programme by which Okt parses a run of Hangul, compiled.

open-korean-text 2.1 (Apache-2.0, KoreanTokenizer and ParsedChunk) keeps, for every position of a run, the
five best parses of what lies before it, and scores each parse as a whole. Here a parse is a row of sums to
which a further word adds, so a run costs time in proportion to its length. The arithmetic is in 32-bit
floats and in the order of the original, because the last bit decides between parses that are as good.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from etl.tagging.okt.lookup import FIRST_SYLLABLE, LONGEST_WORD, PARTS_OF_SPEECH, find_words, is_known_noun

BEAM = 5  # TOP_N_PER_STATE of the original

# The parts of speech by the numbers of the original's KoreanPos.
NOUN, VERB, ADJECTIVE, ADVERB, DETERMINER, EXCLAMATION, JOSA, EOMI, PRE_EOMI = range(9)
CONJUNCTION, MODIFIER, VERB_PREFIX, SUFFIX = range(9, 13)
KNOWN_NOUN, UNKNOWN_NOUN = -1, -2  # in the place of a row of the dictionary

# What is known of a parse: the columns of `facts[position, slot]`, and of `floats[position, slot]`.
TIE, TOKENS, UNKNOWNS, UNKNOWN_LENGTH, WORDS, DETERMINERS, EXCLAMATIONS = range(7)
HAS_OTHERS, MISMATCH, FIRST, SECOND, NODE, BEFORE, BEFORE_SLOT, POS, ROW = range(7, 16)
FREQUENCY, SCORE = range(2)
# One slot more says in which order the others come, and how many there are.
ORDER, COUNT = BEAM, BEAM
HA_VERB = 100  # added to SECOND where the second word is a verb that a noun likes to be followed by


@njit(cache=True, nogil=True)
def parse(codes, ends, direct, tables, token_ends, tokens):  # type: ignore[no-untyped-def]
    """Parses runs of Hangul, and fills `tokens` and `token_ends`.

    Args:
        codes: the syllables of all runs one after another, uint16, (n_syllables,).
        ends: the end of each run in `codes`, int64, (n_runs,).
        direct: for a run of more than eight syllables that is a word as a whole, the row of that word in the
            dictionary, else -1, (n_runs,).
        tables: see `etl.tagging.okt.tables.Tables.arrays`.
        token_ends: is filled with the end of the tokens of each run in `tokens`, int64, (n_runs,).
        tokens: is filled with start in `codes`, length, part of speech, and row of the word or of its head,
            int32, (n_tokens, 4).
    """
    index, masks = tables[0], tables[1]
    longest, begin = 1, 0
    for run in range(len(ends)):
        longest = max(longest, ends[run] - begin)
        begin = ends[run]
    facts = np.zeros((longest + 1, BEAM + 1, 16), np.int32)
    floats = np.zeros((longest + 1, BEAM, 2), np.float32)
    rows = np.empty((longest, LONGEST_WORD), np.int32)
    path = np.empty((longest, 4), np.int32)
    count = begin = 0
    for run in range(len(ends)):
        length = ends[run] - begin
        find_words(codes, begin, ends[run], index[0], index[1], rows)
        row = direct[run] if length > LONGEST_WORD else rows[0, length - 1]
        mask = masks[row] & PARTS_OF_SPEECH if row >= 0 else 0
        if mask != 0:
            # A run that is a word is that word; of several parts of speech the first counts.
            pos = 0
            while (mask >> pos) & 1 == 0:
                pos += 1
            tokens[count, 0], tokens[count, 1], tokens[count, 2], tokens[count, 3] = begin, length, pos, row
            count += 1
        else:
            _fill(codes, begin, length, rows, tables, facts, floats)
            n_words = _walk_back(facts, length, path)
            count = _join(path, n_words, begin, tokens, count)
        token_ends[run] = count
        begin = ends[run]


@njit(cache=True, nogil=True)
def _fill(codes, begin, length, rows, tables, facts, floats):  # type: ignore[no-untyped-def]
    """Finds the best parses up to every position of one run."""
    index, masks, frequencies, weights, trie, name_rules, (josa, ha) = tables
    facts[0, 0, WORDS], facts[0, 0, NODE], facts[0, 0, POS] = 1, -1, -1
    facts[0, ORDER, COUNT] = 1
    for to in range(1, length + 1):
        facts[to, ORDER, COUNT] = 0
        for start in range(to - 1, max(to - LONGEST_WORD, 0) - 1, -1):
            first = codes[begin + start]
            row = rows[start, to - start - 1]
            mask, noun_share = 0, np.float32(1)
            if row >= 0:
                mask, noun_share = masks[row] & PARTS_OF_SPEECH, np.float32(1) - frequencies[row]
            noun = row
            if mask & 1 == 0:
                is_known = is_known_noun(codes, begin, start, to - start, rows, index, masks, name_rules)
                noun = KNOWN_NOUN if is_known else UNKNOWN_NOUN
            mismatch = start > 0 and _is_josa_mismatched(codes[begin + start - 1], first, to - start, josa)
            is_ha = first == ha[0] or first == ha[1]
            _extend(facts, floats, weights, trie, (start, to, mask, row, noun, noun_share, mismatch, is_ha))


@njit(cache=True, nogil=True)
def _extend(facts, floats, weights, trie, piece):  # type: ignore[no-untyped-def]
    """Extends all parses up to the piece by the piece, as every part of speech that it may be there."""
    node_pos, following, nouns_following, may_end = trie
    start, to, mask, row, noun, noun_share, mismatch, is_ha = piece
    choices_of = following if mask & ~1 else nouns_following
    for rank in range(facts[start, ORDER, COUNT]):
        slot = facts[start, ORDER, rank]
        node = facts[start, slot, NODE]
        # Where a word may end another may begin, which counts as one more word.
        for new_word in range(1 + (node >= 0 and may_end[node])):
            state = len(node_pos) if new_word == 1 or node < 0 else node
            for place in range(choices_of.shape[1]):
                choice = choices_of[state, place]
                if choice < 0:
                    break
                pos, entry, share = node_pos[choice], row, np.float32(1)
                if pos == NOUN:
                    entry, share = noun, noun_share
                elif (mask >> pos) & 1 == 0:
                    continue
                word = (start, to, pos, entry, pos == JOSA and mismatch, pos == VERB and is_ha)
                _add(facts, floats, weights, slot, new_word, choice, share, word)


@njit(cache=True, nogil=True)
def _add(facts, floats, weights, slot, new_word, node, share, word):  # type: ignore[no-untyped-def]
    """Scores a parse with one more word, and keeps it if it is among the best five."""
    f32 = np.float32
    start, to, pos, row, mismatch, is_ha = word
    tokens = facts[start, slot, TOKENS] + 1
    unknowns, unknown_length = facts[start, slot, UNKNOWNS], facts[start, slot, UNKNOWN_LENGTH]
    if row == UNKNOWN_NOUN:
        unknowns, unknown_length = unknowns + 1, unknown_length + to - start
    words = facts[start, slot, WORDS] + new_word
    determiners = facts[start, slot, DETERMINERS] + (pos == DETERMINER)
    exclamations = facts[start, slot, EXCLAMATIONS] + (pos == EXCLAMATION)
    has_others = facts[start, slot, HAS_OTHERS] | (pos != NOUN)
    mismatched = facts[start, slot, MISMATCH] | (mismatch and facts[start, slot, POS] == NOUN)
    first = pos if tokens == 1 else facts[start, slot, FIRST]
    second = facts[start, slot, SECOND]
    if tokens == 2:
        second = pos + HA_VERB if is_ha else pos
    is_preferred = tokens == 2 and first == NOUN and second == JOSA
    is_noun_ha = tokens >= 2 and (first == NOUN or first == VERB_PREFIX) and second >= HA_VERB
    is_suffix_first = first == SUFFIX or first == EOMI or first == JOSA or first == PRE_EOMI
    freq = floats[start, slot, FREQUENCY] + share
    score = f32(tokens) * weights[0] + f32(unknowns) * weights[1] + f32(words) * weights[2]
    score = score + f32(unknown_length) * weights[4] + (freq / f32(tokens)) * weights[3]
    score = score + f32(tokens != 1) * weights[5] + f32(has_others) * weights[6]
    score = score + f32(not is_preferred) * weights[12]
    score = score + f32(determiners) * weights[8] + f32(exclamations) * weights[9]
    score = score + f32(is_suffix_first) * weights[10] + f32(not is_noun_ha) * weights[11]
    score = score + f32(mismatched) * weights[14]
    tie = facts[start, slot, TIE] + pos
    free = _make_room(facts, floats, to, score, tie)
    if free < 0:
        return
    floats[to, free, FREQUENCY], floats[to, free, SCORE] = freq, score
    facts[to, free, TIE], facts[to, free, TOKENS], facts[to, free, UNKNOWNS] = tie, tokens, unknowns
    facts[to, free, UNKNOWN_LENGTH], facts[to, free, WORDS] = unknown_length, words
    facts[to, free, DETERMINERS], facts[to, free, EXCLAMATIONS] = determiners, exclamations
    facts[to, free, HAS_OTHERS], facts[to, free, MISMATCH] = has_others, mismatched
    facts[to, free, FIRST], facts[to, free, SECOND] = first, second
    facts[to, free, NODE], facts[to, free, POS], facts[to, free, ROW] = node, pos, row
    facts[to, free, BEFORE], facts[to, free, BEFORE_SLOT] = start, slot


@njit(cache=True, nogil=True)
def _make_room(facts, floats, to, score, tie):  # type: ignore[no-untyped-def]
    """The slot for a parse, or -1 if five are better: after all that are as good, as a stable sort would."""
    count = facts[to, ORDER, COUNT]
    rank = count
    while rank > 0:
        other = facts[to, ORDER, rank - 1]
        if score > floats[to, other, SCORE]:
            break
        if score == floats[to, other, SCORE] and tie >= facts[to, other, TIE]:
            break
        rank -= 1
    if rank >= BEAM:
        return -1
    free = count
    if count == BEAM:
        free, count = facts[to, ORDER, BEAM - 1], BEAM - 1
    for moved in range(count, rank, -1):
        facts[to, ORDER, moved] = facts[to, ORDER, moved - 1]
    facts[to, ORDER, rank] = free
    facts[to, ORDER, COUNT] = count + 1
    return free


@njit(cache=True, nogil=True)
def _is_josa_mismatched(before, head, length, josa):  # type: ignore[no-untyped-def]
    """Whether a josa that begins with `head` cannot follow a noun that ends in `before`."""
    ro, neun, reul, da, eu, eun, eul, i = josa
    coda = (before - FIRST_SYLLABLE) % 28
    if coda > 0:
        return (coda != 8 and head == ro) or (length == 1 and (head == neun or head == reul or head == da))
    return head == eu or (length == 1 and (head == eun or head == eul or head == i))


@njit(cache=True, nogil=True)
def _walk_back(facts, length, path):  # type: ignore[no-untyped-def]
    """The words of the best parse, last first: `(start, length, part of speech, row)`."""
    at, slot, count = length, facts[length, ORDER, 0], 0
    while at > 0:
        word = facts[at, slot]
        path[count, 0], path[count, 1] = word[BEFORE], at - word[BEFORE]
        path[count, 2], path[count, 3] = word[POS], word[ROW]
        at, slot = word[BEFORE], word[BEFORE_SLOT]
        count += 1
    return count


@njit(cache=True, nogil=True)
def _join(path, n_words, begin, tokens, count):  # type: ignore[no-untyped-def]
    """Joins nouns of one syllable to one noun, and endings to the verb or adjective before them."""
    is_joining, first = False, count
    for word in range(n_words - 1, -1, -1):
        start, length, pos, row = path[word]
        is_short_noun = pos == NOUN and length == 1
        follows_predicate = count > first and (
            tokens[count - 1, 2] == VERB or tokens[count - 1, 2] == ADJECTIVE
        )
        if (is_short_noun and is_joining) or ((pos == EOMI or pos == PRE_EOMI) and follows_predicate):
            tokens[count - 1, 1] += length
        else:
            tokens[count, 0], tokens[count, 1], tokens[count, 2], tokens[count, 3] = (
                begin + start,
                length,
                pos,
                row,
            )
            count += 1
        is_joining = is_short_noun
    return count
