"""Opens the database: the door through which the roof and the workers enter this room.

`open_database` creates what is missing only in a fresh database; an older one is upgraded when
the user says so (`upgrade`), never by the way.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, select

from db.connections import (
    BUSY_TIMEOUT_S,
    in_transaction,
    make_engine,
    parse_url,
    reading,
    redact_url,
)
from db.errors import DatabaseError, SchemaError, is_transient
from db.schema import check_schema, is_fresh, upgrade
from db.tables import Meta

__all__ = [
    "check_schema",
    "database_id",
    "in_transaction",
    "is_transient",
    "open_database",
    "reading",
    "redact_url",
    "upgrade",
]


def open_database(
    url_or_path: str | Path, *, create: bool = True, busy_timeout_s: float = BUSY_TIMEOUT_S
) -> Engine:
    """Return an engine for an SQLite path or a `postgresql://` URL.

    With `create`, an SQLite file that is not there is made and a fresh database gets its tables.
    An older one is opened as it is: `check_schema` tells, `upgrade` mends.

    Raises:
        DatabaseError: when the address cannot be read, or there is nothing and `create` is False.
        DatabaseUnavailableError: when the server does not answer.
    """
    url = parse_url(url_or_path)
    if url.drivername == "sqlite":
        _check_file(Path(str(url.database)), create=create)
    engine = make_engine(url, busy_timeout_s=busy_timeout_s)
    try:
        if is_fresh(engine):
            if not create:
                raise SchemaError(
                    f"{redact_url(url)}: expected moodwatch's tables, found none:"
                    " run `moodwatch db upgrade`"
                )
            upgrade(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def database_id(engine: Engine) -> str:
    """Return the id that this database was given at its creation: 32 hexadecimal digits."""
    with reading(engine) as connection:
        found = connection.execute(select(Meta.value).where(Meta.name == "database_id")).scalar()
    if found is None:
        raise SchemaError(
            f"{redact_url(engine.url)}: expected a database_id in table meta, found none"
        )
    return found


def _check_file(path: Path, *, create: bool) -> None:
    if path.is_dir():
        raise DatabaseError(f"expected a file as the database, found the folder {str(path)!r}")
    if path.exists():
        return
    if not create:
        raise DatabaseError(f"{path}: there is no database here; `moodwatch ingest` makes one")
    if not path.absolute().parent.is_dir():
        raise DatabaseError(f"{path}: the folder {str(path.absolute().parent)!r} does not exist")
