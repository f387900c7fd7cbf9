"""What can go wrong with a database that a user can mend, and which faults pass by themselves.

Everything that leaves the db room because of the environment (server down, file locked, no such
database) is a DatabaseError whose message says what to do; faults of our own stay what they are.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from sqlalchemy import exc as sa_exc

#: SQLSTATE classes and codes that waiting mends: connection lost (08), resources short (53),
#: shutdown, crash and start-up (57P0x), lock not available, and a primary that is being moved.
_TRANSIENT_STATES: Final = ("08", "53", "57P01", "57P02", "57P03", "55P03", "25006")
#: A transaction that lost against another one; running it again mends it.
_CONFLICT_STATES: Final = ("40001", "40P01")
#: A connection refused for one of these reasons is refused for ever; psycopg gives no SQLSTATE.
_LASTING_REFUSALS: Final = (
    "authentication failed",
    "does not exist",
    "no pg_hba.conf entry",
    "no password supplied",
    "invalid connection option",
    "invalid uri",
)
_TRANSIENT_SQLITE: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL)
#: What to do, by a part of the driver's words; the first that fits is told.
_REMEDIES: Final = (
    ("disk is full", "make room; the same command goes on where it stopped"),
    ("disk I/O error", "see whether its disk is full, limited or broken, then run it again"),
    (
        "unable to open database file",
        "expected the right to write beside it, as SQLite does even to read; copy it elsewhere",
    ),
    ("readonly database", "expected the right to write to it and beside it"),
    ("authentication failed", "correct the user or password in MOODWATCH_DB, or set PGPASSWORD"),
    ("no password supplied", "set PGPASSWORD, or write it into MOODWATCH_DB"),
    ("no pg_hba.conf entry", "let the server's pg_hba.conf admit this machine"),
    ("FATAL:  database", "create it, or correct MOODWATCH_DB"),
    ("FATAL:  role", "create it, or correct MOODWATCH_DB"),
    ("connection failed", "start the server, or correct MOODWATCH_DB"),
)


class DatabaseError(Exception):
    """The database cannot do what was asked; the message says what to do."""


class DatabaseUnavailableError(DatabaseError):
    """The database cannot be reached or is locked just now; waiting may mend it."""


class SchemaError(DatabaseError):
    """The database's tables are older or newer than this program, or not moodwatch's."""


class QueryError(DatabaseError):
    """A user's own query cannot be run."""


def is_transient(error: BaseException) -> bool:
    """Tell whether waiting and trying again may mend `error` or what caused it."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, DatabaseUnavailableError | sa_exc.TimeoutError):
            return True
        if isinstance(seen, sa_exc.DBAPIError) and seen.connection_invalidated:
            return True
        if isinstance(seen, psycopg.Error):
            return _is_transient_postgresql(seen)
        if isinstance(seen, sqlite3.Error):
            code = getattr(seen, "sqlite_errorcode", None)
            # The low byte is the primary code: SQLITE_BUSY_SNAPSHOT is a SQLITE_BUSY.
            return code is not None and code & 0xFF in _TRANSIENT_SQLITE
        seen = seen.__cause__
    return False


def is_conflict(error: sa_exc.DBAPIError) -> bool:
    """Tell whether the transaction was the victim of a deadlock or a serialisation conflict."""
    return getattr(error.orig, "sqlstate", None) in _CONFLICT_STATES


@contextmanager
def told_plainly(where: str) -> Iterator[None]:
    """Turn a driver's error that the user can mend into a DatabaseError naming `where`.

    The driver's error stays the cause, so `is_transient` sees it. Only its first line is quoted:
    what follows may show rows, and rows hold people's texts.
    """
    try:
        yield
    except sa_exc.TimeoutError as error:
        raise DatabaseUnavailableError(
            f"{where}: every connection of this process is in use"
        ) from error
    except (sa_exc.IntegrityError, sa_exc.DataError) as error:
        # A fault of ours, but PostgreSQL adds the whole row to it, text and all: cut it off.
        raise DatabaseError(f"{where}: {first_line(error.orig or error)}") from None
    except sa_exc.DBAPIError as error:
        plain = _plain_error(error, where)
        if plain is None:
            raise
        raise plain from error


def _is_transient_postgresql(error: psycopg.Error) -> bool:
    if error.sqlstate is not None:
        return error.sqlstate.startswith((*_TRANSIENT_STATES, *_CONFLICT_STATES))
    if not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return False
    text = str(error).lower()
    return not any(reason in text for reason in _LASTING_REFUSALS)


def _plain_error(error: sa_exc.DBAPIError, where: str) -> DatabaseError | None:
    driver_error = error.orig
    if driver_error is None:
        return None
    reason = first_line(driver_error)
    if is_transient(error):
        return DatabaseUnavailableError(f"{where}: {_with_remedy(reason)}")
    state = getattr(driver_error, "sqlstate", None)
    if state in {"42P01", "42703"} or reason.startswith(("no such table", "no such column")):
        return SchemaError(
            f"{where}: {reason}; the tables are not this program's: run `moodwatch db upgrade`"
        )
    is_ours = not isinstance(error, sa_exc.OperationalError) and state != "42501"
    if is_ours and "file is not a database" not in reason:
        return None
    return DatabaseError(f"{where}: {_with_remedy(reason)}")


def _with_remedy(reason: str) -> str:
    remedy = next((mend for sign, mend in _REMEDIES if sign in reason), None)
    return reason if remedy is None else f"{reason}: {remedy}"


def first_line(error: BaseException) -> str:
    """Return the first line of a driver's message, without the details that follow."""
    lines = str(error).strip().splitlines()
    return lines[0].strip() if lines else type(error).__name__
