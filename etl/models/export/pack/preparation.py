r"""Everything that determines the tokens of a sentence, as config and arrays of a pack.

Patterns are those of the steps themselves, translated (`etl.models.export.pack.patterns`), and are searched.
Lengths are in code points; a range of code points is `[first, last]`.

clean               what `etl.ingestion.steps.clean` does; what is not explained is its setting
    max_raw_chars, max_chars, max_repeats, keep_markup, fold_vowels
    patterns        in this order
        can_change  only texts with it are brought to NFC
        (here markup goes)
        blanks      each is replaced by one space, and then the spaces around the text go
        repeats     is replaced by `max_repeats` times its group 1, again until nothing changes
        drawn_out   is replaced by the group of it that took part; null without `fold_vowels`
        visible     a text without it is empty
    markup          see `etl.text.markup`; null with `keep_markup`
        may_hold    only texts with it are looked at
        markup      groups `end`, `tag`, `attributes`, `entity`
        has_attribute   stands at the beginning of `attributes`
        escaped     goes from the beginning of `entity`; what is left is the name
        plain, tags, breaks     tags as a whole, in lower case
        max_passes
        entities    the characters of names, which end in `;`
        references  the characters of numbers that are not those of their code points, "" for none; numbers
                    of halves of surrogate pairs and beyond U+10FFFF, and U+FFFD, are no entities
tagger              {name: "okt", "whitespace" or null, norm, stem}. With null texts are only cleaned: what
                    follows is absent; with whitespace all but `policy` is
around              what is handed around Okt: see `etl.tagging.around`
    signs           only texts with it are cut
    pattern         its matches are cut out but for those in which the group `skipped` took part
    parts           {group: which of `pattern`, tag, token: null for what is written, is_glued}
negation            see `etl.tagging.negation`
    signs           only texts with it are looked at
    kinds           {signs, alone, glued: may be null, shown}
    class_name      the class of tokens that may show a negation
    around          like `around`, for texts in which one was swallowed; `signs` is null: all are cut
policy              which tokens are kept: see `etl.tagging.policy`
    keeps_all       whether all are, whatever else stands here
    classes         the class of each tag
    unmapped        that of any other
    forms           {class_name, pattern, of: classes by tag, [] for all}: the first that fits decides
    keep, companions    classes
    stop_words
okt, and arrays `okt.…`     see `etl.models.export.pack.okt_rules`
left                the reason of a text in which Okt's library itself would be needed
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from html.entities import html5
from typing import Any

from etl.dataset.preparation import Preparation, open_settings
from etl.errors import SettingsError
from etl.ingestion.steps import clean
from etl.language.message import tr
from etl.models.export.pack.container import Tensors
from etl.models.export.pack.okt_rules import pack_okt
from etl.models.export.pack.patterns import Dialect, translate
from etl.settings import Clean
from etl.tagging import negation, policy
from etl.tagging.around import Cutter, load_cutter
from etl.tagging.negation import Negation
from etl.tagging.policy import Policy
from etl.text import markup
from etl.text.normalise import CAN_CHANGE

TAGGERS = ("okt", "whitespace")
_LEFT = "tagger_error"
_SURROGATES = range(0xD800, 0xE000)


@dataclass(frozen=True)
class Packed:
    """A part of a pack: see the page of this module."""

    config: dict[str, Any]
    tensors: Tensors


def pack_preparation(preparation: Preparation, dialect: Dialect, *, is_tagged: bool = True) -> Packed:
    """Packs how sentences are prepared.

    Args:
        preparation: that of a model.
        dialect: the language of the patterns.
        is_tagged: whether the model reads tokens; else it reads cleaned text.

    Raises:
        SettingsError: the tagger is neither Okt nor whitespace, it is not installed, or what Okt's library
            has cannot be taken out of it.
        InputError: the installed tagger, or the filter of key tokens, would give other tokens.
    """
    config: dict[str, Any] = {"clean": _clean(preparation.clean, dialect)}
    name = preparation.tagger if is_tagged else None
    config["tagger"] = {"name": name, "norm": preparation.norm, "stem": preparation.stem}
    if name is None:
        return Packed(config, {})
    if name not in TAGGERS:
        raise SettingsError(
            tr("the tagger {tagger} runs in Python alone", tagger=name),
            details=[tr("expected {one} or {other}", one=TAGGERS[0], other=TAGGERS[1])],
            cause=tr("Its dictionaries and rules are too large for a page or a phone."),
            next_step=tr("ingest with `--tagger okt` or `--tagger whitespace`, and train again"),
        )
    with open_settings(preparation) as settings:
        kept = policy.load(settings) if preparation.tokens == "key" else policy.KEEP_ALL
        config["policy"] = _policy(kept, policy.load(settings), dialect)
        if name == "whitespace":
            return Packed(config, {})
        found = negation.load(settings)
        around = load_cutter(name)
        config["around"] = {"signs": translate(around.signs, "rust", dialect), **_around(around, dialect)}
        config["negation"] = _negation(found, load_cutter(name, found.parts()), dialect)
        config["okt"], tensors = pack_okt(settings, dialect)
        config["left"] = _LEFT
        return Packed(config, tensors)


def _clean(settings: Clean, dialect: Dialect) -> dict[str, Any]:
    rust = {"can_change": CAN_CHANGE["NFC"], "blanks": clean.BLANKS, "visible": clean.VISIBLE}
    drawn_out = translate(clean.find_drawn_out().pattern, dialect=dialect) if settings.fold_vowels else None
    return {
        "max_raw_chars": settings.max_raw_chars,
        "max_chars": settings.max_chars,
        "max_repeats": settings.max_repeats,
        "keep_markup": settings.keep_markup,
        "fold_vowels": settings.fold_vowels,
        "patterns": {
            **{name: translate(pattern, "rust", dialect) for name, pattern in rust.items()},
            "repeats": translate(clean.repeats(settings.max_repeats), dialect=dialect),
            "drawn_out": drawn_out,
        },
        "markup": None if settings.keep_markup else _markup(dialect),
    }


def _markup(dialect: Dialect) -> dict[str, Any]:
    whole = {"plain": markup.PLAIN, "tags": markup.TAGS, "breaks": markup.BREAKS}
    return {
        "may_hold": translate(markup.MAY_HOLD_MARKUP, "rust", dialect),
        "markup": translate(
            markup.MARKUP.pattern, dialect=dialect, is_case_insensitive=True, is_dot_all=True
        ),
        "has_attribute": translate(
            rf"\A(?:{markup.HAS_ATTRIBUTE.pattern})", dialect=dialect, is_case_insensitive=True
        ),
        "escaped": translate(markup.ESCAPED_AMPERSAND.pattern, dialect=dialect, is_case_insensitive=True),
        **{name: translate(rf"\A(?:{tags})\Z", dialect=dialect) for name, tags in whole.items()},
        "max_passes": markup.MAX_PASSES,
        "entities": {name: characters for name, characters in html5.items() if name.endswith(";")},
        "references": _references(),
    }


def _references() -> dict[str, str]:
    """The numbers that HTML reads as another character, or as none."""
    ends_of_planes = (plane << 16 | low for plane in range(1, 17) for low in (0xFFFE, 0xFFFF))
    numbers = [number for number in range(1 << 16) if number not in _SURROGATES] + [*ends_of_planes]
    read = {number: html.unescape(f"&#{number};") for number in numbers}
    return {str(number): characters for number, characters in read.items() if characters != chr(number)}


def _around(cutter: Cutter, dialect: Dialect) -> dict[str, Any]:
    pattern, parts = cutter.groups()
    return {
        "pattern": translate(pattern, dialect=dialect),
        "parts": [
            {"group": group, "tag": part.tag, "token": part.token, "is_glued": part.is_glued}
            for group, part in parts.items()
        ],
    }


def _negation(found: Negation, cutter: Cutter, dialect: Dialect) -> dict[str, Any]:
    return {
        "signs": translate("|".join(kind.signs for kind in found.kinds), "rust", dialect),
        "kinds": [
            {
                "signs": translate(kind.signs, "rust", dialect),
                "alone": translate(kind.alone, dialect=dialect),
                "glued": translate(kind.glued, dialect=dialect) if kind.glued else None,
                "shown": translate(kind.shown, "rust", dialect),
            }
            for kind in found.kinds
        ],
        "class_name": negation.CLASS,
        "around": {"signs": None, **_around(cutter, dialect)},
    }


def _policy(kept: Policy, classes: Policy, dialect: Dialect) -> dict[str, Any]:
    """What is kept, and how tokens are told apart, which negation asks for even where all are kept."""
    return {
        "keeps_all": kept.keeps_all,
        "classes": classes.classes,
        "unmapped": policy.UNMAPPED,
        "forms": _forms(classes.forms, dialect),
        "keep": list(kept.keep),
        "companions": list(kept.companions),
        "stop_words": sorted(kept.stop_words),
    }


def _forms(forms: Sequence[policy.Form], dialect: Dialect) -> list[dict[str, Any]]:
    return [
        {
            "class_name": form.coarse,
            "pattern": translate(form.pattern, "rust", dialect),
            "of": list(form.of),
        }
        for form in forms
    ]
