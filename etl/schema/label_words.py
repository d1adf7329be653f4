"""Words for labels in a user's own tables: spellings of the known corpora, and `schemas/synonyms.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from etl.language.message import tr
from etl.schema import resources
from etl.schema.label_cells import is_number, normalise_label
from etl.schema.taxonomy import TABLE, Taxonomy, corpora, label_table, table_targets


@lru_cache(maxsize=8)  # of thousands of words, and asked for by each batch
def find_words(taxonomy: Taxonomy) -> Mapping[str, str | None]:
    """Returns what each word, in lower case, becomes: a target, or None for one that goes to nothing."""
    own = {target.casefold(): target for target in taxonomy.targets}
    return MappingProxyType(_corpus_words(taxonomy) | _synonyms(taxonomy) | own)


def explain_words(taxonomy: Taxonomy) -> list[dict[str, str | None]]:
    """Lists the words of `schemas/synonyms.yaml` as `etl.schema.taxonomy.explain` lists codes."""
    codes, words = table_targets(taxonomy), _synonyms(taxonomy)
    return [
        {
            "source": TABLE,
            "code": word,
            "name": name,
            "target": words[word.casefold()],
            "why": tr("a word for it"),
        }
        for name, synonyms in resources.load("schemas", "synonyms.yaml").items()
        for word in synonyms["words"]
        if word.casefold() in words and word not in codes
    ]


def _corpus_words(taxonomy: Taxonomy) -> dict[str, str | None]:
    """The codes, names and spellings of all corpora, but for words with two targets.

    Not their aliases: a slip of the keyboard has its one reading in its own corpus only.
    """
    found: dict[str, set[str | None]] = {}
    for slug in corpora():
        mapped = taxonomy.maps.get(slug, {})
        table = label_table(slug)
        codes = {code: code for code in table.codes}
        names = {normalise_label(name): code for code, name in table.codes.items()}
        for word, code in (*codes.items(), *names.items(), *table.spellings.items()):
            if code in mapped and not is_number(word):
                found.setdefault(word.casefold(), set()).add(mapped[code])
    readings = {word: to - {None} or to for word, to in found.items()}
    return {word: next(iter(to)) for word, to in readings.items() if len(to) == 1}


def _synonyms(taxonomy: Taxonomy) -> dict[str, str | None]:
    """The words of `schemas/synonyms.yaml` that mean a target, or a code that the taxonomy maps."""
    found: dict[str, str | None] = {}
    for synonyms in resources.load("schemas", "synonyms.yaml").values():
        words = [word.casefold() for word in synonyms["words"]]
        named = [target for target in taxonomy.targets if target.casefold() in words]
        codes = [code.split("/", 1) for code in synonyms["codes"]]
        mapped = [taxonomy.maps[slug][code] for slug, code in codes if slug in taxonomy.maps]
        if len(named) == 1 or (mapped and not named):
            found |= dict.fromkeys(words, [*named, *mapped][0])
    return found
