"""What the compiled functions and those that call them agree on, without numba."""

from __future__ import annotations

LONGEST_WORD = 8  # MAX_TRACE_BACK of the original: longer words only count for a run as a whole
FIRST_SYLLABLE = 0xAC00
BITMAP_BITS = 23
# Bits of a word's mask, above those of the thirteen parts of speech.
PARTS_OF_SPEECH = (1 << 13) - 1
FAMILY_NAME, GIVEN_NAME, FULL_NAME = 1 << 13, 1 << 14, 1 << 15

BEAM = 5  # TOP_N_PER_STATE of the original
N_FACTS, N_FLOATS = 16, 2  # of a parse
# One slot more than parses says in which order the others come, and how many there are.
FACTS_OF_POSITION, FLOATS_OF_POSITION = (BEAM + 1) * N_FACTS, BEAM * N_FLOATS
