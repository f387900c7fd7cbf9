"""The views say what the messages say; every query of the cookbook runs on both dialects."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from db.engine import open_database, reading
from db.errors import DatabaseError
from db.ledger import SqlLedger
from db.queries import read_only_query
from db.store import ShiftRecord, register_model, save_shifts
from db.tables import Base
from db.views import VIEW_NAMES
from records import EMOTIONS, Origin, Progress, Rejected, Scores
from tests.db.chunks import NOON, message, save, scores

COOKBOOK = Path(__file__).resolve().parents[2] / "docs" / "sql.md"


def rows_of(engine: Engine, sql: str) -> list[dict[str, object]]:
    with reading(engine) as connection:
        return [dict(row) for row in connection.execute(text(sql)).mappings()]


def test_a_day_has_shares_and_means_of_what_the_model_scores(engine: Engine, model_id: int) -> None:
    given_scores = [scores("joy", 0.8), scores("anger", 0.6), scores("joy", 0.8)]
    save(engine, [message(1), message(2), message(3)], model_id, given_scores)

    [row] = rows_of(engine, "SELECT * FROM emotion_daily")

    assert (str(row["day"]), row["source"], row["n"]) == ("2024-05-01", "support", 3)
    assert row["joy_share"] == pytest.approx(2 / 3)
    assert row["anger_share"] == pytest.approx(1 / 3)
    joy_score = given_scores[1].probabilities[EMOTIONS.index("joy")] or 0
    assert row["joy_mean"] == pytest.approx((0.8 + joy_score + 0.8) / 3, abs=1e-4)
    assert (row["disgust_share"], row["disgust_mean"]) == (None, None)
    assert list(row) == [
        "day",
        "source",
        "n",
        *(f"{emotion}_{kind}" for emotion in EMOTIONS for kind in ("share", "mean")),
    ]


def test_a_day_of_unsupported_texts_has_no_shares(engine: Engine, model_id: int) -> None:
    save(engine, [message(1)], model_id, [Scores.unsupported()])

    [row] = rows_of(engine, "SELECT n, joy_share, joy_mean FROM emotion_daily")

    assert list(row.values()) == [0, None, None]


def test_views_show_the_current_model_only(engine: Engine, model_id: int) -> None:
    save(engine, [message(1)], model_id)
    second = register_model(engine, "tiny@2", EMOTIONS)
    save(engine, [message(1)], second, [scores("anger")])
    shift = ShiftRecord(None, None, "joy", "up", NOON, NOON, 0.1, 0.2, None, 10, 3)
    save_shifts(engine, [shift], second)
    ask = "SELECT model, emotion FROM emotion_scores WHERE score >= 0.9"
    assert rows_of(engine, ask) == [{"model": "tiny@1", "emotion": "joy"}]
    assert rows_of(engine, "SELECT * FROM mood_shifts") == []

    register_model(engine, "tiny@2", EMOTIONS, make_current=True)

    assert rows_of(engine, ask) == [{"model": "tiny@2", "emotion": "anger"}]
    assert rows_of(engine, "SELECT anger_share FROM emotion_weekly") == [{"anger_share": 1.0}]
    assert [row["source"] for row in rows_of(engine, "SELECT * FROM mood_shifts")] == [None]


def test_scores_are_unpivoted_without_what_was_not_scored(engine: Engine, model_id: int) -> None:
    save(engine, [message(1), message(2)], model_id, [scores(), Scores.unsupported()])

    rows = rows_of(engine, "SELECT * FROM emotion_scores ORDER BY score DESC")

    assert [row["emotion"] for row in rows[:1]] == ["joy"]
    assert {row["emotion"] for row in rows} == {*EMOTIONS} - {"disgust"}
    columns = ["message_id", "source", "author", "posted_at", "model", "emotion", "score"]
    assert list(rows[0]) == columns


def test_mood_shifts_has_the_promised_columns(engine: Engine) -> None:
    with read_only_query(engine, "SELECT * FROM mood_shifts") as (columns, _):
        assert columns == [
            *("id", "source", "author", "emotion", "direction", "started_at", "detected_at"),
            *("share_before", "share_after", "odds_ratio", "n", "severity", "state", "model"),
            *("share_before_low", "share_before_high", "share_after_low", "share_after_high"),
            *("persistence_days", "words", "authors"),
            *("opened_at", "over_at", "snoozed_until", "changed_at"),
        ]


def test_a_shift_is_stored_once_and_keeps_its_state(engine: Engine, model_id: int) -> None:
    shift = ShiftRecord("a", None, "joy", "up", NOON, NOON, 0.1, 0.2, 2.0, 10, 3)
    other = ShiftRecord("a", "ann", "joy", "up", NOON, NOON, 0.1, 0.2, 2.0, 10, 3)

    assert save_shifts(engine, [shift], model_id) == 1
    with engine.begin() as connection:
        connection.execute(text("UPDATE shifts SET state = 'acknowledged'"))
    assert save_shifts(engine, [shift, other], model_id) == 1
    assert save_shifts(engine, [], model_id) == 0

    states = rows_of(engine, "SELECT author, state FROM mood_shifts ORDER BY id")
    assert states == [{"author": None, "state": "acknowledged"}, {"author": "ann", "state": "open"}]


def test_a_name_stands_for_one_set_of_emotions(engine: Engine, model_id: int) -> None:
    assert register_model(engine, "tiny@1", [n for n in EMOTIONS if n != "disgust"]) == model_id
    with pytest.raises(DatabaseError, match="two bundles share one name"):
        register_model(engine, "tiny@1", EMOTIONS)
    with pytest.raises(ValueError, match="expected some of"):
        register_model(engine, "none@1", [])
    register_model(engine, "new@1", EMOTIONS, make_current=True)
    assert rows_of(engine, "SELECT name FROM models WHERE current") == [{"name": "new@1"}]


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(moment=st.datetimes(min_value=datetime(1, 1, 8), timezones=st.just(UTC)))  # noqa: DTZ001 - as hypothesis wants it
@pytest.mark.usefixtures("model_id")
def test_days_and_weeks_are_those_of_the_calendar(engine: Engine, moment: datetime) -> None:
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM rollups"))
        connection.execute(text("DELETE FROM emotions"))
        connection.execute(text("DELETE FROM messages"))
    model_id = register_model(engine, "tiny@1", [n for n in EMOTIONS if n != "disgust"])
    save(engine, [message(0, posted_at=moment)], model_id)

    [day] = rows_of(engine, "SELECT day FROM emotion_daily")
    [week] = rows_of(engine, "SELECT week FROM emotion_weekly")

    assert as_date(day["day"]) == moment.date()
    assert as_date(week["week"]) == moment.date() - timedelta(days=moment.weekday())


def as_date(value: object) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def recipes() -> list[str]:
    return re.findall(r"```sql\n(.*?)```", COOKBOOK.read_text(), re.DOTALL)


def test_the_cookbook_names_every_table_view_and_column() -> None:
    page = COOKBOOK.read_text()
    for name in (*VIEW_NAMES, *Base.metadata.tables):
        assert f"`{name}`" in page, name
    for table in ("messages", "emotions"):
        for column in Base.metadata.tables[table].columns:
            assert f"`{column.name}`" in page, column


def test_every_recipe_of_the_cookbook_answers(engine: Engine, model_id: int) -> None:
    now = datetime.now(UTC)
    messages, given_scores = [], []
    for n in range(600):
        # message() adds n minutes.
        moment = now - timedelta(hours=n * 1.2, minutes=n + 5)
        angry = n % 3 == 0
        words = f"I want my refund, {n}" if angry else f"what a day, {n}"
        author = ("ann", "bob", "eve")[n % 3]
        messages.append(message(n, text=words, author=author, posted_at=moment))
        given_scores.append(scores("anger" if angry else "joy", 0.5 + n / 1300))
    save(engine, messages, model_id, given_scores)
    second = register_model(engine, "tiny@2", EMOTIONS)
    save(engine, messages[:3], second, [scores("fear")] * 3)
    started, seen = now - timedelta(days=3), now - timedelta(days=1)
    shift = ShiftRecord("support", None, "anger", "up", started, seen, 0.1, 0.3, 3.9, 60, 7)
    silence = ShiftRecord(
        *("support", None, None, "down", started, seen, 0.0, 0.0, None, 0, 5),
        kind="silence",
        rate_before=40.0,
        rate_after=0.0,
    )
    save_shifts(engine, [shift, silence], model_id)
    ledger = SqlLedger(engine)
    state = ledger.begin(Origin("/a.csv", "a", 1, "{}"))
    progress = Progress(rows_read=1, n_rejected=1)
    ledger.record_progress(state.ingest_id, [Rejected("a", 1, None, "why")], progress)

    assert len(recipes()) >= 15
    for sql in recipes():
        with read_only_query(engine, sql) as (columns, rows):
            found = [dict(zip(columns, row, strict=True)) for row in rows]
        assert found, sql
        assert any(value is not None for value in found[0].values()), sql


def test_the_angriest_messages_of_the_last_hour_are_those(engine: Engine, model_id: int) -> None:
    now = datetime.now(UTC)
    moments = [now - timedelta(minutes=minutes) for minutes in (5, 50, 70, 600)]
    messages = [
        message(0, source=f"s{n}", text=f"{n}", posted_at=moment)
        for n, moment in enumerate(moments)
    ]
    given_scores = [scores("anger", top) for top in (0.6, 0.7, 0.9, 0.95)]
    save(engine, messages, model_id, given_scores)
    [sql] = [sql for sql in recipes() if "clock.hour_ago" in sql]

    with read_only_query(engine, sql) as (_, rows):
        assert [row[2] for row in rows] == ["1", "0"]


def test_on_sqlite_a_time_finds_its_messages_by_index(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "a.db")
    [sql] = [sql for sql in recipes() if "clock.hour_ago" in sql]

    plan = "\n".join(str(row["detail"]) for row in rows_of(engine, f"EXPLAIN QUERY PLAN {sql}"))

    assert "ix_messages_posted_at (posted_at>?)" in plan
    assert "SCAN e" not in plan
    engine.dispose()
