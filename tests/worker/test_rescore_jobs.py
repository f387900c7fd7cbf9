"""A chunk that is meant for one model is scored by that one, and by no other."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import Engine, text

from db.ledger import SqlLedger
from db.store import register_model
from ingest.chunks import pack, payload_json
from records import Message, OpenChunk, Origin, Payload, Progress, UnknownSchemaError
from records.message import RESCORE_SCHEMA
from tests.db.chunks import message, save
from tests.support.scorer import LengthScorer
from worker.errors import PutBackError
from worker.jobs import JobContext, score_chunk


class OtherScorer(LengthScorer):
    model_name = "other@000000000002"


def context_of(engine: Engine, scorer: LengthScorer) -> JobContext:
    model_id = register_model(engine, scorer.model_name, scorer.emotions)
    return JobContext(engine=engine, scorer=scorer, model_id=model_id, worker_name="w")


def chunk_for(engine: Engine, given: list[Message], model: str) -> OpenChunk:
    ledger = SqlLedger(engine)
    chunk = pack(ledger.database_id, given, model=model)
    state = ledger.begin(Origin(f"rescore:{model}", "", None, ""))
    ledger.open_chunk(state.ingest_id, 0, chunk, len(given), [], Progress(rows_read=len(given)))
    return chunk


def test_a_worker_with_another_model_puts_the_chunk_back_and_its_line_stays_open(
    engine: Engine,
) -> None:
    old = context_of(engine, LengthScorer())
    given = [message(n) for n in range(5)]
    save(engine, given, old.model_id)
    new = context_of(engine, OtherScorer())
    chunk = chunk_for(engine, given, OtherScorer.model_name)

    with pytest.raises(PutBackError, match="expected a worker with model other@") as caught:
        score_chunk(old, payload_json(chunk))
    n_open = SqlLedger(engine).n_pending()
    score_chunk(new, payload_json(chunk))

    assert caught.value.delay_s > 0
    assert n_open == 1
    assert SqlLedger(engine).n_pending() == 0
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT model_id, count(*) FROM emotions GROUP BY model_id ORDER BY model_id")
        ).all()
    assert [tuple(row) for row in rows] == [(old.model_id, 5), (new.model_id, 5)]


def test_a_payload_for_a_model_has_a_schema_that_older_workers_put_back() -> None:
    payload = Payload("d" * 32, "c", (message(1),), "other@2")

    document = json.loads(payload.to_json())

    assert document["schema"] == RESCORE_SCHEMA
    assert Payload.from_json(payload.to_json()) == payload
    assert json.loads(Payload("d" * 32, "c", (message(1),)).to_json())["schema"] == 1
    with pytest.raises(UnknownSchemaError, match="or 2, found 3"):
        Payload.from_json(json.dumps(document | {"schema": 3}))
