"""Several processes at once, and kill -9 at any statement: every message once, counts exact."""

from __future__ import annotations

import itertools
import signal
import threading

from sqlalchemy import Connection, Engine, func, select, text

from db.engine import in_transaction, open_database, reading
from db.ledger import SqlLedger
from db.queries import status
from db.rollups import recount
from db.store import forget, register_model
from db.tables import EmotionsRow, MessageRow, RejectRow, RollupRow
from records import EMOTIONS, IngestCounts, Origin, Progress
from tests.db import processes
from tests.db.chunks import message, open_chunk, save


def n_rows(engine: Engine, table: type) -> int:
    with reading(engine) as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_a_worker_killed_after_any_statement_leaves_nothing_half(
    engine: Engine, database_url: str, model_id: int
) -> None:
    known = message(0)
    save(engine, [known], model_id)
    for deadly in itertools.count(1):
        # One known message with another text, so that every statement of a chunk is run.
        messages = [message(0, text="other"), *(message(n + 100 * deadly) for n in range(1, 4))]
        before = status(engine)
        chunk_id = open_chunk(engine, messages)
        arguments = (database_url, chunk_id, messages, model_id, deadly)

        [code] = processes.exit_codes([processes.start(processes.save_and_die, *arguments)])

        if code == 0:
            break
        assert code == -signal.SIGKILL
        after = status(engine)
        assert (after.messages, after.emotions, after.changed) == (
            before.messages,
            before.emotions,
            before.changed,
        )
        assert after.chunks_open == 1
        assert recount(engine) == []
        stored = save(engine, messages, model_id, chunk_id=chunk_id)
        assert (stored.n_stored, stored.n_changed, stored.replayed) == (3, 1, False)
    # begin (on PostgreSQL: its setting), ledger line, tombstones, messages, known, emotions,
    # roll-up, changed, ledger line
    assert deadly == 10
    assert recount(engine) == []


def test_an_ingestor_killed_after_any_statement_leaves_nothing_half(
    engine: Engine, database_url: str
) -> None:
    ledger = SqlLedger(engine)
    state = ledger.begin(Origin("/a.csv", "a", 50, "{}"))
    for deadly in itertools.count(1):
        arguments = (database_url, state.ingest_id, deadly)

        [code] = processes.exit_codes([processes.start(processes.open_and_die, *arguments)])

        if code == 0:
            break
        assert code == -signal.SIGKILL
        assert ledger.counts([state.ingest_id]) == IngestCounts()
        assert ledger.begin(Origin("/a.csv", "a", 50, "{}")) == state
        assert n_rows(engine, RejectRow) == 0
    # (begin,) known, progress, chunk, rejects
    assert deadly == (6 if engine.dialect.name == "sqlite" else 5)
    assert ledger.counts([state.ingest_id]) == IngestCounts(read=5, rejected=2, pending=3)
    assert ledger.begin(Origin("/a.csv", "a", 50, "{}")).progress == Progress(5, 2, 0, 50, "h")


def test_workers_ingestors_and_an_erasure_at_once_keep_every_count(
    engine: Engine, database_url: str, model_id: int
) -> None:
    models = [model_id, register_model(engine, "tiny@2", EMOTIONS)]
    n_workers = 3 if engine.dialect.name == "sqlite" else 4
    started = [
        processes.start(processes.save_many, database_url, n, models, 12, 300)
        for n in range(n_workers)
    ]
    started.append(processes.start(processes.open_many, database_url, 10))
    started.append(processes.start(processes.forget_repeatedly, database_url, "bob", 5))

    assert processes.exit_codes(started) == [0] * len(started)

    assert recount(engine) == []
    forget(engine, author="bob")
    assert recount(engine) == []
    with reading(engine) as connection:
        authors = connection.execute(select(MessageRow.author).distinct()).scalars().all()
        per_model = connection.execute(
            select(EmotionsRow.model_id, func.count()).group_by(EmotionsRow.model_id)
        ).all()
        summed = connection.execute(
            select(RollupRow.model_id, func.sum(RollupRow.n)).group_by(RollupRow.model_id)
        ).all()
    assert authors == ["ann"]
    assert sorted(map(tuple, per_model)) == sorted((row[0], int(row[1])) for row in summed)
    counts = status(engine)
    assert (counts.chunks_stored, counts.chunks_open) == (12 * n_workers, 10)


def test_one_chunk_in_four_hands_is_stored_once(
    engine: Engine, database_url: str, model_id: int
) -> None:
    messages = [message(n) for n in range(100)]
    chunk_id = open_chunk(engine, messages)
    arguments = (database_url, chunk_id, messages, model_id)

    started = [processes.start(processes.save_same_chunk, *arguments) for _ in range(4)]

    assert processes.exit_codes(started) == [0] * 4
    assert status(engine).messages == 100
    assert recount(engine) == []


def test_workers_on_postgresql_add_to_rows_of_their_own(postgres_url: str) -> None:
    engine = open_database(postgres_url)
    model_id = register_model(engine, "tiny@1", EMOTIONS)
    for n in range(4):
        save(engine, [message(n)], model_id, worker_name=f"worker-{n}")

    with reading(engine) as connection:
        shards = connection.execute(select(RollupRow.shard)).scalars().all()
    assert len(set(shards)) > 1
    assert all(0 <= shard < 16 for shard in shards)
    engine.dispose()


def test_a_deadlock_is_run_again_and_not_passed_on(postgres_url: str) -> None:
    engine = open_database(postgres_url)
    for name in ("a@1", "b@1"):
        register_model(engine, name, EMOTIONS)
    both_hold_one = threading.Barrier(2)
    runs: list[str] = []
    failures: list[BaseException] = []

    def lock(first: str, second: str) -> None:
        def work(connection: Connection) -> None:
            runs.append(first)
            statement = text("UPDATE models SET emotions = emotions WHERE name = :name")
            connection.execute(statement, {"name": first})
            if len(runs) <= 2:
                both_hold_one.wait(timeout=10)
            connection.execute(statement, {"name": second})

        try:
            in_transaction(engine, work)
        except BaseException as error:  # noqa: BLE001 - handed to the test
            failures.append(error)

    threads = [
        threading.Thread(target=lock, args=names) for names in (("a@1", "b@1"), ("b@1", "a@1"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert len(runs) == 3
    engine.dispose()
