"""Runs a user's own SQL without the means to change anything.

Three fences on each dialect: the first word, a connection of its own that may only read (SQLite:
opened read-only, with an authoriser; PostgreSQL: a read-only transaction and the protocol that
takes one statement only), and a time limit. Called by `moodwatch query`.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from typing import Any, Final

import psycopg
from psycopg import sql as pg_sql
from sqlalchemy import Engine

from db.connections import BUSY_TIMEOUT_S, redact_url, sqlite_read_only_uri
from db.errors import DatabaseUnavailableError, QueryError, first_line, is_transient

Rows = Iterator[Sequence[Any]]

#: Seconds until a query is given up.
TIMEOUT_S: Final = 60.0
_READING_WORDS: Final = {"select", "with", "values", "table", "explain", "show"}
# What may stand before the first word: space, comments, brackets.
_LEAD: Final = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/|\()*", re.DOTALL)
#: SQLite calls back after so many of its virtual machine's steps, about every millisecond.
_STEPS: Final = 100_000
_SQLITE_ALLOWED: Final = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
}
_SQLITE_FORBIDDEN_FUNCTIONS: Final = {"load_extension", "writefile", "edit", "fts3_tokenizer"}


@contextmanager
def read_only_query(
    engine: Engine, sql: str, limit: int | None = None, *, timeout_s: float = TIMEOUT_S
) -> Generator[tuple[list[str], Rows]]:
    """Yield the columns' names and an iterator of rows, read as they are asked for.

    Raises:
        QueryError: when it is no single reading statement, the database refuses it, or it takes
            longer than `timeout_s`. While the rows are read, too.
    """
    word = _first_word(sql)
    if word not in _READING_WORDS:
        raise QueryError(
            "expected one statement that reads (SELECT, WITH, VALUES, EXPLAIN), found"
            f" {word.upper()!r}: a query cannot change the database"
        )
    run = _run_sqlite if engine.dialect.name == "sqlite" else _run_postgresql
    with run(engine, sql, timeout_s) as (columns, rows):
        yield columns, islice(rows, limit)


def _first_word(sql: str) -> str:
    lead = _LEAD.match(sql)
    rest = sql[lead.end() :] if lead is not None else sql
    found = re.match(r"[A-Za-z_]+", rest)
    if found is None:
        raise QueryError("expected an SQL statement, found none")
    return found[0].lower()


@contextmanager
def _run_sqlite(engine: Engine, sql: str, timeout_s: float) -> Generator[tuple[list[str], Rows]]:
    deadline = time.monotonic() + timeout_s
    with _told_sqlite(engine, timeout_s, deadline):
        # A connection of its own: neither its fences nor its locks pass to anyone else.
        uri = sqlite_read_only_uri(engine)
        connection = sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    with closing(connection):
        with _told_sqlite(engine, timeout_s, deadline):
            connection.execute("PRAGMA query_only=ON")
            connection.set_authorizer(_authorise)
            connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
            cursor = connection.execute(sql)
        columns = [column[0] for column in cursor.description or ()]

        def rows() -> Generator[Sequence[Any]]:
            with _told_sqlite(engine, timeout_s, deadline):
                yield from cursor

        # Closed before the connection is: a reader may stop in the middle.
        with closing(rows()) as reader:
            yield columns, reader


def _authorise(action: int, name: str | None, function: str | None, *_: str | None) -> int:
    if action not in _SQLITE_ALLOWED:
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_FUNCTION and function in _SQLITE_FORBIDDEN_FUNCTIONS:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


@contextmanager
def _told_sqlite(engine: Engine, timeout_s: float, deadline: float) -> Generator[None]:
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning) as error:
        reason = first_line(error)
        if is_transient(error):
            raise DatabaseUnavailableError(f"{redact_url(engine.url)}: {reason}") from error
        if reason == "interrupted":
            if time.monotonic() <= deadline:
                # Ctrl-C, which sqlite3 swallows when it meets our progress handler.
                raise KeyboardInterrupt from error
            raise _too_slow(timeout_s) from error
        if "one statement at a time" in reason:
            reason = "expected one statement, found several"
        if reason in {"not authorized", "attempt to write a readonly database"}:
            reason = "a query cannot change the database"
        raise QueryError(reason) from error


@contextmanager
def _run_postgresql(
    engine: Engine, sql: str, timeout_s: float
) -> Generator[tuple[list[str], Rows]]:
    arguments, options = engine.dialect.create_connect_args(engine.url)
    with _told_postgresql(engine, timeout_s):
        # Not from the pool: a setting that a query changes must die with its connection.
        connection = psycopg.connect(*arguments, **options)
    with closing(connection):
        with _told_postgresql(engine, timeout_s):
            connection.read_only = True
            connection.execute("SET TIME ZONE 'UTC'")
            limit_ms = pg_sql.Literal(f"{max(1, round(timeout_s * 1000))}ms")
            connection.execute(pg_sql.SQL("SET LOCAL statement_timeout = {}").format(limit_ms))
            # stream() sends the statement by the protocol that refuses a second one; in the
            # other, "SELECT 1; COMMIT; DROP TABLE messages" would leave the transaction.
            cursor = connection.cursor()
            stream = cursor.stream(sql)
            first = next(stream, None)
            if first is None:
                # A stream without rows forgets its columns; prepare keeps it one statement.
                cursor.execute(sql, prepare=True)
        columns = [column.name for column in cursor.description or ()]

        def rows() -> Generator[Sequence[Any]]:
            if first is None:
                return
            yield first
            with _told_postgresql(engine, timeout_s):
                yield from stream

        # What was not read is cancelled with the connection, not fetched.
        with closing(rows()) as reader:
            yield columns, reader


@contextmanager
def _told_postgresql(engine: Engine, timeout_s: float) -> Generator[None]:
    try:
        yield
    except psycopg.errors.QueryCanceled as error:
        raise _too_slow(timeout_s) from error
    except psycopg.Error as error:
        reason = error.diag.message_primary or first_line(error)
        if is_transient(error) and error.sqlstate != "25006":
            raise DatabaseUnavailableError(f"{redact_url(engine.url)}: {reason}") from error
        if "multiple commands" in reason:
            reason = "expected one statement, found several"
        if error.sqlstate == "25006":
            reason = "a query cannot change the database"
        raise QueryError(reason) from error


def _too_slow(timeout_s: float) -> QueryError:
    return QueryError(
        f"the query took longer than {timeout_s:g} s: narrow it, by posted_at or source for example"
    )
