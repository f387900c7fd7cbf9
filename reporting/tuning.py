"""Fit the limits to one series by simulating series like it; say what can be found there.

Pure; called by `moodwatch shifts calibrate`. What it returns is kept by the roof and handed back
to `reporting.shifts.detect` within a `Table`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from reporting.calibration import Power, Progress, Traits, alarm_counts, joined, power
from reporting.limits import Curve, Table
from reporting.watch import Plan

#: Nats off the shipped limits that are tried.
_TRIED: Final = (-1.5, -0.5, 0.5, 1.5)
#: So that a curve of offsets has none below zero.
_SHIFT: Final = 10.0
#: A limit is never moved further than what was tried and a little more.
_MOST: Final = 3.0

ODDS_RATIOS: Final = (1.25, 1.5, 2.0, 3.0, 5.0)


@dataclass(frozen=True, slots=True)
class Tuned:
    """What simulation tells of one series."""

    key: str
    #: False alarms a year this series may give: its part of the budget.
    allowed_a_year: float
    #: Expected with the limits that ship, and nats to add so that they are as many as allowed.
    shipped_a_year: float
    offset: float
    #: Simulated years behind it, and false alarms seen in them.
    n_years: float
    n_alarms: int
    #: By odds ratio of an emotion of usual share, found within four weeks.
    power: tuple[Power, ...]

    def smallest_found(self, share: float = 0.8) -> Power | None:
        """Return the smallest change that is found so often, if any tried one is."""
        return next((found for found in self.power if found.found >= share), None)


def tune(
    traits: Traits,
    plan: Plan,
    table: Table,
    *,
    resolution: str,
    alarms_a_year: float,
    runs: int,
    odds_ratios: Sequence[float] = ODDS_RATIOS,
    progress: Progress | None = None,
) -> Tuned:
    """Simulate series like one, quiet and changed.

    Args:
        traits: Of the series; they are rounded first, so that like series share the work.
        plan: How far the detector looks.
        table: The limits that ship.
        resolution: As `reporting.series.Resolution`.
        alarms_a_year: This series' part of the budget.
        runs: Simulated series, of a year or more each.
        odds_ratios: Sizes of change to look for.
        progress: Called with the part done, 0 to 1.
    """
    alike = traits.rounded()
    shipped = table.limits(
        resolution=resolution,
        n_emotions=len(alike.shares),
        alarms_a_year=alarms_a_year,
        n_series=1,
    )
    counted = alarm_counts(
        alike,
        plan,
        limits=[float(shipped.offsets[0]) + tried for tried in _TRIED],
        runs=runs,
        around=shipped,
        progress=None if progress is None else lambda part: progress(part * 0.8),
    )
    # A curve knows no negative limits: offsets are told from _SHIFT below.
    curve = joined(
        type(counted)(tuple(tried + _SHIFT for tried in _TRIED), counted.alarms, counted.years)
    )
    offset = float(np.clip(curve.limit_for(alarms_a_year) - _SHIFT, -_MOST, _MOST))
    fitted = replace(shipped, offsets=shipped.offsets + offset)
    found = power(
        alike,
        plan,
        limits=fitted,
        odds_ratios=odds_ratios,
        emotion=_typical(alike),
        within=max(round(28 * plan.buckets_a_year / 365.25), 1),
        runs=min(runs, 200),
    )
    if progress is not None:
        progress(1.0)
    return Tuned(
        traits.key(plan),
        alarms_a_year,
        _rate(curve, 0.0),
        round(offset, 3),
        counted.years,
        int(sum(counted.alarms)),
        tuple(found),
    )


def _rate(curve: Curve, offset: float) -> float:
    return curve.rate_at(offset + _SHIFT)


def _typical(traits: Traits) -> int:
    """Return the emotion whose share lies nearest to .15: neither the rarest nor the usual."""
    return int(np.argmin(np.abs(np.array(traits.shares) - 0.15)))
