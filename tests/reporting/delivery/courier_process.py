"""A courier for tests: `python -m tests.reporting.delivery.courier_process DATABASE URL HOW`.

`die`: is killed (SIGKILL) by itself between sending and recording. `work`: sends what is due.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from datetime import timedelta

from db import outbox
from db.engine import open_database
from reporting.delivery import courier
from reporting.delivery.courier import Courier
from reporting.schedules import Recipient


def main() -> None:
    database, url, how = sys.argv[1:]
    engine = open_database(database)
    if how == "die":
        vars(courier)["mark_sent"] = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    carrier = Courier(
        engine,
        lambda: {f"r{n}": Recipient(webhook=url, secret="key") for n in range(20)},
        {},
        lease=timedelta(seconds=1 if how == "die" else 60),
    )
    print("ready", flush=True)  # noqa: T201 - the test waits for it
    sys.stdin.readline()
    # A step that finds nothing may have met the other courier's locks: the outbox alone tells.
    while outbox.delivery_counts(engine)["weekly"].waiting:
        if not carrier.step():
            time.sleep(0.02)
        carrier.wait(60)


if __name__ == "__main__":
    main()
