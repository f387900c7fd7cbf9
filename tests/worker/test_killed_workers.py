"""Five kill -9 of random workers while messages flow: every message is stored once.

Real worker processes under the real supervisor, the real ingest, and LengthScorer.
"""

from __future__ import annotations

import csv
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import Engine, text

from db.engine import open_database
from db.ledger import SqlLedger
from db.queries import recount
from ingest.open import ReadOptions, open_messages
from ingest.queue import ChunkQueue, sweep
from ingest.reading import ingest_file
from moodwatch.supervisor import Program, Supervisor
from records import IngestCounts
from tests.support.redis import forget_queue
from worker.lost import return_lost_jobs

pytestmark = pytest.mark.timeout(600)  # seconds on a machine with nothing else to do: 15

N_KILLS = 5
N_MESSAGES = 12_000


@pytest.fixture
def big_csv(tmp_path: Path) -> Path:
    """12,000 posts and 300 repeats of earlier ones, in order of time."""
    path = tmp_path / "posts.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "created_at", "user", "text"])
        for number in range(N_MESSAGES):
            hour, minute = divmod(number // 60 % 1440, 60)
            posted_at = f"2020-05-{1 + number // 6000:02d}T{hour:02d}:{minute:02d}:00Z"
            row = [number, posted_at, f"user{number % 37}", "what a day " + "x" * (number % 90)]
            writer.writerow(row)
            if number % 40 == 39:
                writer.writerow(row)
    return path


@pytest.fixture
def redis_of_own(redis_url: str, sqlite: Engine) -> Iterator[Redis]:
    with Redis.from_url(redis_url) as connection:
        yield connection
        forget_queue(connection, SqlLedger(sqlite).database_id)


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(tmp_path / "moodwatch.db")
    yield engine
    engine.dispose()


def supervise(engine: Engine, redis: Redis, redis_url: str, n_workers: int) -> Supervisor:
    database_id = SqlLedger(engine).database_id

    def argv(name: str) -> list[str]:
        command = [sys.executable, "-m", "tests.support.worker_process", "--name", name]
        where = ["--db", str(engine.url.database), "--redis-url", redis_url]
        return [*command, *where, "--pause-s", "0.15", "--parent-pid", str(os.getpid())]

    return Supervisor(
        [Program("worker", argv)] * n_workers,
        on_death=lambda name: return_lost_jobs(redis, database_id, dead_workers=[name]),
    )


class Killer(threading.Thread):
    """Kills a random worker now and then, as long as chunks are open."""

    def __init__(self, supervisor: Supervisor, ledger: SqlLedger, seed: int) -> None:
        super().__init__(daemon=True)  # a failed test leaves it without anybody to kill
        self.supervisor, self.ledger = supervisor, ledger
        self.random = random.Random(seed)
        #: Chunks open at each kill.
        self.n_open: list[int] = []

    def run(self) -> None:
        while len(self.n_open) < N_KILLS:
            time.sleep(self.random.uniform(0.3, 0.9))
            pids = self.supervisor.pids()
            n_open = self.ledger.n_pending()
            if pids and n_open:
                os.kill(self.random.choice(pids), signal.SIGKILL)
                self.n_open.append(n_open)


def run_with_kills(path: Path, engine: Engine, redis: Redis, redis_url: str) -> IngestCounts:
    ledger = SqlLedger(engine)
    queue = ChunkQueue(redis, ledger.database_id)
    with supervise(engine, redis, redis_url, 3) as supervisor:
        killer = Killer(supervisor, ledger, seed=7)
        killer.start()

        def cancelled() -> bool:
            supervisor.check()
            return False

        with open_messages(path, ReadOptions()) as opened:
            ingest_id = ingest_file(
                opened,
                ledger=ledger,
                queue=queue,
                salt=b"0123456789abcdef",
                chunk_size=128,
                cancelled=cancelled,
            )
        deadline = time.monotonic() + 400
        while ledger.n_pending():
            supervisor.check()
            sweep(ledger, queue, older_than_s=30)
            assert time.monotonic() < deadline, "did not end by itself"
            time.sleep(0.1)
        killer.join()
    assert len(killer.n_open) == N_KILLS
    return ledger.counts([ingest_id])


def n_of(engine: Engine, query: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(query)).scalar_one())


def test_five_kills_lose_and_repeat_nothing(
    big_csv: Path, sqlite: Engine, redis_of_own: Redis, redis_url: str
) -> None:
    counts = run_with_kills(big_csv, sqlite, redis_of_own, redis_url)

    assert counts == IngestCounts(
        read=N_MESSAGES + 300, stored=N_MESSAGES, duplicate=300, rejected=0
    )
    assert n_of(sqlite, "SELECT count(*) FROM messages") == N_MESSAGES
    assert n_of(sqlite, "SELECT count(DISTINCT external_id) FROM messages") == N_MESSAGES
    assert n_of(sqlite, "SELECT count(*) FROM emotions") == N_MESSAGES
    assert recount(sqlite) == []
