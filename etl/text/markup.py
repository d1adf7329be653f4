"""HTML within a sentence: tags and entities that crawlers and interfaces leave in what people have written.

Only what can be nothing else is markup. `<3`, `a < b > c`, `<사진>`, a film called `<Her>` or `<Body>`, and
`R&D` are words.
"""

from __future__ import annotations

import html
import re
from html.entities import html5

import numpy as np
import polars as pl
from numpy.typing import NDArray

from etl.text.composition import composed

# A tag of these begins a line; of any other, words go on: `<b>좋</b>아요` is one word.
BREAKS = (
    "article|aside|blockquote|br|d[dlt]|div|footer|form|h[1-6]|header|hr|iframe|img|li|main|nav|ol|p|pre|section|table"
    "|tbody|td|tfoot|th|thead|tr|ul|video"
)
# Tags that are no words or letters: they are markup alone. Others are with an attribute, or what ends them.
PLAIN = "br|d[dlt]|div|h[1-6]|hr|img|li|nobr|ol|p|rp|rt|ruby|span|tbody|td|tfoot|th|thead|tr|ul|wbr"
TAGS = (
    f"{BREAKS}|{PLAIN}|a|abbr|address|audio|b|big|body|button|caption|center|cite|code|col|del|details|dfn|dir|em"
    "|embed|figure|font|frame|head|html|i|ins|kbd|label|link|map|mark|menu|meta|object|option|picture|q|s|samp"
    "|script|select|small|source|strike|strong|style|sub|summary|sup|template|textarea|time|title|tt|u|var"
)
# What the cleaner takes for a blank, beside white space: it must leave no tag that has become one.
_BLANK = (
    r"\s\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200c\u200e\u200f\u202a-\u202e"
    r"\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff9-\ufffb"
)
# Each is spelt out: a reference that ignores case is not the same in other languages (etl/models/export).
_BLOCKS = "|".join(
    rf"<{name}(?:[{_BLANK}][^<>]*)?>(?:(?!<{name}\b).)*?</{name}[{_BLANK}]*>" for name in ("script", "style")
)
# A comment, a script or style with all that stands in it, a tag, an entity. `&amp;amp;` was escaped twice.
MARKUP = re.compile(
    rf"<!--(?:(?!<!--).)*?-->|{_BLOCKS}"
    rf"|<(?P<end>/?)(?P<tag>[a-z][a-z0-9]*)(?P<attributes>[{_BLANK}][^<>]*)?/?>"
    r"|&(?P<entity>(?:amp;|\#38;|\#x26;)*(?:\#\d{1,7}|\#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});)",
    re.IGNORECASE | re.DOTALL,
)
# A pattern for polars: a text without it holds no markup.
MAY_HOLD_MARKUP = "<[a-zA-Z/!]|&[#a-zA-Z]"
HAS_ATTRIBUTE = re.compile(rf"[{_BLANK}]+[a-z][-a-z0-9:]*[{_BLANK}]*=", re.IGNORECASE)
ESCAPED_AMPERSAND = re.compile(r"^(?:amp;|#38;|#x26;)+(?=.)", re.IGNORECASE)
# What was escaped twice, or stands in what was. A text that is deeper than this was made to be.
MAX_PASSES = 8


def remove_markup(text: str) -> str:
    """Takes the tags out of a sentence and puts the characters for its entities.

    A tag that begins a block, such as `<br>`, becomes a line break. What was escaped twice is undone twice,
    so that nothing is left for a second call. A text from which something was taken is in NFC.
    """
    if "<" not in text and "&" not in text:
        return text
    cleaned = text
    for _ in range(MAX_PASSES):
        before, cleaned = cleaned, _remove_once(cleaned)
        if cleaned == before:
            return cleaned
        cleaned = composed(cleaned)
    return text


def has_markup(texts: pl.Series) -> NDArray[np.bool_]:
    """Whether each sentence holds tags or entities; null holds none."""
    found = np.zeros(len(texts), np.bool_)
    rows = _suspects(texts)
    found[rows] = [remove_markup(sentence) != sentence for sentence in texts.gather(rows)]
    return found


def remove_markup_of(texts: pl.Series) -> pl.Series:
    """Takes the markup out of each sentence of a column without nulls."""
    rows = _suspects(texts)
    return texts.clone().scatter(rows, [remove_markup(sentence) for sentence in texts.gather(rows)])


def _suspects(texts: pl.Series) -> pl.Series:
    return texts.str.contains(MAY_HOLD_MARKUP).fill_null(False).arg_true()


def _remove_once(text: str) -> str:
    ended = {found["tag"].lower() for found in MARKUP.finditer(text) if found["tag"] and found["end"]}
    return MARKUP.sub(lambda found: _replacement(found, ended), text)


def _replacement(found: re.Match[str], ended: set[str]) -> str:
    """What stands in the place of markup; itself where it is none."""
    if found["entity"]:
        return _character(found["entity"]) or found[0]
    if found["tag"] is None:
        return ""
    tag = found["tag"].lower()
    is_plain = re.fullmatch(PLAIN, tag) or found["end"] or tag in ended or _has_attribute(found)
    if not (is_plain and re.fullmatch(TAGS, tag)):
        return found[0]
    return "\n" if re.fullmatch(BREAKS, tag) else ""


def _has_attribute(found: re.Match[str]) -> bool:
    return HAS_ATTRIBUTE.match(found["attributes"] or "") is not None


def _character(entity: str) -> str | None:
    """The character of an entity; None where there is none."""
    name = ESCAPED_AMPERSAND.sub("", entity)
    if not name.startswith("#") and name not in html5:
        return None
    character = html.unescape(f"&{name}")
    return character if character and "\ufffd" not in character else None
