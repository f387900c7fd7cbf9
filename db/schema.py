"""Creates and upgrades the tables and views; says when they do not fit this program.

Alembic is imported only where a migration runs, not by every worker at its start.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import Connection, Engine, delete, insert, inspect, select, text
from sqlalchemy import exc as sa_exc

from db.connections import reading, redact_url
from db.errors import DatabaseError, SchemaError, first_line, told_plainly
from db.tables import Base, Meta
from db.views import VIEW_NAMES, fingerprint, view_definitions

log = structlog.get_logger(__name__)

#: The newest migration; a test compares it with the folder.
SCHEMA_REVISION: Final = "0003"
_VERSION_TABLE: Final = "alembic_version"
#: Any number that nothing else on the server takes its advisory lock by.
_UPGRADE_LOCK: Final = 0x6D6F6F64


def upgrade(engine: Engine) -> None:
    """Bring tables and views to this program's version; does nothing where they are there.

    Safe to call from several processes at once: one works, the others wait and find it done.

    Raises:
        SchemaError: when the database is newer than this program, or its names are taken.
        DatabaseError: when it cannot be reached or written.
    """
    where = redact_url(engine.url)
    with told_plainly(where), engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            _upgrade_sqlite(connection, where)
        else:
            with connection.begin():
                connection.execute(
                    text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK}
                )
                _refuse_other_encodings(connection, where)
                _upgrade_locked(connection, where)


def check_schema(engine: Engine) -> None:
    """Raise unless the tables and views are those of this program.

    Raises:
        SchemaError: when they are missing, older or newer; says what to run.
    """
    where = redact_url(engine.url)
    with reading(engine) as connection:
        found = _revision(connection)
        if found == SCHEMA_REVISION and _has_current_views(connection):
            return
    if found is None:
        raise SchemaError(
            f"{where}: expected moodwatch's tables, found none: run `moodwatch db upgrade`"
        )
    if found > SCHEMA_REVISION:
        raise _too_new(where, found)
    raise SchemaError(
        f"{where}: expected schema {SCHEMA_REVISION}, found {found} or older views:"
        " run `moodwatch db upgrade`"
    )


def is_fresh(engine: Engine) -> bool:
    """Tell whether the database has none of moodwatch's tables yet."""
    with reading(engine) as connection:
        return not inspect(connection).has_table(_VERSION_TABLE)


def _upgrade_sqlite(connection: Connection, where: str) -> None:
    # A migration that copies a table drops the old one; with foreign keys on, that would
    # delete the rows pointing to it. The switch works only outside a transaction.
    driver = connection.connection.driver_connection
    if driver is None:
        raise DatabaseError(f"{where}: the connection was lost before the upgrade")
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        with connection.begin():
            _upgrade_locked(connection, where)
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(1)
            if broken:
                raise SchemaError(
                    f"{where}: rows of table {broken[0][0]!r} point nowhere; nothing was changed"
                )
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def _upgrade_locked(connection: Connection, where: str) -> None:
    found = _revision(connection)
    if found is not None and found > SCHEMA_REVISION:
        raise _too_new(where, found)
    if found == SCHEMA_REVISION and _has_current_views(connection):
        return
    if found is None:
        _refuse_taken_names(connection, where)
    # Tables cannot be altered under the views that read them.
    for name in reversed(VIEW_NAMES):
        connection.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")
    if found != SCHEMA_REVISION:
        _migrate(connection, where)
    dialect = connection.dialect.name
    definitions = view_definitions(dialect)
    for name in VIEW_NAMES:
        # exec_driver_sql would take the % of LIKE for a parameter.
        connection.execute(text(f"CREATE VIEW {name} AS {definitions[name]}".replace(":", "\\:")))
    connection.execute(delete(Meta).where(Meta.name == "views"))
    connection.execute(insert(Meta).values(name="views", value=fingerprint(dialect)))
    log.info("schema_upgraded", revision_before=found, revision=SCHEMA_REVISION)


def _migrate(connection: Connection, where: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    # % starts an interpolation in Alembic's configuration, and a folder may be named so.
    folder = str(Path(__file__).parent / "migrations").replace("%", "%%")
    config.set_main_option("script_location", folder)
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except sa_exc.OperationalError:
        raise
    except sa_exc.DBAPIError as error:
        reason = first_line(error.orig or error)
        raise SchemaError(f"{where}: the upgrade failed and changed nothing: {reason}") from error


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {_VERSION_TABLE}")).scalar()  # noqa: S608 - a constant
    return str(found) if found is not None else None


def _has_current_views(connection: Connection) -> bool:
    stored = connection.execute(select(Meta.value).where(Meta.name == "views")).scalar()
    return stored == fingerprint(connection.dialect.name)


def _refuse_taken_names(connection: Connection, where: str) -> None:
    inspector = inspect(connection)
    taken = {*inspector.get_table_names(), *inspector.get_view_names()}
    there = taken & {*Base.metadata.tables, *VIEW_NAMES}
    if there:
        raise SchemaError(
            f"{where}: expected an empty database or one of moodwatch, found others named"
            f" {', '.join(sorted(there))}; give another with --db"
        )


def _refuse_other_encodings(connection: Connection, where: str) -> None:
    encoding = connection.execute(text("SHOW server_encoding")).scalar()
    if encoding != "UTF8":
        raise DatabaseError(
            f"{where}: expected a database with encoding UTF8, found {encoding}: create it with"
            " CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
        )


def _too_new(where: str, found: str) -> SchemaError:
    return SchemaError(
        f"{where}: expected schema {SCHEMA_REVISION} or older, found {found}: it was written by a"
        " newer moodwatch; upgrade this one"
    )
