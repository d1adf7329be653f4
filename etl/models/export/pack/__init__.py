"""What a program without Python needs of a model: how a sentence is prepared, the tables for it, the weights."""
