"""Keeps child processes running: starts them, starts dead ones again, stops them at the end.

`run` and `up` supervise workers with it. It knows argument lists, not what the children do; the
children notice by themselves when this process is gone (`--parent-pid`).
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

log = structlog.get_logger(__name__)

#: Seconds; a child that lived shorter did not get to work. A busy machine starts slowly.
QUICK_DEATH_S: Final = 20.0

#: Quick deaths in a row, over all children, after which starting again is pointless.
MAX_QUICK_DEATHS: Final = 5

#: The same for children that something outside killed (SIGKILL, SIGTERM): no fault of theirs.
MAX_QUICK_KILLS: Final = 30

#: Longest pause in seconds before a child is started again.
MAX_PAUSE_S: Final = 10.0

#: The same for a child that something outside killed.
MAX_PAUSE_AFTER_KILL_S: Final = 1.0

#: Seconds between two looks at the children.
POLL_S: Final = 0.1

#: Seconds a child has for its running job after SIGTERM, before SIGKILL.
STOP_TIMEOUT_S: Final = 30.0

#: The descriptor, whatever `sys.stderr` is at the time.
_STANDARD_ERROR: Final = 2


class ChildrenDiedError(Exception):
    """Children died again and again right after their start."""


@dataclass(frozen=True, slots=True)
class Program:
    """A kind of child: `argv` makes the arguments for a child of the given, unique name."""

    label: str
    argv: Callable[[str], Sequence[str]]


@dataclass(slots=True)
class _Slot:
    """A place that always has one living child."""

    program: Program
    number: int
    name: str = ""
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    n_starts: int = 0
    #: Quick deaths since it last lived long: by itself, and by something outside.
    n_quick: int = 0
    n_quick_kills: int = 0


class Supervisor:
    """Runs one child for each of `programs` until stopped.

    Args:
        programs: repeat one for several children of a kind.
        on_death: called with the name of a child that died; `worker.lost` gives its job back.
        env: the children's environment; this process's by default.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        on_death: Callable[[str], object] | None = None,
        env: Mapping[str, str] | None = None,
        quick_death_s: float = QUICK_DEATH_S,
        stop_timeout_s: float = STOP_TIMEOUT_S,
        max_pause_s: float = MAX_PAUSE_S,
    ) -> None:
        self._slots = [_Slot(program, number) for number, program in enumerate(programs, start=1)]
        self._on_death = on_death
        self._env = dict(env) if env is not None else None
        self._quick_death_s = quick_death_s
        self._stop_timeout_s = stop_timeout_s
        self._max_pause_s = max_pause_s
        self._place = f"{socket.gethostname().split('.')[0]}-{os.getpid()}-{secrets.token_hex(2)}"
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._failure: str | None = None
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def __enter__(self) -> Supervisor:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the children and watch them from a thread of our own."""
        for slot in self._slots:
            self._spawn(slot)
        self._thread.start()

    def check(self) -> None:
        """Call now and then.

        Raises:
            ChildrenDiedError: when the children could not be kept running.
        """
        if self._failure is not None:
            raise ChildrenDiedError(self._failure)

    def pids(self) -> list[int]:
        """Return the process ids of the living children."""
        return [
            slot.process.pid
            for slot in self._slots
            if slot.process is not None and slot.process.poll() is None
        ]

    def stop(self) -> None:
        """Ask the children to end, wait, and kill those that do not; safe to call twice."""
        self._stopping.set()
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join()
        with self._lock:
            self._end_children()

    def _watch(self) -> None:
        while not self._stopping.wait(POLL_S):
            with self._lock:
                try:
                    for slot in self._slots:
                        self._look_after(slot)
                except OSError as error:
                    # No process or no memory left: told by `check`, not lost with this thread.
                    self._failure = f"a child could not be started: {error}"
                if self._failure is not None:
                    self._end_children()
                    return

    def _look_after(self, slot: _Slot) -> None:
        now = time.monotonic()
        if slot.process is None:
            if now >= slot.start_at:
                self._spawn(slot)
            return
        code = slot.process.poll()
        if code is None:
            return
        lived_s = now - slot.started_at
        log.warning("child_died", child=slot.name, exit_code=code, lived_s=round(lived_s, 1))
        slot.process = None
        killed = code in (-signal.SIGKILL, -signal.SIGTERM)
        if lived_s >= self._quick_death_s:
            slot.n_quick = slot.n_quick_kills = 0
        elif killed:
            slot.n_quick_kills += 1
        else:
            slot.n_quick += 1
        n_quick = slot.n_quick_kills if killed else slot.n_quick
        longest = min(self._max_pause_s, MAX_PAUSE_AFTER_KILL_S) if killed else self._max_pause_s
        slot.start_at = now + (min(0.25 * 2**n_quick, longest) if n_quick else 0.0)
        if n_quick >= (MAX_QUICK_KILLS if killed else MAX_QUICK_DEATHS):
            self._failure = (
                f"{slot.program.label} died {n_quick} times within "
                f"{self._quick_death_s:g} s of its start, last with exit code {code}; "
                "its log above says why"
            )
        self._tell_of(slot.name)

    def _tell_of(self, name: str) -> None:
        if self._on_death is None:
            return
        try:
            self._on_death(name)
        except Exception as error:  # noqa: BLE001  # leases run out by themselves; we go on
            log.warning("job_not_returned", child=name, reason=type(error).__name__)

    def _spawn(self, slot: _Slot) -> None:
        slot.n_starts += 1
        # Unique over machines and time: Redis remembers a dead worker's name for a while.
        slot.name = f"{slot.program.label}-{self._place}-{slot.number}.{slot.n_starts}"
        slot.started_at = time.monotonic()
        slot.process = subprocess.Popen(  # noqa: S603  # arguments come from the roof
            list(slot.program.argv(slot.name)),
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=_STANDARD_ERROR,
            stderr=_STANDARD_ERROR,
            # Ctrl-C in the terminal reaches us alone; we stop the children in order.
            process_group=0,
        )
        log.info("child_started", child=slot.name, pid=slot.process.pid)

    def _end_children(self) -> None:
        living = [slot.process for slot in self._slots if slot.process is not None]
        for process in living:
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + self._stop_timeout_s
        for process in living:
            try:
                process.wait(max(deadline - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                log.warning("child_killed", pid=process.pid)
                process.kill()
                process.wait()
        for slot in self._slots:
            if slot.process is not None:
                slot.process = None
                self._tell_of(slot.name)
