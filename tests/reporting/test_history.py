"""Cuts of whole archives: where they were planted, none where nothing changed, and exact."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from reporting.calibration import Traits, simulate
from reporting.history import change_points, partition, segment, stretches
from reporting.series import Series
from reporting.watch import DAILY
from tests.reporting.frames import FIRST_DAY, OUTAGE, SCORED, USUAL, daily_frame

WEEK = tuple(40.0 * day for day in (1.2, 1.2, 1.2, 1.2, 1.2, 0.5, 0.5))
TRAITS = Traits((0.15, 0.25, 0.3, 0.3), WEEK, rho=0.01, empty=0.1, rhythm=0.25)


def test_a_planted_change_is_cut_and_a_quiet_archive_is_not() -> None:
    phases = np.arange(300) % 7
    quiet = simulate(TRAITS, np.random.default_rng(1), runs=5, buckets=300, plan=DAILY)
    changed = simulate(
        TRAITS,
        np.random.default_rng(2),
        runs=5,
        buckets=300,
        plan=DAILY,
        change_on=np.full(5, 170),
        odds_ratio=2.5,
    )

    assert [segment(run, phases) for run in quiet] == [[]] * 5
    cuts = [segment(run, phases) for run in changed]
    assert all(len(found) == 1 and abs(found[0] - 170) <= 5 for found in cuts)


def test_the_search_is_as_cheap_as_any_partition() -> None:
    rng = np.random.default_rng(3)
    values = np.concatenate([rng.normal(level, 1, 6) for level in (0, 3, 1)])
    sums = np.concatenate([[0], np.cumsum(values)])
    squares = np.concatenate([[0], np.cumsum(values**2)])

    def one(start: int, end: int) -> float:
        return float(squares[end] - squares[start] - (sums[end] - sums[start]) ** 2 / (end - start))

    def total(cuts: list[int]) -> float:
        bounds = [0, *cuts, 18]
        return sum(one(a, b) for a, b in pairwise(bounds)) + 4 * len(cuts)

    found = partition(
        lambda end: np.array([one(start, end) for start in range(end)]), 18, penalty=4.0, shortest=2
    )

    every: list[list[int]] = [[]] + [[a] for a in range(2, 17)]
    every += [[a, b] for a in range(2, 15) for b in range(a + 2, 17)]
    every += [[a, b, c] for a in range(2, 13) for b in range(a + 2, 15) for c in range(b + 2, 17)]
    assert total(found) <= min(map(total, every)) + 1e-9


def test_the_search_finds_what_ruptures_finds() -> None:
    ruptures = pytest.importorskip("ruptures", reason="ruptures is not installed")
    rng = np.random.default_rng(4)
    values = np.concatenate([rng.normal(level, 1, 40) for level in (0, 2, -1)])
    sums = np.concatenate([[0], np.cumsum(values)])
    squares = np.concatenate([[0], np.cumsum(values**2)])

    found = partition(
        lambda end: np.asarray(
            squares[end] - squares[:end] - (sums[end] - sums[:end]) ** 2 / (end - np.arange(end))
        ),
        120,
        penalty=12.0,
        shortest=2,
    )

    search = ruptures.Pelt(model="l2", jump=1, min_size=2).fit(values[:, None])
    assert found == search.predict(pen=12.0)[:-1]


def test_plain_numbers_are_cut_at_level_and_trend() -> None:
    rng = np.random.default_rng(5)
    level = np.concatenate([np.zeros(50), np.full(50, 8.0)]) + rng.normal(0, 1, 100)
    trend = np.concatenate([np.zeros(50), np.arange(50) * 0.8]) + rng.normal(0, 1, 100)

    assert [abs(cut - 50) <= 2 for cut in change_points(level)] == [True]
    assert any(abs(cut - 50) <= 6 for cut in change_points(trend))
    assert change_points(rng.normal(5, 2, 200)) == []
    assert change_points(np.full(30, 3.0)) == []
    gaps = level.copy()
    gaps[[3, 60]] = np.nan
    assert len(change_points(gaps)) == 1


def test_stretches_tell_what_changed_and_when() -> None:
    daily = daily_frame([USUAL] * 90 + [OUTAGE] * 60, a_day=40, seed=6, rho=0.01)
    series = Series.of("posts", daily, SCORED)
    assert series is not None

    before, after = stretches(series)

    assert before.changed is None
    assert before.started_at == FIRST_DAY
    assert abs((after.started_at - FIRST_DAY).days - 90) <= 2
    assert after.changed in {"anger", "joy"}
    assert before.n + after.n == daily.filter(like="n_").to_numpy().sum()
