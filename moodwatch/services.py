"""Open what a command needs, database, salt and queue: where the rooms are wired together."""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from db.connections import parse_url
from db.engine import open_database
from db.ledger import SqlLedger
from moodwatch.errors import ExitCode, UserError
from moodwatch.settings import Settings

if TYPE_CHECKING:
    from redis import Redis
    from sqlalchemy import Engine

    from ingest.queue import ChunkQueue
    from moodwatch.embedded import EmbeddedServer

log = structlog.get_logger(__name__)

#: Seconds that services wait at their start for Redis: a machine's services start in any order,
#: and one that ends at once would be started again and again.
SERVICE_PATIENCE_S: Final = 60.0

#: Seconds between two looks whether the embedded server still runs.
LOOK_EVERY_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Services:
    """A database and the queue that belongs to it."""

    settings: Settings
    engine: Engine
    ledger: SqlLedger
    queue: ChunkQueue
    redis_url: str


def database_path(url_or_path: str) -> Path | None:
    """Return the file of an SQLite database, None for a server."""
    url = parse_url(url_or_path)
    return Path(str(url.database)) if url.drivername == "sqlite" else None


@contextmanager
def open_engine(settings: Settings, *, create: bool = False) -> Iterator[Engine]:
    """Open the database alone, for commands that only read it.

    Raises:
        UserError: when it is a SQLite file that does not exist and `create` is False.
    """
    path = database_path(settings.db)
    if path is not None and not create and not path.exists():
        raise UserError(
            f"no database at {str(path)!r}: name one with --db, or make one with "
            f"'moodwatch run FILE'",
            ExitCode.DATABASE,
        )
    engine = open_database(settings.db, create=create)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def open_services(settings: Settings, *, patience_s: float = 0.0) -> Iterator[Services]:
    """Open database and queue; start the embedded server where no Redis is named.

    Args:
        patience_s: how long a service waits for a Redis that starts later than itself.

    Raises:
        UserError: when Redis cannot be reached, or a PostgreSQL database has no Redis beside it.
    """
    from redis import Redis

    from ingest.queue import ChunkQueue
    from moodwatch.embedded import start_or_attach

    with open_engine(settings, create=True) as engine:
        embedded = None
        if settings.redis_url is None:
            path = database_path(settings.db)
            if path is None:
                raise UserError(
                    "PostgreSQL is shared by machines, so its queue must be too: set "
                    "MOODWATCH_REDIS_URL, for example redis://127.0.0.1:6379/0",
                    ExitCode.QUEUE,
                )
            embedded = start_or_attach(path)
        redis_url = embedded.url if embedded is not None else str(settings.redis_url)
        try:
            connection = Redis.from_url(redis_url)
            _wait_for_answer(connection, redis_url, patience_s)
            ledger = SqlLedger(engine)
            queue = ChunkQueue(
                connection,
                ledger.database_id,
                high_water=settings.high_water,
                low_water=settings.low_water,
            )
            with nullcontext() if embedded is None else _kept_running(embedded):
                yield Services(settings, engine, ledger, queue, redis_url)
            connection.close()
        finally:
            if embedded is not None:
                embedded.stop_if_last()


def _wait_for_answer(connection: Redis, redis_url: str, patience_s: float) -> None:
    """Ping until Redis answers.

    Raises:
        UserError: when it does not within `patience_s`.
    """
    from redis import AuthenticationError, RedisError, ResponseError

    deadline = time.monotonic() + patience_s
    is_told = False
    while True:
        try:
            connection.ping()
        except (RedisError, OSError) as error:
            reason = type(error).__name__
            found, remedy = queue_trouble(error, redis_url)
            is_refused = isinstance(error, AuthenticationError | ResponseError)
        else:
            return
        # A server that refuses us goes on refusing: waiting is for one that starts late.
        if is_refused or time.monotonic() >= deadline:
            raise UserError(f"{found}: {remedy}", ExitCode.QUEUE)
        where = redact_redis_url(redis_url)
        if not is_told:
            log.warning("queue_awaited", url=where, reason=reason, patience_s=patience_s)
            is_told = True
        time.sleep(min(0.5, patience_s))


def queue_trouble(error: Exception, redis_url: str) -> tuple[str, str]:
    """Return what is wrong with the queue server and what to do about it."""
    from redis import AuthenticationError, ResponseError

    where = redact_redis_url(redis_url)
    if isinstance(error, AuthenticationError | ResponseError):
        return (
            f"Redis at {where!r} answers, but refuses us ({error})",
            "correct MOODWATCH_REDIS_URL, redis://:password@host:6379/0",
        )
    return (
        f"no Redis answers at {where!r} ({type(error).__name__})",
        "start it, or correct MOODWATCH_REDIS_URL",
    )


@contextmanager
def _kept_running(embedded: EmbeddedServer) -> Iterator[None]:
    """Start the embedded server again whenever something kills it during the block."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(LOOK_EVERY_S):
            try:
                if embedded.ensure_running():
                    log.warning("queue_server_started_again")
            except (UserError, OSError) as error:
                log.warning("queue_server_not_started", reason=type(error).__name__)

    thread = threading.Thread(target=watch, name="queue-server", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def load_salt(settings: Settings) -> bytes:
    """Return the salt of pseudonyms and made-up keys; make one beside a new SQLite database.

    Raises:
        UserError: for PostgreSQL without MOODWATCH_SALT: machines must agree on it.
    """
    if settings.salt is not None:
        return settings.salt.get_secret_value().encode()
    path = database_path(settings.db)
    if path is None:
        raise UserError(
            "PostgreSQL needs MOODWATCH_SALT, the same on every machine that ingests: set it to "
            "at least 16 random bytes, for example the output of 'openssl rand -hex 16'"
        )
    return _salt_beside(path)


def agreed_salt(settings: Settings, engine: Engine, *, keep: bool = True) -> bytes:
    """Return the salt, if it is the one that the database is filled with.

    Args:
        keep: whether a database that is filled with none yet is from now on filled with this one.

    Raises:
        UserError: when it is another: texts without ids would be counted again, authors be two.
    """
    from db.salts import is_salt_of

    salt = load_salt(settings)
    if not is_salt_of(engine, salt, keep=keep):
        path = database_path(settings.db)
        where = "MOODWATCH_SALT" if settings.salt or path is None else f"{path}.salt"
        raise UserError(
            f"{where}: expected the salt that this database was filled with, found another: with "
            "it known texts would be counted again and authors become strangers; bring the first "
            "one back. If it is lost for good, 'moodwatch db accept-salt' goes on with this one"
        )
    return salt


def _salt_beside(database: Path) -> bytes:
    path = database.with_name(database.name + ".salt")
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    if not path.exists():
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(16))
            file.flush()
            os.fsync(file.fileno())
        # link, not rename: of two processes that get here at once, one wins and both read its salt.
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_bytes()


def redact_redis_url(url: str) -> str:
    """Return `url` without its password, fit for a log line."""
    scheme, separator, rest = url.partition("://")
    credentials, at, host = rest.rpartition("@")
    return f"{scheme}{separator}…@{host}" if at and credentials else url
