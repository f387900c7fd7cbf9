"""What reports and commands read: the right numbers, in frames of the right types."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from sqlalchemy import Engine

from db import queries
from db.rollups import VALUES
from db.store import forget, mark_failed, register_model
from records import EMOTIONS, Scores
from tests.db.chunks import NOON, message, open_chunk, save, scores

HOUR = timedelta(hours=1)


def test_hourly_sums_shards_and_shows_the_current_model(engine: Engine, model_id: int) -> None:
    for n, worker in enumerate(("a", "b", "c", "d")):
        save(engine, [message(n)], model_id, worker_name=worker)
    second = register_model(engine, "tiny@2", EMOTIONS)
    save(engine, [message(0)], second, [scores("anger")])

    frame = queries.hourly(engine)

    assert list(frame.columns) == ["hour", "source", *VALUES]
    assert len(frame) == 1
    assert frame["hour"][0] == pd.Timestamp(NOON)
    assert (frame["n"][0], frame["n_joy"][0], frame["sum_joy"][0]) == (4, 4, 36_000)
    assert queries.hourly(engine, model_id=second)["n_anger"].tolist() == [1]


def test_hourly_keeps_its_types_without_rows_and_in_any_year(engine: Engine, model_id: int) -> None:
    empty = queries.hourly(engine)
    moment = datetime(1660, 1, 1, 3, 30, tzinfo=UTC)
    save(engine, [message(0, posted_at=moment)], model_id)

    frame = queries.hourly(engine)

    assert frame.dtypes.to_dict() == empty.dtypes.to_dict()
    assert str(frame["hour"].dtype) == "datetime64[us, UTC]"
    assert frame["n"].dtype == "int64"
    assert frame["hour"][0].to_pydatetime() == moment.replace(minute=0)


def test_hourly_can_be_narrowed_by_time_and_source(engine: Engine, model_id: int) -> None:
    save(engine, [message(n * 60) for n in range(5)], model_id)
    save(engine, [message(0, source="other")], model_id)

    narrowed = queries.hourly(
        engine, since=NOON + HOUR + timedelta(minutes=20), until=NOON + 3 * HOUR, source="support"
    )

    assert narrowed["hour"].tolist() == [NOON + HOUR, NOON + 2 * HOUR]


def test_hourly_shows_no_bucket_that_was_erased(engine: Engine, model_id: int) -> None:
    save(engine, [message(0, author="bob"), message(90)], model_id, worker_name="b")

    forget(engine, author="bob")

    assert queries.hourly(engine)["hour"].tolist() == [NOON + HOUR]


def test_examples_are_the_highest_scores_of_their_top_emotion(
    engine: Engine, model_id: int
) -> None:
    given = [scores("anger", 0.6), scores("anger", 0.95), scores("joy", 0.99), scores("anger", 0.8)]
    messages = [message(n, author="ann" if n else "bob") for n in range(4)]
    save(engine, messages, model_id, given)

    found = queries.examples(
        engine, source="support", emotion="anger", since=NOON, until=NOON + HOUR, limit=2
    )

    assert found["text"].tolist() == ["text 1", "text 3"]
    assert found["score"].tolist() == [0.95, 0.8]
    assert list(found.columns) == ["posted_at", "author", "text", "score"]
    late = queries.examples(engine, emotion="anger", since=NOON + HOUR)
    assert late.empty
    assert queries.examples(engine, emotion="anger", author="bob")["text"].tolist() == ["text 0"]


def test_examples_are_none_where_texts_are_dropped(engine: Engine, model_id: int) -> None:
    save(engine, [message(0)], model_id, text_mode="drop")

    assert queries.examples(engine, emotion="joy").empty
    assert queries.stored_scores(engine, model="tiny@1", limit=5) == []


def test_status_counts_everything(engine: Engine, model_id: int) -> None:
    save(engine, [message(1), message(2, posted_at=None), message(1, source="b")], model_id)
    save(engine, [message(1, text="changed")], model_id)
    open_chunk(engine, [message(7)])
    mark_failed(engine, open_chunk(engine, [message(8)]), "gone")

    counts = queries.status(engine)

    assert (counts.messages, counts.emotions, counts.undated) == (3, 3, 1)
    assert (counts.chunks_stored, counts.chunks_open, counts.chunks_failed) == (2, 1, 1)
    assert (counts.rejects, counts.changed) == (0, 1)
    assert counts.sources == {"b": 1, "support": 2}
    assert [(model.name, model.is_current) for model in counts.models] == [("tiny@1", True)]
    assert "disgust" not in counts.models[0].emotions


def test_rejects_come_latest_first_with_whole_numbers(engine: Engine, model_id: int) -> None:
    save(engine, [message(1)], model_id)
    save(engine, [message(1, text="changed")], model_id)
    save(engine, [message(1, text="again")], model_id)

    frame = queries.rejects(engine, limit=1, source="support")

    assert frame["kind"].tolist() == ["changed"]
    assert frame["row"].tolist() == [None]
    assert queries.rejects(engine)["reason"].str.contains("id-000001").tolist() == [True, True]
    assert queries.rejects(engine, source="elsewhere").empty


def test_stored_scores_are_what_the_model_gave_unredacted_texts(
    engine: Engine, model_id: int
) -> None:
    given = scores("fear", 0.7)
    messages = [message(n, text=f"@ann {n}" if n % 2 else f"plain {n}") for n in range(40)]
    save(engine, messages, model_id, [given] * 39 + [Scores.unsupported()], text_mode="redact")

    found = queries.stored_scores(engine, model="tiny@1", limit=8)

    assert len(found) == 8
    assert all(text.startswith("plain") for text, _ in found)
    assert found[0][1] == pytest.approx(given.probabilities)
    assert queries.stored_scores(engine, model="other@1", limit=8) == []
    assert len(queries.stored_scores(engine, model="tiny@1", limit=100)) == 20
