"""A real Redis for tests: the one named by the environment, else an embedded Valkey.

A server that is named but does not answer is a failure, never a skip.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator

import pytest
from redis import Redis, RedisError

#: Names the server that `.ci/run` found; the server is shared, so tests use keys of their own.
REDIS_VARIABLE = "MOODWATCH_TEST_REDIS_URL"


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    url = os.environ.get(REDIS_VARIABLE)
    if url:
        try:
            with Redis.from_url(url) as connection:
                connection.ping()
        except (RedisError, OSError) as error:
            pytest.fail(f"{REDIS_VARIABLE} is set, but no server answers there: {error}")
        yield url
        return
    from moodwatch.embedded import start_or_attach

    server = start_or_attach(tmp_path_factory.mktemp("redis") / "test.db")
    yield server.url
    server.stop_if_last()


@pytest.fixture
def redis_connection(redis_url: str) -> Iterator[Redis]:
    with Redis.from_url(redis_url) as connection:
        yield connection


@pytest.fixture
def queue_id(redis_connection: Redis) -> Iterator[str]:
    """A database id of the test's own; what lies under it in Redis is removed afterwards."""
    database_id = uuid.uuid4().hex
    yield database_id
    forget_queue(redis_connection, database_id)


def forget_queue(connection: Redis, database_id: str) -> None:
    """Remove every key that belongs to the queue of `database_id`, its jobs included."""
    name = f"moodwatch-{database_id}"
    for key in connection.scan_iter(match="rq:job:*", count=1000):
        if connection.type(key) == b"hash" and connection.hget(key, "origin") == name.encode():
            connection.delete(key)
    for key in connection.scan_iter(match=f"*{database_id}*", count=1000):
        connection.delete(key)
    connection.srem("rq:queues", f"rq:queue:{name}")
