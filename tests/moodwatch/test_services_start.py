"""Services start in any order: one that is there before its Redis waits for it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from redis import Redis

from moodwatch.embedded import start_or_attach
from moodwatch.errors import ExitCode
from tests.moodwatch.running import MOODWATCH, clean_environment, moodwatch


@pytest.mark.parametrize("service", ["worker", "control"])
def test_a_service_waits_for_a_redis_that_starts_later(tmp_path: Path, service: str) -> None:
    before = start_or_attach(tmp_path / "redis.db")
    before.stop_if_last()
    process = subprocess.Popen(
        [str(MOODWATCH), service, "--db", "mood.db", "--redis-url", before.url],
        cwd=tmp_path,
        env=clean_environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        next(line for line in process.stderr if "queue_awaited" in line)
        redis = start_or_attach(tmp_path / "redis.db")
        next(line for line in process.stderr if f"{service}_started" in line)
    finally:
        process.kill()
        process.communicate()
    redis.stop_if_last()


def test_a_redis_that_refuses_the_password_is_not_waited_for(tmp_path: Path) -> None:
    server = start_or_attach(tmp_path / "redis.db")
    asked = Redis.from_url(server.url)
    asked.config_set("requirepass", "right")
    try:
        done = moodwatch("worker", "--db", "w.db", "--redis-url", server.url, cwd=tmp_path)
    finally:
        asked.config_set("requirepass", "")
        asked.close()
    server.stop_if_last()
    assert done.returncode == ExitCode.QUEUE, done.stderr
    assert "answers, but refuses us" in done.stderr
    assert "correct MOODWATCH_REDIS_URL" in done.stderr
    assert "queue_awaited" not in done.stderr
