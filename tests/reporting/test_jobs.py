"""A report from a real database: what is stored is judged, kept, shown and never doubled."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from db.engine import open_database
from db.queries import read_only_query
from db.store import register_model
from records import EMOTIONS, Message
from reporting.jobs import build_report, write_scheduled_report
from tests.db.chunks import save, scores

START = datetime(2024, 3, 4, 12, tzinfo=UTC)
OUTAGE_DAY = 80
NOW = START + timedelta(days=400)
SCORED = tuple(emotion for emotion in EMOTIONS if emotion != "disgust")


def fill(engine: Engine, *, source: str = "posts", days: int = 110, outage: bool = True) -> None:
    """Store 12 messages a day: half joy, from the outage on half anger, in steady rotation."""
    model_id = register_model(engine, "tiny@000000000001", SCORED)
    usual = ("joy",) * 5 + ("neutral",) * 3 + ("anger", "sadness", "fear", "love")
    broken = ("anger",) * 5 + ("neutral",) * 3 + ("joy", "sadness", "fear", "love")
    messages, given = [], []
    for day in range(days):
        level = broken if outage and day >= OUTAGE_DAY else usual
        for number, emotion in enumerate(level):
            text = f"the app is {'broken' if emotion == 'anger' else 'fine'} said {emotion}"
            posted_at = START + timedelta(days=day, minutes=number)
            key = f"{source}-{day}-{number}"
            messages.append(Message(source, key, None, "ann", posted_at, text, "en"))
            given.append(scores(emotion, low_confidence=number == 0))
    save(engine, messages, model_id, given)


def stored_shifts(engine: Engine) -> list[tuple[object, ...]]:
    columns = "source, emotion, direction, n, severity, state, model, started_at, detected_at"
    with read_only_query(engine, f"SELECT {columns} FROM mood_shifts ORDER BY emotion") as found:
        return [tuple(row) for row in found[1]]


@pytest.fixture
def filled(engine: Engine) -> Engine:
    fill(engine)
    return engine


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[Engine]:
    """A filled database on SQLite alone, for what does not hang on the dialect."""
    opened = open_database(tmp_path / "moodwatch.db")
    fill(opened)
    yield opened
    opened.dispose()


def test_a_shift_is_flagged_stored_and_shown(filled: Engine, tmp_path: Path) -> None:
    result = build_report(filled, out_dir=tmp_path, now=NOW)

    assert {(s.emotion, s.direction) for s in result.shifts} == {("anger", "up"), ("joy", "down")}
    started = {s.started_at for s in result.shifts}
    assert started == {(START + timedelta(days=OUTAGE_DAY)).date()}
    kept = stored_shifts(filled)
    assert [row[:3] for row in kept] == [("posts", "anger", "up"), ("posts", "joy", "down")]
    assert {row[6] for row in kept} == {"tiny@000000000001"}
    html = result.path.read_text(encoding="utf-8")
    # Without the marks of typical words.
    assert "the app is broken said anger" in re.sub(r"</?mark>", "", html)
    assert "Words used more" in html
    assert result.trend["count"].sum() == 110 * 12


def test_a_second_report_stores_no_shift_twice(filled: Engine, tmp_path: Path) -> None:
    build_report(filled, out_dir=tmp_path, now=NOW)
    first = stored_shifts(filled)
    build_report(filled, out_dir=tmp_path, now=NOW)

    assert stored_shifts(filled) == first


def test_the_same_shift_in_another_time_zone_is_not_a_second_one(
    filled: Engine, tmp_path: Path
) -> None:
    build_report(filled, out_dir=tmp_path, now=NOW)
    first = stored_shifts(filled)
    result = build_report(filled, out_dir=tmp_path, now=NOW, time_zone="Pacific/Kiritimati")

    assert result.shifts[0].started_at > START.date() + timedelta(days=OUTAGE_DAY)
    assert stored_shifts(filled) == first


def test_growing_history_keeps_past_alarms(on_sqlite: Engine, tmp_path: Path) -> None:
    early = build_report(
        on_sqlite, out_dir=tmp_path, now=NOW, until=START + timedelta(days=OUTAGE_DAY + 8)
    )
    stored = stored_shifts(on_sqlite)
    late = build_report(on_sqlite, out_dir=tmp_path, now=NOW)

    assert early.shifts
    assert stored_shifts(on_sqlite) == stored
    assert [(s.emotion, s.detected_at) for s in early.shifts] == [
        (s.emotion, s.detected_at) for s in late.shifts
    ]


def test_a_day_that_has_not_ended_is_not_judged(on_sqlite: Engine, tmp_path: Path) -> None:
    whole = build_report(on_sqlite, out_dir=tmp_path, now=NOW)
    alarm_day = min(shift.detected_at for shift in whole.shifts)
    noon = datetime(alarm_day.year, alarm_day.month, alarm_day.day, 13, tzinfo=UTC)

    during = build_report(on_sqlite, out_dir=tmp_path, now=noon, until=noon)
    after = build_report(on_sqlite, out_dir=tmp_path, now=noon + timedelta(days=1), until=noon)

    assert during.shifts == ()
    assert after.shifts != ()


def test_since_cuts_what_is_shown_and_not_what_is_judged(on_sqlite: Engine, tmp_path: Path) -> None:
    since = START + timedelta(days=OUTAGE_DAY - 5)
    result = build_report(on_sqlite, out_dir=tmp_path, now=NOW, since=since, period="day")

    assert result.trend["start"].min().date() == since.date()
    assert len(result.shifts) == 2
    later = build_report(on_sqlite, out_dir=tmp_path, now=NOW, since=since + timedelta(days=20))
    assert later.shifts == ()


def test_one_source_alone(on_sqlite: Engine, tmp_path: Path) -> None:
    fill(on_sqlite, source="calm", outage=False)

    calm = build_report(on_sqlite, out_dir=tmp_path, now=NOW, source="calm")
    both = build_report(on_sqlite, out_dir=tmp_path, now=NOW)

    assert calm.shifts == ()
    assert calm.trend["count"].sum() == 110 * 12
    assert {shift.source for shift in both.shifts} == {"posts"}
    assert "Mood report: 2 sources" in both.path.read_text(encoding="utf-8")


def test_a_source_that_is_not_there_is_told_with_those_that_are(
    on_sqlite: Engine, tmp_path: Path
) -> None:
    result = build_report(on_sqlite, out_dir=tmp_path, now=NOW, source="psots")

    assert "there is no source 'psots' in this database; it holds posts" in result.notes


def test_words_given_are_the_ones_marked(on_sqlite: Engine, tmp_path: Path) -> None:
    weights = {"anger": {"app": 9.0}}
    result = build_report(on_sqlite, out_dir=tmp_path, now=NOW, weights=weights)  # type: ignore[arg-type]

    html = result.path.read_text(encoding="utf-8")
    assert "the <mark>app</mark> is broken said anger" in html


def test_an_empty_database_gives_a_report(engine: Engine, tmp_path: Path) -> None:
    result = build_report(engine, out_dir=tmp_path / "out", now=NOW)

    assert result.shifts == ()
    assert "no scored" in result.notes[0]
    assert result.path.exists()


def test_texts_that_are_not_kept_are_not_shown(engine: Engine, tmp_path: Path) -> None:
    model_id = register_model(engine, "tiny@000000000001", SCORED)
    message = Message("posts", "1", None, None, START, "private words", "en")
    save(engine, [message], model_id, [scores("joy")], text_mode="drop")

    result = build_report(engine, out_dir=tmp_path, now=NOW)

    assert "private words" not in result.path.read_text(encoding="utf-8")


def test_a_scheduled_report_is_named_by_its_slot_and_written_once(
    on_sqlite: Engine, tmp_path: Path
) -> None:
    slot = START + timedelta(days=100)
    same_in_berlin = slot.astimezone(ZoneInfo("Europe/Berlin")).isoformat()
    folder = tmp_path / "reports"

    first = write_scheduled_report(on_sqlite, slot, out_dir=folder)
    second = write_scheduled_report(on_sqlite, same_in_berlin, out_dir=folder)

    assert first.path == second.path
    assert [path.name for path in folder.iterdir()] == ["report-2024-06-12T1200Z.html"]
    assert first.trend["count"].sum() == 100 * 12


def test_a_slot_without_a_zone_is_refused(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="zone"):
        write_scheduled_report(engine, "2024-06-12T12:00:00", out_dir=tmp_path)
