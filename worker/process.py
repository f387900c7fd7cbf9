"""The worker process: takes jobs from one queue and runs them in this very process.

Without a fork: the model stays loaded, CUDA stays usable. Runs only functions it was given, waits
for an absent database without using retries up, and ends with a named code when it cannot go on.
The roof's `worker` command calls `run_worker`. Correctness never rests on this file but on the
ledger in SQL.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final, cast

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import InvalidJobOperation, NoSuchJobError, StopRequested
from rq.job import Job, JobStatus
from rq.registry import FailedJobRegistry, FinishedJobRegistry
from rq.utils import now
from rq.worker.base import WorkerStatus
from rq.worker_registration import clean_worker_registry
from tenacity import RetryCallState, Retrying, retry_if_exception, wait_exponential, wait_random

from db.engine import is_transient
from worker.allowed import AllowedJob
from worker.errors import PutBackError, RefusedError, describe, outline
from worker.exit_codes import ExitCode
from worker.heartbeat import Heartbeat, JobClock
from worker.leased import LEASE_S, POLL_S, LeasedWorker
from worker.lost import enqueue_due_jobs, queue_name, return_lost_jobs

log = structlog.get_logger(__name__)

#: Seconds between heartbeats; four may be missed.
HEARTBEAT_S: Final = 4.0

#: Seconds past its timeout after which a job that cannot be interrupted takes the process along.
GRACE_S: Final = 30.0

#: Seconds to wait for Redis at the start; less than a supervisor's patience would be a crash loop.
CONNECT_S: Final = 60.0

#: Longest pause in seconds between two tries while the database is away.
MAX_OUTAGE_PAUSE_S: Final = 15.0

#: Seconds the traces of a failed job stay in Redis where the job names none (RQ: a year).
FAILURE_TTL_S: Final = 24 * 3600


class MoodWorker(LeasedWorker):
    """Runs the jobs of one database from its allow-list."""

    def __init__(
        self,
        database_id: str,
        *,
        connection: Redis,
        functions: Mapping[str, Callable[..., object]],
        name: str,
        on_ready: Callable[[], None] | None = None,
        on_failed: Callable[[str, str], None] | None = None,
        lease_s: int = LEASE_S,
        grace_s: float = GRACE_S,
    ) -> None:
        super().__init__(
            queue_name(database_id),
            connection=connection,
            name=name,
            lease_s=lease_s,
            on_ready=on_ready,
        )
        self.clock = JobClock(grace_s=grace_s)
        self._database_id = database_id
        self._functions = functions
        self._on_failed = on_failed

    def run_maintenance_tasks(self) -> None:
        """Put back what dead workers left, enqueue what is due, drop old traces."""
        (queue,) = self.queues
        try:
            returned = return_lost_jobs(self.connection, self._database_id, myself=self.name)
            for job_id in returned.failed:
                self._give_up(job_id, "its workers died, and no retry is left")
            enqueue_due_jobs(self.connection, self._database_id)
            FailedJobRegistry(queue=queue).cleanup()
            FinishedJobRegistry(queue=queue).cleanup()
            clean_worker_registry(queue)
        except RedisError as error:
            raise self.lose_queue(error) from error
        self.last_cleaned_at = now()  # type: ignore[assignment]  # RQ types it as always None

    def execute_job(self, job: Job, queue: Queue) -> None:
        job.origin = queue.name  # as popped, whatever its hash says
        try:
            self.prepare_execution(job)
            self.perform_job(job, queue)
            self.set_state(WorkerStatus.IDLE)
        except RedisError as error:
            raise self.lose_queue(error) from error
        except StopRequested:
            raise
        except (InvalidJobOperation, NoSuchJobError) as error:
            # Redis was emptied under the job. What it stored is stored; else the sweeper, which
            # reads the ledger, brings the chunk back.
            log.warning("job_forgotten_by_queue", job=job.id, reason=describe(error))
            self.set_state(WorkerStatus.IDLE)
        except Exception as error:
            # RQ would log it with its message, and that may quote a text.
            log.critical("worker_crashed", job=job.id, reason=describe(error), stack=outline(error))
            raise StopRequested from error

    def perform_job(self, job: Job, queue: Queue) -> bool:
        """Run a job and settle it; False when it failed.

        Replaces RQ's, which imports functions, runs callbacks and writes error messages, and with
        them message text, into Redis and logs.
        """
        self._running = job
        try:
            self.prepare_job_execution(job, remove_from_intermediate_queue=True)
            job.started_at = now()
            call = cast(AllowedJob, job).call_from(self._functions)
            self._call_patiently(call, job)
        except PutBackError as reason:
            log.warning("job_put_back", job=job.id, reason=str(reason), delay_s=reason.delay_s)
            self._put_back(job, queue, reason.delay_s)
        except RefusedError as reason:
            log.error("job_refused", job=job.id, reason=str(reason))
            job.retries_left = 0
            self._fail(job, queue, reason)
            return False
        except RedisError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever a job raises is the job's failure
            log.error("job_failed", job=job.id, reason=describe(error), stack=outline(error))
            self._fail(job, queue, error)
            return False
        except SystemExit:
            self._put_back(job, queue, 0)
            raise
        else:
            job.ended_at = now()
            job._status = JobStatus.FINISHED
            self.handle_job_success(job, queue, queue.started_job_registry)
        finally:
            self._running = None
        return True

    def _call_patiently(self, call: Callable[[], object], job: Job | None = None) -> None:
        """Call until the database answers; each attempt has the job's whole time limit.

        Raises:
            PutBackError: when told to stop while waiting.
        """

        def announce(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            log.warning(
                "database_away",
                job=job.id if job else None,
                attempt=state.attempt_number,
                reason=describe(error) if error else None,
            )

        timeout_s = int(job.timeout or Queue.DEFAULT_TIMEOUT) if job else 0
        for attempt in Retrying(
            retry=retry_if_exception(is_transient),
            wait=wait_exponential(multiplier=0.5, max=MAX_OUTAGE_PAUSE_S) + wait_random(0, 0.5),
            sleep=self._sleep_unless_stopped,
            before_sleep=announce,
            reraise=True,
        ):
            with attempt, self.clock.limit(timeout_s):
                call()

    def _sleep_unless_stopped(self, pause_s: float) -> None:
        ends_at = time.monotonic() + pause_s
        while (left := ends_at - time.monotonic()) > 0:
            if self._stop_requested:
                raise PutBackError("told to stop while the database was away", delay_s=0)
            time.sleep(min(left, 0.2))

    def _fail(self, job: Job, queue: Queue, error: BaseException) -> None:
        """Retry the job later, or after its last retry give it up."""
        job.ended_at = now()
        if not job.should_retry:
            self._give_up(job.id, describe(error))
        if job.failure_ttl is None:
            job.failure_ttl = FAILURE_TTL_S
        self.handle_job_failure(job, queue, exc_string=outline(error))

    def _give_up(self, job_id: str, reason: str) -> None:
        log.error("job_given_up", job=job_id, reason=reason)
        if self._on_failed is not None:
            on_failed = self._on_failed
            try:
                self._call_patiently(lambda: on_failed(job_id, reason))
            except Exception as error:  # noqa: BLE001  # the sweeper finds the chunk again
                log.error("job_not_marked_failed", job=job_id, reason=describe(error))

    def _put_back(self, job: Job, queue: Queue, delay_s: int) -> None:
        """Return a job to the front of the queue, or schedule it, without using a retry up."""
        with self.connection.pipeline() as pipeline:
            self.cleanup_execution(job, pipeline)
            if delay_s > 0:
                job.set_status(JobStatus.SCHEDULED, pipeline)
                due_at = (now() + timedelta(seconds=delay_s)).timestamp()
                pipeline.zadd(queue.scheduled_job_registry.key, {job.id: due_at})
            else:
                job.set_status(JobStatus.QUEUED, pipeline)
                pipeline.lpush(queue.key, job.id)
            pipeline.execute()


def new_worker_name() -> str:
    """Make a name no other worker, living or dead, has."""
    host = socket.gethostname().split(".")[0]
    return f"{host}-{os.getpid()}-{secrets.token_hex(3)}"


def run_worker(
    *,
    redis_url: str,
    database_id: str,
    functions: Mapping[str, Callable[..., object]],
    name: str | None = None,
    burst: bool = False,
    on_ready: Callable[[], None] | None = None,
    on_failed: Callable[[str, str], None] | None = None,
    parent_pid: int | None = None,
    connect_s: float = CONNECT_S,
    lease_s: int = LEASE_S,
    heartbeat_s: float = HEARTBEAT_S,
    grace_s: float = GRACE_S,
) -> ExitCode:
    """Work until told to stop, or until the queue is empty with `burst`.

    Args:
        functions: the allow-list: names as enqueued, with what they call here.
        name: unique among all workers, living or just dead; made up by default.
        on_ready: called once jobs can be taken.
        on_failed: called with a job's id and a reason when it is given up; waits for the database
            like a job does.
        parent_pid: end, after the running job, when this is no longer the parent process.
    """
    name = name or new_worker_name()
    # RQ gave this logger a level of its own; its lines a job repeat ours.
    logging.getLogger("rq.worker").setLevel(logging.WARNING)
    # Longer than the wait for a job: redis-py gives up after 5 s by itself.
    connection = Redis.from_url(redis_url, socket_timeout=POLL_S + 10, socket_connect_timeout=5)
    if not _wait_for_redis(connection, connect_s, parent_pid):
        return ExitCode.QUEUE_UNREACHABLE
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        worker = MoodWorker(
            database_id,
            connection=connection,
            functions=functions,
            name=name,
            on_ready=on_ready,
            on_failed=on_failed,
            lease_s=lease_s,
            grace_s=grace_s,
        )
        heartbeat = Heartbeat(
            worker.renew_lease, interval_s=heartbeat_s, clock=worker.clock, parent_pid=parent_pid
        )
        log.info("worker_started", worker=name, queue=queue_name(database_id))
        exit_code = _work(worker, heartbeat, burst=burst)
    except RedisError as error:
        log.error("queue_lost", worker=name, reason=type(error).__name__)
        exit_code = ExitCode.QUEUE_LOST
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        connection.close()
    log.info("worker_ended", worker=name, exit_code=int(exit_code))
    return exit_code


def _work(worker: MoodWorker, heartbeat: Heartbeat, *, burst: bool) -> ExitCode:
    heartbeat.start()
    try:
        worker.work(burst=burst)
    except SystemExit:
        log.warning("worker_left_at_once", worker=worker.name, exit_code=int(worker.exit_code))
    finally:
        heartbeat.stop()
    return worker.exit_code


def _wait_for_redis(connection: Redis, patience_s: float, parent_pid: int | None) -> bool:
    """Ping until Redis answers; False when it does not in time or the parent has gone."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            connection.ping()
        except (RedisError, OSError) as error:
            orphaned = parent_pid is not None and os.getppid() != parent_pid
            if orphaned or time.monotonic() >= deadline:
                log.error("queue_unreachable", waited_s=patience_s, reason=type(error).__name__)
                return False
            time.sleep(0.5)
        else:
            return True
