"""A slot carried out: its report, its message, its outbox; twice gives the same as once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from db.engine import open_database
from db.outbox import Delivery, claim_due, delivery_counts, last_slots
from db.shifts import list_shifts, set_state
from reporting.schedules import Schedule
from reporting.slots import SlotResult, carry_out, file_part
from tests.reporting.test_jobs import OUTAGE_DAY, START, fill

ALARMS = Schedule(cron="0 6 * * *", recipients=("team", "archive"), alerts_from_severity=3)
#: A week after the outage began, when it has been flagged.
SLOT = START.replace(hour=6) + timedelta(days=OUTAGE_DAY + 8)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("slots") / "moodwatch.db"
    engine = open_database(path)
    fill(engine)
    fill(engine, source="my shop/berlin", outage=False)
    engine.dispose()
    return path


@pytest.fixture
def engine(filled: Path, tmp_path: Path) -> Iterator[Engine]:
    copy = tmp_path / "copy.db"
    copy.write_bytes(filled.read_bytes())
    opened = open_database(copy)
    yield opened
    opened.dispose()


def run(
    engine: Engine,
    folder: Path,
    schedule: Schedule = ALARMS,
    slot: datetime = SLOT,
    name: str = "alarms",
) -> SlotResult:
    given = schedule.model_dump(mode="json")  # as it comes through the queue
    return carry_out(
        engine, name, given, slot.isoformat(), out_dir=folder, database_id="0123456789abcdef"
    )


def outbox(engine: Engine) -> list[Delivery]:
    return sorted(claim_due(engine, lease=timedelta(0)), key=lambda delivery: delivery.id)


def test_a_report_without_condition_is_sent_to_all(engine: Engine, tmp_path: Path) -> None:
    weekly = Schedule(cron="0 7 * * MON", recipients=("team", "archive"), title="Monday")

    result = run(engine, tmp_path, weekly, name="weekly")

    archive, team = outbox(engine)
    assert (archive.id, team.id) == tuple(sorted(result.delivery_ids))
    assert team.id == f"0123456789ab.weekly.{SLOT:%Y%m%dT%H%M%SZ}.team"
    assert team.subject.startswith("Monday: ")
    assert "rose from" in team.body
    assert team.files == (str(tmp_path / f"weekly-{SLOT:%Y-%m-%dT%H%M}Z.html"),)
    assert Path(team.files[0]).exists()
    assert last_slots(engine) == {"weekly": SLOT}


def test_an_alarm_is_sent_when_a_new_shift_opens_and_then_no_more(
    engine: Engine, tmp_path: Path
) -> None:
    calm = run(engine, tmp_path, slot=SLOT - timedelta(days=20))
    assert (calm.news, calm.delivery_ids) == ((), ())

    first = run(engine, tmp_path)
    [anger, joy] = first.news
    assert {anger.record.emotion, joy.record.emotion} == {"anger", "joy"}
    _, team = outbox(engine)
    assert "and 1 more" in team.subject
    assert f"shift {anger.id})" in team.body

    next_day = run(engine, tmp_path, slot=SLOT + timedelta(days=1))
    assert next_day.news == ()
    assert delivery_counts(engine)["alarms"].waiting == 2


def test_a_slot_carried_out_twice_is_one(engine: Engine, tmp_path: Path) -> None:
    first = run(engine, tmp_path)
    files = sorted(tmp_path.glob("*.html"))
    again = run(engine, tmp_path)

    assert again.delivery_ids == first.delivery_ids
    assert sorted(tmp_path.glob("*.html")) == files
    assert delivery_counts(engine)["alarms"].waiting == 2


def test_what_is_known_trifling_or_of_others_is_no_news(engine: Engine, tmp_path: Path) -> None:
    grave = ALARMS.model_copy(update={"alerts_from_severity": 10})
    assert run(engine, tmp_path, grave, name="grave").news == ()
    other = ALARMS.model_copy(update={"sources": ("my shop/berlin",)})
    assert run(engine, tmp_path, other, name="other").news == ()

    for shift in list_shifts(engine):
        set_state(engine, shift.id, "acknowledged")
    assert run(engine, tmp_path).news == ()


def test_old_history_is_no_news(engine: Engine, tmp_path: Path) -> None:
    late = run(engine, tmp_path, slot=SLOT + timedelta(days=40))

    assert late.news == ()
    assert len(list_shifts(engine)) == 2


def test_each_source_asked_for_has_a_report(engine: Engine, tmp_path: Path) -> None:
    both = Schedule(
        cron="0 7 * * *", sources=("posts", "my shop/berlin"), recipients=("team",), days=30
    )

    result = run(engine, tmp_path, both, name="both")

    [delivery] = outbox(engine)
    names = [Path(file).name for file in delivery.files]
    stamp = f"{SLOT:%Y-%m-%dT%H%M}Z.html"
    assert names == [f"both-posts-{stamp}", f"both-{file_part('my shop/berlin')}-{stamp}"]
    first_days = {report.trend["start"].min() for report in result.reports}
    assert min(first_days) > (SLOT - timedelta(days=38)).replace(tzinfo=None)


def test_no_two_sources_share_a_file() -> None:
    assert file_part("posts") == "posts"
    assert len({file_part(name) for name in ("a b", "a/b", "../a", "a-b", "ä", "")}) == 6
