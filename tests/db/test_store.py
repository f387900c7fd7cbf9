"""Storing a chunk: once, all or nothing, whatever arrives twice, late or odd."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select

from db.engine import reading
from db.errors import DatabaseError
from db.ledger import SqlLedger
from db.rollups import recount
from db.store import (
    Stored,
    already_scored,
    forget,
    mark_failed,
    register_model,
    retry_failed,
    save_scores,
)
from db.tables import ChunkRow, EmotionsRow, MessageRow, RejectRow, RollupRow
from records import EMOTIONS, Message, Scores
from tests.db.chunks import NOON, message, open_chunk, save, scores


def count(engine: Engine, table: type) -> int:
    with reading(engine) as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def texts(engine: Engine) -> list[str | None]:
    with reading(engine) as connection:
        rows = connection.execute(select(MessageRow.text).order_by(MessageRow.external_id))
        return [row.text for row in rows]


def test_a_chunk_is_stored_with_scores_rollup_and_ledger_line(
    engine: Engine, model_id: int
) -> None:
    messages = [message(n) for n in range(90)]
    chunk_id = open_chunk(engine, messages)

    stored = save(engine, messages, model_id, chunk_id=chunk_id)

    assert stored == Stored(n_stored=90, n_duplicate=0, n_changed=0, replayed=False)
    with reading(engine) as connection:
        line = connection.execute(select(ChunkRow).where(ChunkRow.id == chunk_id)).one()
        rows = connection.execute(
            select(RollupRow.hour, RollupRow.n, RollupRow.n_joy, RollupRow.sum_joy).order_by(
                RollupRow.hour
            )
        ).all()
    assert (line.state, line.payload, line.n_stored) == ("stored", None, 90)
    assert [tuple(row) for row in rows] == [
        (NOON, 60, 60, 60 * 9000),
        (NOON + timedelta(hours=1), 30, 30, 30 * 9000),
    ]
    assert recount(engine) == []


def test_a_replayed_chunk_changes_nothing_and_says_so(engine: Engine, model_id: int) -> None:
    messages = [message(n) for n in range(5)]
    chunk_id = open_chunk(engine, messages)
    first = save(engine, messages, model_id, chunk_id=chunk_id)

    again = save(engine, messages, model_id, [scores("anger")] * 5, chunk_id=chunk_id)

    assert again == Stored(first.n_stored, first.n_duplicate, first.n_changed, replayed=True)
    assert count(engine, MessageRow) == count(engine, EmotionsRow) == 5
    assert recount(engine) == []


def test_known_messages_count_as_duplicates_and_not_twice_in_the_rollup(
    engine: Engine, model_id: int
) -> None:
    save(engine, [message(n) for n in range(10)], model_id)

    stored = save(engine, [message(n) for n in range(5, 15)], model_id)

    assert (stored.n_stored, stored.n_duplicate) == (5, 5)
    assert count(engine, MessageRow) == 15
    assert recount(engine) == []


def test_of_a_key_twice_in_a_chunk_the_first_wins(engine: Engine, model_id: int) -> None:
    messages = [message(1, text="first"), message(1, text="second"), message(2), message(2)]

    stored = save(engine, messages, model_id)

    assert (stored.n_stored, stored.n_duplicate, stored.n_changed) == (2, 2, 1)
    assert texts(engine) == ["first", "text 2"]


def test_a_known_id_with_another_text_is_a_duplicate_with_a_reason(
    engine: Engine, model_id: int
) -> None:
    save(engine, [message(1, text="secret one")], model_id, salt=b"s" * 80)

    stored = save(engine, [message(1, text="secret two")], model_id, salt=b"s" * 80)

    assert (stored.n_stored, stored.n_duplicate, stored.n_changed) == (0, 1, 1)
    assert texts(engine) == ["secret one"]
    with reading(engine) as connection:
        reject = connection.execute(select(RejectRow)).one()
    assert (reject.kind, reject.raw) == ("changed", None)
    assert "'id-000001'" in reject.reason
    assert "secret" not in reject.reason


def test_a_changed_text_is_seen_also_where_scoring_was_skipped(
    engine: Engine, model_id: int
) -> None:
    save(engine, [message(1)], model_id)

    stored = save(engine, [message(1, text="other")], model_id, [None])

    assert stored == Stored(0, 1, 1, replayed=False)


def test_a_second_model_scores_the_same_messages_into_its_own_rollup(
    engine: Engine, model_id: int
) -> None:
    messages = [message(n) for n in range(4)]
    save(engine, messages, model_id)
    second = register_model(engine, "tiny@2", EMOTIONS)
    # The time given now differs from the one stored: only the stored one counts.
    moved = [message(n, posted_at=NOON + timedelta(days=9)) for n in range(4)]

    stored = save(engine, moved, second, [scores("anger")] * 4)

    assert (stored.n_stored, stored.n_duplicate) == (0, 4)
    assert count(engine, EmotionsRow) == 8
    assert recount(engine) == []


def test_already_scored_names_messages_by_this_model_only(engine: Engine, model_id: int) -> None:
    save(engine, [message(1), message(2, source="x" * 2000)], model_id)
    second = register_model(engine, "tiny@2", EMOTIONS)
    asked = [message(1), message(2, source="x" * 2000), message(3)]

    assert already_scored(engine, asked, model_id) == {
        ("support", "id-000001"),
        ("x" * 2000, "id-000002"),
    }
    assert already_scored(engine, asked, second) == set()
    assert already_scored(engine, [], model_id) == set()


def test_unsupported_and_undated_messages_are_stored_but_stand_in_no_share(
    engine: Engine, model_id: int
) -> None:
    messages = [message(1), message(2), message(3, posted_at=None)]
    given = [scores(low_confidence=True), Scores.unsupported(), scores()]

    save(engine, messages, model_id, given)

    assert count(engine, EmotionsRow) == 3
    with reading(engine) as connection:
        row = connection.execute(select(RollupRow)).one()
        unsupported = connection.execute(
            select(EmotionsRow).where(EmotionsRow.status == "unsupported")
        ).one()
    assert (row.n, row.n_joy, row.n_unsupported, row.n_low_confidence) == (1, 1, 1, 1)
    assert (unsupported.emotion, unsupported.confidence, unsupported.joy) == (None, None, None)
    assert recount(engine) == []


def test_emotions_that_a_model_does_not_score_are_null(engine: Engine, model_id: int) -> None:
    save(engine, [message(1)], model_id)

    with reading(engine) as connection:
        row = connection.execute(select(EmotionsRow)).one()
    assert row.disgust is None
    assert row.joy == 0.9


@pytest.mark.parametrize(
    "odd",
    [
        "nul \x00 inside",
        "half \ud83d pair",
        "",
        "\ufffe\U0001f600",
        "x" * 200_000,
        "%s {} ' \\ ;--",
    ],
)
def test_one_odd_text_never_fails_its_chunk(engine: Engine, model_id: int, odd: str) -> None:
    stranger = Message("s\x00\ud800", "id\x00", "t\ud800\x00", "a\x00\udfff", NOON, odd, "e\x00")

    stored = save(engine, [message(1), stranger], model_id)

    assert stored.n_stored == 2
    assert save(engine, [stranger], model_id).n_duplicate == 1
    [text] = [text for text in texts(engine) if text != "text 1"]
    assert text == odd.replace("\x00", "\ufffd").replace("\ud83d", "\ufffd")


def test_long_keys_stay_apart(engine: Engine, model_id: int) -> None:
    long = "https://example.org/" + "é" * 5000
    messages = [
        Message(long, long + end, long, long + end, NOON, "same text", None) for end in "ab"
    ]

    assert save(engine, messages, model_id).n_stored == 2
    assert save(engine, messages, model_id).n_duplicate == 2


@pytest.mark.parametrize("year", [1, 1660, 1969, 9999])
def test_every_year_is_stored_and_counted(engine: Engine, model_id: int, year: int) -> None:
    moment = datetime(year, 2, 3, 4, 5, 6, 789, tzinfo=UTC)

    save(engine, [message(0, posted_at=moment)], model_id)

    with reading(engine) as connection:
        assert connection.execute(select(MessageRow.posted_at)).scalar_one() == moment
        hour = connection.execute(select(RollupRow.hour)).scalar_one()
    assert hour == datetime(year, 2, 3, 4, tzinfo=UTC)
    assert recount(engine) == []


def test_drop_mode_keeps_neither_text_nor_hash(engine: Engine, model_id: int) -> None:
    save(engine, [message(1)], model_id, text_mode="drop")

    stored = save(engine, [message(1, text="other")], model_id, text_mode="drop")

    assert stored.n_changed == 0
    with reading(engine) as connection:
        row = connection.execute(select(MessageRow)).one()
    assert (row.text, row.text_hash) == (None, None)


def test_redact_mode_stores_what_people_are_not(engine: Engine, model_id: int) -> None:
    text = "@ann write to bob@example.org or +49 30 1234567, see https://example.org/x"

    save(engine, [message(1, text=text)], model_id, text_mode="redact")

    assert texts(engine) == ["[name] write to [email] or [phone], see [link]"]
    assert save(engine, [message(1, text=text)], model_id, text_mode="redact").n_changed == 0


def test_a_chunk_without_ledger_line_is_refused(engine: Engine, model_id: int) -> None:
    with pytest.raises(DatabaseError, match="ledger line for chunk 'unknown'"):
        save(engine, [message(1)], model_id, chunk_id="unknown")
    assert count(engine, MessageRow) == 0


def test_a_chunk_of_another_size_than_its_line_is_refused(engine: Engine, model_id: int) -> None:
    chunk_id = open_chunk(engine, [message(1), message(2)])

    with pytest.raises(DatabaseError, match="expected 2 messages"):
        save(engine, [message(1)], model_id, chunk_id=chunk_id)


def test_a_failed_chunk_is_opened_again_and_a_late_worker_may_still_store_it(
    engine: Engine, model_id: int
) -> None:
    ledger = SqlLedger(engine)
    first, second = open_chunk(engine, [message(1)]), open_chunk(engine, [message(2)])
    ledger.mark_enqueued([first, second])
    mark_failed(engine, first, "worker died\x00")
    mark_failed(engine, second, "worker died")
    assert ledger.n_pending() == 0

    save(engine, [message(2)], model_id, chunk_id=second)

    assert retry_failed(engine) == 1
    assert [chunk.chunk_id for chunk in ledger.unstored(older_than_s=60, limit=9)] == [first]
    mark_failed(engine, second, "too late")
    assert count(engine, MessageRow) == 1


def test_a_failure_in_the_middle_leaves_nothing_half(engine: Engine, model_id: int) -> None:
    chunk_id = open_chunk(engine, [message(1)])

    with pytest.raises(DatabaseError, match=r"(?i)foreign key"):
        save_scores(
            engine,
            chunk_id=chunk_id,
            messages=[message(1)],
            scores=[scores()],
            model_id=model_id + 77,
            worker_name="w",
        )

    assert count(engine, MessageRow) == count(engine, RollupRow) == 0
    assert SqlLedger(engine).n_pending() == 1
    assert save(engine, [message(1)], model_id, chunk_id=chunk_id).n_stored == 1


def test_erased_messages_do_not_come_back(engine: Engine, model_id: int) -> None:
    save(engine, [message(1), message(2, author="bob")], model_id)
    assert forget(engine, author="bob") == 1

    stored = save(engine, [message(1), message(2, author="bob")], model_id)

    assert (stored.n_stored, stored.n_duplicate) == (0, 2)
    assert count(engine, MessageRow) == 1
    assert recount(engine) == []
