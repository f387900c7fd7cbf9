"""What a report finds is kept: words, authors, decisions; spikes and silence, and no silly ones."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from db.arrivals import feeds, hourly_messages, pipeline
from db.engine import open_database
from db.forget import forget
from db.models import register_model
from db.shifts import list_shifts, set_state
from records import EMOTIONS, Message
from reporting.jobs import build_report
from reporting.twins import Format
from tests.db.chunks import save, scores
from tests.reporting.test_jobs import NOW, OUTAGE_DAY, SCORED, START, fill


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An empty database on SQLite: what hangs on the dialect is tested in tests/db."""
    opened = open_database(tmp_path / "moodwatch.db")
    yield opened
    opened.dispose()


def as_if_read_daily(engine: Engine, source: str = "posts") -> None:
    """Make the ledger say that the messages came in the hour after they were posted."""
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO ingests (id, name, source, options, state, started_at, next_chunk,"
                " rows_read, n_rejected, n_undated, bytes_read, prefix_hash)"
                " VALUES (:s, :s, :s, '', 'open', '2024-01-01 00:00:00.000000', 0, 0, 0, 0, 0, '')"
            ),
            {"s": source},
        )
        connection.execute(
            text(
                "INSERT INTO chunks (id, ingest_id, ordinal, state, n_messages, n_stored,"
                " n_duplicate, n_changed, opened_at)"
                " SELECT :s || min(id), :s, min(id), 'stored', 12, 12, 0, 0,"
                " substr(max(posted_at), 1, 10) || ' 23:00:00.000000'"
                " FROM messages WHERE source = :s GROUP BY substr(posted_at, 1, 10)"
            ),
            {"s": source},
        )


def open_chunk(engine: Engine, opened_at: datetime) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE chunks SET state = 'open', opened_at = :at WHERE ordinal = 1"),
            {"at": f"{opened_at:%Y-%m-%d %H:%M:%S}.000000"},
        )


def test_a_shift_is_kept_with_its_words_and_authors(engine: Engine, tmp_path: Path) -> None:
    fill(engine)
    build_report(engine, out_dir=tmp_path, now=NOW)

    by_emotion = {shift.record.emotion: shift.record for shift in list_shifts(engine)}

    words = {word.name: word for word in by_emotion["anger"].words or ()}
    assert words["broken"].n_after > words["broken"].n_before
    assert words["broken"].z > 2 > -2 > words["fine"].z
    # One author wrote all: nobody's part has changed.
    assert by_emotion["anger"].authors == ()


def test_an_author_who_speaks_up_is_named(engine: Engine, tmp_path: Path) -> None:
    fill(engine)
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE messages SET author = 'bob' WHERE posted_at >= :at AND id IN"
                " (SELECT message_id FROM emotions WHERE emotion = 'anger')"
            ),
            {"at": f"{START + timedelta(days=OUTAGE_DAY):%Y-%m-%d}"},
        )
    build_report(engine, out_dir=tmp_path, now=NOW)

    anger = next(s.record for s in list_shifts(engine) if s.record.emotion == "anger")
    assert {author.name: author.z > 0 for author in anger.authors or ()} == {
        "ann": False,
        "bob": True,
    }

    forget(engine, author="bob")
    assert {shift.record.words for shift in list_shifts(engine)} == {()}


def test_a_decision_stays_through_later_reports(engine: Engine, tmp_path: Path) -> None:
    fill(engine)
    build_report(engine, out_dir=tmp_path, now=NOW)
    for shift in list_shifts(engine):
        set_state(engine, shift.id, "acknowledged")

    build_report(engine, out_dir=tmp_path, now=NOW, time_zone="Asia/Tokyo")

    assert [shift.state for shift in list_shifts(engine)] == ["acknowledged"] * 2


def test_reports_tell_id_decision_and_authors_of_a_shift(engine: Engine, tmp_path: Path) -> None:
    fill(engine)
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE messages SET author = 'bob0123456789' WHERE posted_at >= :at AND id IN"
                " (SELECT message_id FROM emotions WHERE emotion = 'anger')"
            ),
            {"at": f"{START + timedelta(days=OUTAGE_DAY):%Y-%m-%d}"},
        )
    build_report(engine, out_dir=tmp_path, now=NOW)
    ids = {shift.record.emotion: shift.id for shift in list_shifts(engine)}
    set_state(engine, ids["anger"], "acknowledged")
    set_state(engine, ids["joy"], "snoozed", datetime(2199, 1, 31, 23, tzinfo=UTC))

    formats: tuple[Format, ...] = ("html", "md", "json", "csv")
    result = build_report(
        engine, out_dir=tmp_path, now=NOW, formats=formats, time_zone="Europe/Berlin"
    )

    page, told, numbers, _, shifts = (path.read_text() for path in result.paths)
    for state in ("acknowledged", "snoozed until 1 February 2199"):
        assert f'<td data-label="state">{state}</td>' in page
        assert f"| {state} |" in told
    assert f"anger: shift {ids['anger']}" in page
    assert "Authors whose part in anger changed most" in page
    assert re.search(r"changed most: .*bob01234 \(0 → \d+\)", told)
    assert "bob0123456789" not in page
    document = {shift["emotion"]: shift for shift in json.loads(numbers)["shifts"]}
    assert document["anger"]["id"] == ids["anger"]
    assert (document["anger"]["decided"], document["anger"]["state"]) == ("acknowledged", "open")
    assert document["anger"]["authors"][0]["n_after"] > 0
    assert document["joy"]["snoozed_until"] == "2199-01-31T23:00:00+00:00"
    decided = {row["emotion"]: row["decided"] for row in csv.DictReader(io.StringIO(shifts))}
    assert decided == {"anger": "acknowledged", "joy": "snoozed"}


def test_an_archive_read_at_once_is_never_silent(engine: Engine, tmp_path: Path) -> None:
    fill(engine, outage=False, days=110)
    fill(engine, source="older", outage=False, days=90)

    result = build_report(engine, out_dir=tmp_path, now=NOW)

    assert result.volume == ()
    assert list_shifts(engine) == []


def test_a_live_source_that_stops_is_silent(engine: Engine, tmp_path: Path) -> None:
    fill(engine, outage=False)
    as_if_read_daily(engine)
    last_day = START + timedelta(days=109)

    quiet = build_report(engine, out_dir=tmp_path, now=last_day + timedelta(hours=20))
    result = build_report(engine, out_dir=tmp_path, now=last_day + timedelta(days=3))

    assert feeds(engine)["posts"] == "live"
    assert quiet.volume == ()
    [alarm] = result.volume
    assert (alarm.kind, alarm.started_at) == ("silence", last_day.date())
    assert any("silence: no messages for 2.96 days in posts" in note for note in result.notes)
    [stored] = list_shifts(engine)
    assert (stored.record.kind, stored.state) == ("silence", "open")
    assert stored.record.rate_before == pytest.approx(12, abs=0.5)

    # A report on another source says nothing of it.
    other = build_report(
        engine, out_dir=tmp_path, now=last_day + timedelta(days=3), source="elsewhere"
    )
    assert other.volume == ()

    # A day later it is the same silence; when messages come again, it is over.
    build_report(engine, out_dir=tmp_path, now=last_day + timedelta(days=4))
    assert [shift.id for shift in list_shifts(engine)] == [stored.id]
    model_id = register_model(engine, "tiny@000000000001", SCORED)
    back = Message("posts", "back", None, None, last_day + timedelta(days=5), "hello", "en")
    save(engine, [back], model_id, [scores("joy")])
    build_report(engine, out_dir=tmp_path, now=last_day + timedelta(days=5, hours=2))
    assert [(shift.id, shift.state) for shift in list_shifts(engine)] == [(stored.id, "closed")]


def test_messages_that_wait_are_no_silence(engine: Engine, tmp_path: Path) -> None:
    fill(engine, outage=False)
    as_if_read_daily(engine)
    now = START + timedelta(days=112)
    open_chunk(engine, now - timedelta(hours=30))

    result = build_report(engine, out_dir=tmp_path, now=now)

    assert result.volume == ()
    assert pipeline(engine).n_open == 1
    assert any(
        "1 chunks of messages wait to be scored, the oldest for 30 hours" in note
        for note in result.notes
    )


def test_messages_are_counted_once_whichever_models_scored_them(engine: Engine) -> None:
    fill(engine, days=3)
    first = hourly_messages(engine)
    second = register_model(engine, "tiny@2", EMOTIONS, make_current=True)
    again = Message("posts", "posts-0-0", None, "ann", START, "the app is fine said joy", "en")
    save(engine, [again], second, [scores("joy")])

    assert hourly_messages(engine).equals(first)
    assert first["n"].tolist() == [12, 12, 12]
    assert hourly_messages(engine, until=START).empty
    assert str(hourly_messages(engine, until=START)["hour"].dtype) == "datetime64[us, UTC]"


def test_a_file_added_now_and_then_is_no_live_source(engine: Engine) -> None:
    fill(engine, days=3)
    as_if_read_daily(engine)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE chunks SET opened_at = '2026-01-0' || (1 + ordinal % 5) || ' 08:00:00'")
        )

    assert feeds(engine)["posts"] == "kept up"
