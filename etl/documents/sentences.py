"""Passages to sentences, by Kiwi (extra `[kiwi]`) or as they stand."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Literal

from etl.documents.passage import Passage
from etl.errors import SettingsError
from etl.language.message import tr

if TYPE_CHECKING:
    from kiwipiepy import Kiwi

Split = Literal["sentence", "line"]

# A text of at most so many characters, in which nothing ends before the last word, is one sentence: Kiwi cuts
# one in a hundred of such utterances of Chatbot, mostly where a word stands behind its verb.
_SHORT_CHARS = 30
_END = re.compile(r"[.?!…。？！\n].*\w", re.DOTALL)
# A passage this long is no sentence, and Kiwi's memory grows with it: it is cut at its blanks before.
_MAX_CHARS = 10_000


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a passage; `number` counts from 1."""

    passage: Passage
    number: int
    text: str


Splitter = Callable[[Sequence[Passage]], list[Sentence]]


def is_one_sentence(text: str) -> bool:
    """Says whether a text of the command line is taken for one sentence, if the user says nothing of it.

    Loading Kiwi's model takes three times as long as everything else that one sentence needs.
    """
    return len(text) <= _SHORT_CHARS and _END.search(text) is None


def splitter(split: Split, workers: int) -> Splitter:
    """Returns a function that splits passages into sentences, in order.

    Args:
        split: `sentence`: by Kiwi; `line`: each passage is taken for one.
        workers: threads of Kiwi.

    Raises:
        SettingsError: Kiwi is not installed.
    """
    if split == "line":
        return _as_they_stand
    if importlib.util.find_spec("kiwipiepy") is None:
        raise SettingsError(
            tr("nothing that cuts texts into sentences is installed"),
            details=[tr("expected kiwipiepy, got nothing")],
            next_step=tr(
                "install it: pip install 'korean-emotion-etl[kiwi]'; or go without: `--split line`."
            ),
        )
    return partial(_by_kiwi, _kiwi(workers))


@cache
def _kiwi(workers: int) -> Kiwi:
    """Kiwi with its model, which takes a second or two to load, and is kept."""
    from kiwipiepy import Kiwi

    return Kiwi(num_workers=workers)


def _as_they_stand(passages: Sequence[Passage]) -> list[Sentence]:
    return [Sentence(passage, 1, passage.text) for passage in passages]


def _by_kiwi(kiwi: Kiwi, passages: Sequence[Passage]) -> list[Sentence]:
    # A single word is one sentence, and so is what cannot be read: chats are full of the first.
    needs_cutting = [not passage.reason and len(passage.text.split(maxsplit=1)) > 1 for passage in passages]
    pieces = [_pieces(passage.text) for passage, needs in zip(passages, needs_cutting, strict=True) if needs]
    cut = iter(kiwi.split_into_sents([each for group in pieces for each in group], return_sub_sents=False))
    groups = iter(pieces)
    sentences = []
    for passage, needs in zip(passages, needs_cutting, strict=True):
        texts = [sent.text for _ in next(groups) for sent in next(cut)] if needs else []
        # Of blanks alone Kiwi makes no sentence; the row stays, and is told to be empty.
        numbered = enumerate(texts or [passage.text], start=1)
        sentences += [Sentence(passage, number, text) for number, text in numbered]
    return sentences


def _pieces(text: str) -> list[str]:
    """The text; in pieces, cut at blanks if it has any, where it is beyond all measure."""
    pieces = []
    while len(text) > _MAX_CHARS:
        at = max(text.rfind(" ", 0, _MAX_CHARS), text.rfind("\n", 0, _MAX_CHARS))
        at = at if at > 0 else _MAX_CHARS
        pieces.append(text[:at])
        text = text[at:]
    return [*pieces, text]
