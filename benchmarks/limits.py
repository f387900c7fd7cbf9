"""Make `reporting/limits.json`: the limits that a first report uses before anything is calibrated.

    python benchmarks/limits.py [--runs 400]

Runs the whole detector in quiet simulated series (weekday effect on volume and on emotions, 10 %
empty buckets, over-dispersion .01) over a grid of volumes, at several limits each. Where a day
holds about one message, two of three are journals: one message or none a day.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace

import numpy as np

from reporting.calibration import Counted, Traits, alarm_counts, joined
from reporting.limits import SETTLED_A_YEAR, TABLE_FILE, Curve, shipped
from reporting.plans import Plan
from reporting.series import PLANS, Resolution

#: Shares of the first so many emotions, made to add to 1; seven are as in benchmarks/shifts.py.
SHARES = {2: (0.15, 0.85), 7: (0.10, 0.25, 0.06, 0.15, 0.04, 0.10, 0.30)}
WEEK = (1.15, 1.15, 1.15, 1.15, 1.15, 0.62, 0.62)
#: Messages a bucket and dispersion; beyond 1,000 at .01 only a smaller dispersion tells more.
VOLUMES = (
    (0.6, 0.01),
    (1, 0.01),
    (3, 0.01),
    (8, 0.01),
    (20, 0.01),
    (50, 0.01),
    (200, 0.01),
    (1000, 0.01),
    (1000, 0.001),
    (2000, 0.0001),
)
#: Few alarms pass the high ones: they are simulated for longer.
LIMITS = (3.0, 4.2, 5.4, 6.6)
#: Messages a day of sources judged by the hour, whose hours share the mood of their day.
HOURLY_VOLUMES = ((8, 0.01), (50, 0.01), (200, 0.01), (1000, 0.01), (1000, 0.001))
HOURLY_LIMITS = (4.2, 5.4, 6.6, 7.8)
#: Sums of days: their moods even out, so that many messages of a week tell more.
WEEKLY_VOLUMES = (
    *((volume, 0.01) for volume in (1, 3, 8, 20, 50, 200, 1000)),
    (1000, 0.003),
    (1000, 0.001),
    (7000, 0.0014),
    (2000, 0.0004),
    (2000, 0.0001),
)
#: So many of these at the end are for two emotions alone: of more, half a year of weeks tells too
#: little of the dispersion to lower the limit by it (1.3 to 1.5 alarms for one, resolutions.py).
CLEAN_WEEKS = 3
WEEKLY_LIMITS = (1.8, 3.0, 4.2)
HIGH_WEEKLY_LIMITS = (5.4, 6.6, 8.0)
LOW_LIMITS = (2.4, 3.0, 3.6, 4.2)
#: Up to so many messages a day most who write are journals, one entry a day at most.
JOURNALS = 1
HIGH_LIMITS = (7.6, 8.6, 9.6)
LONGER = 5
#: Limits of provisional alarms, as parts of the one from which alarms settle. They are frequent:
#: fewer runs tell their rate.
PROVISIONAL_PARTS = (0.1, 0.25, 0.4, 0.6, 0.8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--resolutions", nargs="+", default=list(PLANS))
    parser.add_argument("--emotions", type=int, nargs="+", default=list(SHARES))
    parser.add_argument(
        "--provisional", action="store_true", help="simulate provisional alarms alone"
    )
    parser.add_argument("--cells", type=int, nargs="*", help="redo only these volumes, by place")
    arguments = parser.parse_args()
    cells = []
    for name in arguments.resolutions:
        resolution: Resolution = name
        volumes = {"hourly": HOURLY_VOLUMES, "weekly": WEEKLY_VOLUMES}.get(name, VOLUMES)
        plan = PLANS[resolution]
        for n_emotions in arguments.emotions:
            shares = SHARES[n_emotions]
            n_clean = CLEAN_WEEKS if resolution == "weekly" and n_emotions > 2 else 0
            for place, (a_bucket, rho) in enumerate(volumes[: len(volumes) - n_clean]):
                if arguments.cells and place not in arguments.cells:
                    continue
                volume = a_bucket / 24 if resolution == "hourly" else a_bucket
                week = (1.0,) if resolution == "weekly" else WEEK
                hours = 24 if resolution == "hourly" else 1
                messages = tuple(volume * day for day in week for _ in range(hours))
                rhythm = 0.0 if resolution == "weekly" else 0.25 / hours**0.5
                traits = Traits(shares, messages, rho, 0.1, rhythm)
                started = time.monotonic()
                key = (resolution, n_emotions, round(traits.effective_messages(plan), 4))
                if arguments.provisional:
                    if key not in shipped().curves:
                        continue
                    curve = shipped().curves[key]
                else:
                    # Two emotions are one series of few alarms.
                    runs = arguments.runs * (3 if n_emotions == 2 else 1)
                    counted = _counted(traits, plan, resolution, runs)
                    curve = joined(*counted)
                cell = {
                    "resolution": resolution,
                    "n_emotions": n_emotions,
                    "messages": key[2],
                    "limits": curve.limits,
                    "rates": [round(rate, 6) for rate in curve.rates],
                }
                provisional = _provisional(curve, traits, plan, arguments.runs)
                cell["provisional_limits"] = [round(limit, 4) for limit in provisional.limits]
                cell["provisional_rates"] = [round(rate, 6) for rate in provisional.rates]
                cells.append(cell)
                took = f"{time.monotonic() - started:.0f} s"
                print(cell, took, file=sys.stderr, flush=True)
    if TABLE_FILE.exists():
        kept = json.loads(TABLE_FILE.read_text(encoding="utf-8"))["cells"]
        made = {(c["resolution"], c["n_emotions"], c["messages"]) for c in cells}
        cells += [c for c in kept if (c["resolution"], c["n_emotions"], c["messages"]) not in made]
        cells.sort(key=lambda c: (c["resolution"], c["n_emotions"], c["messages"]))
    # Only when complete: a half-made table would be read by whoever runs a report meanwhile.
    TABLE_FILE.write_text(json.dumps({"cells": cells}, indent=1) + "\n", encoding="utf-8")


def _provisional(curve: Curve, traits: Traits, plan: Plan, runs: int) -> Curve:
    """Return how often quiet series give alarms below the limit from which they settle.

    At that limit as often as the settled ones: a curve joins on to the other.
    """
    settled = curve.limit_for(SETTLED_A_YEAR)
    limits = [part * settled for part in PROVISIONAL_PARTS]
    some = max(runs // (4 if plan.buckets_a_year < 1000 else 40), 5)
    seen = alarm_counts(traits, plan, limits=limits, settled=settled, runs=some, seed=15)
    rates = np.minimum.accumulate(np.array(seen.alarms) / seen.years)
    rates = np.append(np.maximum(rates, SETTLED_A_YEAR), SETTLED_A_YEAR)
    return Curve((*limits, settled), tuple(rates.tolist()))


def _counted(traits: Traits, plan: Plan, resolution: Resolution, runs: int) -> list[Counted]:
    """Return the false alarms of quiet series with such traits; few pass the high limits."""
    if resolution == "hourly":
        # A run of hours takes 24 times as long as one of days.
        return [alarm_counts(traits, plan, limits=HOURLY_LIMITS, runs=max(runs // 5, 10), seed=11)]
    if resolution == "weekly":
        # Seven years to a run.
        return [
            alarm_counts(traits, plan, limits=WEEKLY_LIMITS, runs=runs // 4, seed=11),
            alarm_counts(traits, plan, limits=HIGH_WEEKLY_LIMITS, runs=runs // 2, seed=12),
        ]
    if max(traits.messages) > JOURNALS * max(WEEK):
        return [
            alarm_counts(traits, plan, limits=LIMITS, runs=runs, seed=11),
            alarm_counts(traits, plan, limits=HIGH_LIMITS, runs=runs * LONGER, seed=12),
        ]
    journal = replace(traits, messages=(max(traits.messages) / max(WEEK),) * 7, single=True)
    counted = []
    for number, (limits, more) in enumerate(((LOW_LIMITS, 1), (LIMITS[2:], 2))):
        usual = alarm_counts(traits, plan, limits=limits, runs=runs * more, seed=11 + number)
        journals = alarm_counts(journal, plan, limits=limits, runs=runs * more * 2, seed=13)
        counted.append(_together(usual, journals))
    return counted


def _together(one: Counted, other: Counted) -> Counted:
    alarms = tuple(a + b for a, b in zip(one.alarms, other.alarms, strict=True))
    return Counted(one.limits, alarms, one.years + other.years)


if __name__ == "__main__":
    main()
