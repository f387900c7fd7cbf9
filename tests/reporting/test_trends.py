"""Trends are exact sums, and say how sure they are."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting.trends import bucket_counts, daily_counts, trend, wilson, zone_note
from tests.reporting.frames import hourly_frame


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def row(frame: pd.DataFrame, start: str, emotion: str) -> pd.Series:
    found = frame[(frame["start"] == pd.Timestamp(start)) & (frame["emotion"] == emotion)]
    assert len(found) == 1
    return found.iloc[0]


def test_shares_count_scored_messages_only() -> None:
    frame = hourly_frame([(at("2024-03-04T10:00"), "a", {"joy": 3, "anger": 1, "unsupported": 6})])

    joy = row(trend(frame, period="day"), "2024-03-04", "joy")

    assert (joy["n"], joy["count"], joy["share"]) == (4, 3, 0.75)


def test_interval_matches_the_published_wilson_example() -> None:
    # Newcombe (1998), table I: 81 of 263, Wilson without continuity correction.
    low, high = wilson([81], [263])

    assert low[0] == pytest.approx(0.2553, abs=5e-5)
    assert high[0] == pytest.approx(0.3662, abs=5e-5)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_interval_holds_the_share_and_stays_between_0_and_1(pair: tuple[int, int]) -> None:
    count, n = pair
    low, high = wilson([count], [n])

    assert 0 <= low[0] <= count / n + 1e-12
    assert count / n - 1e-12 <= high[0] <= 1


def test_weeks_begin_on_iso_monday_and_months_on_the_first() -> None:
    sunday, monday = at("2024-03-03T12:00"), at("2024-03-04T12:00")
    frame = hourly_frame([(sunday, "a", {"joy": 1}), (monday, "a", {"joy": 2})])

    weeks = trend(frame, period="week")
    months = trend(frame, period="month")

    assert sorted({str(s.date()) for s in weeks["start"]}) == ["2024-02-26", "2024-03-04"]
    assert sorted({str(s.date()) for s in months["start"]}) == ["2024-03-01"]
    assert row(months, "2024-03-01", "joy")["count"] == 3


def test_an_hour_before_midnight_belongs_to_the_local_day() -> None:
    frame = hourly_frame([(at("2024-07-01T22:00"), "a", {"joy": 1})])

    assert str(trend(frame, period="day", time_zone="Europe/Berlin")["start"][0].date()) == (
        "2024-07-02"
    )
    assert str(trend(frame, period="day")["start"][0].date()) == "2024-07-01"


def test_summer_time_keeps_every_message() -> None:
    start = at("2024-03-30T00:00")
    frame = hourly_frame([(start + timedelta(hours=h), "a", {"joy": 1}) for h in range(72)])

    days = daily_counts(frame, time_zone="Europe/Berlin")

    assert days["n"].sum() == 72
    assert dict(zip(days["day"].dt.day, days["n"], strict=True))[31] == 23


def test_change_compares_with_the_bucket_right_before_and_not_with_an_older_one() -> None:
    frame = hourly_frame(
        [
            (at("2024-01-31T12:00"), "a", {"joy": 1, "anger": 1}),
            (at("2024-02-10T12:00"), "a", {"joy": 3, "anger": 1}),
            (at("2024-04-10T12:00"), "a", {"joy": 1, "anger": 1}),
        ]
    )
    months = trend(frame, period="month")

    assert row(months, "2024-02-01", "joy")["change"] == pytest.approx(0.25)
    assert np.isnan(row(months, "2024-04-01", "joy")["previous"])
    assert len(months["start"].unique()) == 3  # March is absent, not zero


def test_net_mood_is_pleasant_minus_unpleasant() -> None:
    counts = {"joy": 3, "love": 2, "anger": 1, "sadness": 1, "fear": 1, "surprise": 1, "neutral": 1}
    net = trend(hourly_frame([(at("2024-03-04T10:00"), "a", counts)]), period="day").iloc[0]

    assert net["net_mood"] == pytest.approx(0.2)
    assert -1 <= net["net_low"] < 0.2 < net["net_high"] <= 1


def test_one_source_or_all_together() -> None:
    hour = at("2024-03-04T10:00")
    frame = hourly_frame([(hour, "a", {"joy": 4}), (hour, "b", {"anger": 4})])

    assert row(trend(frame, period="day"), "2024-03-04", "joy")["share"] == 0.5
    assert row(trend(frame, period="day", source="a"), "2024-03-04", "joy")["share"] == 1
    # An emotion seen in another source only is a true zero here.
    assert row(trend(frame, period="day", source="a"), "2024-03-04", "anger")["share"] == 0


def test_emotions_the_bundle_does_not_score_have_no_rows() -> None:
    frame = hourly_frame([(at("2024-03-04T10:00"), "a", {"joy": 4, "anger": 1})])

    assert "disgust" not in set(trend(frame)["emotion"])


def test_years_before_pandas_used_to_begin() -> None:
    frame = hourly_frame(
        [
            (at("1660-01-01T23:00"), "pepys", {"joy": 2, "neutral": 1}),
            (at("1660-01-02T10:00"), "pepys", {"sadness": 1}),
            (at("1669-05-31T10:00"), "pepys", {"fear": 1}),
        ]
    )
    days = bucket_counts(frame, period="day", time_zone="UTC")
    london = trend(frame, period="month", time_zone="Europe/London")

    assert [str(day.date()) for day in days["start"]] == ["1660-01-01", "1660-01-02", "1669-05-31"]
    assert str(london["start"].iloc[-1].date()) == "1669-05-01"


def test_zones_off_the_hour_are_said() -> None:
    frame = hourly_frame([(at("2024-03-04T10:00"), "a", {"joy": 4})])

    assert "neighbouring day" in str(zone_note(frame, "Asia/Kolkata"))
    assert zone_note(frame, "Europe/Berlin") is None
    # Before standard time London ran on its own meridian, 75 seconds off.
    old = hourly_frame([(at("1660-01-01T10:00"), "a", {"joy": 4})])
    assert "neighbouring day" in str(zone_note(old, "Europe/London"))


@settings(max_examples=40, deadline=None)  # machines are shared
@given(
    st.lists(
        st.tuples(
            st.integers(0, 24 * 400), st.sampled_from("ab"), st.sampled_from(["joy", "anger"])
        ),
        min_size=1,
        max_size=60,
    ),
    st.sampled_from(["UTC", "Asia/Kolkata", "America/New_York", "Pacific/Auckland"]),
    st.sampled_from(["day", "week", "month"]),
)
def test_no_message_is_lost_in_any_zone_or_period(
    posts: list[tuple[int, str, str]], time_zone: str, period: str
) -> None:
    start = datetime.combine(date(2023, 6, 1), datetime.min.time(), UTC)
    rows = [(start + timedelta(hours=h), source, {emotion: 1}) for h, source, emotion in posts]
    frame = hourly_frame(rows)

    found = trend(frame, period=period, time_zone=time_zone)  # type: ignore[arg-type]

    assert found["count"].sum() == len(posts)
    assert not found.duplicated(["start", "emotion"]).any()
