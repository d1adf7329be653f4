"""Taggers, the killable workers they run in, and which of their tokens are kept."""
