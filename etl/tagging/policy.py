"""Which tokens are kept, in coarse classes that are the same for every tagger.

The classes of each tagger's tags stand in `schemas/pos/<tagger>.yaml`, the policy in
`schemas/pos/policy.yaml`.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import msgspec
import polars as pl

from etl.errors import SettingsError
from etl.language.message import tr
from etl.language.system_words import system_words
from etl.schema import resources
from etl.settings import Tag, Tagger
from etl.text.composition import composed
from etl.user_files.plain import plain_file

# Of a tag that no tag set has: KoNLPy takes text behind a slash for a tag of Hannanum.
UNMAPPED = "unknown"
_NEGATION = "negation"


class Form(msgspec.Struct, frozen=True, rename={"coarse": "class"}):
    """A pattern that assigns tokens to a class, where their tags do not suffice.

    Args:
        coarse: the class of a token that looks like this.
        pattern: a regular expression that is searched in the token.
        of: only tokens whose tags have one of these classes; empty: all.
    """

    coarse: str
    pattern: str
    of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Policy:
    """The tokens to keep: those of the classes to keep that are no stop words.

    Args:
        keep: the coarse classes that are kept, sorted.
        classes: the coarse class of each tag of the tagger.
        forms: looks that decide the class before the tag does; the first one that fits.
        stop_words: tokens that are dropped whatever they are.
        companions: classes whose tokens are kept only beside a token of another class.
    """

    keep: tuple[str, ...]
    classes: dict[str, str]
    forms: tuple[Form, ...]
    stop_words: frozenset[str]
    companions: tuple[str, ...] = ()

    @property
    def keeps_all(self) -> bool:
        """Whether nothing is ever dropped."""
        possible = {*self.classes.values(), *(form.coarse for form in self.forms)}
        return possible <= set(self.keep) and not self.stop_words and not self.companions

    def coarse_class(self, token: pl.Expr, tag: pl.Expr) -> pl.Expr:
        """The class of a token with this tag. Of a compound tag such as `VV+EC` the first part counts."""
        first_part = tag.str.split("+").list.first()
        by_tag = first_part.replace_strict(
            list(self.classes), list(self.classes.values()), default=UNMAPPED, return_dtype=pl.String
        )
        coarse = by_tag
        for form in reversed(self.forms):
            looks = token.str.contains(form.pattern)
            if form.of:
                looks &= by_tag.is_in(form.of)
            coarse = pl.when(looks).then(pl.lit(form.coarse)).otherwise(coarse)
        return coarse

    def is_kept(self, token: pl.Expr, tag: pl.Expr) -> pl.Expr:
        """Whether a token with this tag is kept."""
        return self.is_class_kept(self.coarse_class(token, tag), token)

    def is_class_kept(self, coarse: pl.Expr, token: pl.Expr) -> pl.Expr:
        """Whether a token of this coarse class is kept."""
        return coarse.is_in(self.keep) & ~token.is_in(sorted(self.stop_words))

    def is_companion(self, coarse: pl.Expr) -> pl.Expr:
        """Whether a token of this coarse class is kept only beside others."""
        return coarse.is_in(self.companions)

    def warnings(self) -> list[str]:
        """Returns warnings about stop words that drop negation, as many published lists do."""
        negations = [form.pattern for form in self.forms if form.coarse == _NEGATION and not form.of]
        words = sorted(word for word in self.stop_words if any(re.search(each, word) for each in negations))
        if not words or _NEGATION not in self.keep:
            return []
        return [
            tr(
                "tag.stop_words drops negation, and with it the difference between opposites: {words}",
                words=", ".join(words),
            )
        ]

    def sha256(self) -> str:
        """Changes whenever other tokens may be kept."""
        forms = msgspec.to_builtins(self.forms)
        parts = [
            self.keep,
            sorted(self.classes.items()),
            forms,
            sorted(self.stop_words),
            self.companions,
        ]
        return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


# No filter: every token is kept.
KEEP_ALL = Policy(keep=(), classes={}, forms=(), stop_words=frozenset())


def load(settings: Tag) -> Policy:
    """The policy for a tagger.

    Raises:
        SettingsError: `tag.keep` names an unknown class, or the file of stop words cannot be read.
    """
    policy = resources.load("schemas", "pos", "policy.yaml")
    classes = _classes(settings.tagger)
    has_parts_of_speech = (
        len(set(classes.values())) > 1
    )  # an eojeol is many tokens, and looks like all of them
    return Policy(
        keep=_keep(settings.keep, policy["keep"], policy["always"]),
        classes=classes,
        forms=msgspec.convert(policy["forms"], tuple[Form, ...]) if has_parts_of_speech else (),
        stop_words=_stop_words(settings.stop_words),
        # Whoever names classes is taken at their word.
        companions=() if settings.keep or not has_parts_of_speech else tuple(policy["companions"]),
    )


def _classes(tagger: str) -> dict[str, str]:
    classes: dict[str, str] = resources.load("schemas", "pos", f"{tagger}.yaml")["classes"]
    return classes


def _keep(chosen: tuple[str, ...] | None, default: list[str], always: list[str]) -> tuple[str, ...]:
    """The classes to keep: those chosen, else the default ones; and `always` some; less those with a `-`."""
    names = chosen or ()
    dropped = {name[1:] for name in names if name.startswith("-")}
    named = {name for name in names if not name.startswith("-")}
    known = {*default, *always, *(each for tagger in get_args(Tagger) for each in _classes(tagger).values())}
    if unknown := sorted((named | dropped) - known):
        raise SettingsError(
            tr("tag.keep names a class that no tagger has: {name}", name=unknown[0]),
            details=[tr("expected some of {known}", known=", ".join(sorted(known)))],
            next_step=tr("correct `--keep`, or tag.keep in etl.yaml; a `-` before a class drops it."),
        )
    is_default = chosen is None or (bool(dropped) and not named)
    return tuple(sorted(({*default} if is_default else named).union(always) - dropped))


def _stop_words(file: str | None) -> frozenset[str]:
    """One word a line; lines that are blank or begin with `#` are none. Composed (NFC), as all text is."""
    if file is None:
        return frozenset()
    try:
        text = plain_file(Path(file)).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            tr("the stop words in {file} cannot be read", file=file),
            details=[system_words(error) if isinstance(error, OSError) else error],
            next_step=tr("tag.stop_words in etl.yaml is a UTF-8 file with one word a line."),
        ) from error
    words = (line.strip() for line in composed(text).splitlines())
    return frozenset(word for word in words if word and not word.startswith("#"))
