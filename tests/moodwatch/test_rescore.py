"""`moodwatch rescore` as a process: killed with its workers, and run again."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from redis import Redis

from db.engine import open_database
from db.ledger import SqlLedger
from db.rollups import recount
from db.shifts import ShiftRecord
from db.store import register_model, save_shifts
from moodwatch.errors import ExitCode
from records import EMOTIONS
from tests.db.chunks import NOON, message, save
from tests.moodwatch.running import MOODWATCH, clean_environment, moodwatch
from tests.support.redis import forget_queue
from tests.support.tiny import WORDS, write_bundle

pytestmark = pytest.mark.timeout(300)

N_MESSAGES = 120


@pytest.fixture
def database(tmp_path: Path, redis_url: str) -> Iterator[Path]:
    """120 messages of an old model, and a shift it saw."""
    path = tmp_path / "moodwatch.db"
    engine = open_database(path)
    old = register_model(engine, "old@1", EMOTIONS[:6])
    given = [message(n, text=f"i feel {WORDS[n % len(WORDS)]} {n}") for n in range(N_MESSAGES)]
    save(engine, given, old)
    shift = ShiftRecord(
        source=None, author=None, emotion="joy", direction="up", started_at=NOON,
        detected_at=NOON, share_before=0.1, share_after=0.5, odds_ratio=9.0, n=50, severity=3,
    )  # fmt: skip
    save_shifts(engine, [shift], old, now=datetime(2024, 5, 2, tzinfo=UTC))
    database_id = SqlLedger(engine).database_id
    engine.dispose()
    yield path
    with Redis.from_url(redis_url) as connection:
        forget_queue(connection, database_id)


def rows(database: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(database, timeout=30)) as connection:
        return connection.execute(sql).fetchall()


def n_new_scores(database: Path) -> int:
    ((n,),) = rows(
        database,
        "SELECT count(*) FROM emotions AS e JOIN models AS m ON m.id = e.model_id"
        " WHERE m.name <> 'old@1'",
    )
    assert isinstance(n, int)
    return n


def kill(process: subprocess.Popen[str]) -> None:
    """Kill the command and, as the machine's end would, its workers."""
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGKILL)
    process.wait()
    for child in family:
        if child.is_running():
            child.kill()
    psutil.wait_procs(family, timeout=10)


def test_a_killed_run_goes_on_and_counts_nothing_twice(
    database: Path, tmp_path: Path, redis_url: str
) -> None:
    bundle = write_bundle(tmp_path / "bundle")
    # A message a chunk: there is a moment between the first score and the last.
    env = {"MOODWATCH_CHUNK_SIZE": "1", "MOODWATCH_REDIS_URL": redis_url}
    command = ["rescore", "--bundle", str(bundle), "--db", str(database), "--workers", "1"]
    shifts = rows(database, "SELECT * FROM shifts")
    process = subprocess.Popen(
        [str(MOODWATCH), *command],
        cwd=tmp_path,
        env=clean_environment(**env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    while not n_new_scores(database):
        assert process.poll() is None, "the command ended before anything was scored"
        time.sleep(0.02)
    kill(process)
    n_before = n_new_scores(database)
    shown_before = rows(database, "SELECT name FROM models WHERE current")

    ended = moodwatch(*command, "--json", cwd=tmp_path, env=env)

    assert 0 < n_before < N_MESSAGES
    assert shown_before == [("old@1",)]
    assert ended.returncode == ExitCode.OK, ended.stderr
    said = json.loads(ended.stdout)
    assert (said["scored"], said["left"], said["failed"]) == (N_MESSAGES, 0, 0)
    assert said["current"]
    assert n_new_scores(database) == N_MESSAGES
    assert rows(database, "SELECT name FROM models WHERE current") == [(said["model"],)]
    assert rows(database, "SELECT * FROM shifts") == shifts
    engine = open_database(database)
    assert recount(engine) == []
    engine.dispose()
    # Nothing was enqueued that had been scored before the kill, or was on its way.
    assert rows(database, "SELECT sum(n_messages) FROM chunks") == [(2 * N_MESSAGES,)]
