"""RQ's SimpleWorker with a lease that is renewed while a job runs, and without what we refuse.

The base of `worker.process.MoodWorker`; knows leases, registration and signals, not what jobs do.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any, Final

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker.base import WorkerStatus

from worker.allowed import AllowedJob
from worker.errors import describe
from worker.exit_codes import ExitCode

log = structlog.get_logger(__name__)

#: Seconds after its last heartbeat when a worker's job belongs to nobody. Shorter: a dead
#: machine's chunk is scored sooner; longer: a hiccup of Redis costs no double work.
LEASE_S: Final = 20

#: Seconds between looks for lost and due jobs.
MAINTENANCE_S: Final = 5

#: Longest wait for a job at a time, in seconds: how far an idle worker's maintenance may slip.
POLL_S: Final = 2


class LeasedWorker(SimpleWorker):
    """One process, one queue, and a lease on the job it runs."""

    job_class = AllowedJob
    #: Longest pause in seconds between two tries to reach Redis while idle.
    max_connection_wait_time = 15.0

    def __init__(
        self,
        queue_name: str,
        *,
        connection: Redis,
        name: str,
        lease_s: int = LEASE_S,
        on_ready: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(
            [queue_name],
            name=name,
            connection=connection,
            serializer=JSONSerializer,
            worker_ttl=lease_s,
            maintenance_interval=MAINTENANCE_S,
            log_job_description=False,
        )
        #: Stays so unless the loop ends for a reason we know.
        self.exit_code = ExitCode.CRASHED
        self._lease_s = lease_s
        self._on_ready = on_ready
        #: The job whose lease the heartbeat renews.
        self._running: Job | None = None

    # Leases

    @property
    def dequeue_timeout(self) -> int:
        """RQ's wait would be 15 s less than the lease, which leaves none."""
        return POLL_S

    def get_heartbeat_ttl(self, job: Job) -> int:
        return self._lease_s

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        super().heartbeat(self._lease_s, pipeline)

    def renew_lease(self) -> None:
        """Say from the heartbeat's thread that worker and running job are alive."""
        job, execution = self._running, self.execution
        try:
            with self.connection.pipeline() as pipeline:
                self.heartbeat(pipeline=pipeline)
                if job is not None and execution is not None:
                    execution.heartbeat(job.started_job_registry, self._lease_s, pipeline)
                    # Whole, in case the hash ran out during a hiccup: `worker.lost` reads the name.
                    pipeline.hset(execution.key, mapping=execution.serialize())
                results = pipeline.execute()
            if results[0] == 1:  # the worker's own hash had run out
                self.connection.hset(self.key, mapping=self.serialize())
        except RedisError as error:
            log.warning("heartbeat_failed", reason=type(error).__name__)

    # Taking jobs

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        """Take the next job; drop one whose hash cannot even be read, instead of dying of it."""
        while True:
            try:
                found = super().dequeue_job_and_maintain_ttl(timeout, max_idle_time)
                if found is None:  # the queue is empty, in burst mode
                    self.exit_code = ExitCode.OK
                return found
            except RedisError as error:
                raise self.lose_queue(error) from error
            except StopRequested:
                raise
            except Exception as error:
                job_id = getattr(error, "job_id", None)
                if job_id is None:
                    raise
                log.error("job_unreadable", job=job_id, reason=describe(error))
                self.connection.lrem(self.queues[0].intermediate_queue_key, 0, job_id)
                self.connection.delete(Job.key_for(job_id))

    def lose_queue(self, error: RedisError) -> StopRequested:
        """Note that Redis is gone; return what ends RQ's loop."""
        log.error("queue_lost", worker=self.name, reason=type(error).__name__)
        self.exit_code = ExitCode.QUEUE_LOST
        return StopRequested()

    # Registration and signals: what RQ does here and we do not want

    def bootstrap(self, *_: Any, **__: Any) -> None:
        """Register; RQ would add log handlers of its own here."""
        try:
            self.register_birth()  # type: ignore[no-untyped-call]
        except ValueError as error:
            log.error("worker_name_taken", worker=self.name)
            self.exit_code = ExitCode.NAME_TAKEN
            raise SystemExit from error
        self.set_state(WorkerStatus.STARTED)
        if self._on_ready is not None:
            self._on_ready()

    def subscribe(self) -> None:
        """Listen to no commands: signals stop a worker, and Redis need not be able to."""

    def unsubscribe(self) -> None:
        """Nothing to unsubscribe from."""

    def teardown(self) -> None:
        with suppress(RedisError):  # the key runs out by itself
            super().teardown()  # type: ignore[no-untyped-call]

    def handle_warm_shutdown_request(self) -> None:
        self.exit_code = ExitCode.OK
        log.info("worker_stopping", worker=self.name, state=str(self.get_state()))

    def set_shutdown_requested_date(self) -> None:
        """Leave Redis alone in a signal handler: it may be the reason for the signal."""

    def request_force_stop(self, signum: int, frame: FrameType | None) -> None:
        self.exit_code = ExitCode.STOPPED_AT_ONCE
        super().request_force_stop(signum, frame)
        self.exit_code = ExitCode.OK  # RQ ignores a second signal within a second of the first
