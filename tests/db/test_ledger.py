"""The ledger accounts for every row, through resume, replay, retry and kill."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from db.engine import database_id, reading
from db.errors import DatabaseError
from db.ledger import SqlLedger
from db.store import mark_failed, register_model, retry_failed
from db.tables import ChunkRow, IngestRow, RejectRow
from records import EMOTIONS, IngestCounts, OpenChunk, Origin, Progress, Rejected
from tests.db.chunks import message, save

ORIGIN = Origin("/data/posts\udcff.csv", "posts", 1000, '{"format": "csv"}')


def rejected(row: int) -> Rejected:
    return Rejected("posts", row, row * 10, "expected a time\x00", "raw \x00 row" * 5000)


def test_a_new_file_begins_at_its_start(engine: Engine) -> None:
    ledger = SqlLedger(engine)

    state = ledger.begin(ORIGIN)

    assert ledger.database_id == database_id(engine)
    assert (state.progress, state.next_chunk) == (Progress(), 0)
    assert ledger.counts([state.ingest_id]) == IngestCounts()


def test_an_interrupted_ingest_is_resumed_where_it_stood(engine: Engine) -> None:
    ledger = SqlLedger(engine)
    state = ledger.begin(ORIGIN)
    progress = Progress(10, 2, 1, 500, "abc")
    ledger.open_chunk(state.ingest_id, 0, OpenChunk("c0", b"p"), 8, [rejected(3)], progress)

    resumed = ledger.begin(ORIGIN)

    assert (resumed.ingest_id, resumed.progress) == (state.ingest_id, progress)
    assert resumed.next_chunk == 1
    other = Origin(ORIGIN.name, "posts", 1000, "other options")
    assert ledger.begin(other).ingest_id != state.ingest_id


def test_a_finished_file_is_begun_anew(engine: Engine) -> None:
    ledger = SqlLedger(engine)
    state = ledger.begin(ORIGIN)
    ledger.finish(state.ingest_id, Progress(rows_read=3, n_rejected=3))

    assert ledger.begin(ORIGIN).ingest_id != state.ingest_id
    assert ledger.counts([state.ingest_id]) == IngestCounts(read=3, rejected=3)


def test_rejects_are_kept_with_row_position_and_reason(engine: Engine) -> None:
    ledger = SqlLedger(engine)
    state = ledger.begin(ORIGIN)

    ledger.record_progress(
        state.ingest_id, [rejected(1), rejected(2)], Progress(rows_read=2, n_rejected=2)
    )

    with reading(engine) as connection:
        rows = connection.execute(select(RejectRow).order_by(RejectRow.id)).all()
    assert [(row.kind, row.row, row.position) for row in rows] == [
        ("rejected", 1, 10),
        ("rejected", 2, 20),
    ]
    assert rows[0].reason == "expected a time\ufffd"
    assert len(rows[0].raw or "") == 20_000


def test_opening_a_chunk_twice_is_opening_it_once(engine: Engine) -> None:
    ledger = SqlLedger(engine)
    state = ledger.begin(ORIGIN)
    for _ in range(2):
        ledger.open_chunk(
            state.ingest_id,
            0,
            OpenChunk("c0", b"payload"),
            4,
            [rejected(1)],
            Progress(rows_read=5, n_rejected=1),
        )

    assert ledger.counts([state.ingest_id]) == IngestCounts(read=5, rejected=1, pending=4)
    with reading(engine) as connection:
        assert len(connection.execute(select(RejectRow)).all()) == 1


def test_two_readers_of_one_file_do_not_mix(engine: Engine) -> None:
    ledger = SqlLedger(engine)
    first, second = ledger.begin(ORIGIN), ledger.begin(ORIGIN)
    assert first == second
    ledger.open_chunk(first.ingest_id, 0, OpenChunk("a", b""), 1, [], Progress(rows_read=1))

    with pytest.raises(DatabaseError, match="another process is reading the same file"):
        ledger.open_chunk(
            second.ingest_id, 0, OpenChunk("b", b""), 1, [rejected(1)], Progress(rows_read=1)
        )

    assert ledger.counts([first.ingest_id]) == IngestCounts(read=1, pending=1)


def test_a_closed_ingest_takes_no_more_chunks(engine: Engine) -> None:
    ledger = SqlLedger(engine)
    state = ledger.begin(ORIGIN)
    ledger.finish(state.ingest_id, Progress())

    with pytest.raises(DatabaseError, match="closed"):
        ledger.open_chunk(state.ingest_id, 0, OpenChunk("a", b""), 1, [], Progress())
    with pytest.raises(DatabaseError, match="unfinished"):
        ledger.restart(state.ingest_id)


def test_a_restart_leaves_the_abandoned_ingest_with_its_own_account(
    engine: Engine, model_id: int
) -> None:
    ledger = SqlLedger(engine)
    old = ledger.begin(ORIGIN)
    messages = [message(n) for n in range(4)]
    ledger.open_chunk(old.ingest_id, 0, OpenChunk("a", b"p"), 4, [], Progress(rows_read=4))

    new = ledger.restart(old.ingest_id)
    ledger.open_chunk(new.ingest_id, 0, OpenChunk("b", b"p"), 4, [], Progress(rows_read=4))
    assert [chunk.chunk_id for chunk in ledger.unstored(older_than_s=0, limit=9)] == ["a", "b"]
    for chunk_id in ("b", "a"):
        save(engine, messages, model_id, chunk_id=chunk_id)
    ledger.finish(new.ingest_id, Progress(rows_read=4))

    assert new.ingest_id != old.ingest_id
    assert (new.progress, new.next_chunk) == (Progress(), 0)
    assert ledger.counts([new.ingest_id]) == IngestCounts(read=4, stored=4)
    assert ledger.counts([old.ingest_id]) == IngestCounts(read=4, duplicate=4)
    both = ledger.counts([new.ingest_id, old.ingest_id])
    assert both == IngestCounts(read=8, stored=4, duplicate=4)
    with reading(engine) as connection:
        states = connection.execute(select(IngestRow.state).order_by(IngestRow.state)).all()
    assert [row.state for row in states] == ["abandoned", "complete"]


def test_the_sweeper_gets_chunks_that_no_queue_has(engine: Engine, model_id: int) -> None:
    ledger = SqlLedger(engine)
    state = ledger.begin(ORIGIN)
    for n in range(4):
        ledger.open_chunk(state.ingest_id, n, OpenChunk(f"c{n}", b"p%d" % n), 1, [], Progress())
    ledger.mark_enqueued(["c1", "c2", "no such chunk"])
    save(engine, [message(1)], model_id, chunk_id="c3")

    never = ledger.unstored(older_than_s=60, limit=9)
    old = ledger.unstored(older_than_s=0, limit=2)

    assert never == [OpenChunk("c0", b"p0")]
    assert [chunk.chunk_id for chunk in old] == ["c0", "c1"]
    assert ledger.n_pending() == 3


def test_counts_of_thousands_of_ingests_are_summed(engine: Engine) -> None:
    ledger = SqlLedger(engine)
    ids = [f"none-{n}" for n in range(2500)]
    ids.insert(1700, ledger.begin(ORIGIN).ingest_id)
    ledger.finish(ids[1700], Progress(rows_read=1, n_rejected=1))

    assert ledger.counts(ids) == IngestCounts(read=1, rejected=1)


STEPS = st.lists(
    st.sampled_from(["chunk", "reject", "resume", "restart", "store", "replay", "fail", "retry"]),
    max_size=12,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS, keys=st.data())
def test_every_row_stays_accounted_for_whatever_happens(
    engine: Engine, steps: list[str], keys: st.DataObject
) -> None:
    ledger = SqlLedger(engine)
    model = register_model(engine, "tiny@1", EMOTIONS)
    # One database serves all examples: each has a file and a source of its own.
    origin = Origin(f"/{uuid.uuid4()}", "posts", 1, "{}")
    state = ledger.begin(origin)
    ingests, progress = [state.ingest_id], state.progress
    chunks: dict[str, list[int]] = {}
    ordinal = 0
    for step in steps:
        if step == "chunk":
            numbers = keys.draw(st.lists(st.integers(0, 9), min_size=1, max_size=4))
            chunk_id = f"{ingests[-1]}-{ordinal}"
            progress = Progress(progress.rows_read + len(numbers) + 1, progress.n_rejected + 1)
            ledger.open_chunk(
                ingests[-1],
                ordinal,
                OpenChunk(chunk_id, b"p"),
                len(numbers),
                [rejected(1)],
                progress,
            )
            chunks[chunk_id] = numbers
            ordinal += 1
        elif step == "reject":
            progress = Progress(progress.rows_read + 1, progress.n_rejected + 1)
            ledger.record_progress(ingests[-1], [rejected(2)], progress)
        elif step == "resume":
            resumed = ledger.begin(origin)
            assert (resumed.ingest_id, resumed.progress) == (ingests[-1], progress)
            assert resumed.next_chunk == ordinal
        elif step == "restart":
            ingests.append(ledger.restart(ingests[-1]).ingest_id)
            progress, ordinal = Progress(), 0
        elif step in {"store", "replay"} and chunks:
            chunk_id = keys.draw(st.sampled_from(sorted(chunks)))
            messages = [message(n, source=origin.name) for n in chunks[chunk_id]]
            save(engine, messages, model, chunk_id=chunk_id)
        elif step == "fail" and chunks:
            mark_failed(engine, keys.draw(st.sampled_from(sorted(chunks))), "gone")
        elif step == "retry":
            retry_failed(engine)
        counts = ledger.counts(ingests)
        accounted = counts.stored + counts.duplicate + counts.rejected
        assert counts.read == accounted + counts.pending + counts.failed
    with reading(engine) as connection:
        rows = connection.execute(
            select(ChunkRow.state, ChunkRow.payload).where(ChunkRow.ingest_id.in_(ingests))
        ).all()
    assert all((row.payload is None) == (row.state == "stored") for row in rows)
