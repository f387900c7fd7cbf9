"""The walk over many series: each alone gives the same, and every quiet one keeps the budget."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reporting.calibration import Traits, simulate
from reporting.limits import shipped
from reporting.watch import DAILY, Limits, watch

WEEK = tuple(25.0 * day for day in (1.15, 1.15, 1.15, 1.15, 1.15, 0.62, 0.62))
SHARES = (0.15, 0.10, 0.25, 0.06, 0.04, 0.10, 0.30)
QUIET = Traits(SHARES, WEEK, rho=0.01, empty=0.1, rhythm=0.25)


def test_series_walked_through_together_give_what_each_gives_alone() -> None:
    counts = simulate(
        QUIET,
        np.random.default_rng(1),
        runs=6,
        buckets=200,
        plan=DAILY,
        change_on=np.array([80, 100, 120, 140, 300, 300]),
        odds_ratio=3.0,
    )
    starts = np.array([0, 0, 5, 11, 0, 30])
    counts[np.arange(200)[None, :] < starts[:, None]] = 0
    phases = np.arange(200) % 7

    together = watch(counts, phases, Limits.constant(5.0, 6), plan=DAILY, starts=starts)

    assert {alarm.run for alarm in together.alarms} >= {0, 1, 2, 3}
    for run in range(6):
        begin = starts[run]
        alone = watch(counts[[run], begin:], phases[begin:], Limits.constant(5.0, 1), plan=DAILY)
        ours = [a for a in together.alarms if a.run == run]
        assert [(a.first, a.bucket, a.moves) for a in ours] == [
            (a.first + begin, a.bucket + begin, a.moves) for a in alone.alarms
        ]
        assert together.n_judged[run] == alone.n_judged[0]


@pytest.mark.parametrize(("shares", "a_day"), [((0.15, 0.85), 8), ((0.15, 0.85), 50), (SHARES, 25)])
def test_quiet_series_raise_as_many_alarms_as_the_budget_says(
    shares: tuple[float, ...], a_day: float
) -> None:
    week = tuple(a_day * day for day in (1.15, 1.15, 1.15, 1.15, 1.15, 0.62, 0.62))
    traits = replace(QUIET, shares=shares, messages=week)
    counts = simulate(traits, np.random.default_rng(2), runs=100, buckets=428, plan=DAILY)
    limits = shipped().limits(
        resolution="daily", n_emotions=len(shares), alarms_a_year=1.0, n_series=100
    )

    seen = watch(counts, np.arange(428) % 7, limits, plan=DAILY, names_further=False)

    # 100 years: a standard deviation of chance is .1, the bar .25.
    assert 0.6 <= len(seen.alarms) / 100 <= 1.4


def test_one_alarm_rests_on_more_than_one_day() -> None:
    counts = np.full((1, 120, 2), [3.0, 17.0])
    counts[0, 100] = [500.0, 0.0]

    seen = watch(counts, np.arange(120) % 7, Limits.constant(3.0, 1), plan=DAILY)

    assert seen.alarms == []


def test_a_long_silence_costs_nothing_and_flags_nothing() -> None:
    counts = np.zeros((1, 3000, 2))
    rng = np.random.default_rng(3)
    counts[0, :150] = rng.multinomial(20, [0.2, 0.8], 150)
    counts[0, 2850:] = rng.multinomial(20, [0.5, 0.5], 150)

    seen = watch(counts, np.arange(3000) % 7, Limits.constant(6.0, 1), plan=DAILY)

    # What lies years back is no baseline.
    assert seen.alarms == []
    assert seen.n_judged[0] < 400
