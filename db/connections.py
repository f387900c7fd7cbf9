"""How this program talks to SQLite and PostgreSQL: URLs, engines, and the two kinds of transaction.

Every statement of the db room runs inside `reading` (a snapshot; takes no write lock) or
`in_transaction` (one writer, run again after a deadlock). Nothing else opens a connection.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

import structlog
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy import exc as sa_exc

from db.errors import DatabaseError, is_conflict, told_plainly

log = structlog.get_logger(__name__)
T = TypeVar("T")

#: Seconds a writer waits for another's lock on SQLite before it says "locked".
BUSY_TIMEOUT_S: Final = 30.0
#: Seconds to wait for a PostgreSQL server to accept a connection.
CONNECT_TIMEOUT_S: Final = 10
#: Runs of a transaction that keeps losing against others, before its error is passed on.
MAX_RUNS: Final = 6
_READS: Final = "moodwatch_reads"
_LASTING: Final = "moodwatch_lasting"
_SECRETS: Final = ("password", "sslpassword", "passfile")


def parse_url(url_or_path: str | Path) -> URL:
    """Return a SQLAlchemy URL for a path, a `sqlite:` or a `postgresql:` URL.

    Raises:
        DatabaseError: when it is another kind of URL, or none that can be read.
    """
    if isinstance(url_or_path, Path) or "://" not in url_or_path:
        path = Path(url_or_path).expanduser()
        if str(url_or_path) in {"", ":memory:"}:
            raise DatabaseError(
                "expected a file or a postgresql:// URL as the database: several processes share"
                f" it, found {str(url_or_path)!r}"
            )
        return URL.create("sqlite", database=str(path))
    try:
        url = make_url(url_or_path)
    except (sa_exc.ArgumentError, ValueError):
        raise DatabaseError(
            "expected a path, sqlite:///PATH or postgresql://USER@HOST/NAME as the database,"
            " found a URL that cannot be read"
        ) from None
    kind = url.drivername.partition("+")[0]
    if kind == "sqlite":
        return parse_url(url.database or "")
    if kind in {"postgresql", "postgres"}:
        return url.set(drivername="postgresql+psycopg")
    raise DatabaseError(
        f"expected an SQLite path or a postgresql:// URL as the database, found {kind!r}"
    )


def redact_url(url: str | Path | URL) -> str:
    """Return the database's address without its password, for messages and logs."""
    parsed = url if isinstance(url, URL) else parse_url(url)
    if parsed.drivername == "sqlite":
        return str(parsed.database)
    shown = {name: "***" if name in _SECRETS else value for name, value in parsed.query.items()}
    plain = parsed.set(drivername="postgresql", query=shown)
    return plain.render_as_string(hide_password=True)


def make_engine(url: URL, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Engine:
    """Create an engine whose transactions behave as this module says."""
    if url.drivername == "sqlite":
        # hide_parameters: a failing statement must not print people's texts.
        engine = create_engine(url, hide_parameters=True, connect_args={"timeout": busy_timeout_s})
        event.listen(engine, "connect", _SqliteSetup(busy_timeout_s))
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    defaults = {
        "connect_timeout": CONNECT_TIMEOUT_S,
        "application_name": "moodwatch",
        "client_encoding": "utf8",
    }
    engine = create_engine(
        url,
        hide_parameters=True,
        # A worker that slept through a server restart must not lose a chunk's retry over it.
        pool_pre_ping=True,
        connect_args={name: value for name, value in defaults.items() if name not in url.query},
    )
    event.listen(engine, "connect", _set_up_postgresql)
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Yield a connection that sees one moment of the database and never waits for writers."""
    options: dict[str, Any] = {_READS: True}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with told_plainly(redact_url(engine.url)), engine.connect() as connection:
        connection.execution_options(**options)
        with connection.begin():
            yield connection


def in_transaction(engine: Engine, work: Callable[[Connection], T], *, lasting: bool = True) -> T:
    """Run `work` in one writing transaction and commit; run it again if it lost a deadlock.

    `work` must therefore change nothing but the database. Every commit survives kill -9 of any
    process of ours. One that is not `lasting` does not wait for the disk, and may be undone by a
    power cut or a crash of the server, together with all later ones: for what the ledger would
    have done again anyway.
    """
    with told_plainly(redact_url(engine.url)):
        for run in range(1, MAX_RUNS + 1):
            try:
                with engine.connect() as connection:
                    connection.execution_options(**{_LASTING: lasting})
                    connection.begin()
                    if not lasting and connection.dialect.name == "postgresql":
                        connection.execute(text("SET LOCAL synchronous_commit = off"))
                    result = work(connection)
                    # Left without a commit, by an error in `work`, it is rolled back.
                    connection.commit()
                    return result
            except sa_exc.DBAPIError as error:
                if run == MAX_RUNS or not is_conflict(error):
                    raise
                log.info("transaction_conflict", run=run, state=getattr(error.orig, "sqlstate", ""))
                # Randomly, so that two losers do not meet again.
                time.sleep(random.uniform(0, 0.02 * 2**run))  # noqa: S311 - no secret
    raise AssertionError("unreachable: the last run returns or raises")


def sqlite_read_only_uri(engine: Engine) -> str:
    """Return the URI under which sqlite3 opens the engine's file without the right to write."""
    path = Path(str(engine.url.database)).absolute()
    return f"file:{quote(str(path))}?mode=ro"


class _SqliteSetup:
    """Prepares each new SQLite connection."""

    def __init__(self, busy_timeout_s: float) -> None:
        self._busy_timeout_s = busy_timeout_s

    def __call__(self, connection: Any, _record: object) -> None:
        # We say BEGIN ourselves (see _begin_sqlite): sqlite3 would say it late and deferred.
        connection.isolation_level = None
        self._use_wal(connection)
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA cache_size=-65536")

    def _use_wal(self, connection: Any) -> None:
        # The switch to WAL does not wait for locks as statements do, so two processes that
        # open a new file at once meet here.
        deadline = time.monotonic() + self._busy_timeout_s
        while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            try:
                connection.execute("PRAGMA journal_mode=WAL").fetchone()
                return
            except Exception as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get(_READS, False):
        connection.exec_driver_sql("BEGIN")
        return
    # Both survive kill -9; NORMAL may lose the last commits with the power. FULL is for the
    # ledger's lines, which hold what a pipe will never say again, and for erasures. It costs an
    # fsync a commit, a tenth of a second on a busy disk.
    level = "FULL" if options.get(_LASTING, True) else "NORMAL"
    driver: Any = connection.connection.driver_connection
    driver.execute(f"PRAGMA synchronous={level}")
    # A transaction that reads first and writes later cannot wait for another writer: its
    # snapshot is stale, so SQLite answers "locked" at once. Writers take the lock first.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _set_up_postgresql(connection: Any, _record: object) -> None:
    # By statement and not by a start-up option: connection poolers refuse those. UTC, so that
    # date_trunc and casts to date mean UTC in views, and 1660 has no local mean time.
    connection.execute("SET TIME ZONE 'UTC'")
    connection.commit()
