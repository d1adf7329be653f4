"""One SQLite file of the cache of tagged texts: opened, bounded, removed.

`etl.tagging.cache` decides what stands in its rows.
"""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from etl.language.message import tr
from etl.runtime.json_text import decode_json

_APPLICATION_ID = 0x65746C31
KEPT, DAMAGED = ".sqlite", ".damaged"
_BUSY_SECONDS = 10.0
_WAL_TRIES, _WAL_WAIT_SECONDS = 100, 0.02
# Larger pages than SQLite's 4,096 bytes: written 1.3 times as fast, read 1.1 times.
_SETTINGS = """
    PRAGMA page_size = 16384;
    PRAGMA auto_vacuum = INCREMENTAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA secure_delete = OFF;
    PRAGMA cache_size = -32768
"""
# Rows lie in the order they were written in: with the hash itself as the rowid each batch would rewrite most
# pages, which took twice as long, and the oldest rows could not be found.
_TABLES = f"""
    CREATE TABLE tagger (facts TEXT NOT NULL);
    CREATE TABLE tagged (id INTEGER PRIMARY KEY, key INTEGER NOT NULL UNIQUE, answer BLOB NOT NULL);
    PRAGMA application_id = {_APPLICATION_ID}
"""
_DROP_OLDEST_EIGHTH = "DELETE FROM tagged WHERE id <= (SELECT min(id) + (max(id) - min(id)) / 8 FROM tagged)"


def connect(path: Path, facts: dict[str, Any]) -> sqlite3.Connection:
    """Opens the file of a tagger, which is made if it is not there.

    Raises:
        sqlite3.Error: it cannot be opened, or belongs to something else.
    """
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        for statement in _SETTINGS.split(";"):
            connection.execute(statement)
        _set_wal(connection)
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                for statement in _TABLES.split(";"):
                    connection.execute(statement)
                connection.execute("INSERT INTO tagger VALUES (?)", [json.dumps(facts, ensure_ascii=False)])
        if facts_of(connection).get("fingerprint") != facts["fingerprint"]:
            raise sqlite3.DatabaseError(tr("it belongs to another tagger"))
        return connection
    except BaseException:
        connection.close()
        raise


def _set_wal(connection: sqlite3.Connection) -> None:
    """SQLite does not wait here if another run is about to do the same, in the first instant of a file."""
    for tries_left in reversed(range(_WAL_TRIES)):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if code_of(error) != sqlite3.SQLITE_BUSY or not tries_left:
                raise
        time.sleep(_WAL_WAIT_SECONDS)


def facts_of(connection: sqlite3.Connection) -> dict[str, Any]:
    """Returns the `Tagger.fingerprint()` of the tagger that the file belongs to."""
    if _pragma(connection, "application_id") != _APPLICATION_ID:
        raise sqlite3.DatabaseError(tr("it is not a cache of tagged texts"))
    try:
        [content] = connection.execute("SELECT facts FROM tagger").fetchone()
        return decode_json(content, dict[str, Any])
    except (TypeError, msgspec.DecodeError) as error:
        raise sqlite3.DatabaseError(tr("it does not say which tagger it belongs to")) from error


def drop_oldest(connection: sqlite3.Connection, max_bytes: int) -> int:
    """Drops the oldest texts until the others fit; returns by how many pages the file is too large."""
    max_pages = max_bytes // _pragma(connection, "page_size")
    while _pragma(connection, "page_count") - _pragma(connection, "freelist_count") > max_pages:
        if not connection.execute(_DROP_OLDEST_EIGHTH).rowcount:
            break
    return max(0, _pragma(connection, "page_count") - max_pages)


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value


def files(folder: Path) -> list[Path]:
    """All files of the cache, those that were put aside too, by name."""
    return sorted(path for path in folder.glob("*") if path.suffix in {KEPT, DAMAGED})


def open_existing(path: Path, timeout: float = _BUSY_SECONDS) -> sqlite3.Connection:
    """Opens a file that is there."""
    uri = f"{path.absolute().as_uri()}?mode=rw"
    return sqlite3.connect(uri, uri=True, timeout=timeout, isolation_level=None)


def is_used(path: Path) -> bool:
    """Whether somebody has this file open: SQLite leaves the WAL mode only if nobody else has."""
    try:
        with closing(open_existing(path, timeout=0)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        return code_of(error) == sqlite3.SQLITE_BUSY
    return False


def code_of(error: sqlite3.Error) -> int | None:
    """SQLite's primary result code, or None where the error is not SQLite's."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def remove(path: Path) -> bool:
    """Removes a file of the cache and its journal, or says that it is used."""
    if is_used(path):
        return False
    path.unlink(missing_ok=True)
    remove_journal(path)
    return True


def remove_journal(path: Path) -> None:
    """Removes what SQLite keeps beside the file."""
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
