"""The dynamic programme by which Okt parses a run of Hangul, compiled.

open-korean-text 2.1 (Apache-2.0, KoreanTokenizer and ParsedChunk) keeps, for every position of a run, the
five best parses of what lies before it, and scores each parse as a whole. Here a parse is a row of sums to
which a further word adds, so a run costs time in proportion to its length; and what is known of a run is
known of the next one as far as both begin alike. The arithmetic is in 32-bit floats and in the order of the
original, because the last bit decides between parses that are as good. Arrays are pointers here.
"""

from __future__ import annotations

import numpy as np

from etl.tagging.native.kernel import kernel
from etl.tagging.okt.layout import (
    BEAM,
    FACTS_OF_POSITION,
    FIRST_SYLLABLE,
    FLOATS_OF_POSITION,
    LONGEST_WORD,
    N_FACTS,
    N_FLOATS,
    PARTS_OF_SPEECH,
)
from etl.tagging.okt.lookup import find_words, is_known_noun

# The parts of speech by the numbers of the original's KoreanPos.
NOUN, VERB, ADJECTIVE, ADVERB, DETERMINER, EXCLAMATION, JOSA, EOMI, PRE_EOMI = range(9)
CONJUNCTION, MODIFIER, VERB_PREFIX, SUFFIX = range(9, 13)
KNOWN_NOUN, UNKNOWN_NOUN = -1, -2  # in the place of a row of the dictionary

# What is known of a parse, in `facts` and in `floats`.
TIE, TOKENS, UNKNOWNS, UNKNOWN_LENGTH, WORDS, DETERMINERS, EXCLAMATIONS = range(7)
HAS_OTHERS, MISMATCH, FIRST, SECOND, NODE, BEFORE, BEFORE_SLOT, POS, ROW = range(7, 16)
FREQUENCY, SCORE = range(2)
ORDER = BEAM * N_FACTS  # the ranks of a position, and how many there are
COUNT = ORDER + BEAM
HA_VERB = 100  # added to SECOND where the second word is a verb that a noun likes to be followed by


@kernel
def parse(codes, ends, n_runs, direct, index, words, rules, work, token_ends, tokens):  # type: ignore[no-untyped-def]
    """Parses runs of Hangul, best in sorted order, and fills `tokens` and `token_ends`.

    Args:
        codes: the syllables of all runs one after another, uint16, (n_syllables,).
        ends: the end of each run in `codes`, int64, (n_runs,).
        direct: for a run of more than eight syllables that is a word as a whole, the row of that word in the
            dictionary, else -1, int64, (n_runs,).
        index, words, rules: see `etl.tagging.okt.tables.Tables.arrays`.
        work: room for the longest run, see `etl.tagging.okt.words`.
        token_ends: is filled with the end of the tokens of each run in `tokens`, int64, (n_runs,).
        tokens: is filled with start in `codes`, length, part of speech, and row of the word or of its head,
            int32, (n_tokens, 4).
    """
    facts, _, rows, path, _ = work
    masks, _ = words
    facts[WORDS], facts[NODE], facts[POS] = 1, -1, -1
    facts[COUNT] = 1
    count = begin = last_begin = last_length = parsed_begin = parsed_length = np.int64(0)
    for run in range(n_runs):
        length = ends[run] - begin
        find_words(codes, begin, length, _shared(codes, begin, length, last_begin, last_length), index, rows)
        last_begin, last_length = begin, length
        row = direct[run] if length > LONGEST_WORD else np.int64(rows[length - 1])
        mask = masks[row] & PARTS_OF_SPEECH if row >= 0 else np.int64(0)
        if mask != 0:
            # A run that is a word is that word; of several parts of speech the first counts.
            pos = np.int64(0)
            while (mask >> pos) & 1 == 0:
                pos += 1
            token = 4 * count
            tokens[token], tokens[token + 1], tokens[token + 2], tokens[token + 3] = begin, length, pos, row
            count += 1
        else:
            known = _shared(codes, begin, length, parsed_begin, parsed_length)
            for to in range(known + 1, length + 1):
                _fill(codes, begin, to, index, words, rules, work)
            parsed_begin, parsed_length = begin, length
            count = _join(path, _walk_back(facts, length, path), begin, tokens, count)
        token_ends[run] = count
        begin = ends[run]


@kernel
def _shared(codes, begin, length, other_begin, other_length):  # type: ignore[no-untyped-def]
    """How many syllables two runs have in common at their beginning."""
    shared = np.int64(0)
    while shared < min(length, other_length) and codes[begin + shared] == codes[other_begin + shared]:
        shared += 1
    return shared


@kernel
def _fill(codes, begin, to, index, words, rules, work):  # type: ignore[no-untyped-def]
    """Finds the best parses up to a position, from those of the positions before it."""
    masks, frequencies = words
    weights, trie, names, josa, ha = rules
    facts, floats, rows, _, spare = work
    facts[to * FACTS_OF_POSITION + COUNT] = 0
    for start in range(to - 1, max(to - LONGEST_WORD, 0) - 1, -1):
        length = to - start
        first = codes[begin + start]
        row = np.int64(rows[LONGEST_WORD * start + length - 1])
        mask, noun_share = np.int64(0), np.float32(1)
        if row >= 0:
            mask, noun_share = masks[row] & PARTS_OF_SPEECH, np.float32(1) - frequencies[row]
        noun = row
        if mask & 1 == 0:
            is_known = is_known_noun(codes, begin, start, length, rows, index, masks, names, spare)
            noun = np.int64(KNOWN_NOUN if is_known else UNKNOWN_NOUN)
        mismatch = start > 0 and _is_josa_mismatched(codes[begin + start - 1], first, length, josa)
        is_ha = first == ha[0] or first == ha[1]
        piece = (start, to, mask, row, noun, noun_share, mismatch, is_ha)
        _extend(facts, floats, weights, trie, piece)


@kernel
def _extend(facts, floats, weights, trie, piece):  # type: ignore[no-untyped-def]
    """Extends all parses up to the piece by the piece, as every part of speech that it may be there."""
    node_pos, following, nouns_following, may_end, n_nodes, n_choices = trie
    start, to, mask, row, noun, noun_share, mismatch, is_ha = piece
    choices_of = following if mask & ~1 != 0 else nouns_following
    place = start * FACTS_OF_POSITION
    for rank in range(facts[place + COUNT]):
        slot = np.int64(facts[place + ORDER + rank])
        node = np.int64(facts[place + slot * N_FACTS + NODE])
        # Where a word may end another may begin, which counts as one more word.
        for new_word in range(2 if node >= 0 and may_end[node] != 0 else 1):
            state = n_nodes if new_word == 1 or node < 0 else node
            for at in range(state * n_choices, (state + 1) * n_choices):
                choice = np.int64(choices_of[at])
                if choice < 0:
                    break
                pos = np.int64(node_pos[choice])
                entry, share = row, np.float32(1)
                if pos == NOUN:
                    entry, share = noun, noun_share
                elif (mask >> pos) & 1 == 0:
                    continue
                word = (start, to, pos, entry, pos == JOSA and mismatch, pos == VERB and is_ha)
                _add(facts, floats, weights, slot, new_word, choice, share, word)


@kernel
def _add(facts, floats, weights, slot, new_word, node, share, word):  # type: ignore[no-untyped-def]
    """Scores a parse with one more word, and keeps it if it is among the best five."""
    f32 = np.float32
    start, to, pos, row, mismatch, is_ha = word
    old, old_floats = start * FACTS_OF_POSITION + slot * N_FACTS, start * FLOATS_OF_POSITION + slot * N_FLOATS
    tokens = np.int64(facts[old + TOKENS]) + 1
    is_unknown = row == UNKNOWN_NOUN
    unknowns = facts[old + UNKNOWNS] + is_unknown
    unknown_length = facts[old + UNKNOWN_LENGTH] + (to - start) * is_unknown
    words = facts[old + WORDS] + new_word
    determiners = facts[old + DETERMINERS] + (pos == DETERMINER)
    exclamations = facts[old + EXCLAMATIONS] + (pos == EXCLAMATION)
    has_others = (facts[old + HAS_OTHERS] != 0) | (pos != NOUN)
    mismatched = (facts[old + MISMATCH] != 0) | (mismatch & (facts[old + POS] == NOUN))
    first = pos if tokens == 1 else np.int64(facts[old + FIRST])
    second = np.int64(facts[old + SECOND])
    if tokens == 2:
        second = pos + HA_VERB * is_ha
    is_preferred = (tokens == 2) & (first == NOUN) & (second == JOSA)
    is_noun_ha = (tokens >= 2) & ((first == NOUN) | (first == VERB_PREFIX)) & (second >= HA_VERB)
    is_suffix_first = (first == SUFFIX) | (first == EOMI) | (first == JOSA) | (first == PRE_EOMI)
    freq = floats[old_floats + FREQUENCY] + share
    score = f32(tokens) * weights[0] + f32(unknowns) * weights[1] + f32(words) * weights[2]
    score = score + f32(unknown_length) * weights[4] + (freq / f32(tokens)) * weights[3]
    score = score + f32(tokens != 1) * weights[5] + f32(has_others) * weights[6]
    score = score + f32(not is_preferred) * weights[12]
    score = score + f32(determiners) * weights[8] + f32(exclamations) * weights[9]
    score = score + f32(is_suffix_first) * weights[10] + f32(not is_noun_ha) * weights[11]
    score = score + f32(mismatched) * weights[14]
    tie = facts[old + TIE] + pos
    free = _make_room(facts, floats, to, score, tie)
    if free < 0:
        return
    new = to * FACTS_OF_POSITION + free * N_FACTS
    new_floats = to * FLOATS_OF_POSITION + free * N_FLOATS
    floats[new_floats + FREQUENCY], floats[new_floats + SCORE] = freq, score
    facts[new + TIE], facts[new + TOKENS], facts[new + UNKNOWNS] = tie, tokens, unknowns
    facts[new + UNKNOWN_LENGTH], facts[new + WORDS] = unknown_length, words
    facts[new + DETERMINERS], facts[new + EXCLAMATIONS] = determiners, exclamations
    facts[new + HAS_OTHERS], facts[new + MISMATCH] = has_others, mismatched
    facts[new + FIRST], facts[new + SECOND] = first, second
    facts[new + NODE], facts[new + POS], facts[new + ROW] = node, pos, row
    facts[new + BEFORE], facts[new + BEFORE_SLOT] = start, slot


@kernel
def _make_room(facts, floats, to, score, tie):  # type: ignore[no-untyped-def]
    """The slot for a parse, or -1 if five are better: after all that are as good, as a stable sort would."""
    place, scores = to * FACTS_OF_POSITION, to * FLOATS_OF_POSITION + SCORE
    order = place + ORDER
    count = np.int64(facts[place + COUNT])
    rank = count
    while rank > 0:
        other = np.int64(facts[order + rank - 1])
        other_score = floats[scores + other * N_FLOATS]
        if score > other_score or (score == other_score and tie >= facts[place + other * N_FACTS + TIE]):
            break
        rank -= 1
    if rank >= BEAM:
        return np.int64(-1)
    free = count
    if count == BEAM:
        free, count = np.int64(facts[order + BEAM - 1]), count - 1
    for moved in range(count, rank, -1):
        facts[order + moved] = facts[order + moved - 1]
    facts[order + rank] = free
    facts[place + COUNT] = count + 1
    return free


@kernel
def _is_josa_mismatched(before, head, length, josa):  # type: ignore[no-untyped-def]
    """Whether a josa that begins with `head` cannot follow a noun that ends in `before`."""
    coda = (before - FIRST_SYLLABLE) % 28
    is_single = length == 1
    if coda > 0:
        is_short = is_single and (head == josa[1] or head == josa[2] or head == josa[3])
        return (coda != 8 and head == josa[0]) or is_short
    return head == josa[4] or (is_single and (head == josa[5] or head == josa[6] or head == josa[7]))


@kernel
def _walk_back(facts, length, path):  # type: ignore[no-untyped-def]
    """The words of the best parse, last first: `(start, length, part of speech, row)`."""
    at, slot, count = length, np.int64(facts[length * FACTS_OF_POSITION + ORDER]), np.int64(0)
    while at > 0:
        word = at * FACTS_OF_POSITION + slot * N_FACTS
        before = np.int64(facts[word + BEFORE])
        path[4 * count], path[4 * count + 1] = before, at - before
        path[4 * count + 2], path[4 * count + 3] = facts[word + POS], facts[word + ROW]
        at, slot = before, np.int64(facts[word + BEFORE_SLOT])
        count += 1
    return count


@kernel
def _join(path, n_words, begin, tokens, count):  # type: ignore[no-untyped-def]
    """Joins nouns of one syllable to one noun, and endings to the verb or adjective before them."""
    is_joining, first = False, count
    for word in range(n_words - 1, -1, -1):
        length, pos = path[4 * word + 1], path[4 * word + 2]
        is_short_noun = pos == NOUN and length == 1
        last = tokens[4 * count - 2] if count > first else np.int32(-1)
        is_ending = (pos == EOMI or pos == PRE_EOMI) and (last == VERB or last == ADJECTIVE)
        if (is_short_noun and is_joining) or is_ending:
            tokens[4 * count - 3] += length
        else:
            tokens[4 * count], tokens[4 * count + 1] = begin + path[4 * word], length
            tokens[4 * count + 2], tokens[4 * count + 3] = pos, path[4 * word + 3]
            count += 1
        is_joining = is_short_noun
    return count
