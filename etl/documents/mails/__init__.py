"""Mails: `.eml`, `.mbox` and Outlook's `.msg`, with the mails and chats that are attached to them."""
