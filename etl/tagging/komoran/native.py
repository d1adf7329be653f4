"""Komoran as a native tagger, for `etl.tagging.native`."""

from __future__ import annotations

from etl.schema import resources
from etl.settings import Tag
from etl.tagging.komoran import dump, tables
from etl.tagging.komoran.exact import ExactKomoran
from etl.tagging.komoran.made_up import made_up_texts
from etl.tagging.native import known
from etl.tagging.native.native import Native


def _is_known() -> bool:
    return known.is_known(
        resources.load("schemas", "komoran.yaml")["known"], lambda: dump.model_folder().parents[1]
    )


def _made_up_texts(found: tables.Tables) -> list[str]:
    return made_up_texts(found.folder)


NATIVE = Native(
    name="komoran",
    title="Komoran",
    format=1,
    is_known=_is_known,
    make=dump.dump,
    load=tables.load,
    tagger=ExactKomoran,
    made_up_texts=_made_up_texts,
    proved=(Tag(tagger="komoran"),),
)
