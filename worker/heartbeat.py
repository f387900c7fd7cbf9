"""A thread that says "still at work" while the main thread scores, and ends what hangs.

RQ's SimpleWorker renews no lease while a job runs, and SIGALRM interrupts no native code: both
are mended from here. Knows neither RQ nor Redis; `worker.process` hands in what to do.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import structlog

from worker.exit_codes import ExitCode

log = structlog.get_logger(__name__)


class JobTimeoutError(Exception):
    """The job took longer than its timeout and could be interrupted."""


class JobClock:
    """The time limit of the running attempt: an alarm first, the end of the process later.

    Time between attempts (waiting for the database) does not count.
    """

    def __init__(self, *, grace_s: float) -> None:
        self._grace_s = grace_s
        self._ends_at: float | None = None

    @contextmanager
    def limit(self, timeout_s: int) -> Iterator[None]:
        """Raise JobTimeoutError in the block once `timeout_s` is over; 0 and less: never.

        Works in the main thread only, where a worker runs its jobs.
        """
        if timeout_s <= 0:
            yield
            return

        def interrupt(signum: int, frame: FrameType | None) -> None:
            raise JobTimeoutError(f"job exceeded its timeout of {timeout_s} s")

        before = signal.signal(signal.SIGALRM, interrupt)
        signal.alarm(timeout_s)
        self._ends_at = time.monotonic() + timeout_s + self._grace_s
        try:
            yield
        finally:
            self._ends_at = None
            signal.alarm(0)
            signal.signal(signal.SIGALRM, before)

    def is_overdue(self) -> bool:
        """Say whether timeout and grace are both past: native code holds the main thread."""
        ends_at = self._ends_at
        return ends_at is not None and time.monotonic() > ends_at


class Heartbeat:
    """Calls `beat` every `interval_s` from a daemon thread until stopped."""

    def __init__(
        self,
        beat: Callable[[], None],
        *,
        interval_s: float,
        clock: JobClock,
        parent_pid: int | None = None,
    ) -> None:
        self._beat = beat
        self._interval_s = interval_s
        self._clock = clock
        self._parent_pid = parent_pid
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop beating; returns at once even when a beat hangs."""
        self._stopped.set()
        self._thread.join(timeout=1.0)

    def _run(self) -> None:
        while not self._stopped.wait(self._interval_s):
            if self._clock.is_overdue():
                log.critical("job_stuck", exit_code=int(ExitCode.JOB_STUCK))
                sys.stderr.flush()
                # Not sys.exit: the main thread is in native code and would never see it.
                os._exit(ExitCode.JOB_STUCK)
            self._look_for_parent()
            self._beat()

    def _look_for_parent(self) -> None:
        if self._parent_pid is None or os.getppid() == self._parent_pid:
            return
        log.warning("parent_gone", parent_pid=self._parent_pid)
        self._parent_pid = None
        os.kill(os.getpid(), signal.SIGTERM)
