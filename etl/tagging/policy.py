"""Which tokens are kept, in coarse classes that are the same for every tagger.

The classes of each tagger's tags stand in `schemas/pos/<tagger>.yaml`, the policy in
`schemas/pos/policy.yaml`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from etl import resources
from etl.errors import SettingsError
from etl.settings import Tag

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Policy:
    """The tokens to keep.

    Args:
        keep: the coarse classes that are kept, as chosen.
        tags: tags of the tagger whose class is kept; of a compound tag such as `VV+EC` the first part counts.
        negation: tokens that are kept for being negation: `(token, tag)`, an empty tag standing for any.
        emoticons: regular expressions, one of which a kept emoticon or emoji matches.
        stop_words: tokens that are dropped whatever they are.
        keeps_all: whether nothing is ever dropped.
    """

    keep: tuple[str, ...]
    tags: frozenset[str]
    negation: frozenset[tuple[str, str]]
    emoticons: tuple[str, ...]
    stop_words: frozenset[str]
    keeps_all: bool

    def is_kept(self, token: pl.Expr, tag: pl.Expr) -> pl.Expr:
        """Whether a token with this tag is kept."""
        import polars as pl

        first_part = tag.str.split("+").list.first()
        any_tag = [word for word, only_tag in self.negation if not only_tag]
        with_tag = [f"{word}/{only_tag}" for word, only_tag in sorted(self.negation) if only_tag]
        is_negation = token.is_in(sorted(any_tag)) | pl.concat_str(token, first_part, separator="/").is_in(
            with_tag
        )
        is_kept = first_part.is_in(sorted(self.tags)) | is_negation
        for pattern in self.emoticons:
            is_kept = is_kept | token.str.contains(pattern)
        return is_kept & ~token.is_in(sorted(self.stop_words))

    def sha256(self) -> str:
        """Changes exactly when other tokens may be kept."""
        parts = [
            sorted(self.tags),
            sorted(self.negation),
            self.emoticons,
            sorted(self.stop_words),
            self.keeps_all,
        ]
        return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


def load(settings: Tag) -> Policy:
    """The policy for a tagger.

    Raises:
        SettingsError: `tag.keep` names an unknown class, or the file of stop words cannot be read.
    """
    classes: dict[str, str] = resources.load("schemas", "pos", f"{settings.tagger}.yaml")["classes"]
    policy = resources.load("schemas", "pos", "policy.yaml")
    keep = set(settings.keep if settings.keep is not None else policy["keep"])
    known = {*policy["keep"], *_all_classes()}
    if unknown := sorted(keep - known):
        raise SettingsError(
            f"tag.keep names a class that no tagger has: {unknown[0]}",
            details=[f"expected some of {', '.join(sorted(known))}"],
            next_step="correct tag.keep in etl.yaml.",
        )
    emoticons = [policy[f"{name}_pattern"] for name in ("emoticon", "emoji") if name in keep]
    stop_words = _stop_words(settings.stop_words)
    return Policy(
        keep=tuple(sorted(keep)),
        tags=frozenset(tag for tag, coarse in classes.items() if coarse in keep),
        negation=_negation(policy, classes) if "negation" in keep else frozenset(),
        emoticons=tuple(emoticons),
        stop_words=stop_words,
        keeps_all=set(classes.values()) <= keep and not stop_words,
    )


def _all_classes() -> set[str]:
    return {
        coarse
        for tagger in resources.names("schemas", "pos")
        if tagger != "policy"
        for coarse in resources.load("schemas", "pos", f"{tagger}.yaml")["classes"].values()
    }


def _negation(
    policy: dict[str, dict[str, list[str] | str]], classes: dict[str, str]
) -> frozenset[tuple[str, str]]:
    pairs: set[tuple[str, str]] = set()
    for word, only in policy["negation"].items():
        if only == "any":
            pairs.add((word, ""))
        else:
            pairs.update((word, tag) for tag, coarse in classes.items() if coarse in only)
    return frozenset(pairs)


def _stop_words(file: str | None) -> frozenset[str]:
    if file is None:
        return frozenset()
    try:
        lines = Path(file).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"the stop words in {file} cannot be read",
            details=[str(error)],
            next_step="tag.stop_words in etl.yaml is a UTF-8 file with one word a line.",
        ) from error
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))
