"""The words of a message that a person has written: no pictures, calls or notices of the app."""

from __future__ import annotations

from etl.documents.chats.layouts import App

# What an app says is shorter; the patterns of it take long for long lines.
MAX_NOTICE_CHARS = 1000
_BRACKETS = "()<>[]"


def words_of(app: App, speaker: str, text: str) -> str:
    """Returns the words of a message; "" where nobody has written it.

    Args:
        app: whose message it is.
        speaker: as the export names the sender; "" where it names none.
        text: of the message; there may be line breaks.
    """
    words = text.strip()
    if app.cut is not None:
        words = app.cut.sub("", words).strip()
    if words.strip(_BRACKETS) in app.placeholders or speaker in app.machines:
        return ""
    if len(words) > MAX_NOTICE_CHARS:
        return words
    return "" if app.placeholder.fullmatch(words) or _is_notice(app, speaker, words) else words


def _is_notice(app: App, speaker: str, words: str) -> bool:
    if not speaker:
        return app.nobody.fullmatch(words) is not None
    return words.startswith(speaker) and app.own_event.fullmatch(words[len(speaker) :]) is not None
