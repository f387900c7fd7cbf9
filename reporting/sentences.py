"""Say trends and shifts in plain words: for the top of the page, and for the terminal's last lines.

Pure: takes what `reporting.trends` and `reporting.shifts` return.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import pandas as pd

from reporting.series import Shift
from reporting.trends import Period

#: Shifts of one change are told together: same source and author, begun within a day of each other.
_SAME_CHANGE_DAYS: Final = 1


def one_change_each(shifts: Sequence[Shift]) -> list[list[Shift]]:
    """Group shifts by the change they are part of, in order of detection."""
    changes: list[list[Shift]] = []
    for shift in sorted(shifts, key=lambda s: (s.detected_at, s.source, s.author or "")):
        for change in changes:
            apart = abs((shift.started_at - change[0].started_at).days)
            same = (shift.source, shift.author) == (change[0].source, change[0].author)
            if same and apart <= _SAME_CHANGE_DAYS:
                change.append(shift)
                break
        else:
            changes.append([shift])
    return changes


def percent(share: float) -> str:
    """Write a share as people read it: 7 %, and 0.4 % below one."""
    value = share * 100
    return f"{value:.1f} %" if 0 < value < 1 else f"{value:.0f} %"


def points(change: float) -> str:
    """Write a difference of shares in percentage points: +3, -12; a trifle of either sign is 0."""
    text = f"{change * 100:+.0f}"
    return text if text.strip("+-0") else "0"


def long_date(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"


def scope(shift: Shift) -> str:
    """Name the source, and where one author was watched the beginning of the pseudonym."""
    return shift.source if shift.author is None else f"{shift.source} (author {shift.author[:8]})"


def shift_line(shift: Shift) -> str:
    """Return the one line a shift has in the terminal and in mails."""
    return (
        f"shift: {shift.emotion} {shift.direction} since {shift.started_at.isoformat()}"
        f" ({percent(shift.share_before)} -> {percent(shift.share_after)}, {scope(shift)},"
        f" flagged {shift.detected_at.isoformat()})"
    )


def seen_line(shift: Shift) -> str:
    """Return the line of a change found in hindsight, which is not an alarm and looks like none."""
    return (
        f"seen afterwards, not an alarm: {shift.emotion} {shift.direction} since "
        f"{shift.started_at.isoformat()} ({percent(shift.share_before)} -> "
        f"{percent(shift.share_after)}, {scope(shift)})"
    )


def interval(bounds: tuple[float, float]) -> str:
    """Write an interval of shares: 25 to 38 %."""
    low, high = bounds
    return f"{percent(low).removesuffix(' %')} to {percent(high)}"


def change_sentence(change: Sequence[Shift]) -> str:
    """Return one sentence for all emotions of a change."""
    moves = [
        f"{shift.emotion} {'rose' if shift.direction == 'up' else 'fell'} from "
        f"{percent(shift.share_before)} to {percent(shift.share_after)}"
        for shift in change
    ]
    told = moves[0] if len(moves) == 1 else ", ".join(moves[:-1]) + " and " + moves[-1]
    first = change[0]
    n = max(shift.n for shift in change)
    return (
        f"{told[0].upper()}{told[1:]} on {long_date(first.started_at)} in {scope(first)}, "
        f"{n:,} messages until it was flagged."
    )


def standing_sentence(change: Sequence[Shift]) -> str:
    """Say when the change was flagged and whether it still holds."""
    flagged = min(shift.detected_at for shift in change)
    waited = (flagged - change[0].started_at).days
    over = all(shift.state == "over" for shift in change)
    later = {0: "the same day", 1: "the day after it began"}.get(
        waited, f"{waited} days after it began"
    )
    holds = (
        "The newest two weeks lie nearer to the level before: it is over."
        if over
        else "The newest two weeks still lie at the new level."
    )
    return f"Flagged with the messages of {long_date(flagged)}, {later}. {holds}"


def headlines(
    trend: pd.DataFrame,
    *,
    period: Period,
    shifts: Sequence[Shift],
    n_days_judged: int,
) -> list[str]:
    """Return what a reader in a hurry should know, most important first."""
    if trend.empty:
        return ["There are no scored messages with a date, so there is no trend to show."]
    told = [change_sentence(change) for change in reversed(one_change_each(shifts))]
    if not shifts:
        told.append(
            f"No mood shift was flagged on the {n_days_judged:,} days that could be judged."
            if n_days_judged
            else "There is too little evidence for a verdict on mood shifts; why is told below."
        )
    return [*told, *_newest_bucket(trend, period), _extent(trend, period)]


def newest_start(trend: pd.DataFrame) -> pd.Timestamp:
    """Return the start of the newest complete bucket, else of the newest one."""
    complete = trend[trend["complete"]]
    return pd.Timestamp((trend if complete.empty else complete)["start"].max())


def _newest_bucket(trend: pd.DataFrame, period: Period) -> list[str]:
    newest = trend[trend["start"] == newest_start(trend)]
    top = newest.sort_values("share", kind="stable").iloc[-1]
    when = bucket_name(top["start"], period)
    not_over = "" if top["complete"] else " (not all of it is here)"
    sentence = (
        f"In {when}{not_over} the most frequent emotion was {top['emotion']}: "
        f"{percent(top['share'])} of {int(top['n']):,} scored messages "
        f"(95 % interval {percent(top['low'])} to {percent(top['high'])})."
    )
    net = (
        f"Net mood (joy and love minus sadness, anger, fear and disgust) was {top['net_mood']:+.2f}"
    )
    before = trend[trend["start"] < top["start"]]
    if before.empty:
        return [sentence, f"{net}."]
    last = before[before["start"] == before["start"].max()].iloc[0]
    difference = top["net_mood"] - last["net_mood"]
    if abs(difference) < 0.005:
        return [sentence, f"{net}, as in {bucket_name(last['start'], period)}."]
    compared = f"{abs(difference):.2f} {'above' if difference > 0 else 'below'}"
    return [sentence, f"{net}, {compared} {bucket_name(last['start'], period)}."]


def _extent(trend: pd.DataFrame, period: Period) -> str:
    buckets = trend.drop_duplicates("start")
    first, last = buckets["start"].min(), buckets["start"].max()
    unit = period if len(buckets) == 1 else f"{period}s"
    return (
        f"All this rests on {int(buckets['n'].sum()):,} scored messages "
        f"in {len(buckets):,} {unit}, "
        f"from {bucket_name(first, period)} to {bucket_name(last, period)}."
    )


def bucket_name(start: pd.Timestamp, period: Period) -> str:
    """Name a bucket: `the week of 3 March 2025`."""
    if period == "month":
        return f"{start:%B} {start.year}"
    day = long_date(start.date())
    return f"the week of {day}" if period == "week" else day
