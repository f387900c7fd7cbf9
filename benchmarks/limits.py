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

from reporting.calibration import Traits, alarm_curve
from reporting.limits import TABLE_FILE
from reporting.series import PLANS, Resolution

#: Shares of the first so many emotions, made to add to 1; seven are as in benchmarks/shifts.py.
SHARES = {2: (0.15, 0.85), 7: (0.10, 0.25, 0.06, 0.15, 0.04, 0.10, 0.30)}
WEEK = (1.15, 1.15, 1.15, 1.15, 1.15, 0.62, 0.62)
#: Messages a bucket and dispersion; beyond 1,000 at .01 only a smaller dispersion tells more.
VOLUMES = ((1, 0.01), (3, 0.01), (8, 0.01), (20, 0.01), (50, 0.01), (200, 0.01), (1000, 0.01),
           (1000, 0.001), (10_000, 0.0005))  # fmt: skip
LIMITS = (3.0, 4.2, 5.4, 6.6, 8.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--resolutions", nargs="+", default=["daily", "weekly", "hourly"])
    arguments = parser.parse_args()
    cells = []
    if TABLE_FILE.exists():
        kept = json.loads(TABLE_FILE.read_text(encoding="utf-8"))["cells"]
        cells = [cell for cell in kept if cell["resolution"] not in arguments.resolutions]
    for name in arguments.resolutions:
        resolution: Resolution = name
        plan = PLANS[resolution]
        for n_emotions, shares in SHARES.items():
            for a_bucket, rho in VOLUMES:
                volume = a_bucket / 24 if resolution == "hourly" else a_bucket
                week = (1.0,) if resolution == "weekly" else WEEK
                hours = 24 if resolution == "hourly" else 1
                messages = tuple(volume * day for day in week for _ in range(hours))
                rhythm = 0.0 if resolution == "weekly" else 0.25 / hours**0.5
                traits = Traits(shares, messages, rho, 0.1, rhythm)
                runs = arguments.runs if resolution != "hourly" else arguments.runs // 20
                started = time.monotonic()
                curve = alarm_curve(traits, plan, limits=LIMITS, runs=runs, seed=11)
                cells.append(
                    {
                        "resolution": resolution,
                        "n_emotions": n_emotions,
                        "messages": round(traits.effective_messages, 4),
                        "limits": curve.limits,
                        "rates": [round(rate, 4) for rate in curve.rates],
                    }
                )
                print(cells[-1], f"{time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
                TABLE_FILE.write_text(
                    json.dumps({"cells": cells}, indent=1) + "\n", encoding="utf-8"
                )


if __name__ == "__main__":
    main()
