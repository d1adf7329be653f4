"""What the compiled functions and those that call them agree on, without numba."""

from __future__ import annotations

# Letters, and states of automata: the mask in two halves, the first child of a letter, where to go on when no
# child fits, and the longest word that ends here, or -1. The mask's bits above the letters count the children
# below them.
FIRST_LETTER, N_LETTERS = 0x3131, 51  # of the letters that Komoran takes syllables apart to
LOW, HIGH, FIRST_CHILD, FAIL, WORD = range(5)

# What `classes` says of a character: two bits for the kind of run it may be in, and a bit each.
RUN, SYMBOL, BLANK, UNREADABLE = 3, 4, 8, 16
# Columns of the words of a dictionary: length, last letter, state, the number outside it, and where their
# rows begin, and all words that they end in. The last row ends these.
LENGTH, LAST, STATE, NUMBER, ROWS, ENDINGS = range(6)
# The third column of rows, after kind and code: whether this is a final ending made of one that connects.
DERIVED = 2
# Places in `marks`: the tags of connecting and of final endings; of a start as a code, of an end, of what is
# unknown and of a symbol; and after them the tag of each kind of run.
CONNECTING, FINAL, START_CODE, EDGE_TAG, UNKNOWN, SYMBOL_TAG, RUNS = range(7)

# What a node is that is no word of a dictionary: letters as they stand, a start or an end, and letters that
# are put together to the characters that they come from; and what a token is that stands for emoji.
LETTERS, EDGE, CHARACTERS, EMOJI = -1, -2, -3, -4
# Columns of the facts of nodes: the node before, the word, from where to where its letters go, and its tag.
BEFORE, ENTRY, BEGIN, END, CODE = range(5)
# Places in sizes: how many nodes there are, how many of them hidden, how many contractions are open, and
# whether the library would fail.
NODES, HIDDEN, OPEN, FAILS = range(4)
MOST_OPEN = 512  # contractions whose last word may still grow
# More candidates, and more nodes, than one letter can bring; and for how many of a letter there is room.
CANDIDATES_MARGIN, NODES_MARGIN, A_LETTER = 1 << 12, 1 << 14, 64

# Columns of parts: the text, where its letters and where its characters begin and end. Emoji have no letters.
TEXT, FIRST, AFTER, FROM, TO = range(5)
