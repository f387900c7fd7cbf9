"""How much evidence an alarm needs, so that false ones stay within the budget.

Pure: `limits.json` beside this file holds what `python benchmarks/limits.py` simulated, by number
of emotions and by how much a bucket tells; `reporting.calibration` adds what it simulated for a
user's own series. Nothing here is fitted to a change, only to quiet series.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from reporting.baseline import Floats
from reporting.watch import Limits

TABLE_FILE: Final = Path(__file__).with_name("limits.json")

#: Alarms are provisional that one quiet series gives more often than so many times a year.
SETTLED_A_YEAR: Final = 4.0
#: No limit is lower: as good as any evidence.
_LEAST: Final = 0.2

#: Alarms a year too few to read a slope from: trifles are silenced before the limit is.
_NEVER: Final = 0.05

_PERIODS: Final = {"day": 365.25, "week": 365.25 / 7, "month": 12.0, "year": 1.0}


def parse_budget(text: str) -> float:
    """Return false alarms a year, from `1/year`, `2/month`, `0.5/year`.

    Raises:
        ValueError: It is not a positive number per day, week, month or year.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:/|per|a)\s*(day|week|month|year)\s*", text)
    if match is None or float(match[1]) <= 0:
        raise ValueError(
            f"expected a budget such as '1/year' or '2/month' (a number above 0), found {text!r}"
        )
    return float(match[1]) * _PERIODS[match[2]]


@dataclass(frozen=True, slots=True)
class Curve:
    """Alarms a year of one quiet series, by limit: measured at some limits, log-linear between."""

    #: Rising, in nats, and alarms a year at each.
    limits: tuple[float, ...]
    rates: tuple[float, ...]

    def limit_for(self, alarms_a_year: float) -> float:
        """Return the limit; beyond those measured the slope of the last two is carried on."""
        x = np.array(self.limits)
        y = np.log(np.maximum(np.array(self.rates), 1e-6))
        y = np.minimum.accumulate(y)
        wanted = float(np.log(alarms_a_year))
        if wanted <= y[-1]:
            slope = max(float((y[-2] - y[-1]) / (x[-1] - x[-2])), 0.4)
            return float(x[-1] + (y[-1] - wanted) / slope)
        if wanted >= y[0] and self.rates[0] < _NEVER:
            return float(x[0])
        if wanted >= y[0]:
            slope = max(float((y[0] - y[1]) / (x[1] - x[0])), 0.4)
            return float(max(x[0] - (wanted - y[0]) / slope, min(x[0], 1.0), _LEAST))
        return float(np.interp(-wanted, -y, x))

    def rate_at(self, limit: float) -> float:
        y = np.log(np.maximum(np.array(self.rates), 1e-6))
        return float(np.exp(np.interp(limit, self.limits, y)))


@dataclass(frozen=True, slots=True)
class Table:
    """The shipped limits, and those simulated for a user's own series."""

    #: By resolution, number of emotions and effective messages a bucket.
    curves: Mapping[tuple[str, int, float], Curve]
    #: The same of provisional alarms, for more than SETTLED_A_YEAR, where they were simulated.
    provisional: Mapping[tuple[str, int, float], Curve] = field(default_factory=dict)
    #: By the key of a series' traits (`reporting.calibration`): nats to add, by alarms a year.
    offsets: Mapping[str, Sequence[tuple[float, float]]] = field(default_factory=dict)

    def limits(
        self,
        *,
        resolution: str,
        n_emotions: int,
        alarms_a_year: float,
        n_series: int,
        keys: Sequence[str | None] = (),
    ) -> Limits:
        """Return the limits of R series of which each may give so many alarms a year.

        Args:
            resolution: As `reporting.series.Resolution`.
            n_emotions: K; between and beyond those simulated the limit is linear in log (K - 1).
            alarms_a_year: Of one series.
            n_series: R.
            keys: Of each series' traits, where some were calibrated.
        """
        few = min(alarms_a_year, SETTLED_A_YEAR)
        grid, values = _on_grid(self.curves, resolution, n_emotions, few)
        settled = None
        if alarms_a_year > SETTLED_A_YEAR:
            settled = values
            found = _on_grid(self.provisional, resolution, n_emotions, alarms_a_year)
            values = np.minimum(np.interp(grid, *found), settled)
        offsets = np.zeros(n_series)
        for at, key in enumerate(keys):
            known = self.offsets.get(key) if key is not None else None
            if known:
                rates, nats = np.array(sorted(known)).T
                offsets[at] += np.interp(np.log(alarms_a_year), np.log(rates), nats)
        return Limits(grid, values, offsets, settled)


def _on_grid(
    curves: Mapping[tuple[str, int, float], Curve],
    resolution: str,
    n_emotions: int,
    alarms_a_year: float,
) -> tuple[Floats, Floats]:
    """Return logs of effective messages a bucket, rising, and the limit at each; (G,) both."""
    counts = sorted({k for (name, k, _) in curves if name == resolution})
    grids = {}
    for count in counts:
        cells = sorted(
            (volume, curve)
            for (name, k, volume), curve in curves.items()
            if (name, k) == (resolution, count)
        )
        grids[count] = (
            np.log([volume for volume, _ in cells]),
            np.array([curve.limit_for(alarms_a_year) for _, curve in cells]),
        )
    grid = grids[counts[0]][0]
    rows = np.array([np.interp(grid, *grids[count]) for count in counts])
    return grid, _between(np.log(np.array(counts) - 1.0), rows, float(np.log(n_emotions - 1.0)))


def _between(x: Floats, rows: Floats, wanted: float) -> Floats:
    """Interpolate rows (X, G) at one x, linearly, carried on past the ends."""
    if len(x) == 1:
        return np.asarray(rows[0])
    at = int(np.clip(np.searchsorted(x, wanted), 1, len(x) - 1))
    part = (wanted - x[at - 1]) / (x[at] - x[at - 1])
    return np.asarray(rows[at - 1] + part * (rows[at] - rows[at - 1]))


@cache
def shipped() -> Table:
    """Return the limits that come with moodwatch."""
    cells = json.loads(TABLE_FILE.read_text(encoding="utf-8"))["cells"]
    found: dict[str, dict[tuple[str, int, float], Curve]] = {"": {}, "provisional_": {}}
    for cell in cells:
        key = (cell["resolution"], cell["n_emotions"], cell["messages"])
        for kind, curves in found.items():
            if f"{kind}limits" in cell:
                curves[key] = Curve(tuple(cell[f"{kind}limits"]), tuple(cell[f"{kind}rates"]))
    return Table(found[""], found["provisional_"])
