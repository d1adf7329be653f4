"""The words of a message that a person has written: no pictures, calls or notices of the app."""

from __future__ import annotations

from etl.documents.chats.layouts import App

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
    is_placeholder = words.strip(_BRACKETS) in app.placeholders or app.placeholder.fullmatch(words)
    return "" if is_placeholder or _is_of_the_app(app, speaker, words) else words


def _is_of_the_app(app: App, speaker: str, words: str) -> bool:
    if not speaker:
        return app.nobody.fullmatch(words) is not None
    if speaker in app.machines:
        return True
    return words.startswith(speaker) and app.own_event.fullmatch(words[len(speaker) :]) is not None
