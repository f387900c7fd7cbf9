"""A database with its queue for the tests of reading, queueing and following."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tests.ingest.following import Running
from tests.ingest.running import Pipeline


@pytest.fixture
def pipeline(tmp_path: Path, redis_connection: Redis) -> Iterator[Pipeline]:
    pipeline = Pipeline(tmp_path / "moodwatch.db", redis_connection)
    yield pipeline
    pipeline.close()


@pytest.fixture
def run(pipeline: Pipeline) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def start(*paths: Path | None, **arguments: Any) -> Running:
        running = Running(pipeline, *paths, **arguments)
        started.append(running)
        return running

    yield start
    for running in started:
        running.stop()
