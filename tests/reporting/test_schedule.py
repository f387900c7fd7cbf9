"""The control process: every slot once, whoever and how many enqueue; retries and sweeps."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue
from rq.job import Job
from rq.scheduler import RQScheduler
from rq.serializers import JSONSerializer

from moodwatch.embedded import start_or_attach
from reporting.schedule import Control, CronEntry
from tests.support.paths import REPOSITORY

Start = Callable[[], subprocess.Popen[str]]


@pytest.fixture
def queue(redis_connection: Redis, queue_id: str) -> Queue:
    return Queue(f"moodwatch-{queue_id}", connection=redis_connection, serializer=JSONSerializer)


@pytest.fixture
def start(redis_url: str, queue_id: str) -> Iterator[Start]:
    processes: list[subprocess.Popen[str]] = []

    def run() -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.support.control_process", redis_url, queue_id]
        process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        assert process.stdout is not None
        next(line for line in process.stdout if line == "ready\n")
        return process

    yield run
    for process in processes:
        process.kill()
        process.communicate()


def due_soon() -> str:
    """A cron line that is due every second."""
    return "* * * * * *"


def wait_for(condition: Callable[[], bool], timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def test_slots_are_in_the_entrys_time_zone_through_the_year() -> None:
    entry = CronEntry("report", "0 7 * * MON", "f", time_zone="Europe/Berlin")

    assert entry.next_after(utc(2026, 1, 7)) == utc(2026, 1, 12, 6)
    assert entry.next_after(utc(2026, 7, 8)) == utc(2026, 7, 13, 5)


def test_an_hour_that_clocks_show_twice_is_one_slot() -> None:
    daily = CronEntry("report", "30 2 * * *", "f", time_zone="Europe/Berlin")
    half_hourly = CronEntry("report", "*/30 * * * *", "f", time_zone="Europe/Berlin")
    first, second = utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1, 30)  # both 02:30 in Berlin

    assert daily.next_after(utc(2026, 10, 25)) == first
    assert daily.slot_name(first) == daily.slot_name(second)
    assert half_hourly.slot_name(first) != half_hourly.slot_name(second)


def test_an_hour_that_clocks_skip_still_has_its_slot() -> None:
    daily = CronEntry("report", "30 2 * * *", "f", time_zone="Europe/Berlin")

    slot = daily.next_after(utc(2026, 3, 28, 12))

    assert slot == utc(2026, 3, 29, 1)
    assert daily.next_after(slot) == utc(2026, 3, 30, 0, 30)


def test_after_a_long_sleep_only_the_last_slot_is_made_up_for() -> None:
    entry = CronEntry("report", "0 * * * *", "f")

    assert entry.latest(utc(2026, 1, 1, 5), utc(2026, 1, 9, 7, 59)) == utc(2026, 1, 9, 7)


@pytest.mark.parametrize("cron", ["", "every day", "61 * * * *", "0 7 * *"])
def test_what_is_no_cron_line_is_named(cron: str) -> None:
    with pytest.raises(ValueError, match="expected a cron line") as caught:
        CronEntry("report", cron, "f")
    assert repr(cron) in str(caught.value)


def test_a_name_must_fit_a_job_id() -> None:
    with pytest.raises(ValueError, match="expected a name"):
        CronEntry("weekly report", "0 7 * * *", "f")


def test_a_due_slot_becomes_one_job_of_ours(
    queue: Queue, queue_id: str, redis_connection: Redis
) -> None:
    entry = CronEntry("report", due_soon(), "jobs.report", {"period": "week"}, timeout_s=77)
    control = Control(redis_connection, queue_id, [entry], None, 15)

    control.step()

    (job_id,) = queue.job_ids
    job = Job.fetch(job_id, redis_connection, JSONSerializer)
    assert job_id.startswith(f"cron-report-{queue_id[:12]}-")
    slot = datetime.fromisoformat(job.kwargs.pop("slot"))
    assert timedelta(0) <= datetime.now(UTC) - slot < timedelta(seconds=5)
    assert job_id.endswith(f"{slot:%Y%m%dT%H%M%SZ}")
    assert (job.func_name, job.kwargs, job.timeout) == ("jobs.report", {"period": "week"}, 77)
    assert job.retries_left == 3
    assert job.failure_ttl == 24 * 3600
    control.end()


def test_a_slot_missed_by_minutes_is_made_up_for_and_then_known(
    queue: Queue, queue_id: str, redis_connection: Redis
) -> None:
    moment = datetime.now(UTC) - timedelta(minutes=5)
    entry = CronEntry("report", f"{moment.minute} {moment.hour} * * *", "jobs.report")

    for _ in range(3):  # a control that starts again and again
        control = Control(redis_connection, queue_id, [entry], None, 15)
        control.step()
        control.step()
        control.end()

    assert len(queue.job_ids) == 1


def test_after_days_of_downtime_the_last_missed_slot_is_made_up_for_once(
    queue: Queue, queue_id: str, redis_connection: Redis
) -> None:
    moment = datetime.now(UTC) - timedelta(hours=7)
    entry = CronEntry(
        "report",
        f"{moment.minute} {moment.hour} * * *",
        "jobs.report",
        carried_out=moment - timedelta(days=5),
    )

    for _ in range(2):  # a second control does not do it again
        control = Control(redis_connection, queue_id, [entry], None, 15)
        control.step()
        control.end()

    [job_id] = queue.job_ids
    slot = datetime.fromisoformat(
        Job.fetch(job_id, redis_connection, JSONSerializer).kwargs["slot"]
    )
    assert slot == moment.replace(second=0, microsecond=0)


def test_a_slot_that_was_carried_out_is_not_made_up_for(
    queue: Queue, queue_id: str, redis_connection: Redis
) -> None:
    moment = datetime.now(UTC) - timedelta(minutes=5)
    cron = f"{moment.minute} {moment.hour} * * *"
    entry = CronEntry("report", cron, "jobs.report", carried_out=datetime.now(UTC))

    control = Control(redis_connection, queue_id, [entry], None, 15)
    control.step()
    control.end()

    assert queue.job_ids == []


def test_a_year_of_minutes_is_not_counted_one_by_one() -> None:
    entry = CronEntry("report", "* * * * *", "f")
    steps = 0

    class Counted(CronEntry):
        def next_after(self, moment: datetime) -> datetime:
            nonlocal steps
            steps += 1
            return super().next_after(moment)

    counted = Counted(entry.name, entry.cron, entry.function)

    assert counted.latest(utc(2025, 1, 1), utc(2026, 1, 1, 0, 0, 30)) == utc(2026, 1, 1)
    assert steps < 100
    rare = CronEntry("report", "0 0 29 2 *", "f")
    assert rare.latest(utc(2024, 2, 29), utc(2027, 1, 1)) == utc(2024, 2, 29)


def test_control_sends_and_a_failing_outbox_holds_nothing_up(
    queue: Queue, queue_id: str, redis_connection: Redis
) -> None:
    calls: list[int] = []

    def deliver() -> None:
        calls.append(1)
        raise RuntimeError("the database is away")

    entry = CronEntry("report", due_soon(), "jobs.report")
    control = Control(redis_connection, queue_id, [entry], None, 15, deliver=deliver)

    for _ in range(3):
        control.step()
    control.end()

    assert queue.job_ids  # a slot, or two where a second ended meanwhile
    assert len(calls) == 1  # it rests


def test_two_controls_enqueue_every_slot_once(
    queue: Queue, queue_id: str, redis_connection: Redis, start: Start
) -> None:
    controls = [start(), start()]

    time.sleep(6.5)
    for control in controls:
        control.send_signal(signal.SIGTERM)

    assert [control.wait(60) for control in controls] == [0, 0]
    slots = [datetime.strptime(job_id[-16:], "%Y%m%dT%H%M%SZ") for job_id in queue.job_ids]  # noqa: DTZ007
    assert len(slots) == len(set(slots))
    assert len(slots) >= 3
    # None left out either, but for a machine that was busy at the time.
    assert max(later - earlier for earlier, later in pairwise(slots)) <= timedelta(seconds=4)
    # And one sweep a second, not two.
    assert 5 <= redis_connection.llen(f"sweeps-{queue_id}") <= 8


def test_slots_go_on_when_one_of_two_controls_is_killed(queue: Queue, start: Start) -> None:
    victim, _ = start(), start()
    wait_for(lambda: len(queue.job_ids) >= 1)

    victim.kill()

    n_before = len(queue.job_ids)
    wait_for(lambda: len(queue.job_ids) >= n_before + 2)


def test_a_delayed_retry_is_enqueued_when_its_time_has_come(
    queue: Queue, queue_id: str, redis_connection: Redis
) -> None:
    job = queue.enqueue_in(timedelta(seconds=1), "jobs.note")
    control = Control(redis_connection, queue_id, [], None, 15)

    control.step()
    before = queue.job_ids
    time.sleep(2)
    control.step()

    assert before == []
    assert queue.job_ids == [job.id]
    control.end()
    assert not redis_connection.exists(RQScheduler.get_locking_key(queue.name))


def test_only_one_control_moves_retries(
    queue: Queue, queue_id: str, redis_connection: Redis
) -> None:
    first, second = (Control(redis_connection, queue_id, [], None, 15) for _ in range(2))
    first.step()
    second.step()
    job = queue.enqueue_in(timedelta(seconds=-5), "jobs.note")

    second.step()
    before = queue.job_ids
    first.step()

    assert before == []
    assert queue.job_ids == [job.id]
    first.end()
    second.end()


def test_a_failing_sweep_holds_nothing_up(
    queue: Queue, queue_id: str, redis_connection: Redis
) -> None:
    def sweep() -> None:
        raise RuntimeError("the database is away")

    entry = CronEntry("report", due_soon(), "jobs.report")
    control = Control(redis_connection, queue_id, [entry], sweep, 0.001)

    control.step()
    time.sleep(1.1)
    control.step()

    assert len(queue.job_ids) == 2
    control.end()


def test_control_outlives_redis(tmp_path: Path, queue_id: str) -> None:
    server = start_or_attach(tmp_path / "own.db")
    command = [sys.executable, "-m", "tests.support.control_process", server.url, queue_id]
    control = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    assert control.stdout is not None
    try:
        next(line for line in control.stdout if line == "ready\n")
        time.sleep(1)
        server.stop_if_last()
        time.sleep(1)
        server = start_or_attach(tmp_path / "own.db")
        with Redis.from_url(server.url) as connection:
            queue = Queue(f"moodwatch-{queue_id}", connection=connection)
            n_before = len(queue.job_ids)
            wait_for(lambda: len(queue.job_ids) > n_before)
        control.send_signal(signal.SIGTERM)
        assert control.wait(60) == 0
    finally:
        control.kill()
        control.communicate()
        server.stop_if_last()
