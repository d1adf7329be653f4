"""What the compiled search and those that call it agree on, without numba."""

from __future__ import annotations

LONGEST_TEXT = 30_000  # bytes: then no sum of costs can leave 32 bits, and no text leaves MeCab's window
# Columns of a word of a lexicon.
LEFT, RIGHT, KIND, COST = range(4)
N_WORD = 8
# Columns of what is known of a character; see `tables`.
TYPES, CATEGORY, LONGEST, IS_GROUP, IS_INVOKED = range(5)
N_CHARACTER = 5
# Columns of a node.
TOTAL, NODE_LEFT, NODE_RIGHT, BEFORE, START, END, WORD, LEXICON = range(8)
N_NODE = 8
NEXT = NODE_LEFT  # once it is connected
# Columns of what words with one attribute choose, and of a word that was found.
N_CHOSEN, N_ROW = 3, 4
SYSTEM, OWN, UNKNOWN = range(3)
