"""The training loop, the collapse detector, the scores and the report of all kinds of models."""
