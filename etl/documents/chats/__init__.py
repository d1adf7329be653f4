"""Chats as the apps export them: `lines` reads texts, `tables` CSV, `records` JSON, `slack` and `archives` folders.

The layouts of each app, and what in them nobody has written, stand in `schemas/documents/chats/`.
"""
