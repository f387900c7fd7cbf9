"""Opening databases, and what is said when that fails."""

from __future__ import annotations

import socket
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, make_url, text
from sqlalchemy import exc as sa_exc

from db import queries
from db.engine import check_schema, database_id, is_transient, open_database, reading, redact_url
from db.errors import DatabaseError, DatabaseUnavailableError, told_plainly
from db.ledger import SqlLedger
from db.store import (
    ShiftRecord,
    already_scored,
    forget,
    mark_failed,
    register_model,
    retry_failed,
    save_shifts,
)
from records import EMOTIONS, OpenChunk, Origin, Progress
from tests.db.chunks import NOON, message, open_chunk, save


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("mysql://root@127.0.0.1/x", "found 'mysql'"),
        ("", "several processes"),
        (":memory:", "several processes"),
        ("sqlite://", "several processes"),
        ("postgresql://u:secret@host:port/x", "cannot be read"),
        ("/no/such/folder/x.db", "'/no/such/folder' does not exist"),
        ("/", "found the folder"),
    ],
)
def test_an_address_that_cannot_be_opened_is_refused_with_the_reason(
    address: str, expected: str
) -> None:
    with pytest.raises(DatabaseError, match=expected) as caught:
        open_database(address)
    assert "secret" not in str(caught.value)


def test_create_false_neither_makes_a_file_nor_tables(
    tmp_path: Path, empty_postgres_url: str
) -> None:
    path = tmp_path / "none.db"
    for address in (path, empty_postgres_url):
        with pytest.raises(DatabaseError):
            open_database(address, create=False)
    assert not path.exists()


def test_a_file_that_is_no_database_is_told_plainly(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("id,text\n1,hello\n" * 500)
    with pytest.raises(DatabaseError, match=r"posts\.csv: file is not a database"):
        open_database(path)
    assert path.read_text().startswith("id,text")


def test_a_full_database_says_what_to_do_and_goes_on_with_room(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "x.db")
    with engine.connect() as connection:
        (n_pages,) = connection.exec_driver_sql("PRAGMA page_count").one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {n_pages}")
        filling = "CREATE TABLE filling AS SELECT zeroblob(1000000) AS zeros"
        with (
            pytest.raises(DatabaseUnavailableError, match="is full: make room; the same command"),
            told_plainly("x.db"),
        ):
            connection.exec_driver_sql(filling)
        connection.rollback()
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
        connection.exec_driver_sql(filling)
    engine.dispose()


def test_a_database_with_no_room_beside_it_says_what_is_needed(tmp_path: Path) -> None:
    open_database(tmp_path / "x.db").dispose()
    (tmp_path / "x.db-wal").mkdir()
    with pytest.raises(DatabaseError, match="expected the right to write beside it"):
        open_database(tmp_path / "x.db")


def test_a_server_that_does_not_answer_is_unavailable_and_transient() -> None:
    url = f"postgresql://u:secret@127.0.0.1:{closed_port()}/x"
    with pytest.raises(DatabaseUnavailableError) as caught:
        open_database(url)
    assert "secret" not in str(caught.value)
    assert str(caught.value).endswith("start the server, or correct MOODWATCH_DB")
    assert is_transient(caught.value)


def test_a_database_that_does_not_exist_is_a_lasting_error(postgres_server: str) -> None:
    url = make_url(postgres_server).set(database="no_such_database_here")
    with pytest.raises(DatabaseError, match="does not exist: create it, or") as caught:
        open_database(url.render_as_string(hide_password=False))
    assert not is_transient(caught.value)


def test_passwords_are_not_shown() -> None:
    shown = redact_url("postgresql://ann:s3cret@db/x?sslpassword=s4cret&sslmode=require")
    assert shown.startswith("postgresql://ann:***@db/x")
    assert "cret" not in shown.replace("***", "")
    assert redact_url(Path("a b.db")) == "a b.db"


def test_a_connection_that_the_server_ended_is_transient_and_the_next_call_works(
    postgres_url: str, postgres_server: str
) -> None:
    engine = open_database(postgres_url)
    end = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = %s AND pid <> pg_backend_pid()"
    )

    def lose_the_connection() -> None:
        with reading(engine) as connection:
            connection.execute(text("SELECT 1"))
            with psycopg.connect(postgres_server, autocommit=True) as admin:
                admin.execute(end, (engine.url.database,))
            connection.execute(text("SELECT 1"))

    with pytest.raises(DatabaseUnavailableError) as caught:
        lose_the_connection()

    assert is_transient(caught.value)
    assert database_id(engine)
    engine.dispose()


def test_faults_of_our_own_are_not_transient() -> None:
    assert not is_transient(ValueError("x"))
    assert not is_transient(DatabaseError("x"))
    assert not is_transient(sqlite3.OperationalError("no such table: x"))
    assert not is_transient(psycopg.errors.UndefinedTable("x"))
    assert is_transient(psycopg.errors.DeadlockDetected("x"))
    assert is_transient(sa_exc.TimeoutError("x"))


def test_readers_do_not_wait_for_a_writer(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    engine = open_database(path, busy_timeout_s=0.2)
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        assert queries.status(engine).messages == 0
        with queries.read_only_query(engine, "SELECT count(*) FROM messages") as (_, rows):
            assert list(rows) == [(0,)]
        other.execute("ROLLBACK")
    other.close()
    engine.dispose()


def test_an_engine_serves_several_threads(engine: Engine, model_id: int) -> None:
    failures: list[BaseException] = []

    def work(first: int) -> None:
        try:
            for n in range(first, first + 5):
                save(engine, [message(n)], model_id)
        except BaseException as error:  # noqa: BLE001 - handed to the test
            failures.append(error)

    threads = [threading.Thread(target=work, args=(10 * n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert queries.status(engine).messages == 20
    assert queries.recount(engine) == []


ORIGIN = Origin("/a.csv", "a", 1, "{}")
SHIFT = ShiftRecord(None, None, "joy", "up", NOON, NOON, 0.1, 0.2, 2.0, 10, 3)
WRITERS: dict[str, Callable[[Engine, str, str], object]] = {
    "save_scores": lambda engine, chunk, _: save(engine, [message(1)], 1, chunk_id=chunk),
    "register_model": lambda engine, *_: register_model(engine, "x@1", EMOTIONS),
    "mark_failed": lambda engine, chunk, _: mark_failed(engine, chunk, "x"),
    "retry_failed": lambda engine, *_: retry_failed(engine),
    "save_shifts": lambda engine, *_: save_shifts(engine, [SHIFT], 1),
    "forget": lambda engine, *_: forget(engine, source="support"),
    "begin": lambda engine, *_: SqlLedger(engine).begin(ORIGIN),
    "restart": lambda engine, _, ingest: SqlLedger(engine).restart(ingest),
    "open_chunk": lambda engine, _, ingest: SqlLedger(engine).open_chunk(
        ingest, 0, OpenChunk("c", b""), 1, [], Progress()
    ),
    "record_progress": lambda engine, _, ingest: SqlLedger(engine).record_progress(
        ingest, [], Progress()
    ),
    "mark_enqueued": lambda engine, chunk, _: SqlLedger(engine).mark_enqueued([chunk]),
    "finish": lambda engine, _, ingest: SqlLedger(engine).finish(ingest, Progress()),
}
READERS: dict[str, Callable[[Engine], object]] = {
    "already_scored": lambda engine: already_scored(engine, [message(1)], 1),
    "unstored": lambda engine: SqlLedger(engine).unstored(older_than_s=0, limit=1),
    "counts": lambda engine: SqlLedger(engine).counts(["x"]),
    "n_pending": lambda engine: SqlLedger(engine).n_pending(),
    "hourly": queries.hourly,
    "examples": lambda engine: queries.examples(engine, emotion="joy"),
    "rejects": queries.rejects,
    "status": queries.status,
    "recount": queries.recount,
    "stored_scores": lambda engine: queries.stored_scores(engine, model="tiny@1", limit=1),
    "check_schema": check_schema,
}


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """An SQLite database with a model, an open chunk and an unfinished ingest."""
    path = tmp_path_factory.mktemp("locked") / "a.db"
    engine = open_database(path)
    register_model(engine, "tiny@1", EMOTIONS)
    chunk_id = open_chunk(engine, [message(1)])
    ingest_id = SqlLedger(engine).begin(ORIGIN).ingest_id
    engine.dispose()
    return path, chunk_id, ingest_id


@pytest.mark.parametrize("name", WRITERS)
def test_every_writing_method_says_that_the_database_is_locked(
    locked: tuple[Path, str, str], name: str
) -> None:
    path, chunk_id, ingest_id = locked
    engine = open_database(path, busy_timeout_s=0.01)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(DatabaseUnavailableError, match="locked") as caught:
            WRITERS[name](engine, chunk_id, ingest_id)
    finally:
        other.execute("ROLLBACK")
        other.close()
        engine.dispose()
    assert is_transient(caught.value)


@pytest.mark.parametrize("name", READERS)
def test_every_reading_method_works_while_another_writes(
    locked: tuple[Path, str, str], name: str
) -> None:
    path, _, _ = locked
    engine = open_database(path, busy_timeout_s=0.01)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        READERS[name](engine)
    finally:
        other.execute("ROLLBACK")
        other.close()
        engine.dispose()
