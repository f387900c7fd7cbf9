"""What a model has not scored yet is found, and its scores join what is stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Engine, func, select, text

from db.engine import reading
from db.forget import forget
from db.ledger import SqlLedger
from db.models import current_since, register_model
from db.queries import hourly, status
from db.rescore import Coverage, coverage, unscored
from db.rollups import recount
from db.store import save_scores
from db.tables import EmotionsRow
from ingest.chunks import pack
from records import EMOTIONS, Message, Origin, Progress
from tests.db.chunks import message, open_chunk, save, scores


def second_model(engine: Engine) -> int:
    return register_model(engine, "second@2", EMOTIONS[:6])


def n_scores(engine: Engine, model_id: int) -> int:
    with reading(engine) as connection:
        return connection.execute(
            select(func.count()).select_from(EmotionsRow).where(EmotionsRow.model_id == model_id)
        ).scalar_one()


def score_again(engine: Engine, given: tuple[Message, ...], model_id: int) -> None:
    save_scores(
        engine,
        chunk_id=open_chunk(engine, given),
        messages=given,
        scores=[scores("fear")] * len(given),
        model_id=model_id,
        worker_name="w",
        only_known=True,
    )


def test_pages_go_through_all_that_the_model_has_not_scored(engine: Engine, model_id: int) -> None:
    save(engine, [message(n) for n in range(7)], model_id)
    new = second_model(engine)

    first = unscored(engine, new, after_id=0, limit=4)
    rest = unscored(engine, new, after_id=first.ids[-1], limit=4)

    assert [m.external_id for m in (*first.messages, *rest.messages)] == [
        f"id-{n:06d}" for n in range(7)
    ]
    assert first.messages[0] == message(0)
    assert list(first.ids) == sorted(first.ids)
    assert unscored(engine, new, after_id=rest.ids[-1], limit=4).messages == ()
    assert unscored(engine, model_id, after_id=0, limit=4).messages == ()


def test_a_model_covers_what_it_scored_and_cannot_cover_dropped_texts(
    engine: Engine, model_id: int
) -> None:
    save(engine, [message(n) for n in range(3)], model_id)
    save(engine, [message(n) for n in range(3, 5)], model_id, text_mode="drop")
    new = second_model(engine)

    before = coverage(engine, new)
    score_again(engine, unscored(engine, new, after_id=0, limit=2).messages, new)

    assert before == Coverage(n_scored=0, n_left=3, n_without_text=2)
    assert coverage(engine, new) == Coverage(n_scored=2, n_left=1, n_without_text=2)
    assert coverage(engine, model_id) == Coverage(n_scored=5, n_left=0, n_without_text=0)
    assert before.n_messages == 5


def test_scoring_again_adds_a_model_and_changes_nothing_of_the_other(
    engine: Engine, model_id: int
) -> None:
    save(engine, [message(n) for n in range(4)], model_id)
    before = hourly(engine)
    new = second_model(engine)
    page = unscored(engine, new, after_id=0, limit=10)

    score_again(engine, page.messages, new)
    score_again(engine, page.messages, new)

    assert hourly(engine).equals(before)
    assert hourly(engine, model_id=new)["n_fear"].sum() == 4
    assert n_scores(engine, new) == 4
    assert status(engine).messages == 4
    assert recount(engine) == []


def test_redacted_texts_are_scored_as_stored_and_not_reported_as_changed(
    engine: Engine, model_id: int
) -> None:
    given = [message(1, text="ask @ann, she knows"), message(2, text="nobody knows")]
    save(engine, given, model_id, text_mode="redact", salt=b"s" * 16)
    new = second_model(engine)

    page = unscored(engine, new, after_id=0, limit=10)
    score_again(engine, page.messages, new)

    assert page.redacted == (True, False)
    assert page.messages[0].text == "ask [name], she knows"
    assert n_scores(engine, new) == 2
    assert status(engine).changed == 0


def test_a_message_that_is_not_stored_is_not_brought_in_by_scoring_again(
    engine: Engine, model_id: int
) -> None:
    save(engine, [message(1)], model_id)
    new = second_model(engine)

    score_again(engine, (message(1), replace(message(2), text="never ingested")), new)

    assert status(engine).messages == 1
    assert n_scores(engine, new) == 1


def test_what_is_forgotten_while_it_waits_to_be_scored_again_is_counted_and_erased_once(
    engine: Engine, model_id: int
) -> None:
    save(engine, [message(1, author="bob"), message(2)], model_id)
    new = second_model(engine)
    page = unscored(engine, new, after_id=0, limit=10)
    ledger = SqlLedger(engine)
    chunk = pack(ledger.database_id, page.messages, model="second@2")
    state = ledger.begin(Origin("rescore:second@2", "", None, ""))
    ledger.open_chunk(state.ingest_id, 0, chunk, 2, [], Progress(rows_read=2))

    n_erased = forget(engine, author="bob")
    save_scores(
        engine,
        chunk_id=chunk.chunk_id,
        messages=page.messages,
        scores=[scores("fear")] * 2,
        model_id=new,
        worker_name="w",
        only_known=True,
    )

    assert n_erased == 1
    assert (status(engine).messages, n_scores(engine, new)) == (1, 1)
    assert recount(engine) == []


def test_the_moment_of_a_change_of_model_is_kept_and_the_first_model_has_none(
    engine: Engine, model_id: int
) -> None:
    first = current_since(engine)
    before = datetime.now(UTC)
    register_model(engine, "second@2", EMOTIONS[:6], make_current=True)
    switched = current_since(engine)
    # Saying it again is no change.
    register_model(engine, "second@2", EMOTIONS[:6], make_current=True)

    assert model_id
    assert first is None
    assert switched is not None
    assert before <= switched <= datetime.now(UTC)
    assert current_since(engine) == switched
    with reading(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM models WHERE current")).scalar() == 1
