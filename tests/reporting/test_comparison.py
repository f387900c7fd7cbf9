"""The newest bucket against the one before: what moved, and what could be chance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from reporting.comparison import compare_newest, difference_interval
from reporting.trends import trend
from tests.reporting.frames import hourly_frame

MONDAY = datetime(2025, 5, 19, 12, tzinfo=UTC)
WEEK = timedelta(days=7)


def test_the_newest_complete_week_is_compared_with_the_week_before() -> None:
    frame = hourly_frame(
        [
            (MONDAY, "posts", {"joy": 60, "anger": 20, "fear": 20}),
            (MONDAY + WEEK, "posts", {"joy": 30, "anger": 50, "fear": 20}),
            (MONDAY + 2 * WEEK, "posts", {"joy": 9}),
        ]
    )
    found = compare_newest(trend(frame))

    assert found is not None
    assert found.start.date() == (MONDAY + WEEK).date()
    assert found.before.date() == MONDAY.date()
    assert (found.n, found.n_before) == (100, 100)
    moved = {item.emotion: item for item in found.moved}
    assert moved["anger"].change == pytest.approx(0.3)
    assert moved["anger"].is_clear
    assert moved["joy"].is_clear
    assert not moved["fear"].is_clear


def test_a_gap_before_the_newest_week_leaves_nothing_to_compare() -> None:
    frame = hourly_frame([(MONDAY, "posts", {"joy": 6}), (MONDAY + 2 * WEEK, "posts", {"joy": 6})])

    assert compare_newest(trend(frame)) is None
    assert compare_newest(trend(frame.iloc[:0])) is None


def test_newcombes_own_example() -> None:
    # Newcombe (1998), table II, case (a): 56/70 - 48/80, method 10.
    low, high = difference_interval(56, 70, 48, 80)

    assert (low, high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_the_interval_covers_the_true_difference() -> None:
    rng = np.random.default_rng(3)
    counts = zip(rng.binomial(60, 0.2, 2000), rng.binomial(40, 0.3, 2000), strict=True)

    inside = [
        low <= -0.1 <= high
        for low, high in (difference_interval(one, 60, other, 40) for one, other in counts)
    ]

    assert 0.935 <= np.mean(inside) <= 0.97
