"""Worker processes that are killed, stopped, orphaned or cut off from Redis: nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue, Retry
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer
from rq.utils import as_text

from moodwatch.embedded import start_or_attach
from tests.support.paths import REPOSITORY
from worker.exit_codes import ExitCode
from worker.lost import queue_name, return_lost_jobs

Start = Callable[..., subprocess.Popen[str]]

#: Seconds; far shorter than the jobs that run 600 s, far longer than a busy machine needs.
PATIENCE_S = 60.0


@pytest.fixture
def queue(redis_connection: Redis, queue_id: str) -> Queue:
    return Queue(queue_name(queue_id), connection=redis_connection, serializer=JSONSerializer)


@pytest.fixture
def start(redis_url: str, queue_id: str) -> Iterator[Start]:
    """Start worker processes that run odd jobs; those still alive at the end are killed."""
    processes: list[subprocess.Popen[str]] = []

    def run(name: str, *options: str, url: str = redis_url) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.support.odd_jobs", url, queue_id, name, *options]
        process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        assert process.stdout is not None
        for line in process.stdout:
            if line == "ready\n":
                break
        return process

    yield run
    for process in processes:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def words(connection: Redis, queue_id: str) -> list[str]:
    return [as_text(word) for word in connection.lrange(f"odd-{queue_id}", 0, -1)]


def retries_left(job: Job) -> int:
    return int(job.connection.hget(job.key, "retries_left") or -1)


def wait_for(condition: Callable[[], bool], timeout_s: float = PATIENCE_S) -> float:
    """Return the seconds until the condition holds."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < timeout_s, "waited in vain"
        time.sleep(0.02)
    return time.monotonic() - started


def test_the_job_of_a_killed_worker_is_running_elsewhere_within_the_lease(
    queue: Queue, queue_id: str, redis_connection: Redis, start: Start
) -> None:
    queue.enqueue_call("odd.sleep", args=(600,), retry=Retry(max=5), job_id=f"chunk-{queue_id}")
    victim = start("victim", "--lease-s", "4")
    wait_for(lambda: words(redis_connection, queue_id) == ["started victim"])
    start("heir", "--lease-s", "4")

    victim.kill()

    # The lease of 4 s has to end, and the heir looks every 5 s; 20 and 5 in production.
    wait_for(lambda: "started heir" in words(redis_connection, queue_id))


def test_the_supervisor_returns_a_killed_workers_job_at_once(
    queue: Queue, queue_id: str, redis_connection: Redis, start: Start
) -> None:
    job = queue.enqueue_call("odd.sleep", args=(600,), retry=Retry(max=5))
    victim = start("victim")
    wait_for(lambda: words(redis_connection, queue_id) == ["started victim"])
    start("heir")
    victim.kill()
    victim.wait()

    returned = return_lost_jobs(redis_connection, queue_id, dead_workers=[f"victim-{queue_id}"])

    assert returned.back == (job.id,)
    took = wait_for(lambda: "started heir" in words(redis_connection, queue_id))
    assert took < 10  # the lease goes on for 20 s
    assert retries_left(job) == 4


def test_a_living_workers_job_is_left_alone(
    queue: Queue, queue_id: str, redis_connection: Redis, start: Start
) -> None:
    # Long enough for two looks of the idle worker after a lease that was not renewed.
    queue.enqueue_call("odd.sleep", args=(15,), retry=Retry(max=5))
    start("busy", "--lease-s", "3")
    wait_for(lambda: words(redis_connection, queue_id) == ["started busy"])
    start("idle", "--lease-s", "3")

    wait_for(lambda: "ended busy" in words(redis_connection, queue_id))

    assert words(redis_connection, queue_id) == ["started busy", "ended busy"]


def test_a_job_lost_between_pop_and_start_comes_back_with_all_its_retries(
    queue: Queue, queue_id: str, redis_connection: Redis, start: Start
) -> None:
    job = queue.enqueue_call("odd.sleep", args=(0,), retry=Retry(max=5), result_ttl=60)
    # What a worker leaves that dies between Redis' answer and its next command.
    redis_connection.lmove(queue.key, queue.intermediate_queue_key)
    start("bystander", "--lease-s", "60")

    wait_for(lambda: "ended bystander" in words(redis_connection, queue_id))

    assert retries_left(job) == 5
    assert not redis_connection.exists(queue.intermediate_queue_key)


def test_a_popped_job_is_given_time_while_another_worker_lives(
    queue: Queue, queue_id: str, redis_connection: Redis, start: Start
) -> None:
    # Two: a worker that is the only one alive takes such a job back at once.
    start("bystander")
    start("another")
    job = queue.create_job("odd.sleep", args=(0,))
    job.save()
    redis_connection.rpush(queue.intermediate_queue_key, job.id)

    first = return_lost_jobs(redis_connection, queue_id)

    def is_back() -> bool:
        # The bystanders look for lost jobs, too, and may be those who find it.
        return_lost_jobs(redis_connection, queue_id)
        return not redis_connection.exists(queue.intermediate_queue_key)

    took = wait_for(is_back)

    assert first.back == ()
    assert took > 3


def test_a_job_that_kills_its_workers_comes_to_an_end(
    queue: Queue, queue_id: str, redis_connection: Redis
) -> None:
    job = queue.enqueue_call("odd.sleep", retry=Retry(max=2), failure_ttl=600)
    for round_left in (1, 0):
        redis_connection.lpop(queue.key)
        redis_connection.zadd(queue.started_job_registry.key, {f"{job.id}:execution": 2e9})
        assert return_lost_jobs(redis_connection, queue_id).back == (job.id,)
        assert retries_left(job) == round_left
    redis_connection.lpop(queue.key)
    redis_connection.zadd(queue.started_job_registry.key, {f"{job.id}:execution": 2e9})

    supervisors_look = return_lost_jobs(redis_connection, queue_id)
    workers_look = return_lost_jobs(redis_connection, queue_id, myself="worker")

    assert (supervisors_look.back, supervisors_look.failed) == ((), ())
    assert (workers_look.back, workers_look.failed) == ((), (job.id,))
    assert job.get_status() is JobStatus.FAILED
    assert queue.failed_job_registry.get_job_ids() == [job.id]
    assert queue.job_ids == []


def test_sigterm_finishes_the_running_job_and_takes_no_other(
    queue: Queue, queue_id: str, redis_connection: Redis, start: Start
) -> None:
    queue.enqueue_call("odd.sleep", args=(1.5,), result_ttl=0)
    waiting = queue.enqueue_call("odd.sleep", args=(0,))
    worker = start("worker")
    wait_for(lambda: bool(words(redis_connection, queue_id)))

    worker.send_signal(signal.SIGTERM)

    assert worker.wait(PATIENCE_S) == ExitCode.OK
    assert words(redis_connection, queue_id) == ["started worker", "ended worker"]
    assert queue.job_ids == [waiting.id]


def test_a_worker_that_waits_for_the_database_can_be_stopped(
    queue: Queue, queue_id: str, redis_connection: Redis, start: Start
) -> None:
    job = queue.enqueue_call("odd.store", retry=Retry(max=5))
    worker = start("worker")
    wait_for(lambda: len(words(redis_connection, queue_id)) >= 3)

    worker.send_signal(signal.SIGTERM)

    assert worker.wait(PATIENCE_S) == ExitCode.OK
    assert queue.job_ids == [job.id]
    assert retries_left(job) == 5


def test_an_idle_worker_stops_at_once(start: Start) -> None:
    worker = start("worker")
    time.sleep(0.3)

    worker.send_signal(signal.SIGINT)

    assert worker.wait(PATIENCE_S) == ExitCode.OK


def test_a_second_signal_puts_the_job_back_and_leaves_at_once(
    queue: Queue, queue_id: str, redis_connection: Redis, start: Start
) -> None:
    job = queue.enqueue_call("odd.sleep", args=(600,), retry=Retry(max=5))
    worker = start("worker")
    wait_for(lambda: bool(words(redis_connection, queue_id)))

    worker.send_signal(signal.SIGTERM)
    time.sleep(1.2)  # a second signal within a second counts as the same
    worker.send_signal(signal.SIGTERM)

    assert worker.wait(PATIENCE_S) == ExitCode.STOPPED_AT_ONCE
    assert queue.job_ids == [job.id]
    assert retries_left(job) == 5
    assert not redis_connection.exists(queue.started_job_registry.key)


def test_native_code_past_timeout_and_grace_takes_the_process_along(
    queue: Queue, queue_id: str, redis_connection: Redis, start: Start
) -> None:
    job = queue.enqueue_call("odd.hang", args=(2_000_000_000,), timeout=1, retry=Retry(max=1))
    worker = start("worker", "--grace-s", "1")

    assert worker.wait(PATIENCE_S) == ExitCode.JOB_STUCK

    assert words(redis_connection, queue_id) == ["started worker"]
    returned = return_lost_jobs(redis_connection, queue_id, dead_workers=[f"worker-{queue_id}"])
    assert returned.back == (job.id,)


def test_a_worker_whose_parent_is_gone_ends(start: Start) -> None:
    not_the_parent = os.getppid()

    worker = start("orphan", "--parent-pid", str(not_the_parent))

    assert worker.wait(PATIENCE_S) == ExitCode.OK


def test_a_worker_without_redis_at_the_end_of_its_job_ends_by_name(
    tmp_path: Path, queue_id: str, start: Start
) -> None:
    server = start_or_attach(tmp_path / "own.db")
    connection = Redis.from_url(server.url)
    queue = Queue(queue_name(queue_id), connection=connection, serializer=JSONSerializer)
    job = queue.enqueue_call("odd.hang", args=(8_000_000,), retry=Retry(max=5))
    worker = start("worker", url=server.url)
    wait_for(lambda: bool(words(connection, queue_id)))
    connection.close()

    server.stop_if_last()

    assert worker.wait(PATIENCE_S) == ExitCode.QUEUE_LOST
    again = start_or_attach(tmp_path / "own.db")
    with Redis.from_url(again.url) as connection:
        returned = return_lost_jobs(connection, queue_id, dead_workers=[f"worker-{queue_id}"])
    again.stop_if_last()
    assert returned.back == (job.id,)


def test_a_worker_that_never_finds_redis_ends_by_name(tmp_path: Path, queue_id: str) -> None:
    command = [sys.executable, "-m", "tests.support.odd_jobs", f"unix://{tmp_path}/none.sock"]

    ended = subprocess.run(
        [*command, queue_id, "worker"], cwd=REPOSITORY, capture_output=True, timeout=30, check=False
    )

    assert ended.returncode == ExitCode.QUEUE_UNREACHABLE
    assert b"Traceback" not in ended.stderr


def test_a_job_that_was_lost_before_ends_although_its_dead_execution_is_remembered(
    queue: Queue, queue_id: str, redis_connection: Redis, start: Start
) -> None:
    job = queue.enqueue_call("odd.sleep", args=(0,), retry=Retry(max=2), result_ttl=0)
    # A worker that died: its execution's hash has expired, RQ's list of executions names it still.
    redis_connection.zadd(f"rq:executions:{job.id}", {"dead": time.time() + 600})
    worker = start("heir")
    wait_for(lambda: not Job.exists(job.id, connection=redis_connection), timeout_s=30)
    assert worker.poll() is None


def test_a_returned_job_leaves_no_execution_behind(
    queue: Queue, queue_id: str, redis_connection: Redis
) -> None:
    job = queue.enqueue_call("odd.sleep", retry=Retry(max=2))
    redis_connection.lpop(queue.key)
    redis_connection.zadd(queue.started_job_registry.key, {f"{job.id}:dead": 2e9})
    redis_connection.zadd(f"rq:executions:{job.id}", {"dead": time.time() + 600})
    assert return_lost_jobs(redis_connection, queue_id).back == (job.id,)
    assert not redis_connection.exists(f"rq:executions:{job.id}")
