"""Turn hourly counts into shares with intervals, net mood and change by local day, week or month.

Pure functions on pandas frames: no database, no clock, no drawing. `reporting.jobs` brings the
hourly frame (from `db.queries.hourly`) and hands the result to `reporting.render`.

Bucket starts are naive midnights in the asked time zone: a bucket is a date, not an instant.
Empty buckets are absent, never zero; emotions the bundle does not score have no rows at all.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from records import EMOTIONS, Emotion

Period = Literal["day", "week", "month"]

#: Emotions that count for and against the net mood; surprise and neutral count for neither.
PLEASANT: Final[tuple[Emotion, ...]] = ("joy", "love")
UNPLEASANT: Final[tuple[Emotion, ...]] = ("sadness", "anger", "fear", "disgust")

#: Two-sided 95 % point of the normal distribution.
Z95: Final = 1.959964

_EXTRA_COUNTS: Final = ("n_unsupported", "n_low_confidence")


def wilson(
    count: npt.ArrayLike, n: npt.ArrayLike
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the 95 % interval of a share, NaN where n is 0.

    Source: Wilson (1927), "Probable inference, the law of succession, and statistical inference";
    recommended for small n by Brown, Cai & DasGupta (2001), section 4.
    """
    counts = np.asarray(count, dtype=np.float64)
    totals = np.asarray(n, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = counts / totals
        shrink = 1 + Z95**2 / totals
        centre = (share + Z95**2 / (2 * totals)) / shrink
        half = Z95 * np.sqrt(share * (1 - share) / totals + Z95**2 / (4 * totals**2)) / shrink
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)


def scored_emotions(hourly: pd.DataFrame) -> tuple[Emotion, ...]:
    """Return the emotions the bundle scores.

    A softmax never gives exactly 0 to all messages, so an emotion whose scores sum to 0 (or NULL)
    everywhere was not scored.
    """
    return tuple(
        emotion
        for emotion in EMOTIONS
        if hourly[f"sum_{emotion}"].fillna(0).sum() > 0 or hourly[f"n_{emotion}"].fillna(0).any()
    )


def daily_counts(hourly: pd.DataFrame, *, time_zone: str = "UTC") -> pd.DataFrame:
    """Sum hours into local days, one row a day and source.

    Returns:
        Columns `day` (naive midnight), `source`, `n` (scored messages), `n_<emotion>` for the
        emotions the bundle scores, `n_unsupported`, `n_low_confidence`; days that hold no message
        are absent.
    """
    emotions = scored_emotions(hourly)
    counted = [f"n_{emotion}" for emotion in emotions]
    columns = [*counted, *_EXTRA_COUNTS]
    # .dt.normalize after dropping the zone: midnight need not exist in a zone with summer time.
    day = hourly["hour"].dt.tz_convert(ZoneInfo(time_zone)).dt.tz_localize(None).dt.normalize()
    daily = (
        hourly[columns]
        .fillna(0)
        .astype("int64")
        .groupby([day.rename("day"), hourly["source"]], sort=True)
        .sum()
        .reset_index()
    )
    # The roll-up's own n also counts unsupported texts, which stay out of shares.
    daily.insert(2, "n", daily[counted].sum(axis=1).astype("int64"))
    return daily[(daily["n"] > 0) | (daily["n_unsupported"] > 0)].reset_index(drop=True)


def bucket_starts(days: pd.Series, period: Period) -> pd.Series:
    """Return the first day of each day's bucket: itself, its ISO Monday, or the month's first."""
    if period == "day":
        return days
    back = days.dt.day_of_week if period == "week" else days.dt.day - 1
    starts: pd.Series = days - pd.to_timedelta(back, unit="D")
    return starts


def previous_start(start: pd.Series, period: Period) -> pd.Series:
    """Return the start of the bucket right before each one."""
    if period == "month":
        return bucket_starts(start - pd.Timedelta(days=1), "month")
    return start - pd.Timedelta(days=1 if period == "day" else 7)


def trend(
    hourly: pd.DataFrame,
    *,
    period: Period = "week",
    time_zone: str = "UTC",
    source: str | None = None,
    today: date | None = None,
) -> pd.DataFrame:
    """Return one row a bucket and emotion, of one source or of all together.

    Args:
        hourly: As `db.queries.hourly` returns it.
        period: Length of a bucket.
        time_zone: Whose days.
        source: One source, or None for all together.
        today: A day that has not ended, in that zone; buckets that hold it are not complete.

    Returns:
        `start` (naive midnight), `complete` (False where the messages cover a part of the bucket
        only, as the first and the last may), `emotion`, `n` (scored messages of the bucket),
        `count`, `share`, `low`, `high` (95 %), `previous` (share of the bucket right before, NaN
        when that one is empty), `change` (share - previous), `net_mood`, `net_low`, `net_high`
        (-1..1, the same on all rows of a bucket), sorted by start and then as EMOTIONS are.
    """
    emotions = scored_emotions(hourly)
    buckets = bucket_counts(hourly, period=period, time_zone=time_zone, source=source)
    buckets = buckets[buckets["n"] > 0]
    buckets = buckets.assign(
        complete=_is_covered(buckets["start"], hourly, period, time_zone, today)
    )
    long = buckets.melt(
        id_vars=["start", "complete", "n"],
        value_vars=[f"n_{emotion}" for emotion in emotions],
        var_name="emotion",
        value_name="count",
    )
    long["emotion"] = long["emotion"].str.removeprefix("n_")
    long["share"] = long["count"] / long["n"]
    long["low"], long["high"] = wilson(long["count"], long["n"])
    before = long[["start", "emotion", "share"]].rename(
        columns={"start": "before", "share": "previous"}
    )
    long["before"] = previous_start(long["start"], period)
    long = long.merge(before, on=["before", "emotion"], how="left").drop(columns="before")
    long["change"] = long["share"] - long["previous"]
    long = long.merge(net_mood(buckets, emotions), on="start", how="left")
    rank = {emotion: position for position, emotion in enumerate(EMOTIONS)}
    order = long["emotion"].map(rank).rename("rank")
    return (
        long.assign(rank=order)
        .sort_values(["start", "rank"])
        .drop(columns="rank")
        .reset_index(drop=True)
    )


def _is_covered(
    starts: pd.Series, hourly: pd.DataFrame, period: Period, time_zone: str, today: date | None
) -> pd.Series:
    """Tell of each bucket whether it lies within the days that the messages reach over."""
    days = hourly["hour"].dt.tz_convert(ZoneInfo(time_zone)).dt.tz_localize(None).dt.normalize()
    last = days.max()
    if today is not None:
        last = min(last, pd.Timestamp(today) - pd.Timedelta(days=1))
    covered: pd.Series = (starts >= days.min()) & (last_day(starts, period) <= last)
    return covered


def last_day(starts: pd.Series, period: Period) -> pd.Series:
    """Return the last day of each bucket."""
    if period == "month":
        lengths = pd.to_timedelta(starts.dt.days_in_month - 1, unit="D")
    else:
        lengths = pd.Timedelta(days=0 if period == "day" else 6)
    days: pd.Series = starts + lengths
    return days


def bucket_counts(
    hourly: pd.DataFrame,
    *,
    period: Period = "week",
    time_zone: str = "UTC",
    source: str | None = None,
) -> pd.DataFrame:
    """Return the counts of each bucket: `start` and the count columns of `daily_counts`."""
    chosen = hourly if source is None else hourly[hourly["source"] == source]
    # Emotions are those of the whole frame, so that every source shows the same ones.
    columns = ["n", *(f"n_{emotion}" for emotion in scored_emotions(hourly)), *_EXTRA_COUNTS]
    daily = daily_counts(chosen, time_zone=time_zone).reindex(
        columns=["day", "source", *columns], fill_value=0
    )
    start = bucket_starts(daily["day"], period).rename("start")
    return daily[columns].groupby(start, sort=True).sum().reset_index()


def net_mood(counts: pd.DataFrame, emotions: tuple[Emotion, ...]) -> pd.DataFrame:
    """Return (joy + love) - (sadness + anger + fear + disgust) as shares, with a 95 % interval.

    Source: variance of a difference of two multinomial shares, (a + b - (a - b)²) / n; see
    Agresti, Categorical Data Analysis (3rd ed.), section 1.2.5.
    """
    n = counts["n"].to_numpy(dtype=np.float64)
    pleasant = _share_of(counts, [e for e in PLEASANT if e in emotions]) / n
    unpleasant = _share_of(counts, [e for e in UNPLEASANT if e in emotions]) / n
    net = pleasant - unpleasant
    half = Z95 * np.sqrt(np.maximum(pleasant + unpleasant - net**2, 0.0) / n)
    return pd.DataFrame(
        {
            "start": counts["start"],
            "net_mood": net,
            "net_low": np.maximum(net - half, -1.0),
            "net_high": np.minimum(net + half, 1.0),
        }
    )


def _share_of(counts: pd.DataFrame, emotions: list[Emotion]) -> npt.NDArray[np.float64]:
    columns = [f"n_{emotion}" for emotion in emotions]
    return counts[columns].sum(axis=1).to_numpy(dtype=np.float64)


def zone_note(hourly: pd.DataFrame, time_zone: str) -> str | None:
    """Say so when local days of the zone do not begin on a full UTC hour, else None.

    Counts are kept by UTC hour, so there up to an hour's messages stand in the neighbouring day.
    """
    zone = ZoneInfo(time_zone)
    if hourly.empty:
        return None
    ends: list[datetime] = [hourly["hour"].min(), hourly["hour"].max()]
    for moment in ends:
        offset = moment.astimezone(zone).utcoffset()
        seconds_off = int(offset.total_seconds()) % 3600 if offset is not None else 0
        if seconds_off:
            return (
                f"days in {time_zone} begin off the full UTC hour that counts are kept by "
                f"(offset {offset}): messages within an hour of midnight may stand in the "
                "neighbouring day"
            )
    return None
