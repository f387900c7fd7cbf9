"""What is monitored together shares one budget, whichever part of it is shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from db.engine import open_database
from db.models import register_model
from db.queries import hourly
from db.shifts import list_shifts
from records import EMOTIONS, Emotion, Message
from reporting import monitored as monitoring
from reporting.jobs import build_report
from reporting.limits import shipped
from reporting.monitored import judge, monitored
from reporting.schedules import Schedule
from reporting.series import ShiftSettings
from reporting.slots import carry_out
from reporting.twins import Format
from tests.db.chunks import save, scores

START = datetime(2024, 3, 4, 12, tzinfo=UTC)
CHANGE_DAY, DAYS = 100, 190
USUAL: tuple[Emotion, ...] = ("joy", "neutral", "joy", "sadness", "neutral", "joy", "anger")
AFTER: tuple[Emotion, ...] = ("anger", "neutral", "anger", "anger", "joy", "anger", "sadness")


def fill_diaries(engine: Engine) -> None:
    """Store two diaries in one source, an entry a day each; ann's turns angry. Bob has letters."""
    model_id = register_model(engine, "tiny@000000000001", EMOTIONS)
    messages, given = [], []
    for day in range(DAYS):
        for source, author in (("diaries", "ann"), ("diaries", "bob"), ("letters", "bob")):
            angry = author == "ann" and day >= CHANGE_DAY
            # Both weekday and emotion turn round, so that no weekday has an emotion of its own.
            emotion = (AFTER if angry else USUAL)[day * 3 // 2 % 7]
            key = f"{source}-{author}-{day}"
            posted_at = START + timedelta(days=day)
            messages.append(Message(source, key, None, author, posted_at, f"so {emotion}", "en"))
            given.append(scores(emotion))
    save(engine, messages, model_id, given)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    yield from _filled(tmp_path_factory.mktemp("journals"))


@pytest.fixture
def unread(tmp_path: Path) -> Iterator[Engine]:
    """The same, of which no report was made that watched others, and flagged on other days."""
    yield from _filled(tmp_path)


def _filled(folder: Path) -> Iterator[Engine]:
    opened = open_database(folder / "moodwatch.db")
    fill_diaries(opened)
    yield opened
    opened.dispose()


def test_the_number_of_series_is_that_of_all_sources_and_authors(engine: Engine) -> None:
    alone = monitored(engine, hourly(engine))
    both = monitored(engine, hourly(engine), authors=["ann", "bob"])

    # Bob's letters are the source letters: watched once.
    assert (alone.n_series, both.n_series) == (2, 4)
    assert both.notes == (
        "letters: all of it was written by author bob, who is watched as this source",
    )
    assert monitored(engine, hourly(engine), authors=["all"]).n_series == 4
    [unknown] = monitored(engine, hourly(engine), authors=["zoe"]).notes
    assert unknown == "author zoe: no scored, dated messages"


def test_one_source_is_judged_as_in_a_report_of_all(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    budgets: list[float] = []
    table = shipped()
    ours = type(table).limits

    def noted(self: object, **arguments: object) -> object:
        budgets.append(float(arguments["alarms_a_year"]))  # type: ignore[arg-type]
        return ours(self, **arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(type(table), "limits", noted)
    watched = monitored(engine, hourly(engine), authors=["ann"])
    settings = ShiftSettings(false_alarms_a_year=3.0)

    whole = judge(watched, settings=settings)
    part = judge(watched, source="diaries", settings=settings)

    # Three series: diaries, letters, ann in the diaries; a part of the page changes nothing.
    assert set(budgets) == {1.0}
    assert part.shifts == tuple(shift for shift in whole.shifts if shift.source == "diaries")
    assert set(part.n_days_judged) == {"diaries", "diaries, ann"}


def test_a_diary_of_one_entry_a_day_is_found_stored_and_shown(
    engine: Engine, tmp_path: Path
) -> None:
    formats: tuple[Format, ...] = ("html", "md", "csv")
    result = build_report(engine, out_dir=tmp_path, authors=["ann", "bob"], formats=formats)

    theirs = [shift for shift in result.shifts if shift.author is not None]
    assert {(shift.author, shift.emotion, shift.direction) for shift in theirs} >= {
        ("ann", "anger", "up")
    }
    assert {shift.author for shift in theirs} == {"ann"}
    anger = next(shift for shift in theirs if shift.emotion == "anger")
    change = (START + timedelta(days=CHANGE_DAY)).date()
    assert change <= anger.detected_at <= change + timedelta(days=60)
    assert {shift.record.author for shift in list_shifts(engine, author="ann")} == {"ann"}
    for path in result.paths[:2]:
        assert "diaries (author ann)" in path.read_text()
    # The watched stand first in the page's list of authors.
    assert '"authors":["ann","bob"]' in result.path.read_text().replace(": ", ":").replace(
        ", ", ","
    )


def test_author_days_follow_the_readers_zone(engine: Engine) -> None:
    utc = monitored(engine, hourly(engine), authors=["ann"])
    tokyo = monitored(engine, hourly(engine), authors=["ann"], time_zone="Pacific/Auckland")

    assert utc.authors["day"].iloc[0].date() == START.date()
    assert tokyo.authors["day"].iloc[0].date() == START.date() + timedelta(days=1)
    assert utc.authors.drop(columns="day").equals(tokyo.authors.drop(columns="day"))


def test_many_authors_without_a_verdict_are_one_note(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitoring, "_AUTHORS_TOLD", 1)
    early = monitored(
        engine, hourly(engine), authors=["all"], before=(START + timedelta(days=30)).date()
    )

    found = judge(early)

    assert "2 of 2 authors' series: insufficient data for alarms" in found.notes
    assert all(shift.author is None for shift in found.seen_afterwards)


def test_a_slot_takes_budget_limits_and_authors(unread: Engine, tmp_path: Path) -> None:
    found = build_report(unread, out_dir=tmp_path, authors=["ann"]).shifts
    flagged = next(shift.detected_at for shift in found if shift.author == "ann")
    slot = datetime(flagged.year, flagged.month, flagged.day, 6, tzinfo=UTC) + timedelta(days=1)
    alarms = Schedule(cron="0 6 * * *", recipients=("team",), alerts_from_severity=1)

    def told(name: str, caution: float, authors: tuple[str, ...]) -> tuple[set[str | None], bool]:
        result = carry_out(
            unread, name, alarms, slot, out_dir=tmp_path, database_id="0" * 16,
            shift_settings=ShiftSettings(caution=caution), authors=authors,
        )  # fmt: skip
        flagged = any(report.shifts for report in result.reports)
        return {shift.record.author for shift in result.news}, flagged

    assert told("watching", 0.0, ("ann",)) == ({"ann"}, True)
    # No evidence is enough for it: what is passed on is what judges.
    assert told("deaf", 100.0, ("ann",))[1] is False
    # Who does not watch authors is not told of them, though their shifts are stored.
    assert "ann" not in told("sources-only", 0.0, ())[0]
