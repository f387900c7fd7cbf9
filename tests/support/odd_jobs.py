"""Jobs that misbehave on purpose, and a worker process that runs them.

`python -m tests.support.odd_jobs REDIS_URL DATABASE_ID NAME` with options below; each job writes
what it did to the Redis list `odd-DATABASE_ID`.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections.abc import Callable

from redis import Redis

from db.errors import DatabaseUnavailableError


def functions_for(redis_url: str, database_id: str, name: str) -> dict[str, Callable[..., object]]:
    """Return the allow-list of the worker process."""
    connection = Redis.from_url(redis_url)

    def say(word: str) -> None:
        connection.rpush(f"odd-{database_id}", f"{word} {name}")

    def sleep(seconds: float) -> None:
        say("started")
        time.sleep(seconds)
        say("ended")

    def hang(iterations: int) -> None:
        """Stay in native code, where no Python signal handler runs."""
        say("started")
        hashlib.pbkdf2_hmac("sha256", b"x", b"y", iterations)
        say("ended")

    def store() -> None:
        """Find the database away, always."""
        say("tried")
        raise DatabaseUnavailableError("the server is starting up")

    return {"odd.store": store, "odd.sleep": sleep, "odd.hang": hang}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("redis_url")
    parser.add_argument("database_id")
    parser.add_argument("name")
    parser.add_argument("--grace-s", type=float, default=1.0)
    parser.add_argument("--lease-s", type=int, default=20)
    parser.add_argument("--heartbeat-s", type=float, default=0.5)
    parser.add_argument("--parent-pid", type=int)
    parser.add_argument("--burst", action="store_true")
    options = parser.parse_args()

    from worker.process import run_worker

    return run_worker(
        redis_url=options.redis_url,
        database_id=options.database_id,
        functions=functions_for(options.redis_url, options.database_id, options.name),
        # Redis holds names of all tests' workers.
        name=f"{options.name}-{options.database_id}",
        grace_s=options.grace_s,
        lease_s=options.lease_s,
        heartbeat_s=options.heartbeat_s,
        parent_pid=options.parent_pid,
        burst=options.burst,
        connect_s=5.0,
        on_ready=lambda: print("ready", flush=True),  # noqa: T201  # the test waits for it
    )


if __name__ == "__main__":
    sys.exit(main())
