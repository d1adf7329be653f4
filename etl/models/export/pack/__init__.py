"""All that a program without Python needs of a model: how a sentence is prepared, tables, weights."""
