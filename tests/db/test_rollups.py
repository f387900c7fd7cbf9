"""The roll-ups equal a recount, whatever is stored in whatever order."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from db.rollups import VALUES, recount, repair, ten_thousandths
from db.store import forget, register_model
from records import EMOTIONS, Message, Scores
from tests.db.chunks import message, save

MOMENTS = st.none() | st.datetimes(timezones=st.just(UTC))
FEW_MOMENTS = st.sampled_from(
    [
        None,
        datetime(1660, 1, 1, 23, 59, 59, 999_999, UTC),
        datetime(2024, 1, 1, 0, 0, tzinfo=UTC),
        datetime(2024, 1, 1, 0, 59, 59, tzinfo=UTC),
    ]
)
# Halves of a ten-thousandth are where rounding differs between databases.
PROBABILITIES = st.floats(0, 1) | st.integers(0, 20_000).map(lambda n: n / 20_000)
SCORES = st.builds(
    lambda values, is_low: Scores("scored", tuple(values), low_confidence=is_low),
    st.lists(PROBABILITIES | st.none(), min_size=8, max_size=8).filter(
        lambda values: any(value is not None for value in values)
    ),
    st.booleans(),
) | st.just(Scores.unsupported())
MESSAGES = st.builds(
    lambda source, n, author, moment: Message(source, f"id-{n}", None, author, moment, "x"),
    st.sampled_from(["a", "b"]),
    st.integers(0, 12),
    st.sampled_from(["ann", "bob", None]),
    MOMENTS | FEW_MOMENTS,
)
CHUNKS = st.lists(st.lists(st.tuples(MESSAGES, SCORES), min_size=1, max_size=12), max_size=5)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(chunks=CHUNKS, author=st.sampled_from(["ann", "bob"]), models=st.integers(1, 2))
def test_rollups_equal_a_recount_after_any_chunks_and_erasures(
    engine: Engine, chunks: list[list[tuple[Message, Scores]]], author: str, models: int
) -> None:
    ids = [register_model(engine, f"tiny@{n}", EMOTIONS) for n in range(models)]
    for n, chunk in enumerate(chunks):
        messages = [pair[0] for pair in chunk]
        given_scores = [pair[1] for pair in chunk]
        save(engine, messages, ids[n % models], given_scores, worker_name=f"worker-{n}")
        assert recount(engine) == []

    forget(engine, author=author)

    assert recount(engine) == []


def test_a_difference_is_found_and_named(engine: Engine, model_id: int) -> None:
    save(engine, [message(0), message(1)], model_id)
    with engine.begin() as connection:
        connection.execute(text("UPDATE rollups SET n_joy = 5"))

    assert recount(engine) == [
        f"2024-05-01 12:00 'support' model {model_id}: n_joy is 5, recounted 2"
    ]


def test_a_bucket_without_messages_is_a_difference(engine: Engine, model_id: int) -> None:
    save(engine, [message(0)], model_id)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM emotions"))

    assert "n is 1, recounted 0" in recount(engine)[0]


def test_wrong_rollups_are_set_right(engine: Engine, model_id: int) -> None:
    save(engine, [message(0), message(1)], model_id)
    save(engine, [message(2, source="gone")], model_id)
    with engine.begin() as connection:
        connection.execute(text("UPDATE rollups SET n_joy = 5, n = 0 WHERE source = 'support'"))
        connection.execute(
            text(
                "INSERT INTO rollups (hour, source, model_id, shard"
                + "".join(f", {name}" for name in VALUES)
                + ") SELECT hour, 'never', model_id, shard"
                + "".join(f", {name}" for name in VALUES)
                + " FROM rollups WHERE source = 'gone'"
            )
        )
        connection.execute(text("DELETE FROM rollups WHERE source = 'gone'"))

    told = repair(engine)

    assert any("n_joy is 5, recounted 2" in line for line in told)
    assert recount(engine) == []
    with engine.begin() as connection:
        assert sorted(
            connection.execute(text("SELECT DISTINCT source FROM rollups")).scalars()
        ) == [
            "gone",
            "support",
        ]
    assert repair(engine) == []


@pytest.mark.parametrize(
    ("score", "expected"), [(0.0, 0), (1.0, 10_000), (0.00005, 1), (0.00025, 3), (0.12344, 1234)]
)
def test_scores_are_rounded_half_up(score: float, expected: int) -> None:
    assert ten_thousandths(score) == expected
