"""The control process: scheduled jobs, delayed retries, sweeper and outbox, in one loop.

The roof's `control` command calls `run_control`. Any number may run at once on any machines: a
scheduled slot is one job id, a delayed retry moves under RQ's lock, a sweep under one of ours.
Ends only when told to; an absent Redis is waited for.
"""

from __future__ import annotations

import logging
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog
from croniter import croniter  # type: ignore[import-untyped]
from redis import Redis
from rq import Queue, Retry
from rq.cron import CronJob, CronScheduler
from rq.exceptions import DuplicateJobError
from rq.job import Job
from rq.scheduler import RQScheduler
from rq.serializers import JSONSerializer

log = structlog.get_logger(__name__)

#: Seconds between two looks at the clock.
POLL_S: Final = 1.0

#: Seconds between two sweeps, over all control processes together.
SWEEP_INTERVAL_S: Final = 15.0

#: Seconds between two looks into the outbox.
DELIVER_INTERVAL_S: Final = 5.0

#: A slot missed by less than this, because no control ran, is made up for at the start, where the
#: database does not remember which slot was the last (`CronEntry.carried_out`).
CATCH_UP: Final = timedelta(minutes=10)

#: Seconds a slot's job is remembered after it ran: far longer than clocks differ or CATCH_UP.
SLOT_MEMORY_S: Final = 24 * 3600

#: Seconds between the retries of a scheduled job that failed; as many as there are retries.
RETRY_INTERVALS_S: Final = (60, 300, 900)

#: Seconds a step rests after it failed.
REST_S: Final = 5.0

#: How far back the last slot is looked for at first.
_NEAR: Final = (timedelta(hours=1), timedelta(days=1), timedelta(days=31))

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True)
class CronEntry:
    """A function that workers call at certain times.

    `function` is a name on the workers' allow-list, called with `slot`, the time it was due (ISO
    8601, UTC), and with `kwargs`, which JSON can carry. The cron line is read in `time_zone`; a
    sixth field, if there is one, counts seconds.
    """

    name: str
    cron: str
    function: str
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    time_zone: str = "UTC"
    timeout_s: int = 900
    #: The newest slot known to be carried out: of those missed since, the last is made up for.
    carried_out: datetime | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(
                f"expected a name of lower-case letters, digits and dashes, found {self.name!r}"
            )
        if not croniter.is_valid(self.cron):
            raise ValueError(
                f"expected a cron line such as '0 7 * * MON' for {self.name!r}, found {self.cron!r}"
            )

    def next_after(self, moment: datetime) -> datetime:
        """Return the first slot after `moment`, both aware; the slot in UTC."""
        local = moment.astimezone(ZoneInfo(self.time_zone))
        slot: datetime = croniter(self.cron, local).get_next(datetime)
        return slot.astimezone(UTC)

    def latest(self, first: datetime, now: datetime) -> datetime:
        """Return the last slot from `first`, a slot, to `now`: older ones are not made up for."""
        slot = first
        # After a year's sleep a slot a minute is not counted one by one.
        for span in _NEAR:
            near = self.next_after(now - span)
            if near <= now:
                slot = max(first, near)
                break
        while (following := self.next_after(slot)) <= now:
            slot = following
        return slot

    def slot_name(self, slot: datetime) -> str:
        """Name a slot, the same on every machine.

        By local time where the hour is fixed: when clocks go back, 02:30 comes twice and is one
        slot. By UTC where every hour counts.
        """
        if self.cron.split()[1].startswith("*"):
            return f"{slot:%Y%m%dT%H%M%SZ}"
        return f"{slot.astimezone(ZoneInfo(self.time_zone)):%Y%m%dT%H%M%S}"


class SlotCronJob(CronJob):
    """RQ's cron job, enqueued by name under an id made of its slot: once, whoever asks."""

    def __init__(self, entry: CronEntry, database_id: str, queue_name: str) -> None:
        super().__init__(queue_name, func_name=entry.function, cron=entry.cron, name=entry.name)
        self.entry = entry
        self._database_id = database_id
        self.next_enqueue_time = entry.next_after(entry.carried_out or datetime.now(UTC) - CATCH_UP)

    def get_next_enqueue_time(self) -> datetime:
        return self.entry.next_after(self.latest_enqueue_time or datetime.now(UTC))

    def enqueue(self, connection: Redis) -> Job:
        """Enqueue the slot that is due, unless another control process did."""
        now = datetime.now(UTC)
        slot = self.entry.latest(self.next_enqueue_time or now, now)
        # The database's id, because Redis holds the jobs of all databases in one room.
        job_id = f"cron-{self.entry.name}-{self._database_id[:12]}-{self.entry.slot_name(slot)}"
        queue = Queue(self.queue_name, connection=connection, serializer=JSONSerializer)
        try:
            job = queue.enqueue_call(
                self.func_name,
                kwargs={**self.entry.kwargs, "slot": slot.isoformat()},
                job_id=job_id,
                unique=True,
                timeout=self.entry.timeout_s,
                # Kept although nobody reads it: a late control must find the slot taken.
                result_ttl=SLOT_MEMORY_S,
                failure_ttl=SLOT_MEMORY_S,
                description=f"{self.entry.name} of {slot:%Y-%m-%d %H:%M} UTC",
                retry=Retry(max=len(RETRY_INTERVALS_S), interval=list(RETRY_INTERVALS_S)),
            )
        except DuplicateJobError:
            log.info("slot_already_enqueued", job=job_id)
            return Job(job_id, connection=connection, serializer=JSONSerializer)
        log.info("slot_enqueued", job=job_id)
        return job


class SlotScheduler(CronScheduler):
    """RQ's registry of cron schedulers, which shows ours to its tools, with our jobs in it."""

    def __init__(
        self, connection: Redis, entries: Sequence[CronEntry], database_id: str, queue_name: str
    ) -> None:
        super().__init__(connection, logging_level="WARNING")
        self.serializer = JSONSerializer
        self._cron_jobs = [SlotCronJob(entry, database_id, queue_name) for entry in entries]


class Control:
    """The loop of one control process; `run_control` gives it signals."""

    def __init__(
        self,
        connection: Redis,
        database_id: str,
        entries: Sequence[CronEntry],
        sweep: Callable[[], object] | None,
        sweep_interval_s: float,
        *,
        deliver: Callable[[], object] | None = None,
    ) -> None:
        queue_name = f"moodwatch-{database_id}"  # as ingest.queue.ChunkQueue names it
        self._connection = connection
        self._slots = SlotScheduler(connection, entries, database_id, queue_name)
        self._retries = RQScheduler(
            [queue_name],
            connection=connection,
            logging_level="WARNING",
            serializer=JSONSerializer,
            name=self._slots.name,
        )
        self._sweep = sweep
        self._sweep_interval_s = sweep_interval_s
        self._deliver = deliver
        self._sweep_lock = f"moodwatch:{database_id}:sweeper"
        self._rests_until: dict[str, float] = {}

    def step(self) -> None:
        """Do what is due; a part that fails is logged, rests, and holds no other up."""
        self._try("retries", self._enqueue_retries)
        self._try("slots", self._enqueue_slots)
        if self._sweep is not None:
            self._try("sweep", self._sweep_in_turn)
        if self._deliver is not None:
            self._try("deliveries", self._deliver_now_and_then)

    def end(self) -> None:
        """Let go of locks and registrations, so that another control takes over at once."""
        self._try("retries", self._retries.stop)
        self._try("slots", self._slots.register_death)

    def _enqueue_retries(self) -> None:
        if not self._retries.acquired_locks:
            self._retries.register_birth()
            if not self._retries.acquire_locks():  # type: ignore[no-untyped-call]
                self._rest("retries", REST_S)  # another control has the lock
                return
        try:
            self._retries.heartbeat()  # type: ignore[no-untyped-call]
            self._retries.enqueue_scheduled_jobs()  # type: ignore[no-untyped-call]
        except Exception:
            # Workers enqueue what is due while nobody holds the lock.
            self._retries.release_locks()  # type: ignore[no-untyped-call]
            raise

    def _enqueue_slots(self) -> None:
        if self._slots.enqueue_jobs():
            self._slots.save()
        self._slots.heartbeat()

    def _sweep_in_turn(self) -> None:
        hold_ms = int(self._sweep_interval_s * 1000)
        if self._sweep is not None and self._connection.set(
            self._sweep_lock, self._slots.name, nx=True, px=hold_ms
        ):
            self._sweep()

    def _deliver_now_and_then(self) -> None:
        if self._deliver is not None:
            self._deliver()
            self._rest("deliveries", DELIVER_INTERVAL_S)

    def _try(self, part: str, act: Callable[[], object]) -> None:
        if time.monotonic() < self._rests_until.get(part, 0.0):
            return
        try:
            act()
        except Exception as error:  # noqa: BLE001  # control outlives Redis and database
            # The type alone: a driver's message may quote what it was given.
            log.warning("control_step_failed", part=part, reason=type(error).__name__)
            self._rest(part, REST_S)

    def _rest(self, part: str, seconds: float) -> None:
        self._rests_until[part] = time.monotonic() + seconds


def run_control(
    *,
    redis_url: str,
    database_id: str,
    cron_entries: Sequence[CronEntry] = (),
    sweep: Callable[[], object] | None = None,
    sweep_interval_s: float = SWEEP_INTERVAL_S,
    deliver: Callable[[], object] | None = None,
    on_ready: Callable[[], None] | None = None,
    parent_pid: int | None = None,
    poll_s: float = POLL_S,
) -> int:
    """Run until SIGTERM or Ctrl-C, or until `parent_pid` is no longer the parent; return 0.

    Args:
        cron_entries: what to enqueue for the workers, and when.
        sweep: called every `sweep_interval_s`, by one of all control processes at a time.
        deliver: called every few seconds; begins what is due in the outbox and does not wait.
        on_ready: called once, before the first look at the clock.
    """
    for name in ("rq.cron", "rq.scheduler"):
        logging.getLogger(name).setLevel(logging.WARNING)
    stop = threading.Event()

    def request_stop(signum: int, frame: FrameType | None) -> None:
        stop.set()

    before = {
        number: signal.signal(number, request_stop) for number in (signal.SIGINT, signal.SIGTERM)
    }
    connection = Redis.from_url(redis_url, socket_timeout=10, socket_connect_timeout=5)
    try:
        control = Control(
            connection, database_id, cron_entries, sweep, sweep_interval_s, deliver=deliver
        )
        log.info("control_started", entries=[entry.name for entry in cron_entries])
        if on_ready is not None:
            on_ready()
        while not stop.is_set() and (parent_pid is None or os.getppid() == parent_pid):
            control.step()
            stop.wait(poll_s)
        control.end()
    finally:
        connection.close()
        for number, handler in before.items():
            signal.signal(number, handler)
    log.info("control_ended")
    return 0
