"""Shifts: found when planted, silent otherwise, and never rewritten by what came later."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import pandas as pd
import pytest

from reporting.shifts import ShiftSettings, detect
from tests.reporting.frames import FIRST_DAY, OUTAGE, USUAL, daily_frame


def levels(*parts: tuple[Mapping[str, float], int]) -> list[Mapping[str, float]]:
    return [level for level, days in parts for _ in range(days)]


def day(number: int) -> date:
    return FIRST_DAY + timedelta(days=number)


def test_an_outage_is_found_and_named_by_the_emotions_that_made_it() -> None:
    start_errors, both_named = [], 0
    for seed in range(20):
        daily = daily_frame(levels((USUAL, 90), (OUTAGE, 40)), a_day=25, seed=seed, rho=0.01)
        found = [s for s in detect(daily).shifts if s.detected_at >= day(88)]

        assert min(s.detected_at for s in found) <= day(97)
        assert {(s.emotion, s.direction) for s in found} <= {("anger", "up"), ("joy", "down")}
        assert all(s.state == "open" and 1 <= s.severity <= 10 for s in found)
        both_named += len(found) == 2
        start_errors.append(abs((found[0].started_at - day(90)).days))

    assert both_named >= 17
    assert sorted(start_errors)[16] <= 2


def test_a_shift_is_told_in_shares_odds_and_messages() -> None:
    daily = daily_frame(levels((USUAL, 90), (OUTAGE, 40)), a_day=200, seed=1)

    anger = next(s for s in detect(daily).shifts if s.emotion == "anger")

    assert anger.started_at == day(90)
    assert anger.share_before == pytest.approx(0.12, abs=0.02)
    assert anger.share_after == pytest.approx(0.32, abs=0.04)
    assert anger.odds_ratio == pytest.approx((0.32 / 0.68) / (0.12 / 0.88), rel=0.3)
    window = daily[daily["day"].between(pd.Timestamp(day(90)), pd.Timestamp(anger.detected_at))]
    assert anger.n == window.filter(like="n_").sum().sum()
    # Cohen's h of .12 and .32 is .50.
    assert anger.severity in {4, 5, 6}


def test_quiet_years_raise_few_alarms() -> None:
    alarms, days = 0, 0
    for seed in range(12):
        report = detect(daily_frame(levels((USUAL, 365)), a_day=25, seed=seed, rho=0.01))
        alarms += len({shift.detected_at for shift in report.shifts})
        days += report.n_days_judged["posts"]

    assert days > 12 * 290
    assert alarms / days * 365 <= 1


def test_a_weekly_rhythm_is_no_shift() -> None:
    weekend = USUAL | {"joy": 0.45, "neutral": 0.15}
    year = [weekend if number % 7 >= 5 else USUAL for number in range(300)]

    alarms, days = 0, 0
    for seed in range(12):
        report = detect(daily_frame(year, a_day=40, seed=seed))
        alarms += len({shift.detected_at for shift in report.shifts})
        days += report.n_days_judged["posts"]

    assert alarms / days * 365 <= 1.5


@pytest.mark.parametrize("seed", range(4))
def test_past_alarms_stand_whatever_comes_later(seed: int) -> None:
    daily = daily_frame(
        levels((USUAL, 80), (OUTAGE, 40), (USUAL, 60)), a_day=20, seed=seed, rho=0.02
    )
    whole = detect(daily).shifts

    for length in range(70, 180, 9):
        until = pd.Timestamp(day(length))
        prefix = detect(daily[daily["day"] < until]).shifts
        past = [s for s in whole if pd.Timestamp(s.detected_at) < until]
        assert [(s.emotion, s.direction, s.started_at, s.detected_at) for s in prefix] == [
            (s.emotion, s.direction, s.started_at, s.detected_at) for s in past
        ]


def test_a_shift_is_flagged_once_and_the_return_is_its_own() -> None:
    daily = daily_frame(levels((USUAL, 90), (OUTAGE, 100), (USUAL, 60)), a_day=40, seed=3)

    found = detect(daily).shifts

    anger = [(s.direction, s.detected_at) for s in found if s.emotion == "anger"]
    assert [direction for direction, _ in anger] == ["up", "down"]
    assert day(90) <= anger[0][1] <= day(97)
    assert day(190) <= anger[1][1] <= day(200)
    assert len({(s.emotion, s.direction) for s in found}) == len(found)
    outage = [s for s in found if s.detected_at < day(150)]
    assert {(s.emotion, s.direction) for s in outage} == {("anger", "up"), ("joy", "down")}
    assert all(s.direction == ("down" if s.emotion == "anger" else "up") for s in found[2:])
    assert {s.state for s in found if s.detected_at < day(100)} == {"over"}


def test_what_was_taken_back_is_said_again() -> None:
    again = 0
    for seed in range(8):
        daily = daily_frame(
            levels((USUAL, 90), (OUTAGE, 3), (USUAL, 7), (OUTAGE, 30)), a_day=60, seed=seed
        )
        rises = [s for s in detect(daily).shifts if (s.emotion, s.direction) == ("anger", "up")]

        assert rises[-1].detected_at <= day(108)
        again += [s.detected_at >= day(100) for s in rises] == [False, True]

    assert again >= 6


def test_trifles_stay_silent_at_any_volume() -> None:
    slightly = USUAL | {"joy": 0.32, "neutral": 0.28}  # odds ratio 1.1

    daily = daily_frame(levels((USUAL, 90), (slightly, 60)), a_day=20_000, seed=5)

    assert detect(daily).shifts == ()


def test_one_wild_day_is_no_shift() -> None:
    wild = USUAL | {"anger": 0.9, "joy": 0.05}
    flagged = 0
    for seed in range(8):
        daily = daily_frame(
            levels((USUAL, 90), (wild, 1), (USUAL, 40)), a_day=25, seed=seed, rho=0.01
        )
        flagged += any(shift.emotion == "anger" for shift in detect(daily).shifts)

    assert flagged == 0


def test_empty_days_are_skipped_and_not_zero() -> None:
    flagged = 0
    for seed in range(8):
        daily = daily_frame(levels((USUAL, 200)), a_day=25, seed=seed, rho=0.01)
        holes = daily[~daily["day"].dt.day_of_week.isin([5, 6])]
        flagged += detect(holes).shifts != ()

    # Three years are judged in all, at a budget of one false alarm a year.
    assert flagged <= 4


def test_a_short_archive_gets_no_alarm_but_its_largest_change() -> None:
    daily = daily_frame(levels((USUAL, 30), (OUTAGE, 25)), a_day=25, seed=8)

    report = detect(daily)

    assert report.shifts == ()
    assert "insufficient data" in report.notes[0]
    assert "63 days" in report.notes[0]
    assert {(s.emotion, s.direction) for s in report.seen_afterwards} == {
        ("anger", "up"),
        ("joy", "down"),
    }
    assert abs((report.seen_afterwards[0].started_at - day(30)).days) <= 2


def test_a_short_quiet_archive_shows_nothing() -> None:
    shown = [
        detect(daily_frame(levels((USUAL, 55)), a_day=25, seed=seed)).seen_afterwards
        for seed in range(6)
    ]

    assert sum(map(bool, shown)) <= 1


def test_too_few_messages_give_no_verdict() -> None:
    report = detect(daily_frame(levels((USUAL, 200)), a_day=0.2, seed=9))

    assert report.shifts == ()
    assert report.n_days_judged["posts"] == 0
    assert "insufficient data" in report.notes[0]


def test_sources_are_judged_apart() -> None:
    calm = daily_frame(levels((USUAL, 130)), a_day=25, seed=10, source="calm")
    hit = daily_frame(levels((USUAL, 90), (OUTAGE, 40)), a_day=25, seed=11, source="hit")

    assert {s.source for s in detect(pd.concat([calm, hit])).shifts} == {"hit"}


def test_the_seventeenth_century_works() -> None:
    daily = daily_frame(
        levels((USUAL, 90), (OUTAGE, 40)), a_day=30, seed=12, first_day=date(1660, 1, 1)
    )

    found = detect(daily).shifts

    assert {s.detected_at.year for s in found} == {1660}


def test_more_caution_flags_less() -> None:
    mild = USUAL | {"anger": 0.18, "joy": 0.24}
    daily = daily_frame(levels((USUAL, 90), (mild, 40)), a_day=30, seed=14, rho=0.01)

    assert detect(daily, settings=ShiftSettings(caution=-2.0)).shifts
    assert not detect(daily, settings=ShiftSettings(caution=20.0)).shifts


def test_twenty_sources_share_the_budget() -> None:
    one = daily_frame(levels((USUAL, 300)), a_day=25, seed=15, rho=0.01)
    many = pd.concat([one.assign(source=f"s{number}") for number in range(20)])

    alone = {s.detected_at for s in detect(one, settings=ShiftSettings(12.0)).shifts}
    shared = detect(many, settings=ShiftSettings(12.0)).shifts

    assert alone
    assert len({s.detected_at for s in shared}) < len(alone)


def test_a_larger_budget_flags_more() -> None:
    frames = [daily_frame(levels((USUAL, 300)), a_day=25, seed=s, rho=0.01) for s in range(4)]

    def n_flagged(budget: float) -> int:
        return sum(len(detect(f, settings=ShiftSettings(budget)).shifts) for f in frames)

    assert n_flagged(0.01) <= n_flagged(1.0) < n_flagged(24.0)


def test_weeks_are_judged_where_days_hold_too_little() -> None:
    daily = daily_frame(levels((USUAL, 250), (OUTAGE, 120)), a_day=3, seed=23, rho=0.01)

    report = detect(daily, settings=ShiftSettings(resolution="weekly"))
    found = [shift for shift in report.shifts if shift.detected_at >= day(250)]

    assert {(s.emotion, s.direction) for s in found} <= {("anger", "up"), ("joy", "down")}
    assert 0 <= (found[0].detected_at - day(250)).days <= 42
    assert found[0].started_at.weekday() == 0
    assert found[0].detected_at.weekday() == 6


def test_hours_tell_a_shift_within_the_day_and_a_daily_rhythm_is_none() -> None:
    night = USUAL | {"sadness": 0.25, "joy": 0.15}
    hours = [night if number % 24 < 7 else USUAL for number in range(24 * 75)]
    hours += [OUTAGE] * 48
    frame = daily_frame(hours, a_day=8, seed=17)
    frame["day"] = pd.Timestamp(FIRST_DAY) + pd.to_timedelta(
        (frame["day"] - pd.Timestamp(FIRST_DAY)).dt.days, unit="h"
    )

    found = detect(frame, settings=ShiftSettings(resolution="hourly")).shifts

    assert {(s.emotion, s.direction) for s in found} <= {("anger", "up"), ("joy", "down")}
    assert found[0].started_at in {day(74), day(75)}
    assert found[0].detected_at == day(75)


def test_authors_are_watched_apart_when_asked_to() -> None:
    calm = daily_frame(levels((USUAL, 150)), a_day=2, seed=18).assign(author="calm")
    hit = USUAL | {"joy": 0.02, "sadness": 0.6, "neutral": 0.08}
    sad = daily_frame(levels((USUAL, 90), (hit, 60)), a_day=2, seed=19).assign(author="sad")

    found = detect(pd.concat([calm, sad])).shifts

    assert {s.author for s in found} == {"sad"}
    assert {s.source for s in found} == {"posts"}


def test_late_messages_on_past_days_move_no_alarm_far_and_add_none() -> None:
    daily = daily_frame(levels((USUAL, 90), (OUTAGE, 60)), a_day=40, seed=20, rho=0.01)
    late = daily_frame(levels((USUAL, 90), (OUTAGE, 60)), a_day=3, seed=21)
    counted = [column for column in daily.columns if column.startswith("n_")]
    both = pd.concat([daily, late]).groupby(["day", "source"], as_index=False)[counted].sum()

    before, after = detect(daily).shifts, detect(both).shifts

    assert {(s.emotion, s.direction) for s in after} == {(s.emotion, s.direction) for s in before}
    assert abs((after[0].detected_at - before[0].detected_at).days) <= 2


def test_a_second_change_soon_after_the_first_is_found_too() -> None:
    worse = OUTAGE | {"fear": 0.30, "neutral": 0.04}
    found = 0
    for seed in range(6):
        daily = daily_frame(
            levels((USUAL, 90), (OUTAGE, 18), (worse, 20)), a_day=50, seed=seed, rho=0.01
        )
        found += any(
            s.emotion == "fear" and s.direction == "up" and s.detected_at < day(118)
            for s in detect(daily).shifts
        )

    assert found >= 5


def test_a_shift_tells_intervals_and_how_long_it_held() -> None:
    daily = daily_frame(levels((USUAL, 90), (OUTAGE, 40), (USUAL, 60)), a_day=60, seed=22)

    anger = next(s for s in detect(daily).shifts if s.emotion == "anger" and s.direction == "up")

    assert anger.interval_before is not None
    assert anger.interval_before[0] < 0.12 < anger.interval_before[1]
    assert anger.interval_after is not None
    assert anger.interval_after[0] < anger.share_after < anger.interval_after[1]
    assert anger.persistence_days is not None
    assert abs(anger.persistence_days - 40) <= 5
    assert anger.state == "over"


def test_what_an_alarm_that_settled_nothing_said_is_said_again() -> None:
    often = ShiftSettings(false_alarms_a_year=40.0)
    flagged = []
    for seed in range(8):
        parts = levels((USUAL, 90), (OUTAGE, 2), (USUAL, 20), (OUTAGE, 3))
        daily = daily_frame(parts, a_day=25, seed=seed, rho=0.01)
        rises = [
            s.detected_at
            for s in detect(daily, settings=often).shifts
            if (s.emotion, s.direction) == ("anger", "up") and s.detected_at >= day(90)
        ]
        if rises and rises[0] <= day(92):
            flagged.append(rises[-1])

    # Less than 28 days after the first, yet not its echo.
    assert len(flagged) >= 4
    assert all(when >= day(112) for when in flagged)
