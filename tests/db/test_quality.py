"""Reports tell why rows were rejected by counts and row numbers, and quote nothing."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

from sqlalchemy import Engine

from db.ledger import SqlLedger
from db.quality import RejectReason, unread
from records import Message, Origin, Progress, Rejected
from tests.db.chunks import save, scores

SECRET = "my diagnosis"


def read(engine: Engine, name: str, source: str, reasons: list[str]) -> None:
    """Write down a file whose rows 10, 20, … were rejected."""
    ledger = SqlLedger(engine)
    state = ledger.begin(Origin(name, source, 1000, ""))
    rows = [
        Rejected(source, 10 * place, None, reason, raw=SECRET)
        for place, reason in enumerate(reasons, 1)
    ]
    ledger.record_progress(state.ingest_id, rows, Progress(rows_read=100))


def test_reasons_are_counted_without_what_was_found(engine: Engine, model_id: int) -> None:
    posts = ["empty text", *(f"expected a time, found '{SECRET} {n}'" for n in range(8))]
    posts += [f"broken JSON at character {n}: {SECRET}" for n in range(2)]
    posts += [f"cannot tell day from month in a date of 0{n}/04: nothing" for n in (1, 2, 3)]
    read(engine, "/home/jane/posts.csv", "posts", posts)
    read(engine, "-", "chat", ["empty text", "empty text"])

    found = unread(engine)

    assert (found.n_rejected, found.n_changed, found.n_undated) == (16, 0, 0)
    assert found.reasons == (
        RejectReason("posts", "posts.csv", "expected a time", 8, (20, 30, 40, 50, 60)),
        RejectReason("posts", "posts.csv", "cannot tell day from month", 3, (120, 130, 140)),
        RejectReason("chat", "-", "empty text", 2, (10, 20)),
        RejectReason("posts", "posts.csv", "broken JSON", 2, (100, 110)),
        RejectReason("posts", "posts.csv", "empty text", 1, (10,)),
    )
    told = str([asdict(reason) for reason in found.reasons])
    assert SECRET not in told
    assert "jane" not in told


def test_one_source_has_its_own_counts(engine: Engine, model_id: int) -> None:
    read(engine, "/data/posts.csv", "posts", ["empty text"])
    read(engine, "/data/chat.csv", "chat", ["empty text"] * 3)
    when = datetime(2024, 3, 4, tzinfo=UTC)
    messages = [
        Message("posts", "1", None, None, None, "without a date", "en"),
        Message("posts", "2", None, None, when, "with one", "en"),
        Message("chat", "3", None, None, None, "elsewhere", "en"),
    ]
    save(engine, messages, model_id, [scores("joy")] * 3)
    again = [Message("posts", "2", None, None, when, "another text", "en")]
    save(engine, again, model_id, [scores("joy")])

    posts, everything = unread(engine, source="posts"), unread(engine)

    assert (posts.n_rejected, posts.n_changed, posts.n_undated) == (1, 1, 1)
    assert [reason.source for reason in posts.reasons] == ["posts"]
    assert (everything.n_rejected, everything.n_changed, everything.n_undated) == (4, 1, 2)
    assert [reason.n for reason in unread(engine, limit=1).reasons] == [3]
    assert unread(engine, source="nowhere").reasons == ()
