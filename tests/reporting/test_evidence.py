"""Reads for the page are bounded, spread over all of the time, and fair to small sources."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from db.queries import hourly
from reporting import evidence
from tests.reporting.test_jobs import START, fill


@pytest.fixture
def both(engine: Engine) -> Engine:
    fill(engine, days=60)
    fill(engine, source="mails", days=30, outage=False)
    return engine


def test_a_small_archive_is_read_whole(both: Engine) -> None:
    found = evidence.sample(both, hourly(both), period="week", time_zone="UTC")

    assert len(found) == 12 * 90
    assert set(found["source"]) == {"posts", "mails"}


def test_a_large_archive_is_sampled_in_every_bucket_and_source(
    both: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "_MOST_SAMPLED", 200)
    monkeypatch.setattr(evidence, "_MOST_WINDOWS", 60)

    found = evidence.sample(both, hourly(both), period="week", time_zone="Europe/Berlin")

    assert len(found) <= 200
    week = (found["posted_at"] - START).dt.days // 7
    weeks = set(zip(found["source"], week, strict=True))
    assert weeks == {("posts", week) for week in range(9)} | {("mails", week) for week in range(5)}


def test_too_many_buckets_are_sampled_from_the_newest_on(
    both: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "_MOST_SAMPLED", 200)
    monkeypatch.setattr(evidence, "_MOST_WINDOWS", 10)

    found = evidence.sample(both, hourly(both), period="day", time_zone="UTC")

    assert found["posted_at"].min() >= START + timedelta(days=50)
    assert found["posted_at"].dt.date.nunique() == 10


def test_authors_are_none_where_there_is_one_only(both: Engine) -> None:
    # `fill` lets ann write everything.
    authors = evidence.busiest(both, hourly(both), source=None, time_zone="UTC")

    assert authors.empty


def test_given_weights_are_taken_as_they_are(both: Engine) -> None:
    weights = {"anger": {"fine": 9.0}}
    arguments = {"period": "week", "time_zone": "UTC", "weights": weights}

    given, words = evidence.excerpts(both, hourly(both), **arguments)  # type: ignore[arg-type]
    own, _ = evidence.excerpts(both, hourly(both), period="week", time_zone="UTC")

    assert given.weights is weights
    assert own.weights["anger"]["broken"] > 1.96
    assert words["anger"][0].word in {"anger", "broken"}


def test_midnight_is_the_readers() -> None:
    from zoneinfo import ZoneInfo

    day = datetime(2024, 7, 1, tzinfo=UTC).date()
    assert evidence.midnight(day, ZoneInfo("Europe/Berlin")).hour == 22
