"""Says in the user's language why a row was rejected.

The column `detail` of the rejects is data, and English in every dataset: what is shown of it to people is
read back into the message that it would be.
"""

from __future__ import annotations

from etl.language import library_words
from etl.language.forms import forms_of, recognise
from etl.language.message import tr

# What is written into `detail`, the longer of two that begin alike first.
FORMS = forms_of(
    (
        tr("{number} raw characters"),
        tr("longer than {number} characters"),
        tr("{number} characters"),
        tr("decided by {people}"),
        tr("an earlier train row has this text and label"),
        tr("{number} different labels for this text in train"),
        tr("{number} tokens, none of them kept"),
        tr("the same raw text is in {split}"),
        tr("the same text, normalised, is in {split}"),
        tr("the same group has rows in {split}"),
        tr("a text in {split} is nearly the same: similarity {similarity} to {id}"),
        tr("a row with this id was read before"),
        tr("found {labels}, expected one of {targets}"),
        tr("found {labels}, which is no label of {corpus}"),
        tr("found {labels}, which {taxonomy} maps to nothing"),
        tr("found {labels}; {taxonomy} does not map {corpus} at all"),
        tr("found {votes}; one label needs more than half and at least {least}"),
        tr("found {votes}; one label needs more than half"),
        tr("found nothing"),
        tr("found {labels}"),
        tr("expected {expected} fields, got {number}"),
        tr("a quotation mark is opened and not closed"),
        tr("the key {key} stands in it {number} times"),
        tr("expected a role of speaker or listener, got {role}"),
        tr("there is no Segment ID"),
        tr("there is no text {segment}.txt"),
        tr("no split is called {name}"),
        tr("out of memory: a worker has {number} MB"),
        tr("no answer in {number} s"),
        tr("the process of the tagger was killed by {signal}"),
        tr("the process of the tagger ended with exit code {code}"),
    )
)


def said(detail: str) -> str:
    """Returns a detail as a message, or as it is where nobody knows how it was made.

    What a library says of a bad row is known by `etl.language.library_words`.
    """
    return library_words.said(recognise(detail, FORMS))
