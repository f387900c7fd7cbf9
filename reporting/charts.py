"""Chart specs of the report, as Vega-Lite dictionaries made with Altair; aggregates only.

One chart an emotion, so that colour is never the only thing that tells them apart. Colours of
text and grid are set in the page, which knows whether the reader prefers light or dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import altair as alt
import pandas as pd

from records import Emotion
from reporting.trends import Period, last_day, previous_start

#: Fixed for ever, so that readers learn them: from Okabe & Ito (2008), readable for colour-blind
#: people, lightened where needed to stand on a dark page too.
COLOURS: Final[dict[Emotion, str]] = {
    "sadness": "#2f88c9",
    "joy": "#e69f00",
    "love": "#cc79a7",
    "anger": "#d55e00",
    "fear": "#8f7cc3",
    "surprise": "#56b4e9",
    "disgust": "#009e73",
    "neutral": "#8a8a8a",
}

Spec = dict[str, Any]

_HEIGHT: Final = 130

#: Above this many buckets points would merge into a thick line, and gaps are not drawn.
_MOST_POINTS: Final = 80
_MOST_BUCKETS: Final = 6000


def emotion_charts(
    trend: pd.DataFrame, *, period: Period, changes: Sequence[tuple[date, str]] = ()
) -> list[tuple[Emotion, Spec]]:
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
        charts.append((emotion, _share_chart(rows, emotion, min(top, 1.0), marks)))
    return charts


def _share_chart(rows: pd.DataFrame, emotion: Emotion, top: float, marks: list[date]) -> Spec:
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
        tooltip=[
            alt.Tooltip("start:T", title="from", format="%-d %b %Y"),
            alt.Tooltip("share:Q", title=emotion, format=".1%"),
            alt.Tooltip("low:Q", title="at least (95 %)", format=".1%"),
            alt.Tooltip("high:Q", title="at most (95 %)", format=".1%"),
            alt.Tooltip("count:Q", title=f"{emotion} messages", format=","),
            alt.Tooltip("n:Q", title="scored messages", format=","),
        ],
    )
    layers: list[alt.Chart] = [band, line]
    if marks:
        layers.append(_shift_marks(marks))
    return _spec(alt.layer(*layers), f"Share of {emotion} by time, with 95 % interval")


def net_mood_chart(
    trend: pd.DataFrame, *, period: Period, changes: Sequence[tuple[date, str]] = ()
) -> Spec:
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
        tooltip=[
            alt.Tooltip("start:T", title="from", format="%-d %b %Y"),
            alt.Tooltip("net_mood:Q", title="net mood", format="+.2f"),
            alt.Tooltip("n:Q", title="scored messages", format=","),
        ],
    )
    layers: list[alt.Chart] = [band, zero, line]
    days = sorted({day for day, _ in changes})
    if days:
        layers.append(_shift_marks(days))
    return _spec(alt.layer(*layers), "Net mood by time, with 95 % interval")


def volume_chart(volume: pd.DataFrame, *, period: Period) -> Spec:
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
            tooltip=[
                alt.Tooltip("start:T", title="from", format="%-d %b %Y"),
                alt.Tooltip("scored:Q", title="scored", format=","),
                alt.Tooltip("unsupported:Q", title="not scored", format=","),
            ],
        )
    )
    return _spec(bars, "Messages by time")


def _points(n_rows: int, colour: str | None = None) -> dict[str, Any] | bool:
    if n_rows > _MOST_POINTS:
        return False
    return {"size": 18} if colour is None else {"size": 18, "color": colour}


def _shift_marks(days: list[date]) -> alt.Chart:
    values = [{"day": f"{day.isoformat()}T00:00:00", "label": "shift"} for day in days]
    marks: alt.Chart = (
        alt.Chart(_inline(values))
        .mark_rule(strokeDash=[4, 3], strokeWidth=1.5)
        .encode(x="day:T", tooltip=[alt.Tooltip("day:T", title="shift since", format="%-d %b %Y")])
    )
    return marks


def _spec(chart: alt.Chart | alt.LayerChart | alt.FacetChart, description: str) -> Spec:
    sized = chart.properties(width="container", height=_HEIGHT, description=description)
    spec: Spec = sized.to_dict()
    spec.pop("config", None)
    return spec


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
