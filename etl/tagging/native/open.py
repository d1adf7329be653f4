"""Opens a native tagger: makes its files on first use, and proves them unless the library is known."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from xxhash import xxh3_128_hexdigest

from etl.errors import EtlError
from etl.language.forms import forms_of, recognise
from etl.language.message import tr
from etl.runtime import failures
from etl.runtime.paths import cache_folder, keep_compiled_code
from etl.runtime.scratch import scratch_path, temporary_folder
from etl.runtime.threads import submit, wait_for_result
from etl.settings import Tag
from etl.tagging import dictionary, taggers
from etl.tagging.native.native import Checked, Native, TagTexts, Words
from etl.tagging.native.proof import ask_library, compare, prove

_log = logging.getLogger(__name__)

_REFUSED, _DIGESTS = "refused.txt", "digests.json"
# What the file says, in English, and how it is read by people.
_WHY = tr("of {compared} {what} {differing} come out otherwise.")
_FORMS = forms_of((_WHY, tr("made-up texts")))
# What a damaged folder raises when it is read.
_DAMAGED = (OSError, ValueError, KeyError, pl.exceptions.PolarsError)


def folder(native: Native) -> Path:
    """Where the files that are made for the installed versions of a tagger's packages are kept."""
    packages = "-".join(f"{package}{number}" for package, number in taggers.versions(native.name).items())
    return cache_folder() / f"{native.name}-{packages}-{native.format}"


def open_native(native: Native, settings: Tag, tag_left: TagTexts) -> TagTexts | None:
    """The tagger with the options of the settings, or None where only the library itself can be trusted.

    Args:
        native: the tagger.
        settings: its options, and the user's own `dictionary`.
        tag_left: tags texts, or parts of them, by the library itself.

    Raises:
        EtlError: its files cannot be made.
        SettingsError: the user's dictionary cannot be used.
    """
    try:
        return _opened(native, settings, tag_left)
    except EtlError:
        raise
    except Exception as error:  # whatever a compiler throws that does not know this machine
        if failures.is_shortage(error) or failures.is_of_system(error):
            raise
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        _log.warning(
            tr(
                "{title} is tagged by its library, many times slower: {reason}",
                title=native.title,
                reason=reason,
            )
        )
        return None


def load_tables(native: Native, settings: Tag) -> Any | None:
    """What `native.load` makes of the tagger's files, or None where only the library itself can be trusted.

    Args:
        native: the tagger.
        settings: the user's own `dictionary`.

    Raises:
        EtlError: the files cannot be made.
        SettingsError: the user's dictionary cannot be used.
    """
    words = dictionary.tagged(settings)
    keep_compiled_code()
    with temporary_folder(native.name) as scratch:
        made = folder(native)
        tables = _load(native, made, words) if made.is_dir() else None
        if tables is None and not _is_refused(made):
            made = _make(native, made, scratch)
            tables = None if _is_refused(made) else native.load(made, words)
        if tables is None:
            reason = recognise((made / _REFUSED).read_text(encoding="utf-8"), _FORMS)
            _log.warning(
                tr(
                    "{title} is tagged by its library, many times slower: {reason}",
                    title=native.title,
                    reason=reason,
                )
            )
    return tables


def _opened(native: Native, settings: Tag, tag_left: TagTexts) -> TagTexts | None:
    tables = load_tables(native, settings)
    return None if tables is None else native.tagger(tables, settings, tag_left)


def begin_to_open(
    native: Native, settings: Tag, tag_left: TagTexts, thread: Executor
) -> Callable[[], TagTexts] | None:
    """Begins to open a tagger on a thread, which takes a second, and meanwhile texts are read.

    One that has to be proved is opened at once: that takes long, and may end with None.

    Args:
        native, settings, tag_left: see `open_native`.
        thread: the caller has to wait for it before files of the cache may change.

    Returns:
        How to wait for what `open_native` returns or raises; None where that is None.

    Raises:
        EtlError: see `open_native`.
    """
    made = folder(native)
    if _is_refused(made) or not (made.is_dir() or native.is_known()):
        opened_now = open_native(native, settings, tag_left)
        return None if opened_now is None else lambda: opened_now
    opened = submit(thread, _open_surely, native, settings, tag_left)
    return partial(wait_for_result, opened)


def prove_installed(native: Native) -> list[Checked]:
    """Compares the files that are used, or that would be, and what is tagged with them, with the library.

    Raises:
        EtlError: the library does not run.
        SettingsError: it is not installed.
    """
    keep_compiled_code()
    with temporary_folder(native.name) as scratch:
        made = folder(native)
        if not made.is_dir() or _load(native, made, ()) is None:
            made = scratch / "made"
            made.mkdir()
            native.make(made)
        return [*(native.check_made(made) if native.check_made else ()), prove(native, made)]


def _open_surely(native: Native, settings: Tag, tag_left: TagTexts) -> TagTexts:
    """Like `open_native`; where the files turn out to be refused after all, the library tags."""
    return open_native(native, settings, tag_left) or tag_left


def _is_refused(made: Path) -> bool:
    return (made / _REFUSED).is_file()


def _load(native: Native, made: Path, words: Words) -> Any | None:
    """The tables, if they are whole and not refused; what is left of damaged ones is removed."""
    if _is_refused(made):
        return None
    try:
        if json.loads((made / _DIGESTS).read_text(encoding="utf-8")) != _digests(made):
            raise ValueError(f"{made} is not as it was made")
        return native.load(made, words)
    except _DAMAGED as error:
        if failures.is_shortage(error):
            raise
        shutil.rmtree(made, ignore_errors=True)
        return None


def _make(native: Native, target: Path, scratch: Path) -> Path:
    """Makes the files, and proves them; of two runs that do so at once, the first to finish counts."""
    made = scratch / "made"
    made.mkdir()
    native.make(made)
    if not native.is_known():
        _prove_or_refuse(native, made)
    (made / _DIGESTS).write_text(json.dumps(_digests(made)), encoding="utf-8")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with scratch_path(target) as beside:
            shutil.copytree(made, beside)
            beside.rename(target)
    except OSError:
        return made  # the cache cannot be written, or another run was first: these are as good
    return target


def _digests(made: Path) -> dict[str, str]:
    """A digest of each file: of 77 MB, which Komoran's are, it takes a hundredth of a second."""
    files = sorted(path for path in made.iterdir() if path.name != _DIGESTS)
    return {path.name: xxh3_128_hexdigest(np.fromfile(path, np.uint8).data) for path in files}


def _prove_or_refuse(native: Native, made: Path) -> None:
    """Leaves a file in the folder if it is not to be used."""
    _log.warning(tr("this version of {title} is compared with what is made of it, once", title=native.title))
    texts = native.made_up_texts(native.load(made, ()))
    answers = ask_library(native, texts)
    checked = compare(native, made, texts, answers)
    if checked.differing and native.weaken:
        native.weaken(made)  # with more left to the library, the rest may still be understood
        checked = compare(native, made, texts, answers)
    if checked.differing:
        why = _WHY.format(compared=checked.compared, what=checked.what, differing=len(checked.differing))
        (made / _REFUSED).write_text(why, encoding="utf-8")
