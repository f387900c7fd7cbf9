"""Corrected shares beside the counted ones: of each bucket of a trend, and of its newest one.

Frames in, frames out; the arithmetic is `reporting.prevalence`'s. Called by `reporting.page` and
the twins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from model.confusions import ConfusionSet
from records import Emotion
from reporting.prevalence import corrected_shares
from reporting.sentences import newest_start
from reporting.trends import Period, bucket_starts, scored_emotions

#: What `with_corrected` adds to a trend.
CORRECTED_COLUMNS: Final = ("corrected", "corrected_low", "corrected_high", "corrected_fits")

#: A roll-up's sums of scores are kept in these units.
_SCORE_UNIT: Final = 1e-4


@dataclass(frozen=True, slots=True)
class CorrectedShare:
    """One emotion's share as counted and as corrected; intervals are of 95 %."""

    emotion: Emotion
    share: float
    interval: tuple[float, float]
    corrected: float
    corrected_interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Corrected:
    """The newest complete bucket, corrected."""

    start: pd.Timestamp
    n: int
    #: The data set whose held-out texts the model's mistakes are known from, and how many.
    held_out: str
    n_held_out: int
    #: Whether the messages can be a mix of such texts; if not, the shares are not to be trusted.
    fits: bool
    shares: tuple[CorrectedShare, ...]


def with_corrected(
    trend: pd.DataFrame,
    hourly: pd.DataFrame,
    known: ConfusionSet | None,
    *,
    period: Period,
    time_zone: str,
    source: str | None = None,
) -> pd.DataFrame:
    """Return the trend with CORRECTED_COLUMNS; NaN and None where nothing is known.

    `corrected_fits` is False where the messages are of another kind than the held-out texts.

    Args:
        trend: As `reporting.trends.trend` returns it for the same hours and arguments.
        hourly: As `db.queries.hourly` returns it.
        known: The confusions of the model that scored; None: nothing is known of its mistakes.
        period: Length of a bucket.
        time_zone: Whose days.
        source: One source, or None for all together.
    """
    if trend.empty or known is None or not set(scored_emotions(hourly)) <= set(known.emotions):
        return trend.assign(**dict.fromkeys(CORRECTED_COLUMNS[:3], np.nan), corrected_fits=None)
    chosen = hourly if source is None else hourly[hourly["source"] == source]
    names = [f"{kind}_{emotion}" for kind in ("sum", "n") for emotion in known.emotions]
    day = chosen["hour"].dt.tz_convert(ZoneInfo(time_zone)).dt.tz_localize(None).dt.normalize()
    sums = chosen[names].fillna(0).groupby(bucket_starts(day, period).rename("start")).sum()
    scores, tops = np.split(sums.to_numpy(dtype=np.float64), 2, axis=1)
    found = corrected_shares(scores * _SCORE_UNIT, tops, known)
    numbers = np.stack([found.shares, found.low, found.high], axis=2)
    rows = pd.DataFrame(numbers.reshape(-1, 3), columns=list(CORRECTED_COLUMNS[:3]))
    rows["corrected_fits"] = np.repeat(found.fits, len(known.emotions))
    rows["start"] = np.repeat(sums.index.to_numpy(), len(known.emotions))
    rows["emotion"] = np.tile(np.array(known.emotions, dtype=object), len(sums))
    return trend.merge(rows, on=["start", "emotion"], how="left")


def newest_corrected(trend: pd.DataFrame, known: ConfusionSet | None) -> Corrected | None:
    """Return the newest complete bucket of what `with_corrected` returns; None if not known."""
    if trend.empty or known is None:
        return None
    rows = trend[trend["start"] == newest_start(trend)]
    if rows["corrected"].isna().any():
        return None
    columns = ("share", "low", "high", "corrected", "corrected_low", "corrected_high")
    numbers = rows[list(columns)].to_numpy(dtype=np.float64).tolist()
    return Corrected(
        start=pd.Timestamp(rows["start"].iloc[0]),
        n=int(rows["n"].iloc[0]),
        held_out=known.name,
        n_held_out=int(known.n_texts.sum()),
        fits=bool(rows["corrected_fits"].all()),
        shares=tuple(
            CorrectedShare(emotion, share, (low, high), corrected, (corrected_low, corrected_high))
            for emotion, (share, low, high, corrected, corrected_low, corrected_high) in zip(
                rows["emotion"], numbers, strict=True
            )
        ),
    )


def corrected_help(found: Corrected) -> str:
    """Say what the corrected shares are, or why there are none to be shown."""
    texts = f"{found.n_held_out:,} held-out texts of {found.held_out}, labelled by people"
    known = (
        "A share counts messages by their highest score, the model's mistakes among them. What it "
        f"takes for what is known from {texts}"
    )
    if not found.fits:
        return (
            f"{known}. No mix of such texts would be scored as these messages are: they are of "
            "another kind, on which the model errs in other ways. Corrected shares would be no "
            "nearer to the truth than counted ones and are not shown; trust changes more than "
            "levels."
        )
    return (
        f"{known}; corrected shares are the mix of emotions that explains all scores best. Their "
        "intervals know chance and how well the mistakes are known. They hold only if messages of "
        "an emotion are worded as such texts are; that these messages do not contradict it is no "
        "proof. If you can label a hundred of your own, trust those before either. Shifts, charts "
        "and changes go by the counted shares."
    )
