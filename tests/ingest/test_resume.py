"""Reading a file: what arrives, and that breaking off anywhere loses and doubles nothing."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from db.engine import open_database
from db.ledger import SqlLedger
from ingest.open import ReadOptions, open_messages
from ingest.queue import ChunkQueue
from ingest.reading import ingest_file
from records import IngestCounts, OpenChunk, Progress, Rejected
from tests.ingest.running import CHUNK_SIZE, SALT, Pipeline, adds_up

HEADER = "author,created_at,text"

#: 30 rows of which 6 are equal to an earlier one, one bad time, one undated.
ROWS = [
    *(f"author {n % 3},2024-01-{n % 8 + 1:02} 10:00:00,this is text {n % 3}" for n in range(28)),
    "author 1,never,a text with a bad time",
    "author 2,,a text without time",
]


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    return write(tmp_path / "posts.csv", ROWS)


def write(path: Path, rows: Sequence[str]) -> Path:
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return path


@dataclass(frozen=True)
class Outcome:
    messages: Counter[tuple[Any, ...]]
    rejects: list[tuple[Any, ...]]
    counts: IngestCounts


def outcome_of(pipeline: Pipeline) -> Outcome:
    pipeline.score_all()
    counts = pipeline.counts(*pipeline.all_ingests())
    return Outcome(pipeline.messages(), pipeline.rejects(), counts)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Outcome:
    """What a run that nothing interrupted leaves of ROWS, in a database of its own."""
    folder = tmp_path_factory.mktemp("unbroken")
    with Redis.from_url(redis_url) as connection:
        pipeline = Pipeline(folder / "moodwatch.db", connection)
        pipeline.ingest(write(folder / "posts.csv", ROWS))
        outcome = outcome_of(pipeline)
        pipeline.close()
    return outcome


def test_csv_goes_through_the_queue_into_sql(pipeline: Pipeline, posts: Path) -> None:
    ingest_id = pipeline.ingest(posts)
    waiting = pipeline.counts(ingest_id)
    assert (waiting.read, waiting.pending, waiting.stored) == (30, 29, 0)
    assert pipeline.score_all() == -(-29 // CHUNK_SIZE)
    counts = pipeline.counts(ingest_id)
    assert (counts.read, counts.stored, counts.rejected, counts.undated) == (30, 29, 1, 1)
    assert adds_up(counts)
    assert pipeline.messages().total() == 29
    [(row, _, reason, raw)] = pipeline.rejects()
    assert (row, raw) == (29, ROWS[28])
    assert "never" in reason


def test_same_file_again_adds_nothing(pipeline: Pipeline, posts: Path) -> None:
    pipeline.ingest(posts)
    pipeline.score_all()
    before = pipeline.messages()
    counts = pipeline.counts(pipeline.ingest(posts))
    assert counts.pending == 29
    pipeline.score_all()
    again = pipeline.counts(pipeline.all_ingests()[-1])
    assert (again.stored, again.duplicate, again.rejected) == (0, 29, 1)
    assert pipeline.messages() == before


def test_grown_newest_first_export_adds_only_what_is_new(pipeline: Pipeline, posts: Path) -> None:
    pipeline.ingest(posts)
    pipeline.score_all()
    # One of the three is equal to a row that is known: it is the next of its kind.
    newer = ["author 0,2024-02-01,brand new", ROWS[0], "author 9,2024-02-02,also new"]
    write(posts, newer + ROWS)
    ingest_id = pipeline.ingest(posts)
    pipeline.score_all()
    counts = pipeline.counts(ingest_id)
    assert (counts.read, counts.stored, counts.duplicate) == (33, 3, 29)


@pytest.mark.parametrize(
    ("undated", "stored", "rejected", "without_time"),
    [("keep", 29, 1, 1), ("reject", 28, 2, 0), ("now", 29, 1, 0)],
)
def test_undated_messages_follow_the_policy_and_are_counted(
    *,
    pipeline: Pipeline,
    posts: Path,
    undated: Any,
    stored: int,
    rejected: int,
    without_time: int,
) -> None:
    options = ReadOptions(undated=undated)
    for run in ("first", "second"):
        ingest_id = pipeline.ingest(posts, options)
        pipeline.score_all()
        counts = pipeline.counts(ingest_id)
        assert counts.stored + counts.duplicate == stored
        assert counts.stored == (stored if run == "first" else 0), "'now' must not be in the key"
        assert (counts.rejected, counts.undated) == (rejected, 1)
    [(n,)] = pipeline.rows("SELECT count(*) FROM messages WHERE posted_at IS NULL")
    assert n == without_time


def test_file_of_rejects_only_is_accounted_for(pipeline: Pipeline, posts: Path) -> None:
    write(posts, [ROWS[28]] * (2 * CHUNK_SIZE + 1))
    ingest_id = pipeline.ingest(posts)
    counts = pipeline.counts(ingest_id)
    assert (counts.read, counts.rejected, counts.pending) == (9, 9, 0)
    assert [row[0] for row in pipeline.rejects()] == list(range(1, 10))
    assert pipeline.queue.depth() == 0


def test_empty_file_is_no_row_and_no_chunk(pipeline: Pipeline, tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.touch()
    assert pipeline.counts(pipeline.ingest(empty)).read == 0
    assert pipeline.rows("SELECT state FROM ingests") == [("complete",)]


@pytest.fixture
def asked_at_every_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.reading.ASK_EVERY_S", 0.0)


class Stop:
    """Say `cancelled` after so many questions."""

    def __init__(self, after: int) -> None:
        self.left = after

    def __call__(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.mark.usefixtures("asked_at_every_row")
@pytest.mark.parametrize("after", [0, 1, 3, 11, 29])
def test_cancelled_run_goes_on_where_it_stopped(
    pipeline: Pipeline, unbroken: Outcome, posts: Path, after: int
) -> None:
    first = pipeline.ingest(posts, cancelled=Stop(after))
    known = pipeline.counts(first).read
    assert known < 30
    second = pipeline.ingest(posts)
    assert second == first, "one ingest, in two runs"
    assert outcome_of(pipeline) == unbroken


@pytest.mark.usefixtures("asked_at_every_row")
def test_changed_file_is_read_from_the_start(pipeline: Pipeline, posts: Path) -> None:
    first = pipeline.ingest(posts, cancelled=Stop(11))
    assert pipeline.counts(first).read > 0
    write(posts, ["author 5,2024-03-01,put before the others", *ROWS])
    second = pipeline.ingest(posts)
    assert second != first
    pipeline.score_all()
    assert adds_up(pipeline.counts(first))
    assert adds_up(pipeline.counts(second))
    assert pipeline.counts(second).read == 31
    assert pipeline.messages().total() == 30
    states = dict(pipeline.rows("SELECT id, state FROM ingests"))
    assert states == {first: "abandoned", second: "complete"}


@pytest.mark.usefixtures("asked_at_every_row")
def test_file_appended_to_after_a_stop_is_resumed(pipeline: Pipeline, posts: Path) -> None:
    first = pipeline.ingest(posts, cancelled=Stop(11))
    write(posts, [*ROWS, "author 5,2024-03-01,added at the end"])
    assert pipeline.ingest(posts) == first
    pipeline.score_all()
    assert pipeline.counts(first).read == 31
    assert pipeline.messages().total() == 30


@pytest.mark.usefixtures("asked_at_every_row")
def test_file_cut_short_after_a_stop_is_read_from_the_start(
    pipeline: Pipeline, posts: Path
) -> None:
    first = pipeline.ingest(posts, cancelled=Stop(20))
    write(posts, ROWS[:5])
    second = pipeline.ingest(posts)
    assert second != first
    assert pipeline.counts(second).read == 5


def test_rows_before_a_broken_place_are_committed(pipeline: Pipeline, posts: Path) -> None:
    with open_messages(posts, ReadOptions()) as opened:
        opened.items = break_after(opened.items, 6)
        with pytest.raises(OSError, match="the disk is gone"):
            ingest_file(
                opened, ledger=pipeline.ledger, queue=pipeline.queue, salt=SALT, chunk_size=4
            )
    assert pipeline.counts(*pipeline.all_ingests()).read == 6


def break_after(rows: Any, n: int) -> Any:
    for number, row in enumerate(rows, start=1):
        yield row
        if number == n:
            raise OSError("the disk is gone")


class DyingLedger(SqlLedger):
    """Kills its process before or after a step; everything else is the real ledger."""

    fatal: tuple[str, int, str]

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.n_calls: dict[str, int] = {}

    def begin(self, origin: Any) -> Any:
        return self.die_around("begin", lambda: SqlLedger.begin(self, origin))

    def open_chunk(  # noqa: PLR0917 - the protocol's
        self,
        ingest_id: str,
        ordinal: int,
        chunk: OpenChunk,
        n_messages: int,
        rejects: Sequence[Rejected],
        progress: Progress,
    ) -> None:
        arguments = (ingest_id, ordinal, chunk, n_messages, rejects, progress)
        self.die_around("open_chunk", lambda: SqlLedger.open_chunk(self, *arguments))

    def mark_enqueued(self, chunk_ids: Sequence[str]) -> None:
        self.die_around("mark_enqueued", lambda: SqlLedger.mark_enqueued(self, chunk_ids))

    def finish(self, ingest_id: str, progress: Progress) -> None:
        self.die_around("finish", lambda: SqlLedger.finish(self, ingest_id, progress))

    def die_around(self, step: str, call: Callable[[], Any]) -> Any:
        count = self.n_calls[step] = self.n_calls.get(step, 0) + 1
        if self.fatal == (step, count, "before"):
            os.kill(os.getpid(), signal.SIGKILL)
        result = call()
        if self.fatal == (step, count, "after"):
            os.kill(os.getpid(), signal.SIGKILL)
        return result


def ingest_and_die(
    database: str | Path, redis_url: str, posts: Path, fatal: tuple[str, int, str]
) -> None:
    """Runs in a process of its own, which must not survive."""
    ledger = DyingLedger(open_database(database))
    ledger.fatal = fatal
    queue = ChunkQueue(Redis.from_url(redis_url), ledger.database_id)
    with open_messages(posts, ReadOptions()) as opened:
        ingest_file(opened, ledger=ledger, queue=queue, salt=SALT, chunk_size=CHUNK_SIZE)


def run_killed(
    database: str | Path, redis_url: str, posts: Path, fatal: tuple[str, int, str]
) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.ingest.test_resume"])
    process = context.Process(target=ingest_and_die, args=(database, redis_url, posts, fatal))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    process.close()


@pytest.mark.parametrize(
    "fatal",
    [
        ("begin", 1, "before"),
        ("begin", 1, "after"),
        ("open_chunk", 1, "before"),
        ("open_chunk", 1, "after"),  # = before the first put
        ("mark_enqueued", 1, "before"),  # = after the first put
        ("mark_enqueued", 1, "after"),
        ("open_chunk", 4, "before"),
        ("open_chunk", 4, "after"),
        ("mark_enqueued", 4, "before"),
        ("open_chunk", 8, "after"),
        ("finish", 1, "before"),
        ("finish", 1, "after"),
    ],
    ids=lambda fatal: "-".join(map(str, fatal)),
)
def test_killed_run_loses_and_doubles_nothing(
    *,
    pipeline: Pipeline,
    unbroken: Outcome,
    redis_url: str,
    tmp_path: Path,
    posts: Path,
    fatal: tuple[str, int, str],
) -> None:
    run_killed(tmp_path / "moodwatch.db", redis_url, posts, fatal)
    pipeline.ingest(posts)
    outcome = outcome_of(pipeline)
    assert outcome.messages == unbroken.messages
    assert adds_up(outcome.counts)
    if fatal == ("finish", 1, "after"):  # the second run is then a reading of its own
        assert replace(outcome.counts, duplicate=0) == IngestCounts(60, 29, 0, 2, 2)
        assert outcome.counts.duplicate == 29
    else:
        assert outcome == unbroken


def test_killed_run_gives_the_same_keys_on_both_databases(
    *,
    database_url: str,
    unbroken: Outcome,
    redis_connection: Redis,
    redis_url: str,
    posts: Path,
) -> None:
    pipeline = Pipeline(database_url, redis_connection)
    run_killed(database_url, redis_url, posts, ("open_chunk", 4, "after"))
    pipeline.ingest(posts)
    outcome = outcome_of(pipeline)
    pipeline.close()
    assert outcome.counts == unbroken.counts
    assert outcome.rejects == unbroken.rejects
    assert {row[:3] for row in outcome.messages} == {row[:3] for row in unbroken.messages}
