"""Text itself: when two sentences are the same, and how text is written into HTML."""
