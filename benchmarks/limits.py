"""Make `reporting/limits.json`: the limits that a first report uses before anything is calibrated.

    python benchmarks/limits.py [--runs 400]

Runs the whole detector in quiet simulated series (weekday effect on volume and on emotions, 10 %
empty buckets, over-dispersion .01) over a grid of volumes, at several limits each.
"""

from __future__ import annotations

import argparse
import json
import sys
import time

from reporting.calibration import Traits, alarm_counts, joined
from reporting.limits import TABLE_FILE
from reporting.series import PLANS, Resolution

#: Shares of the first so many emotions, made to add to 1; seven are as in benchmarks/shifts.py.
SHARES = {2: (0.15, 0.85), 7: (0.10, 0.25, 0.06, 0.15, 0.04, 0.10, 0.30)}
WEEK = (1.15, 1.15, 1.15, 1.15, 1.15, 0.62, 0.62)
#: Messages a bucket and dispersion; beyond 1,000 at .01 only a smaller dispersion tells more.
VOLUMES = (
    (1, 0.01),
    (3, 0.01),
    (8, 0.01),
    (20, 0.01),
    (50, 0.01),
    (200, 0.01),
    (1000, 0.01),
    (1000, 0.001),
)
#: Few alarms pass the high ones: they are simulated for longer.
LIMITS = (3.0, 4.2, 5.4, 6.6)
HIGH_LIMITS = (7.6, 8.6, 9.6)
LONGER = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--resolutions", nargs="+", default=["daily", "weekly"])
    parser.add_argument("--cells", type=int, nargs="*", help="redo only these volumes, by place")
    arguments = parser.parse_args()
    cells = []
    for name in arguments.resolutions:
        resolution: Resolution = name
        plan = PLANS[resolution]
        for n_emotions, shares in SHARES.items():
            for place, (a_bucket, rho) in enumerate(VOLUMES):
                if arguments.cells and place not in arguments.cells:
                    continue
                volume = a_bucket / 24 if resolution == "hourly" else a_bucket
                week = (1.0,) if resolution == "weekly" else WEEK
                hours = 24 if resolution == "hourly" else 1
                messages = tuple(volume * day for day in week for _ in range(hours))
                rhythm = 0.0 if resolution == "weekly" else 0.25 / hours**0.5
                traits = Traits(shares, messages, rho, 0.1, rhythm)
                runs = arguments.runs if resolution != "hourly" else arguments.runs // 20
                started = time.monotonic()
                curve = joined(
                    alarm_counts(traits, plan, limits=LIMITS, runs=runs, seed=11),
                    alarm_counts(traits, plan, limits=HIGH_LIMITS, runs=runs * LONGER, seed=12),
                )
                cells.append(
                    {
                        "resolution": resolution,
                        "n_emotions": n_emotions,
                        "messages": round(traits.effective_messages, 4),
                        "limits": curve.limits,
                        "rates": [round(rate, 6) for rate in curve.rates],
                    }
                )
                print(cells[-1], f"{time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    if TABLE_FILE.exists():
        kept = json.loads(TABLE_FILE.read_text(encoding="utf-8"))["cells"]
        made = {(c["resolution"], c["n_emotions"], c["messages"]) for c in cells}
        cells += [c for c in kept if (c["resolution"], c["n_emotions"], c["messages"]) not in made]
        cells.sort(key=lambda c: (c["resolution"], c["n_emotions"], c["messages"]))
    # Only when complete: a half-made table would be read by whoever runs a report meanwhile.
    TABLE_FILE.write_text(json.dumps({"cells": cells}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
