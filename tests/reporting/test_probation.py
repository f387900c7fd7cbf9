"""An alarm that the days after it belie is taken back; one that they bear out stands."""

from __future__ import annotations

import numpy as np
import pytest

from reporting.watch import DAILY, Alarm, Limits, watch


def watched(seed: int, *parts: tuple[float, int], a_day: int = 40) -> list[Alarm]:
    """Return the alarms of a series with an emotion of such shares, each for so many days."""
    shares = np.concatenate([np.full(days, share) for share, days in parts])
    hits = np.random.default_rng(seed).binomial(a_day, shares)
    counts = np.stack([hits, a_day - hits], axis=1)[None].astype(np.float64)
    limits = Limits.constant(6.0, 1)
    return watch(counts, np.arange(len(shares)) % 7, limits, plan=DAILY).alarms


def test_a_change_soon_after_three_odd_days_is_found_against_the_level_before_them() -> None:
    taken_back = 0
    for seed in range(10):
        alarms = watched(seed, (0.15, 90), (0.35, 3), (0.15, 8), (0.3, 30))

        if len(alarms) == 2 and alarms[1].cleared > alarms[0].bucket:
            assert 97 <= alarms[1].first <= 103
            assert alarms[1].bucket <= 106
            assert alarms[1].before.shares[0] == pytest.approx(0.15, abs=0.02)
            taken_back += 1

    assert taken_back >= 7


def test_a_lasting_change_is_flagged_once() -> None:
    alarms = [watched(seed, (0.15, 90), (0.3, 80)) for seed in range(10)]

    assert [len(run) for run in alarms].count(1) >= 9
    assert all(run[0].cleared == -1 for run in alarms)


def test_the_end_of_a_change_that_lasted_is_a_change() -> None:
    for seed in range(10):
        _, second = watched(seed, (0.15, 90), (0.3, 40), (0.15, 60))

        assert second.bucket - 130 in range(10)
        assert second.before.shares[0] > 0.25
        assert second.cleared == -1


def test_odd_days_alone_move_no_level() -> None:
    for seed in range(10):
        alarms = watched(seed, (0.15, 90), (0.35, 3), (0.15, 60))

        assert len(alarms) <= 1
