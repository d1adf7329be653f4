"""Chats as apps export them: `lines` reads texts, `tables` CSV, `records` and `slack` JSON, `archives` zips.

The layouts of each app, and what in them nobody has written, stand in `schemas/documents/chats/`.
"""
