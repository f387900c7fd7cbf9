"""A database with its queue for the tests of reading, queueing and following."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tests.ingest.running import Pipeline


@pytest.fixture
def pipeline(tmp_path: Path, redis_connection: Redis) -> Iterator[Pipeline]:
    pipeline = Pipeline(tmp_path / "moodwatch.db", redis_connection)
    yield pipeline
    pipeline.close()
