"""Budgets are read, shared, and turned into limits that rise as the budget falls."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reporting.calibration import Counted, Traits, joined, simulate, traits_of
from reporting.limits import parse_budget, shipped
from reporting.series import Series
from reporting.tuning import tune
from reporting.watch import DAILY
from tests.reporting.frames import SCORED, USUAL, daily_frame


def test_a_budget_is_a_number_a_period() -> None:
    assert parse_budget("1/year") == 1
    assert parse_budget("2/month") == 24
    assert parse_budget(" 0.5 / year ") == 0.5
    for wrong in ("0/year", "1", "1/decade", "-1/year", "often"):
        with pytest.raises(ValueError, match="expected a budget"):
            parse_budget(wrong)


@pytest.mark.parametrize("resolution", ["hourly", "daily", "weekly"])
def test_fewer_false_alarms_and_more_emotions_need_more_evidence(resolution: str) -> None:
    def limit(n_emotions: int, budget: float) -> float:
        found = shipped().limits(
            resolution=resolution, n_emotions=n_emotions, alarms_a_year=budget, n_series=1
        )
        return float(found.at(np.array([0]), np.array([10.0]))[0])

    assert limit(7, 12) < limit(7, 1) < limit(7, 0.05) < limit(7, 0.001)
    assert limit(2, 1) < limit(4, 1) < limit(8, 1)


def test_what_was_calibrated_is_added_to_its_series_alone() -> None:
    table = replace(shipped(), offsets={"a": [(1.0, 0.7)]})

    def offsets(keys: list[str | None]) -> list[float]:
        found = table.limits(
            resolution="daily", n_emotions=7, alarms_a_year=1.0, n_series=2, keys=keys
        )
        return [float(offset) for offset in found.offsets]

    assert offsets(["a", "b"]) == [0.7, 0.0]
    assert offsets([None, "a"]) == [0.0, 0.7]


def test_a_curve_of_alarms_is_read_both_ways() -> None:
    curve = joined(Counted((3.0, 4.0, 5.0, 6.0), (400, 147, 54, 20), 100.0))

    assert curve.limit_for(1.0) == pytest.approx(4.38, abs=0.1)
    assert curve.rate_at(5.0) == pytest.approx(0.54, rel=0.1)
    # Beyond what was simulated the slope is carried on.
    assert curve.limit_for(0.2 / np.e) == pytest.approx(7.0, abs=0.15)


def test_traits_are_those_the_series_was_drawn_with() -> None:
    daily = daily_frame([USUAL] * 300, a_day=40, seed=1, rho=0.02)
    series = Series.of("posts", daily, SCORED)
    assert series is not None

    traits = traits_of(series, DAILY)

    assert traits.shares[SCORED.index("joy")] == pytest.approx(0.30, abs=0.02)
    assert np.mean(traits.messages) == pytest.approx(40, rel=0.05)
    assert traits.rho == pytest.approx(0.02, abs=0.006)
    assert traits.empty < 0.02
    assert traits.key(DAILY) == traits.rounded().key(DAILY)


def test_a_journal_is_drawn_as_one_and_few_messages_as_few() -> None:
    rng = np.random.default_rng(3)
    numbers = {"journal": rng.binomial(1, 0.8, 600), "sparse": rng.poisson(0.8, 600)}
    drawn = {}
    for name, n in numbers.items():
        counts = rng.multinomial(n, [0.1, 0.3, 0.06, 0.12, 0.04, 0.08, 0.3]).astype(np.float64)
        series = Series(name, None, SCORED, "daily", 738_000, counts)
        drawn[name] = traits_of(series, DAILY)

    assert drawn["journal"].single
    assert not drawn["sparse"].single
    for traits in drawn.values():
        simulated = simulate(traits, rng, runs=20, buckets=400, plan=DAILY).sum(axis=2)
        assert simulated.mean() == pytest.approx(0.8, abs=0.08)
        assert (simulated.max() <= 1) == traits.single


def test_tuning_tells_what_is_found_and_keeps_near_the_shipped_limits() -> None:
    traits = Traits((0.15, 0.85), (30.0,) * 7, rho=0.01, empty=0.1, rhythm=0.2)
    parts: list[float] = []

    tuned = tune(
        traits,
        DAILY,
        shipped(),
        resolution="daily",
        alarms_a_year=2.0,
        runs=20,
        odds_ratios=(1.25, 3.0),
        progress=parts.append,
    )

    assert abs(tuned.offset) < 1.0
    assert 0.8 <= tuned.shipped_a_year <= 4.0
    assert [found.odds_ratio for found in tuned.power] == [1.25, 3.0]
    assert tuned.power[1].found >= 0.9 > tuned.power[0].found
    smallest = tuned.smallest_found()
    assert smallest is not None
    assert smallest.odds_ratio == 3.0
    assert parts == sorted(parts)
    assert parts[-1] == 1.0
