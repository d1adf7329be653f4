"""The taxonomies of `schemas/emotions/`, and the label tables of the corpora of `schemas/labels/`.

`etl.schema.resolver` says with them what a raw label becomes.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

import msgspec

from etl.errors import SettingsError
from etl.language.message import tr
from etl.language.system_words import system_words
from etl.schema import resources
from etl.schema.label_cells import normalise_label
from etl.user_files.key_errors import describe
from etl.user_files.plain import plain_file
from etl.user_files.yaml_text import YamlError, decode_yaml

TABLE = "table"


class _Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    to: str | None
    why: str = ""


_Codes = dict[str, _Decision | str | None]


class _TaxonomyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    targets: list[str]
    maps: dict[str, _Codes]
    about: str = ""


@dataclass(frozen=True)
class LabelTable:
    """The labels of one corpus.

    Args:
        codes: canonical code to name, in order.
        spellings: other exact forms, raw to code.
        aliases: misspelt forms, raw to code; their occurrences are counted.
        separator: between the labels or votes of one row; None: a row has one label.
        min_votes: number of votes that must agree; None: no minimum.
        levels: what stands between the levels of a label that is a path. Where the whole is no label, the
            path above it is looked up, and so on; None: labels are no paths.
        single: labels that are no votes and count alone, whatever the minimum, raw to code.
    """

    codes: Mapping[str, str]
    spellings: Mapping[str, str]
    aliases: Mapping[str, str]
    separator: str | None
    min_votes: int | None
    levels: str | None = None
    single: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Taxonomy:
    """Target labels, and for each corpus a map from every code to a target or explicitly to None.

    Args:
        name: such as `ko7`.
        targets: in order; the index of a target is its class id.
        maps: slug to code to target.
        sha256: of the YAML file.
        about: one sentence.
        reasons: slug to code to the reason for the mapping, where the file gives one.
    """

    name: str
    targets: tuple[str, ...]
    maps: Mapping[str, Mapping[str, str | None]] = field(hash=False)
    sha256: str
    about: str = ""
    reasons: Mapping[str, Mapping[str, str]] = field(default_factory=dict, hash=False)


def shipped() -> list[str]:
    """Returns the names of the taxonomies of the package."""
    return resources.names("schemas", "emotions")


def with_place_for(slugs: Iterable[str]) -> list[str]:
    """Returns the names of the taxonomies that map a label of each of these corpora to a target."""
    wanted = set(slugs)
    return [
        name
        for name in shipped()
        if wanted <= {slug for slug, codes in load(name).maps.items() if any(codes.values())}
    ]


def corpora() -> list[str]:
    """Returns the slugs that have a label table, sorted."""
    return resources.names("schemas", "labels")


@cache
def label_table(slug: str) -> LabelTable:
    """Loads the label table of a corpus.

    Raises:
        SettingsError: there is no corpus of that name.
    """
    tree = resources.load("schemas", "labels", f"{slug}.yaml")
    return LabelTable(
        codes={str(code): name for code, name in tree["codes"].items()},
        spellings={normalise_label(str(raw)): str(code) for raw, code in tree["spellings"].items()},
        aliases={normalise_label(str(raw)): str(code) for raw, code in tree["aliases"].items()},
        separator=tree["separator"],
        min_votes=tree["min_votes"],
        levels=tree.get("levels"),
        single={normalise_label(str(raw)): str(code) for raw, code in tree.get("single", {}).items()},
    )


def load(name_or_path: str) -> Taxonomy:
    """Loads a taxonomy: one of the package by its name, or a YAML file by its path.

    Raises:
        SettingsError: neither exists; or the file is not a taxonomy: not YAML, unknown keys, a repeated
            target, a map to an unknown target, an unknown corpus or code, or a corpus with codes left out.
    """
    if name_or_path in shipped():
        path = resources.path("schemas", "emotions", f"{name_or_path}.yaml")
    else:
        path = Path(name_or_path)
    try:
        content = plain_file(path).read_bytes()
    except OSError as error:
        raise SettingsError(
            tr("there is no taxonomy {name!r}", name=name_or_path),
            details=[
                tr(
                    "expected one of {names}, or the path of a YAML file; {problem}",
                    names=", ".join(shipped()),
                    problem=system_words(error),
                )
            ],
            next_step=tr("run `etl labels` to see what each maps to what"),
        ) from error
    return _make(content, path)


@lru_cache(maxsize=16)
def _make(content: bytes, path: Path) -> Taxonomy:
    source = _decode(content, path)
    problems = _find_problems(source)
    if problems:
        raise _unusable(path, problems)
    maps = {
        slug: {code: _as_decision(to) for code, to in codes.items()} for slug, codes in source.maps.items()
    }
    return Taxonomy(
        name=source.name,
        targets=tuple(source.targets),
        maps={slug: {code: decision.to for code, decision in codes.items()} for slug, codes in maps.items()},
        sha256=hashlib.sha256(content).hexdigest(),
        about=source.about,
        reasons={
            slug: {code: decision.why for code, decision in codes.items()} for slug, codes in maps.items()
        },
    )


def explain(taxonomy: Taxonomy, slug: str) -> list[dict[str, str | None]]:
    """Lists how a taxonomy maps each code of a corpus: dicts of source, code, name, target (or None), why."""
    names = label_table(slug).codes if slug != TABLE else {code: code for code in table_targets(taxonomy)}
    mapped = taxonomy.maps.get(slug, {}) if slug != TABLE else table_targets(taxonomy)
    reasons = taxonomy.reasons.get(slug, {})
    otherwise = "" if mapped else tr("{taxonomy} does not map this corpus", taxonomy=taxonomy.name)
    return [
        {
            "source": slug,
            "code": code,
            "name": name,
            "target": mapped.get(code),
            "why": reasons.get(code) or otherwise,
        }
        for code, name in names.items()
    ]


def table_targets(taxonomy: Taxonomy) -> dict[str, str | None]:
    """Returns what the labels of a user's own table become: the targets themselves, and what the map adds."""
    targets: dict[str, str | None] = {target: target for target in taxonomy.targets}
    return targets | {normalise_label(raw): to for raw, to in taxonomy.maps.get(TABLE, {}).items()}


def _as_decision(decision: _Decision | str | None) -> _Decision:
    return decision if isinstance(decision, _Decision) else _Decision(to=decision)


def _decode(content: bytes, path: Path) -> _TaxonomyFile:
    try:
        tree = decode_yaml(content)
        source = msgspec.convert(tree, _TaxonomyFile)
    except YamlError as error:
        raise _unusable(path, [error]) from error
    except msgspec.ValidationError as error:
        raise _unusable(path, [describe(error, tree, _TaxonomyFile)]) from error
    maps = {slug: _spread(slug, codes) for slug, codes in source.maps.items()}
    return msgspec.structs.replace(source, maps=maps)


def _spread(slug: str, codes: _Codes) -> _Codes:
    """Gives every code of a corpus the one decision, where there is one for all: `{to: …, why: …}`."""
    # `to` and `why` may be labels of a user's own table, but are no codes of a corpus.
    if slug not in corpora() or codes.keys() != {"to", "why"}:
        return codes
    return dict.fromkeys(label_table(slug).codes, msgspec.convert(codes, _Decision))


def _find_problems(source: _TaxonomyFile) -> list[str]:
    """Returns the problems of a decoded taxonomy, one line each."""
    if not source.targets:
        return [tr("targets is empty")]
    problems: list[str] = [
        tr("the target {name!r} is listed twice", name=name)
        for name, n in Counter(source.targets).items()
        if n > 1
    ]
    problems += [
        tr("the target {name!r} is blank, has spaces around it or is not NFC", name=name)
        for name in source.targets
        if not name or normalise_label(name) != name
    ]
    for slug, codes in source.maps.items():
        for code, decision in codes.items():
            to = _as_decision(decision).to
            if to is not None and to not in source.targets:
                problems.append(
                    tr(
                        "maps.{corpus}.{code}: {to!r} is not one of the targets",
                        corpus=slug,
                        code=code,
                        to=to,
                    )
                )
        problems += _find_code_problems(slug, codes)
    return problems


def _find_code_problems(slug: str, codes: Mapping[str, object]) -> list[str]:
    """Returns problems with codes that a corpus does not have, and with codes of it that are left out."""
    if slug == TABLE:
        return []
    if slug not in corpora():
        return [
            tr(
                "maps.{corpus}: no corpus of that name; there are {corpora}",
                corpus=slug,
                corpora=", ".join([*corpora(), TABLE]),
            )
        ]
    known = label_table(slug).codes
    unknown = [code for code in codes if code not in known]
    missing = [code for code in known if code not in codes]
    return [
        *(
            [tr("maps.{corpus}: no label of this corpus: {codes}", corpus=slug, codes=", ".join(unknown))]
            if unknown
            else []
        ),
        *(
            [
                tr(
                    "maps.{corpus}: left out: {codes}; map to null what has no target",
                    corpus=slug,
                    codes=", ".join(missing),
                )
            ]
            if missing
            else []
        ),
    ]


def _unusable(path: Path, problems: Sequence[object]) -> SettingsError:
    return SettingsError(
        tr("{file} cannot be used as a taxonomy", file=path.name),
        details=problems,
        next_step=tr("compare it with {file}", file=resources.path("schemas", "emotions", "ko7.yaml")),
    )
