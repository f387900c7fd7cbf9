"""A control process for tests: `python -m tests.support.control_process REDIS_URL DATABASE_ID`.

Enqueues the job `note` every two seconds, and writes its sweeps to the list `sweeps-DATABASE_ID`.
"""

from __future__ import annotations

import sys

from redis import Redis

from reporting.schedule import CronEntry, run_control


def main() -> int:
    redis_url, database_id = sys.argv[1:]
    connection = Redis.from_url(redis_url)
    return run_control(
        redis_url=redis_url,
        database_id=database_id,
        cron_entries=[CronEntry("report", "* * * * * */2", "jobs.note", {"period": "week"})],
        sweep=lambda: connection.rpush(f"sweeps-{database_id}", "swept"),
        sweep_interval_s=1.0,
        poll_s=0.1,
        on_ready=lambda: print("ready", flush=True),  # noqa: T201  # the test waits for it
    )


if __name__ == "__main__":
    sys.exit(main())
