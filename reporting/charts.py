"""The report's picture as a Vega-Lite dictionary made with Altair; aggregates only.

One chart an emotion, so that colour is never the only thing that tells them apart. For
`reporting.twins.picture`; the page draws its own charts, which can be filtered.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from textwrap import wrap
from typing import Any, Final

import altair as alt
import pandas as pd

from records import Emotion
from reporting.palette import COLOURS
from reporting.trends import Period, last_day, previous_start

Spec = dict[str, Any]

_HEIGHT: Final = 120
#: Of one chart; the wide ones span all columns.
_WIDTH: Final = 300
_COLUMNS: Final = 3
_WIDE: Final = 980

#: Characters in a line under the title.
_LINE: Final = 140

#: Above this many buckets points would merge into a thick line, and gaps are not drawn.
_MOST_POINTS: Final = 80
_MOST_BUCKETS: Final = 6000


def picture(
    trend: pd.DataFrame,
    volume: pd.DataFrame,
    *,
    period: Period,
    title: str,
    subtitle: Sequence[str],
    changes: Sequence[tuple[date, str]] = (),
) -> Spec:
    """Return the whole picture: net mood, a chart an emotion, messages.

    Args:
        trend: As `reporting.trends.trend` returns it.
        volume: As `reporting.trends.bucket_counts` returns it.
        period: The bucket's length.
        title: Heading; lines of `subtitle` stand under it.
        changes: First day and emotion of each flagged shift, drawn as a dashed line.
    """
    lines = [part for line in subtitle for part in wrap(line, _LINE)]
    heading = alt.TitleParams(title, subtitle=lines, anchor="start", fontSize=18, offset=16)
    if trend.empty:
        nothing = alt.Chart(_inline([{"text": "no scored messages with a date"}]))
        empty = nothing.mark_text(fontSize=14).encode(text="text:N").properties(width=_WIDE)
        return _finished(empty.properties(title=heading))
    emotions = emotion_charts(trend, period=period, changes=changes)
    parts = [
        net_mood_chart(trend, period=period, changes=changes),
        alt.concat(*emotions, columns=_COLUMNS),
        volume_chart(volume, period=period),
    ]
    return _finished(alt.vconcat(*parts, title=heading))


def _finished(chart: alt.TopLevelMixin) -> Spec:
    spec: Spec = chart.to_dict()
    spec["config"] = {
        "background": "white",
        "font": "DejaVu Sans, Arial, sans-serif",
        "view": {"stroke": None},
        "axis": {"gridColor": "#d9dee3", "labelColor": "#56616b", "titleColor": "#56616b"},
        "axisX": {"grid": False, "labelOverlap": True, "tickCount": 5},
        "title": {"anchor": "start", "fontSize": 12},
        "line": {"color": "#1c2126"},
        "point": {"color": "#1c2126"},
        "area": {"color": "#1c2126"},
        "bar": {"color": "#56616b"},
        "rule": {"color": "#56616b"},
    }
    return spec


def emotion_charts(
    trend: pd.DataFrame, *, period: Period, changes: Sequence[tuple[date, str]] = ()
) -> list[Any]:
    """Return a chart an emotion: share by bucket with its 95 % interval, on one common scale.

    Args:
        trend: As `reporting.trends.trend` returns it, not empty.
        period: The bucket's length.
        changes: First day and emotion of each flagged shift, drawn as a dashed line.
    """
    highest = min(1.0, float(trend["high"].quantile(0.98)) * 1.05)
    # A spike's interval may leave the scale, its share never does.
    top = max(highest, float(trend["share"].max()) * 1.05)
    charts = []
    for emotion in trend["emotion"].unique():
        rows = _with_gaps(trend[trend["emotion"] == emotion], period)
        rows = rows[["start", "share", "low", "high", "count", "n"]]
        marks = [day for day, changed in changes if changed == emotion]
        charts.append(_share_chart(rows, emotion, min(top, 1.0), marks))
    return charts


def _share_chart(rows: pd.DataFrame, emotion: Emotion, top: float, marks: list[date]) -> Any:
    colour = COLOURS[emotion]
    x = alt.X("start:T", title=None)
    scale = alt.Scale(domain=[0, top], clamp=True)
    base = alt.Chart(_records(rows))
    band = base.mark_area(opacity=0.25, color=colour).encode(
        x=x, y=alt.Y("low:Q", scale=scale), y2="high:Q"
    )
    line = base.mark_line(color=colour, strokeWidth=2, point=_points(len(rows), colour)).encode(
        x=x,
        y=alt.Y("share:Q", title=None, scale=scale, axis=alt.Axis(format=".0%", tickCount=3)),
    )
    layers: list[alt.Chart] = [band, line]
    if marks:
        layers.append(_shift_marks(marks))
    return _sized(alt.layer(*layers), f"{emotion}, share with 95 % interval", _WIDTH)


def net_mood_chart(
    trend: pd.DataFrame, *, period: Period, changes: Sequence[tuple[date, str]] = ()
) -> Any:
    """Return the net mood by bucket with its 95 % interval."""
    rows = _with_gaps(trend.drop_duplicates("start"), period)
    rows = rows[["start", "net_mood", "net_low", "net_high", "n"]]
    reach = float(trend[["net_low", "net_high"]].abs().max().max())
    scale = alt.Scale(domain=[-min(reach, 1.0), min(reach, 1.0)])
    base = alt.Chart(_records(rows))
    x = alt.X("start:T", title=None)
    zero = alt.Chart(_inline([{"zero": 0}])).mark_rule(opacity=0.5).encode(y="zero:Q")
    band = base.mark_area(opacity=0.2).encode(
        x=x, y=alt.Y("net_low:Q", scale=scale), y2="net_high:Q"
    )
    line = base.mark_line(strokeWidth=2, point=_points(len(rows))).encode(
        x=x,
        y=alt.Y("net_mood:Q", title=None, scale=scale, axis=alt.Axis(format="+.1f", tickCount=5)),
    )
    layers: list[alt.Chart] = [band, zero, line]
    days = sorted({day for day, _ in changes})
    if days:
        layers.append(_shift_marks(days))
    return _sized(alt.layer(*layers), "Net mood with 95 % interval", _WIDE)


def volume_chart(volume: pd.DataFrame, *, period: Period) -> Any:
    """Return the number of messages by bucket; `volume` is what `bucket_counts` returns."""
    rows = pd.DataFrame(
        {
            "start": volume["start"],
            "end": last_day(volume["start"], period) + pd.Timedelta(days=1),
            "scored": volume["n"],
            "unsupported": volume["n_unsupported"],
            "all": volume["n"] + volume["n_unsupported"],
        }
    )
    bars = (
        alt.Chart(_records(rows))
        .mark_bar(orient="vertical", binSpacing=1 if len(rows) <= _MOST_POINTS else 0, opacity=0.7)
        .encode(
            x=alt.X("start:T", title=None),
            x2="end:T",
            y2=alt.datum(0),
            y=alt.Y("all:Q", title=None, axis=alt.Axis(tickCount=3, format="~s")),
        )
    )
    return _sized(bars, "Messages", _WIDE)


def _points(n_rows: int, colour: str | None = None) -> dict[str, Any] | bool:
    if n_rows > _MOST_POINTS:
        return False
    return {"size": 18} if colour is None else {"size": 18, "color": colour}


def _shift_marks(days: list[date]) -> alt.Chart:
    values = [{"day": f"{day.isoformat()}T00:00:00", "label": "shift"} for day in days]
    marks: alt.Chart = (
        alt.Chart(_inline(values)).mark_rule(strokeDash=[4, 3], strokeWidth=1.5).encode(x="day:T")
    )
    return marks


def _sized(chart: Any, title: str, width: int) -> Any:
    """Return the chart with its size; of the kind that was given, which Altair types loosely."""
    return chart.properties(width=width, height=_HEIGHT, title=title)


def _records(rows: pd.DataFrame) -> alt.Data:
    """Write rows as JSON values; local midnights without a zone, as the browser reads them back."""
    plain = rows.copy()
    for column in plain.columns:
        if pd.api.types.is_datetime64_any_dtype(plain[column]):
            plain[column] = plain[column].dt.strftime("%Y-%m-%dT00:00:00")
        elif pd.api.types.is_float_dtype(plain[column]):
            plain[column] = plain[column].round(5)
    plain = plain.astype(object).where(plain.notna(), None)
    return _inline(plain.to_dict(orient="records"))


def _inline(values: list[Any]) -> alt.Data:
    data: alt.Data = alt.Data(values=values)  # type: ignore[no-untyped-call]  # altair's own
    return data


def _with_gaps(rows: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Put an empty row before each bucket whose predecessor is absent, so that lines break there.

    An archive of many thousand buckets is drawn without: the page would not bear it.
    """
    if len(rows) > _MOST_BUCKETS:
        return rows
    before = previous_start(rows["start"], period)
    missing = before[~before.isin(rows["start"])][1:]
    if missing.empty:
        return rows
    empty = pd.DataFrame({"start": missing})
    return pd.concat([rows, empty], ignore_index=True).sort_values("start")
