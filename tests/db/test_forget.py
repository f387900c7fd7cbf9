"""What is forgotten is gone: from tables, counts, ledger and file; and does not come back."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
import zstandard
from sqlalchemy import Engine, select

from db.engine import open_database, reading
from db.forget import BATCH
from db.ledger import SqlLedger
from db.queries import hourly, status
from db.rollups import recount
from db.store import ShiftRecord, forget, mark_failed, register_model, save_shifts
from db.tables import ChunkRow, RejectRow, ShiftRow, TombstoneRow
from records import EMOTIONS, IngestCounts, OpenChunk, Origin, Payload, Progress, Rejected
from tests.db.chunks import NOON, message, open_chunk, save


def n_tombstones(engine: Engine) -> int:
    with reading(engine) as connection:
        return len(connection.execute(select(TombstoneRow)).all())


def payload_of(engine: Engine, chunk_id: str) -> Payload:
    with reading(engine) as connection:
        packed = connection.execute(
            select(ChunkRow.payload).where(ChunkRow.id == chunk_id)
        ).scalar_one()
    return Payload.from_json(zstandard.ZstdDecompressor().decompress(packed or b"").decode())


def test_everything_given_must_match(engine: Engine, model_id: int) -> None:
    old = NOON - timedelta(days=400)
    messages = [
        message(1, author="bob"),
        message(2, author="bob", posted_at=old),
        message(3, author="bob", posted_at=old, source="other"),
        message(4, posted_at=old),
        message(5, author="bob", posted_at=None),
    ]
    save(engine, messages, model_id)

    assert forget(engine, author="bob", source="support", before=NOON) == 1
    assert forget(engine, author="bob", source="support", before=NOON) == 0
    assert forget(engine, before=NOON) == 2
    assert forget(engine, author="bob") == 2

    assert status(engine).messages == 0
    assert n_tombstones(engine) == 5
    assert hourly(engine).empty
    assert recount(engine) == []


def test_to_forget_without_saying_what_is_refused(engine: Engine) -> None:
    with pytest.raises(ValueError, match="expected an author, a source or a time"):
        forget(engine)
    with pytest.raises(ValueError, match="aware"):
        forget(engine, before=datetime(2024, 1, 1))  # noqa: DTZ001 - what is refused


def test_more_than_one_batch_is_erased(engine: Engine, model_id: int) -> None:
    n = BATCH + 10
    messages = [message(k, author="bob") for k in range(n)]
    save(engine, [*messages, message(n)], model_id)

    assert forget(engine, author="bob") == n

    assert status(engine).messages == 1
    assert recount(engine) == []


def test_texts_that_wait_in_the_ledger_are_emptied_and_kept_out(
    engine: Engine, model_id: int
) -> None:
    messages = [message(1, author="bob", text="secret"), message(2)]
    waiting, failed = open_chunk(engine, messages), open_chunk(engine, [message(3, author="bob")])
    mark_failed(engine, failed, "gone")

    assert forget(engine, author="bob") == 2

    emptied = payload_of(engine, waiting).messages
    assert [message.text for message in emptied] == ["[erased]", "text 2"]
    assert emptied[0].author is None
    assert payload_of(engine, failed).messages[0].text == "[erased]"
    # The queue may still hold the chunk as it was.
    stored = save(engine, messages, model_id, chunk_id=waiting)
    assert (stored.n_stored, stored.n_duplicate) == (1, 1)
    assert [*status(engine).sources.items()] == [("support", 1)]


def test_shifts_and_raw_rejects_of_the_forgotten_go_too(engine: Engine, model_id: int) -> None:
    ledger = SqlLedger(engine)
    state = ledger.begin(Origin("/a.csv", "support", 1, "{}"))
    rejects = [Rejected("support", 1, 0, "why", "bob,raw"), Rejected("b", 2, 0, "why", "raw")]
    ledger.record_progress(state.ingest_id, rejects, Progress(rows_read=2, n_rejected=2))
    save(engine, [message(1, author="bob")], model_id)
    shifts = [
        ShiftRecord("support", author, "joy", "up", NOON, NOON, 0.1, 0.2, 2.0, 10, 3)
        for author in ("bob", None)
    ]
    save_shifts(engine, shifts, model_id)

    forget(engine, author="bob")

    with reading(engine) as connection:
        raws = connection.execute(select(RejectRow.raw).order_by(RejectRow.row)).scalars().all()
        authors = connection.execute(select(ShiftRow.author)).scalars().all()
    assert list(raws) == [None, "raw"]
    assert list(authors) == [""]
    assert ledger.counts([state.ingest_id]) == IngestCounts(read=2, rejected=2)
    forget(engine, source="support")
    with reading(engine) as connection:
        assert connection.execute(select(ShiftRow)).all() == []


def test_a_payload_that_cannot_be_read_does_not_stop_the_erasure(
    engine: Engine, model_id: int
) -> None:
    ledger = SqlLedger(engine)
    state = ledger.begin(Origin("/a.csv", "a", 1, "{}"))
    ledger.open_chunk(state.ingest_id, 0, OpenChunk("c", b"not zstd"), 1, [], Progress())
    save(engine, [message(1)], model_id)

    assert forget(engine, source="support") == 1


def test_the_erased_text_is_in_no_sqlite_file_any_more(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    engine = open_database(path)
    model_id = register_model(engine, "tiny@1", EMOTIONS)
    secret = "correct horse battery staple"
    save(engine, [message(1, author="bob", text=secret), message(2)], model_id)
    assert any(secret.encode() in file.read_bytes() for file in tmp_path.iterdir())

    forget(engine, author="bob")

    assert not any(secret.encode() in file.read_bytes() for file in tmp_path.iterdir())
    engine.dispose()
