"""The trend as a Rich table with a sparkline an emotion; no numbers of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from rich.table import Table

from reporting.sentences import bucket_name, newest_start, percent, points
from reporting.trends import Period, previous_start

_BARS: Final = "▁▂▃▄▅▆▇█"

#: A bucket without messages, which is not the same as a share of zero.
_NOTHING: Final = "·"

#: Most buckets a sparkline shows: a terminal of 80 columns has room for so many.
_WIDTH: Final = {"day": 35, "week": 26, "month": 24}


def sparkline(values: Sequence[float], *, low: float, high: float) -> str:
    """Draw values between low and high as bars, NaN as a dot."""
    span = high - low
    drawn = []
    for value in values:
        if np.isnan(value):
            drawn.append(_NOTHING)
        else:
            level = (value - low) / span if span > 0 else 0.0
            drawn.append(_BARS[int(np.clip(level * len(_BARS), 0, len(_BARS) - 1))])
    return "".join(drawn)


def trend_table(trend: pd.DataFrame, *, period: Period) -> Table:
    """Return a table: an emotion a row, its course, its newest share and how that changed.

    The numbers are those of the newest complete bucket; the course goes on to the newest of all.
    """
    table = Table(header_style="bold")
    table.add_column("emotion")
    if trend.empty:
        return table
    starts = _last_buckets(trend["start"], period)
    newest = newest_start(trend)
    span = f"{starts[0].date()} to {starts[-1].date()}"
    table.add_column(f"{len(starts)} {period}s" if len(starts) > 1 else period, no_wrap=True)
    table.add_column("share", justify="right", no_wrap=True)
    table.add_column("95 % interval", justify="right", no_wrap=True)
    table.add_column("change", justify="right", no_wrap=True)
    table.caption_justify = "left"
    table.caption = (
        f"Course by {period} from {span}; numbers of {bucket_name(newest, period)}, change in "
        f"percentage points on the {period} before"
    )
    shown = trend[trend["start"] >= starts[0]]
    highest = float(shown["share"].max())
    for emotion, rows in shown.groupby("emotion", sort=False):
        by_start = rows.set_index("start")[["share", "low", "high", "change"]].reindex(starts)
        share, low, high, change = (float(x) for x in by_start.loc[[newest]].to_numpy()[0])
        table.add_row(
            str(emotion),
            sparkline(by_start["share"].tolist(), low=0.0, high=highest),
            percent(share),
            f"{percent(low).removesuffix(' %')} to {percent(high)}",
            "" if np.isnan(change) else points(change),
        )
    buckets = shown.drop_duplicates("start").set_index("start").reindex(starts)
    net, n = buckets["net_mood"], buckets["n"]
    row = buckets.loc[newest]
    # Nothing is before the first bucket, and there is no change to tell.
    net_change, n_change = (
        float(values.diff().loc[newest]) for values in (net, n.astype("float64"))
    )
    table.add_section()
    table.add_row(
        "net mood",
        sparkline(net.tolist(), low=float(net.min()), high=float(net.max())),
        f"{row['net_mood']:+.2f}",
        f"{row['net_low']:+.2f} to {row['net_high']:+.2f}",
        _difference(net_change, "+.2f"),
    )
    table.add_row(
        "messages",
        sparkline(n.tolist(), low=0.0, high=float(n.max())),
        f"{row['n']:,.0f}",
        "",
        _difference(n_change, "+,.0f"),
    )
    return table


def _difference(value: float, layout: str) -> str:
    return "" if np.isnan(value) else format(value, layout)


def _last_buckets(starts: pd.Series, period: Period) -> list[pd.Timestamp]:
    """Return the newest bucket and those right before it, empty ones too, oldest first."""
    newest, oldest = starts.max(), starts.min()
    buckets = [newest]
    while buckets[-1] > oldest and len(buckets) < _WIDTH[period]:
        buckets.append(previous_start(pd.Series([buckets[-1]]), period).iloc[0])
    return buckets[::-1]
