"""The passes of `moodwatch rescore` on both databases, with a worker in the same process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from redis import Redis
from sqlalchemy import Engine

from db.ledger import SqlLedger
from db.queries import status
from db.rollups import recount
from db.store import mark_failed, register_model
from ingest.chunks import payload_json
from ingest.queue import ChunkQueue
from moodwatch.errors import ExitCode
from moodwatch.rescore import Rescored, RescoreRun, tell
from moodwatch.services import Services
from moodwatch.settings import Settings
from tests.db.chunks import message, save
from tests.support.redis import forget_queue
from tests.support.scorer import LengthScorer
from worker.jobs import JobContext, score_chunk


@pytest.fixture
def services(engine: Engine, redis_url: str, redis_connection: Redis) -> Iterator[Services]:
    settings = Settings(chunk_size=4, high_water=2, low_water=1)
    ledger = SqlLedger(engine)
    queue = ChunkQueue(redis_connection, ledger.database_id, high_water=2, low_water=1)
    yield Services(settings, engine, ledger, queue, redis_url)
    forget_queue(redis_connection, ledger.database_id)


@pytest.fixture
def old(engine: Engine) -> int:
    """The current model, which has scored ten messages."""
    model_id = register_model(engine, "old@1", LengthScorer.emotions)
    save(engine, [message(n) for n in range(10)], model_id)
    return model_id


class InProcess:
    """Scores one chunk that the queue holds, whenever the command looks up from its work."""

    def __init__(self, services: Services, *then: Callable[[], None]) -> None:
        self.services = services
        self.scorer = LengthScorer()
        self.then = list(then)
        self.n_chunks = 0

    def __call__(self) -> None:
        queue = self.services.queue
        waiting = self.services.ledger.unstored(older_than_s=-60, limit=1)
        for chunk in waiting:
            context = JobContext(
                engine=self.services.engine,
                scorer=self.scorer,
                model_id=register_model(
                    self.services.engine, self.scorer.model_name, self.scorer.emotions
                ),
            )
            score_chunk(context, payload_json(chunk))
            queue._queue.remove(f"chunk-{chunk.chunk_id}")
            self.n_chunks += 1
            if self.then:
                self.then.pop(0)()


def run(services: Services, worker: Callable[[], None], stop: threading.Event) -> RescoreRun:
    return RescoreRun(services, LengthScorer.model_name, LengthScorer.emotions, stop, worker)


def current(engine: Engine) -> list[str]:
    return [model.name for model in status(engine).models if model.is_current]


def test_everything_is_scored_and_then_shown(services: Services, old: int) -> None:
    worker = InProcess(services)

    result = run(services, worker, threading.Event()).to_the_end(make_current=None)

    assert result == Rescored(
        model=LengthScorer.model_name, messages=10, scored=10, left=0, without_text=0,
        redacted=0, failed=0, current=True,
    )  # fmt: skip
    assert worker.n_chunks == 3
    assert recount(services.engine) == []
    assert current(services.engine) == [LengthScorer.model_name]
    again = run(services, worker, threading.Event()).to_the_end(make_current=None)
    assert (again, worker.n_chunks) == (result, 3)


def test_a_stopped_run_shows_nothing_and_the_next_goes_on_behind_it(
    services: Services, old: int
) -> None:
    stop = threading.Event()
    worker = InProcess(services, stop.set)

    stopped = run(services, worker, stop).to_the_end(make_current=True)
    shown = current(services.engine)
    ended = run(services, worker, threading.Event()).to_the_end(make_current=None)

    assert (stopped.scored, stopped.left, stopped.current) == (4, 6, False)
    assert shown == ["old@1"]
    assert (ended.scored, ended.left, ended.current) == (10, 0, True)
    # Each text went to the scorer once.
    assert sorted(text for call in worker.scorer.calls for text in call) == sorted(
        f"text {n}" for n in range(10)
    )


def test_what_other_workers_store_meanwhile_is_scored_before_the_views_switch(
    services: Services, old: int
) -> None:
    def another_bundle_stores_two() -> None:
        save(services.engine, [message(n) for n in (50, 51)], old)

    nothing = threading.Event()
    worker = InProcess(services, lambda: None, lambda: None, another_bundle_stores_two)

    result = run(services, worker, nothing).to_the_end(make_current=None)

    assert (result.messages, result.scored, result.left) == (12, 12, 0)
    assert result.current


def test_given_up_chunks_are_told_and_keep_the_views_as_they_are(
    services: Services, old: int
) -> None:
    def give_up() -> None:
        for chunk in services.ledger.unstored(older_than_s=-60, limit=9):
            services.queue._queue.remove(f"chunk-{chunk.chunk_id}")
            mark_failed(services.engine, chunk.chunk_id, "the scorer is broken")

    result = run(services, give_up, threading.Event()).to_the_end(make_current=True)

    assert (result.scored, result.left) == (0, 10)
    assert result.failed >= 10
    assert not result.current
    assert current(services.engine) == ["old@1"]


def test_the_current_model_stays_when_asked_to(services: Services, old: int) -> None:
    result = run(services, InProcess(services), threading.Event()).to_the_end(make_current=False)

    assert (result.scored, result.current) == (10, False)
    assert current(services.engine) == ["old@1"]


def test_messages_without_a_text_are_told_and_keep_the_views_on_the_old_model(
    services: Services, old: int, capsys: pytest.CaptureFixture[str]
) -> None:
    save(services.engine, [message(20), message(21)], old, text_mode="drop")
    worker = InProcess(services)

    result = run(services, worker, threading.Event()).to_the_end(make_current=None)
    code = tell(result, stopped=False)
    switched = run(services, worker, threading.Event()).to_the_end(make_current=True)

    said = capsys.readouterr().err
    assert (result.scored, result.without_text, result.current) == (10, 2, False)
    assert code == ExitCode.OK
    assert "2 messages were stored without their text" in said
    assert "--make-current switches them" in said
    assert (switched.scored, switched.current) == (10, True)


@pytest.mark.parametrize(
    ("left", "stopped", "code"),
    [(0, False, ExitCode.OK), (3, False, ExitCode.INCOMPLETE), (3, True, ExitCode.INTERRUPTED)],
)
def test_the_exit_code_tells_whether_all_was_scored(
    left: int, stopped: bool, code: ExitCode
) -> None:
    result = Rescored("m@1", 9, 9 - left, left, 0, 0, left, current=not left)

    assert tell(result, stopped=stopped) == code
