"""A change of model raises no alarm for days that the model before it has judged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from db.engine import open_database
from db.models import current_since, register_model
from db.shifts import list_shifts, set_state
from db.tables import EmotionsRow, RollupRow
from reporting.schedules import Schedule
from reporting.slots import SlotResult, carry_out
from tests.reporting.test_jobs import OUTAGE_DAY, START, fill

ALARMS = Schedule(cron="0 6 * * *", recipients=("team",), alerts_from_severity=3)
#: A week after the outage began, when it has been flagged.
SLOT = START.replace(hour=6) + timedelta(days=OUTAGE_DAY + 8)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = open_database(tmp_path / "moodwatch.db")
    fill(opened)
    yield opened
    opened.dispose()


def carry(engine: Engine, folder: Path, slot: datetime = SLOT) -> SlotResult:
    return carry_out(engine, "alarms", ALARMS, slot, out_dir=folder, database_id="0" * 16)


def switch_to_another_model(engine: Engine, at: datetime) -> None:
    """Give every message the same scores by another model, current since `at`."""
    with engine.connect() as connection:
        ((old, listed),) = connection.execute(text("SELECT id, emotions FROM models")).all()
    emotions = listed.split(",")
    new = register_model(engine, "other@2", emotions, make_current=True)
    with engine.begin() as connection:
        for table in (EmotionsRow, RollupRow):
            names = [column.name for column in table.__table__.columns]
            taken = ", ".join(str(new) if name == "model_id" else name for name in names)
            connection.execute(
                text(
                    f"INSERT INTO {table.__tablename__} ({', '.join(names)})"
                    f" SELECT {taken} FROM {table.__tablename__} WHERE model_id = {old}"
                )
            )
        connection.execute(
            text("UPDATE meta SET value = :at WHERE name LIKE 'current_since%'"),
            {"at": at.isoformat()},
        )


def test_what_the_new_model_sees_in_judged_days_is_stored_and_no_news(
    engine: Engine, tmp_path: Path
) -> None:
    before = carry(engine, tmp_path)
    switch_to_another_model(engine, at=SLOT)

    after = carry(engine, tmp_path, slot=SLOT + timedelta(days=1))

    assert len(before.news) == 2
    assert current_since(engine) == SLOT
    seen_again = {shift.record.emotion for shift in list_shifts(engine)}
    assert seen_again == {shift.record.emotion for shift in before.news}
    assert after.news == ()
    assert after.delivery_ids == ()


def test_what_it_sees_afterwards_is_news(engine: Engine, tmp_path: Path) -> None:
    switch_to_another_model(engine, at=START + timedelta(days=OUTAGE_DAY))

    assert len(carry(engine, tmp_path).news) == 2


def test_what_was_acknowledged_stays_so_and_is_no_news_again(
    engine: Engine, tmp_path: Path
) -> None:
    before = carry(engine, tmp_path)
    for shift in before.news:
        set_state(engine, shift.id, "acknowledged", now=SLOT)
    switch_to_another_model(engine, at=START + timedelta(days=OUTAGE_DAY))

    after = carry(engine, tmp_path, slot=SLOT + timedelta(days=1))

    assert after.news == ()
    assert [shift.state for shift in list_shifts(engine)] == ["acknowledged"] * 2
    assert {shift.model for shift in list_shifts(engine)} == {"other@2"}
