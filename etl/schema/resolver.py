"""Maps raw labels to targets of a taxonomy, cell by cell; `etl.ingestion.steps.relabel` does it to rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from types import MappingProxyType

from etl.schema.label_cells import (
    WHOLE,
    normalise_label,
    split_cell,
    split_table_cell,
    weigh_table_cell,
    without_fraction,
)
from etl.schema.label_words import find_words
from etl.schema.taxonomy import TABLE, LabelTable, Taxonomy, label_table, table_targets
from etl.text.composition import composed


@dataclass(frozen=True)
class Resolution:
    """The result for one raw label: a target, or a reject reason.

    Args:
        label: a target of the taxonomy, or None.
        votes: the targets of a row with several, and their weights, which sum to 1, in the order of the
            taxonomy; empty where `label` says it all.
        reason: where there is no label, a code of `schemas/columns.yaml`.
        detail: the labels that led to the reason.
        aliases: misspelt or foreign forms that were resolved, one entry for each occurrence.
        unknown: the labels that are none of the corpus, whole numbers without a fraction.
    """

    label: str | None
    reason: str | None = None
    detail: str | None = None
    aliases: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    votes: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class _Corpus:
    """The labels of one corpus in one taxonomy.

    Args:
        slug: the corpus.
        table: its label table; that of a user's own table is made of the taxonomy.
        targets: code to target.
        allowed: the codes that may occur; None: all of the label table.
    """

    slug: str
    table: LabelTable
    targets: Mapping[str, str | None]
    allowed: frozenset[str] | None

    @cached_property
    def codes(self) -> dict[str, str]:
        """The code of each label that may occur, but for aliases."""
        labels = {**self.table.single, **self.table.spellings, **{code: code for code in self.table.codes}}
        return {label: code for label, code in labels.items() if self.allowed is None or code in self.allowed}

    @cached_property
    def aliases(self) -> dict[str, str]:
        """The code of each alias of a label that may occur."""
        aliases = self.table.aliases.items()
        return {label: code for label, code in aliases if self.allowed is None or code in self.allowed}

    def find_code(self, label: str) -> tuple[str | None, bool]:
        """Returns the code of a label, None for an unknown one, and whether the label is an alias of it."""
        for form in _forms(label, self.table.levels):
            if code := self.codes.get(form):
                return code, False
            if code := self.aliases.get(form) or self.aliases.get(form.casefold()):
                return code, True
        wide = composed(label, "NFKC") if self.slug == TABLE else label  # １, ＪＯＹ
        return (None, False) if wide == label else (self.find_code(wide)[0], True)

    def split(self, raw: str | None) -> list[str]:
        """Returns the labels in a cell."""
        if self.slug == TABLE:
            return split_table_cell(raw, self.is_known)
        return split_cell(raw, self.table.separator, self.is_known)

    def is_known(self, label: str) -> bool:
        """Whether a label is one of the corpus."""
        return self.find_code(label)[0] is not None


def _forms(label: str, levels: str | None) -> Iterator[str]:
    """Yields a label, `2` for `2.0`, and what a path lies in: for `a/b/c` that is `a/b`, then `a`."""
    yield label
    if label.endswith("0"):
        yield without_fraction(label)
    while levels and levels in label:
        label = label.rpartition(levels)[0].rstrip()
        yield label


def make_resolver(
    taxonomy: Taxonomy,
    slug: str,
    allowed: frozenset[str] | None = None,
    labels: Mapping[str, str | None] = MappingProxyType({}),
    meanings: Mapping[str, str | None] = MappingProxyType({}),
) -> Callable[[str | None], Resolution]:
    """Returns a function that resolves the raw label of a row of a corpus. It never raises.

    A label is looked up as a code, as a spelling, then as an alias; a row may have several labels or votes.

    Args:
        taxonomy: the targets.
        slug: the corpus.
        allowed: the codes that the corpus's contract allows; None: all of its label table.
        labels: of a user's own table, what raw labels mean; they win over all else.
        meanings: targets, or None, of labels that are unknown otherwise.
    """
    corpus = _open_table(taxonomy, labels) if slug == TABLE else _open_corpus(taxonomy, slug, allowed)
    corpus = _with_meanings(corpus, meanings) if meanings else corpus

    @lru_cache(maxsize=65_536)
    def resolve(raw: str | None) -> Resolution:
        weights = weigh_table_cell(raw, corpus.is_known) if slug == TABLE else None
        labels = corpus.split(raw) if weights is None else list(weights)
        if not labels:
            return Resolution(None, "missing_label", "found nothing" if raw is None else f"found {raw!r}")
        found = [(label, *corpus.find_code(label)) for label in labels]
        aliases = tuple(label for label, _, is_alias in found if is_alias)
        if unknown := tuple(label for label, code, _ in found if code is None):
            detail = _unknown_detail(unknown, taxonomy, slug)
            return Resolution(None, "unknown_label", detail, aliases, tuple(map(without_fraction, unknown)))
        min_votes = None if labels[0] in corpus.table.single else corpus.table.min_votes
        counts: Counter[str] = Counter()
        for label, code, _ in found:
            counts[code or ""] += weights[label] if weights else 1
        unit = WHOLE if weights else 1
        return replace(_decide(counts, unit, corpus, taxonomy, min_votes), aliases=aliases)

    return resolve


def make_counter(taxonomy: Taxonomy, slug: str) -> Callable[[str | None], Counter[str]]:
    """Returns a function that counts the targets in the raw label of a row of a corpus.

    Labels that are unknown, or that the taxonomy maps to nothing, do not count.
    """
    corpus = _open_corpus(taxonomy, slug, None)

    @lru_cache(maxsize=65_536)
    def count(raw: str | None) -> Counter[str]:
        codes = [corpus.find_code(label)[0] for label in corpus.split(raw)]
        targets = [corpus.targets.get(code) for code in codes if code is not None]
        return Counter(target for target in targets if target is not None)

    return count


def choose_target(votes: Counter[str], min_votes: int | None = None) -> str | None:
    """Returns the one target of a row with several labels: that of more than half of them; None without one.

    Args:
        votes: how many labels have each target; not empty.
        min_votes: how many of them must agree besides; None: no minimum.
    """
    winner, most = votes.most_common(1)[0]
    return winner if 2 * most > votes.total() and most >= (min_votes or 1) else None


def weigh_votes(votes: Counter[str], winner: str | None, taxonomy: Taxonomy) -> tuple[tuple[str, float], ...]:
    """Returns the targets of a row and their weights, in the order of the taxonomy.

    Args:
        votes: how many labels have each target.
        winner: the target of the row; None without one. If it is the only one, there is nothing to weigh.
        taxonomy: the targets.
    """
    if winner is not None and len(votes) == 1:
        return ()
    total = votes.total()
    return tuple([(target, votes[target] / total) for target in taxonomy.targets if target in votes])


def _decide(
    counts: Counter[str], unit: int, corpus: _Corpus, taxonomy: Taxonomy, min_votes: int | None
) -> Resolution:
    """Resolves the codes of one row, each with its count; `unit` is that of one label.

    Labels that the taxonomy maps to nothing do not count.
    """
    votes: Counter[str] = Counter()
    for code, count in counts.items():
        if (target := corpus.targets.get(code)) is not None:
            votes[target] += count
    if not votes:
        return Resolution(None, "label_not_in_taxonomy", _unmapped_detail([*counts], taxonomy, corpus))
    winner = choose_target(votes, min_votes)
    weighed = weigh_votes(votes, winner, taxonomy)
    if winner is None:
        detail = _votes_detail(votes, unit, taxonomy, corpus.table)
        return Resolution(None, "label_ambiguous", detail, votes=weighed)
    return Resolution(winner, votes=weighed)


def _open_corpus(taxonomy: Taxonomy, slug: str, allowed: frozenset[str] | None) -> _Corpus:
    return _Corpus(slug, label_table(slug), taxonomy.maps.get(slug, {}), allowed)


def _open_table(taxonomy: Taxonomy, labels: Mapping[str, str | None]) -> _Corpus:
    # A user's own table has no label table: its codes are the targets, and what taxonomy and labels add.
    targets, words = table_targets(taxonomy), find_words(taxonomy)
    meant = {
        raw: None if to is None else targets.get(to, words.get(to.casefold())) for raw, to in labels.items()
    }
    targets |= {normalise_label(raw): to for raw, to in meant.items()}
    codes = {code: code for code in targets}
    # A word that goes to nothing is a code of its own; one that a target is called by is that target.
    aliases = {word: word if target is None else target for word, target in words.items()}
    aliases |= {form: code for code in targets for form in (without_fraction(code), code.casefold())}
    table = LabelTable(codes, {}, aliases, None, None)
    return _Corpus(TABLE, table, dict.fromkeys(words) | targets, None)


def _with_meanings(corpus: _Corpus, meanings: Mapping[str, str | None]) -> _Corpus:
    """Adds labels that the corpus does not know, each as a code of its own."""
    meant = {label: to for raw, to in meanings.items() if not corpus.is_known(label := normalise_label(raw))}
    codes = {**corpus.table.codes, **{label: label for label in meant}}
    allowed = None if corpus.allowed is None else corpus.allowed | meant.keys()
    return replace(
        corpus, table=replace(corpus.table, codes=codes), targets={**corpus.targets, **meant}, allowed=allowed
    )


def _unknown_detail(unknown: Sequence[str], taxonomy: Taxonomy, slug: str) -> str:
    found = ", ".join(repr(label) for label in unknown)
    if slug == TABLE:
        return f"found {found}, expected one of {', '.join(taxonomy.targets)}"
    return f"found {found}, which is no label of {slug}"


def _unmapped_detail(codes: list[str], taxonomy: Taxonomy, corpus: _Corpus) -> str:
    names = corpus.table.codes
    found = ", ".join(f"{code} ({names.get(code, code)})" for code in dict.fromkeys(codes))
    if corpus.slug != TABLE and corpus.slug not in taxonomy.maps:
        return f"found {found}; {taxonomy.name} does not map {corpus.slug} at all"
    return f"found {found}, which {taxonomy.name} maps to nothing"


def _votes_detail(votes: Counter[str], unit: int, taxonomy: Taxonomy, table: LabelTable) -> str:
    # In the order of the targets: that of the votes, which Counter keeps, is arbitrary.
    found = ", ".join(f"{target} {votes[target] / unit:g}" for target in taxonomy.targets if target in votes)
    wanted = "more than half" + (f" and at least {table.min_votes}" if table.min_votes else "")
    return f"found {found}; one label needs {wanted}"
