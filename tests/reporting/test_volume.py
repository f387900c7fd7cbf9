"""Spikes and silences that were put in are found, and ordinary weeks are not taken for any."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from reporting.day_counts import DayCounts
from reporting.silence import longest_gap
from reporting.volume import VolumeAlarm, VolumeSettings, volume_line, watch_volume

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
LATER = datetime(2030, 1, 1, tzinfo=UTC)
#: More at noon than at night, less on weekends.
_BY_HOUR = 1 + 0.8 * np.sin((np.arange(24) - 8) / 24 * 2 * np.pi)
_BY_WEEKDAY = np.array([1.1, 1.1, 1.1, 1.1, 1.0, 0.8, 0.8])


def drawn(
    a_day: float,
    days: int,
    *,
    seed: int,
    size: float = 10.0,
    source: str = "posts",
    factor: dict[int, float] | None = None,
) -> pd.DataFrame:
    """Draw messages by hour: negative binomial days of `size`, times `factor` by day."""
    rng = np.random.default_rng(seed)
    level = np.full(days, a_day) * (_BY_WEEKDAY / _BY_WEEKDAY.mean())[np.arange(days) % 7]
    for place, times in (factor or {}).items():
        level[place] *= times
    by_hour = _BY_HOUR / _BY_HOUR.sum()
    counts = rng.poisson((level * rng.gamma(size, 1 / size, days))[:, None] * by_hour)
    drawn_on, hour = np.nonzero(counts)
    hours = pd.Timestamp(FIRST) + pd.to_timedelta(drawn_on * 24 + hour, unit="h")
    return pd.DataFrame({"hour": hours, "source": source, "n": counts[drawn_on, hour]})


def day(n: int) -> date:
    return (FIRST + timedelta(days=n)).date()


def test_a_spike_is_one_alarm_from_its_first_day() -> None:
    frame = drawn(50, 120, seed=11, size=50, factor=dict.fromkeys((100, 101, 102), 6.0))

    [alarm] = watch_volume(frame, until=LATER)

    assert (alarm.kind, alarm.direction, alarm.source) == ("volume", "up", "posts")
    assert (alarm.started_at, alarm.detected_at, alarm.n_days) == (day(100), day(100), 3)
    assert 40 < alarm.per_day_before < 60
    assert 200 < alarm.per_day_after < 420
    assert alarm.is_over
    assert volume_line(alarm).startswith(f"volume: posts up since {day(100)} (")


def test_a_drop_is_found() -> None:
    frame = drawn(200, 110, seed=2, factor=dict.fromkeys(range(100, 110), 0.1))

    [alarm] = watch_volume(frame, until=LATER)

    assert (alarm.kind, alarm.direction, alarm.started_at) == ("volume", "down", day(100))
    assert not alarm.is_over


def test_a_new_level_is_one_alarm_and_then_usual() -> None:
    frame = drawn(50, 200, seed=3, size=50, factor=dict.fromkeys(range(100, 200), 5.0))

    [alarm] = watch_volume(frame, until=LATER)

    assert alarm.started_at == day(100)
    assert alarm.is_over


def test_three_days_without_messages_where_there_used_to_be_forty() -> None:
    frame = drawn(40, 100, seed=4, size=50)
    last = frame["hour"].max().to_pydatetime()

    alarms = watch_volume(frame, until=LATER, silent_until={"posts": last + timedelta(days=3)})

    [alarm] = alarms
    assert (alarm.kind, alarm.is_over, alarm.n) == ("silence", False, 0)
    assert alarm.started_at == last.date()
    assert alarm.detected_at == (last + timedelta(hours=25)).date()
    assert 35 < alarm.per_day_before < 45
    assert volume_line(alarm).startswith("silence: no messages for 2.96 days in posts since ")


def test_a_silence_within_the_past_is_over() -> None:
    frame = drawn(40, 150, seed=5)
    gap = (frame["hour"] >= FIRST + timedelta(days=100)) & (
        frame["hour"] < FIRST + timedelta(days=104)
    )

    silences = [a for a in watch_volume(frame[~gap], until=LATER) if a.kind == "silence"]

    [alarm] = silences
    assert alarm.is_over
    assert 3.9 < alarm.n_days < 4.3


def test_a_source_that_never_paused_may_fall_silent() -> None:
    hours = [FIRST + timedelta(hours=n) for n in range(40 * 24)]
    frame = pd.DataFrame({"hour": pd.to_datetime(hours), "source": "busy", "n": 50})

    until = {"busy": hours[-1] + timedelta(days=4)}
    [alarm] = watch_volume(frame, until=LATER, silent_until=until)

    assert (alarm.kind, alarm.per_day_before, alarm.severity) == ("silence", 1200, 5)


def test_an_archive_that_ends_is_not_silent() -> None:
    older = drawn(40, 100, seed=6, source="older")
    newer = drawn(40, 160, seed=7, source="newer")

    assert watch_volume(pd.concat([older, newer]), until=LATER) == []


def test_a_weekend_off_is_no_silence() -> None:
    frame = drawn(40, 140, seed=8)
    weekday = frame["hour"].dt.day_of_week

    assert watch_volume(frame[weekday < 5], until=LATER) == []


def test_a_journal_kept_every_day_may_skip_some() -> None:
    hours = [FIRST + timedelta(days=n, hours=21) for n in range(200) if n % 9]
    frame = pd.DataFrame({"hour": pd.to_datetime(hours), "source": "diary", "n": 1})

    assert watch_volume(frame, until=LATER) == []
    later = {"diary": hours[-1] + timedelta(days=12)}
    [alarm] = watch_volume(frame, until=LATER, silent_until=later)
    assert (alarm.kind, alarm.source) == ("silence", "diary")


def test_what_has_not_ended_or_lies_ahead_is_not_judged() -> None:
    frame = drawn(50, 120, seed=11, size=50, factor={100: 6.0})
    noon = FIRST + timedelta(days=100, hours=12)

    assert watch_volume(frame, until=noon) == []
    [alarm] = watch_volume(frame, until=noon + timedelta(days=1))
    assert alarm.started_at == day(100)
    # Judged again with more days, the alarm is the same one.
    [again] = watch_volume(frame, until=LATER)
    assert (again.started_at, again.detected_at) == (alarm.started_at, alarm.detected_at)


def test_too_little_evidence_gives_no_alarm() -> None:
    short = drawn(50, 25, seed=9, factor={24: 20.0})
    assert watch_volume(short, until=LATER, silent_until={"posts": LATER}) == []
    assert watch_volume(short.iloc[:0], until=LATER) == []


@pytest.mark.parametrize("a_day", [1.0, 8.0, 50.0, 1000.0])
def test_false_alarms_keep_to_the_budget(a_day: float) -> None:
    """Count the alarms of 40 years of ordinary messages under a budget of ten a year.

    At so many the count is within a third of its mean with certainty enough for a test; the
    rates at one a year stand in docs/schedules.md.
    """
    found: Counter[str] = Counter()
    for seed in range(40):
        frame = drawn(a_day, 365 + 57, seed=seed)
        for alarm in watch_volume(
            frame, until=LATER, settings=VolumeSettings(false_alarms_a_year=10)
        ):
            found[alarm.kind] += 1

    # Five of each kind a year; fewer where the smallest worthwhile change keeps it silent.
    assert found["volume"] / 40 < 9
    assert found["silence"] / 40 < 8


def test_twenty_sources_share_a_budget() -> None:
    frames = [drawn(20, 365, seed=seed, source=f"s{seed}") for seed in range(20)]

    alarms = watch_volume(pd.concat(frames), until=LATER)

    # One a year is expected in all; five or more come once in 270 years.
    assert len(alarms) < 5


def test_a_day_is_as_surprising_as_its_distribution_says() -> None:
    rng = np.random.default_rng(1)
    draws = rng.poisson(30 * rng.gamma(5, 1 / 5, 4000)).astype(float)
    learned = DayCounts.learn(draws[:2000], np.arange(2000) % 7)

    assert learned.size == pytest.approx(5, rel=0.15)
    surprises = np.array([learned.surprise(count, 1) for count in draws[2000:]])
    assert np.mean(surprises > 1.645) == pytest.approx(0.05, abs=0.015)
    assert np.mean(surprises < -1.645) == pytest.approx(0.05, abs=0.015)
    assert learned.surprise(1e7, 1) > 6


def test_the_longest_gap_is_that_of_an_exponential_tail() -> None:
    gaps = np.random.default_rng(2).exponential(1.0, 600)

    # exp(-x) = 1e-4 at 9.2; that the tail is known from sixty gaps only makes it a little longer.
    assert 7 < longest_gap(gaps, chance=1e-4) < 13
    assert longest_gap(gaps, chance=0.9) == gaps.max()


def test_lines_tell_a_silence_that_is_over() -> None:
    alarm = VolumeAlarm(
        *("silence", "posts", "down", day(1), day(2), 40.0, 0.0, 0, 3.0, 5), is_over=True
    )
    assert volume_line(alarm) == (
        "silence: 3 days without messages in posts since 2024-01-02, "
        "where there used to be 40 a day"
    )
