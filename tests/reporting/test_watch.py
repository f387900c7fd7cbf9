"""The walk over many series: each alone gives the same, and every quiet one keeps the budget."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reporting.calibration import Traits, simulate
from reporting.limits import SETTLED_A_YEAR, shipped
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
        assert [(a.first, a.bucket) for a in ours] == [
            (a.first + begin, a.bucket + begin) for a in alone.alarms
        ]
        for one, other in zip(ours, alone.alarms, strict=True):
            # A logarithm of many numbers at once may differ in the last digit.
            assert [m.emotion for m in one.moves] == [m.emotion for m in other.moves]
            assert [m.share_before for m in one.moves] == pytest.approx(
                [m.share_before for m in other.moves]
            )
            assert [m.share_after for m in one.moves] == pytest.approx(
                [m.share_after for m in other.moves]
            )
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


@pytest.mark.parametrize("limit", [5.0, 8.0, 12.0])
def test_one_wild_bucket_is_no_alarm_but_four_are_however_much_evidence_is_asked_for(
    limit: float,
) -> None:
    def alarms(wild: int) -> int:
        counts = np.tile([6.0, 34.0], (1, 120, 1))
        counts[0, 90 : 90 + wild] = [40.0, 0.0]
        seen = watch(counts, np.arange(120) % 7, Limits.constant(limit, 1), plan=DAILY)
        return sum(alarm.bucket < 100 for alarm in seen.alarms)

    assert alarms(1) == 0
    assert alarms(4) == 1


def test_a_long_silence_costs_nothing_and_flags_nothing() -> None:
    counts = np.zeros((1, 3000, 2))
    rng = np.random.default_rng(3)
    counts[0, :150] = rng.multinomial(20, [0.2, 0.8], 150)
    counts[0, 2850:] = rng.multinomial(20, [0.5, 0.5], 150)

    seen = watch(counts, np.arange(3000) % 7, Limits.constant(6.0, 1), plan=DAILY)

    # What lies years back is no baseline.
    assert seen.alarms == []
    assert seen.n_judged[0] < 400


def test_only_budgets_of_many_alarms_make_provisional_ones() -> None:
    def limits(alarms_a_year: float, resolution: str = "daily") -> Limits:
        return shipped().limits(
            resolution=resolution, n_emotions=7, alarms_a_year=alarms_a_year, n_series=1
        )

    assert limits(1.0).settled is None
    assert limits(SETTLED_A_YEAR).settled is None
    for resolution in ("hourly", "daily", "weekly"):
        many = limits(20.0, resolution)
        assert many.settled is not None
        np.testing.assert_array_equal(many.settled, limits(SETTLED_A_YEAR, resolution).values)
        assert (many.values <= many.settled).all()
        assert (many.values < many.settled).any()


@pytest.mark.parametrize("a_day", [8, 50])
def test_frequent_alarms_are_as_many_as_the_budget_says(a_day: float) -> None:
    week = tuple(a_day * day for day in (1.15, 1.15, 1.15, 1.15, 1.15, 0.62, 0.62))
    traits = replace(QUIET, messages=week)
    counts = simulate(traits, np.random.default_rng(4), runs=40, buckets=428, plan=DAILY)
    limits = shipped().limits(resolution="daily", n_emotions=7, alarms_a_year=20.0, n_series=40)

    seen = watch(counts, np.arange(428) % 7, limits, plan=DAILY, names_further=False)

    assert 15 <= len(seen.alarms) / 40 <= 25


def test_a_provisional_alarm_hides_nothing_that_comes_after_it() -> None:
    found = {"provisional": 0, "settled at once": 0}
    for seed in range(20):
        rng = np.random.default_rng(seed)
        shares = np.concatenate(
            [np.full(days, share) for share, days in ((0.15, 90), (0.24, 3), (0.15, 3), (0.3, 7))]
        )
        hits = rng.binomial(40, shares)
        counts = np.stack([hits, 40 - hits], axis=1)[None].astype(np.float64)
        phases = np.arange(len(shares)) % 7
        for name, settled in (("provisional", 12.0), ("settled at once", None)):
            limits = Limits.constant(2.0, 1, settled=settled)
            alarms = watch(counts, phases, limits, plan=DAILY).alarms
            if any(90 <= alarm.bucket < 96 for alarm in alarms):
                found[name] += any(alarm.bucket >= 96 for alarm in alarms)

    assert found["provisional"] >= 15
    assert found["settled at once"] <= 5


def test_a_change_that_lasts_settles_and_is_flagged_no_more() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        hits = rng.binomial(40, np.concatenate([np.full(90, 0.15), np.full(60, 0.35)]))
        counts = np.stack([hits, 40 - hits], axis=1)[None].astype(np.float64)
        limits = Limits.constant(3.0, 1, settled=8.0)

        alarms = watch(counts, np.arange(150) % 7, limits, plan=DAILY).alarms

        change = [alarm for alarm in alarms if 90 <= alarm.bucket < 105]
        assert change[-1].settles
        assert abs(change[-1].first - 90) <= 3
        # Alarms of one change tell of the same beginning, however often it is raised anew.
        assert all(abs(alarm.first - 90) <= 3 for alarm in change if not alarm.settles)
        assert all(alarm.first > change[-1].first for alarm in alarms if alarm.bucket >= 105)
