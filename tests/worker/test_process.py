"""The worker in the test's own process: what it runs, refuses, retries and gives up."""

from __future__ import annotations

import json
import pickle
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
import structlog
from redis import Redis
from rq import Callback, Queue, Retry
from rq.job import JobStatus
from rq.serializers import JSONSerializer
from rq.utils import now
from rq.webhook import Webhook
from structlog.testing import capture_logs

from db.errors import DatabaseUnavailableError
from tests.support.redis import forget_queue
from worker.errors import PutBackError, RefusedError
from worker.exit_codes import ExitCode
from worker.lost import queue_name
from worker.process import run_worker

# RQ's time limit and ours use SIGALRM, and so does pytest-timeout unless told otherwise.
pytestmark = pytest.mark.timeout(60, method="thread")

SECRET = "i hate my landlord"


@pytest.fixture
def queue(redis_connection: Redis, queue_id: str) -> Queue:
    return Queue(queue_name(queue_id), connection=redis_connection, serializer=JSONSerializer)


@pytest.fixture
def work(redis_url: str, queue_id: str) -> Callable[..., ExitCode]:
    """Run the queue empty with the given functions."""

    def run(failed: list[tuple[str, str]] | None = None, **functions: object) -> ExitCode:
        return run_worker(
            redis_url=redis_url,
            database_id=queue_id,
            functions={f"jobs.{name}": function for name, function in functions.items()},  # type: ignore[misc]
            burst=True,
            on_failed=None if failed is None else lambda *given: failed.append(given),
        )

    return run


def test_a_listed_function_runs_and_leaves_nothing_behind(
    queue: Queue, redis_connection: Redis, work: Callable[..., ExitCode]
) -> None:
    got: list[object] = []
    job = queue.enqueue_call("jobs.note", args=("a", 1), kwargs={"b": [2]}, result_ttl=0)

    code = work(note=lambda *args, **kwargs: got.append((args, kwargs)))

    assert code is ExitCode.OK
    assert got == [(("a", 1), {"b": [2]})]
    assert not redis_connection.exists(job.key)
    assert not redis_connection.exists(queue.intermediate_queue_key)
    assert not redis_connection.exists(queue.started_job_registry.key)


@pytest.mark.parametrize(
    "name", ["os.system", "os.getpid", "jobs.other", "worker.jobs.score_chunk"]
)
def test_a_function_not_listed_is_never_called(
    name: str, queue: Queue, work: Callable[..., ExitCode], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[object] = []
    monkeypatch.setattr("os.system", calls.append)
    job = queue.enqueue_call(name, args=("echo owned",), retry=Retry(max=3))

    with capture_logs() as lines:
        failed: list[tuple[str, str]] = []
        work(failed, note=calls.append)

    assert [call for call in calls if call == "echo owned"] == []
    assert job.get_status() is JobStatus.FAILED
    assert failed == [(job.id, f"function {name!r} is not on this worker's allow-list")]
    assert [line["event"] for line in lines].count("job_refused") == 1


def test_a_queue_wiped_under_a_running_job_does_not_end_the_worker(
    queue: Queue, redis_connection: Redis, work: Callable[..., ExitCode]
) -> None:
    queue.enqueue_call("jobs.wipe", retry=Retry(max=3))

    def wipe() -> None:
        forget_queue(redis_connection, queue.name.removeprefix("moodwatch-"))
        queue.enqueue_call("jobs.note", args=("next",))

    got: list[str] = []

    assert work(wipe=wipe, note=got.append) is ExitCode.OK
    assert got == ["next"]


def test_callbacks_and_webhooks_are_refused(
    queue: Queue, work: Callable[..., ExitCode], monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[object] = []
    monkeypatch.setattr("os.abort", lambda *args: called.append(args))
    monkeypatch.setattr("rq.webhook.urlopen", lambda *args, **kwargs: called.append(args))
    jobs = [
        queue.enqueue("jobs.note", on_success=Callback("os.abort")),
        queue.enqueue("jobs.note", on_failure=Callback("os.abort")),
        queue.enqueue("jobs.note", on_stopped=Callback("os.abort")),
        queue.enqueue("jobs.note", webhooks=[Webhook("http://127.0.0.1:9/", "failed")]),
    ]

    work(note=lambda: called.append("note"))

    assert called == []
    assert {job.get_status() for job in jobs} == {JobStatus.FAILED}


def test_a_method_of_an_object_is_refused(queue: Queue, work: Callable[..., ExitCode]) -> None:
    called: list[object] = []
    job = queue.enqueue_call("jobs.note")
    job.connection.hset(job.key, "data", json.dumps(["jobs.note", "an object", [], {}]))

    work(note=lambda: called.append("note"))

    assert called == []
    assert job.get_status() is JobStatus.FAILED


class Bomb:
    def __reduce__(self) -> tuple[object, ...]:
        return (pytest.fail, ("a pickle was opened",))


def test_a_pickle_is_not_opened(queue: Queue, work: Callable[..., ExitCode]) -> None:
    job = queue.enqueue_call("jobs.note")
    job.connection.hset(job.key, "data", pickle.dumps(("jobs.note", None, (Bomb(),), {})))

    work(note=lambda *_: None)

    assert job.get_status() is JobStatus.FAILED


def test_a_job_that_cannot_be_read_does_not_end_the_worker(
    queue: Queue, redis_connection: Redis, work: Callable[..., ExitCode]
) -> None:
    got: list[str] = []
    broken = queue.enqueue_call("jobs.note", args=("broken",))
    redis_connection.hset(broken.key, "timeout", "not a number")
    queue.enqueue_call("jobs.note", args=("fine",))

    code = work(note=got.append)

    assert code is ExitCode.OK
    assert got == ["fine"]
    assert not redis_connection.exists(broken.key)


def test_an_error_message_reaches_neither_redis_nor_the_log(
    queue: Queue,
    redis_connection: Redis,
    work: Callable[..., ExitCode],
    capfd: pytest.CaptureFixture[str],
) -> None:
    def fail(text: str) -> None:
        raise ValueError(f"cannot insert {text!r}")

    job = queue.enqueue_call("jobs.fail", args=(SECRET,), description="score chunk 1")
    structlog.reset_defaults()
    failed: list[tuple[str, str]] = []

    work(failed, fail=fail)

    redis_connection.hdel(job.key, "data")
    stored = str(redis_connection.hgetall(job.key))
    result = job.latest_result()
    trace = (result.exc_string if result else None) or ""
    captured = capfd.readouterr()
    assert failed[0][1].startswith("ValueError at test_process.py:")
    assert "test_process.py" in trace
    assert SECRET not in trace
    assert SECRET not in stored
    assert SECRET not in captured.out + captured.err


def test_a_failed_job_is_retried_when_its_pause_is_over_and_then_given_up(
    queue: Queue, work: Callable[..., ExitCode], redis_connection: Redis
) -> None:
    calls: list[int] = []
    failed: list[tuple[str, str]] = []

    def fail() -> None:
        calls.append(1)
        raise ValueError

    job = queue.enqueue_call("jobs.fail", retry=Retry(max=2, interval=[1000, 1000]))

    for n_calls in (1, 2, 3):
        work(failed, fail=fail)
        assert len(calls) == n_calls
        assert len(failed) == (n_calls == 3)
        # The pause is over: no scheduler runs here, so the worker has to enqueue it itself.
        for job_id in queue.scheduled_job_registry.get_job_ids():
            redis_connection.zadd(queue.scheduled_job_registry.key, {job_id: 1})

    assert failed[0][0] == job.id
    assert job.get_status() is JobStatus.FAILED
    assert 0 < redis_connection.ttl(job.key) <= 24 * 3600


def test_an_absent_database_uses_no_retry_up(queue: Queue, work: Callable[..., ExitCode]) -> None:
    attempts: list[int] = []

    def store() -> None:
        attempts.append(1)
        if len(attempts) < 4:
            raise DatabaseUnavailableError("the server is starting up")

    queue.enqueue_call("jobs.store", retry=Retry(max=1))
    failed: list[tuple[str, str]] = []

    with capture_logs() as lines:
        work(failed, store=store)

    assert len(attempts) == 4
    assert failed == []
    assert [line["event"] for line in lines].count("database_away") == 3
    assert not queue.scheduled_job_registry.get_job_ids()


def test_a_job_put_back_keeps_its_retries_and_waits(
    queue: Queue, redis_connection: Redis, work: Callable[..., ExitCode]
) -> None:
    def put_back() -> None:
        raise PutBackError("schema 2 is unknown here", delay_s=600)

    job = queue.enqueue_call("jobs.put_back", retry=Retry(max=2))
    failed: list[tuple[str, str]] = []

    work(failed, put_back=put_back)

    assert failed == []
    assert redis_connection.hget(job.key, "retries_left") == b"2"
    assert job.get_status() is JobStatus.SCHEDULED
    wait = queue.scheduled_job_registry.get_scheduled_time(job) - now()
    assert timedelta(seconds=540) < wait <= timedelta(seconds=600)


def test_a_job_may_refuse_itself(queue: Queue, work: Callable[..., ExitCode]) -> None:
    def refuse() -> None:
        raise RefusedError("a chunk of another database")

    job = queue.enqueue_call("jobs.refuse", retry=Retry(max=5))
    failed: list[tuple[str, str]] = []

    work(failed, refuse=refuse)

    assert failed == [(job.id, "a chunk of another database")]
    assert job.get_status() is JobStatus.FAILED


def test_a_job_past_its_timeout_is_interrupted_and_retried(
    queue: Queue, redis_connection: Redis, work: Callable[..., ExitCode]
) -> None:
    job = queue.enqueue_call("jobs.sleep", timeout=1, retry=Retry(max=1, interval=[600]))

    started = time.monotonic()
    work(sleep=lambda: time.sleep(30))

    assert time.monotonic() - started < 20
    assert redis_connection.hget(job.key, "retries_left") == b"0"
    assert job.get_status() is JobStatus.SCHEDULED


def test_two_databases_on_one_redis_do_not_mix(
    queue: Queue, redis_connection: Redis, work: Callable[..., ExitCode]
) -> None:
    other = Queue("moodwatch-other", connection=redis_connection, serializer=JSONSerializer)
    got: list[str] = []
    queue.enqueue_call("jobs.note", args=("mine",))
    stray = other.enqueue_call("jobs.note", args=("theirs",))

    work(note=got.append)

    assert got == ["mine"]
    assert other.job_ids == [stray.id]
    other.delete()
