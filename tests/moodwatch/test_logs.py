"""Log lines reach standard error whole, also those of signal handlers."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.support.paths import REPOSITORY

#: Logs all the time, and from a signal handler a thousand times a second.
PROGRAM = """
import signal, time
import structlog
from moodwatch.logs import configure_logs

configure_logs("info", "json")
log = structlog.get_logger()
signal.signal(signal.SIGALRM, lambda *_: log.info("from_handler", filler="x" * 200))
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
until = time.monotonic() + 1
while time.monotonic() < until:
    log.info("from_program", filler="y" * 200)
signal.setitimer(signal.ITIMER_REAL, 0)
"""


def test_a_signal_handler_may_log_in_the_middle_of_a_line() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    events = [json.loads(line)["event"] for line in done.stderr.splitlines()]
    assert set(events) == {"from_handler", "from_program"}
