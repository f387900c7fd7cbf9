"""Transactions behave as promised: which wait for the disk, which may write, what is undone."""

from __future__ import annotations

import traceback
from datetime import datetime

import pytest
from sqlalchemy import Connection, Engine, event, insert, select, text
from sqlalchemy import exc as sa_exc

from db.engine import in_transaction, open_database, reading
from db.errors import DatabaseError, DatabaseUnavailableError
from db.tables import Meta, TombstoneRow
from tests.db.chunks import message, open_chunk, save


def waits_for_the_disk(connection: Connection) -> bool:
    if connection.dialect.name == "sqlite":
        return connection.execute(text("PRAGMA synchronous")).scalar() == 2
    return connection.execute(text("SHOW synchronous_commit")).scalar() == "on"


def test_only_lasting_transactions_wait_for_the_disk(engine: Engine) -> None:
    assert in_transaction(engine, waits_for_the_disk)
    assert not in_transaction(engine, waits_for_the_disk, lasting=False)
    assert in_transaction(engine, waits_for_the_disk)


def test_ledger_lines_wait_for_the_disk_and_scores_do_not(engine: Engine, model_id: int) -> None:
    waited: list[bool] = []

    def look(connection: Connection) -> None:
        cursor = connection.connection.cursor()
        is_sqlite = connection.dialect.name == "sqlite"
        cursor.execute("PRAGMA synchronous" if is_sqlite else "SHOW synchronous_commit")
        [level] = cursor.fetchall()[0]
        waited.append(level in {2, "on"})

    chunk_id = open_chunk(engine, [message(1)])
    event.listen(engine, "commit", look)

    save(engine, [message(1)], model_id, chunk_id=chunk_id)
    assert waited == [False]
    open_chunk(engine, [message(2)])
    assert waited[-1]


def test_an_error_undoes_the_whole_transaction(engine: Engine) -> None:
    def work(connection: Connection) -> None:
        connection.execute(insert(Meta).values(name="half", value="x"))
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        in_transaction(engine, work)

    with reading(engine) as connection:
        assert connection.execute(select(Meta).where(Meta.name == "half")).all() == []


def test_a_reading_transaction_cannot_write_on_postgresql(postgres_url: str) -> None:
    engine = open_database(postgres_url)

    def write() -> None:
        with reading(engine) as connection:
            connection.execute(insert(Meta).values(name="x", value="x"))

    with pytest.raises((sa_exc.DBAPIError, DatabaseUnavailableError), match="read-only"):
        write()
    engine.dispose()


def test_a_reading_transaction_sees_one_moment(engine: Engine, model_id: int) -> None:
    with reading(engine) as connection:
        before = connection.execute(text("SELECT count(*) FROM messages")).scalar()
        save(engine, [message(1)], model_id)
        after = connection.execute(text("SELECT count(*) FROM messages")).scalar()

    assert (before, after) == (0, 0)


def test_naive_times_are_refused(engine: Engine) -> None:
    naive = datetime(2024, 1, 1)  # noqa: DTZ001 - what is refused

    with pytest.raises(sa_exc.StatementError, match="expected an aware time"):
        in_transaction(
            engine,
            lambda connection: connection.execute(
                insert(TombstoneRow).values(key_hash=b"x", erased_at=naive)
            ),
        )


def test_a_failing_statement_shows_no_text(engine: Engine) -> None:
    statement = text("INSERT INTO messages (text) VALUES (:words)")

    with pytest.raises(DatabaseError, match=r"(?i)not.null") as caught:
        in_transaction(
            engine, lambda connection: connection.execute(statement, {"words": "my secret"})
        )

    shown = "".join(traceback.format_exception(caught.value))
    assert "my secret" not in shown.replace('"words": "my secret"', "")
