"""The numbers and messages that a report's page holds, so that it can be filtered without a server.

Counts by day, source and emotion; the same for the busiest authors; a bounded number of example
messages. Made for `templates/data.js`, which sums them up again: where the layout changes here it
changes there. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

import pandas as pd

from records import Emotion
from reporting.explain import marked
from reporting.series import Shift
from reporting.trends import (
    PLEASANT,
    UNPLEASANT,
    Period,
    bucket_starts,
    daily_counts,
    scored_emotions,
)
from reporting.volume import VolumeAlarm

_EXTRA_COUNTS: Final = ("n_unsupported", "n_low_confidence")

#: Sources that can be chosen; the smaller ones are shown together.
MOST_SOURCES: Final = 60
#: Rows of author days held; where they are more, fewer authors can be chosen.
_MOST_AUTHOR_ROWS: Final = 200_000
#: Messages held in the page: in all, of each bucket, source and emotion, and their length.
MOST_EXAMPLES: Final = 3_000
EXAMPLES_EACH: Final = 3
_MOST_CHARACTERS: Final = 400
#: A pseudonym is shown by its first characters; those of 50 authors differ.
_SHOWN_CHARACTERS: Final = 8


@dataclass(frozen=True, slots=True)
class Excerpts:
    """Messages and authors for the page; all empty in a report made of roll-ups alone."""

    #: As `reporting.evidence.busiest` returns it, the busiest author first.
    authors: pd.DataFrame
    #: As `reporting.evidence.sample` returns it.
    messages: pd.DataFrame
    #: How much a word speaks for an emotion; words of at least `explain.CLEAR_Z` are marked.
    weights: Mapping[Emotion, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class _Layout:
    """How days, emotions and sources are numbered in the page."""

    first: pd.Timestamp
    emotions: tuple[Emotion, ...]
    #: Place of each source that can be chosen; the others share the place after them.
    places: Mapping[str, int]
    time_zone: str

    def place(self, source: str) -> int:
        return self.places.get(source, len(self.places))

    def day(self, day: date) -> int:
        return (pd.Timestamp(day) - self.first).days

    def local_day(self, moments: pd.Series) -> pd.Series:
        local = moments.dt.tz_convert(ZoneInfo(self.time_zone)).dt.tz_localize(None)
        days: pd.Series = local.dt.normalize()
        return days

    def columns(self, frame: pd.DataFrame) -> dict[str, list[Any]]:
        """Return counts column by column: `day`, `source`, each emotion's, not scored, unsure."""
        names = [*(f"n_{emotion}" for emotion in self.emotions), *_EXTRA_COUNTS]
        return {
            "day": (frame["day"] - self.first).dt.days.tolist(),
            "source": frame["source"].map(self.place).tolist(),
            "counts": [frame[name].tolist() for name in names],
        }


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of a source's days between two changes, found by looking at the whole archive."""

    source: str
    start: date
    #: Its last day.
    end: date


def explorer(
    hourly: pd.DataFrame,
    *,
    period: Period,
    time_zone: str,
    today: date,
    shifts: Sequence[Shift] = (),
    volume: Sequence[VolumeAlarm] = (),
    bands: Sequence[Band] = (),
    excerpts: Excerpts | None = None,
) -> dict[str, Any]:
    """Return what the page's script reads, as plain values.

    Days are numbered from the first one on, emotions, sources and authors by their place.
    """
    emotions = scored_emotions(hourly)
    daily = daily_counts(hourly, time_zone=time_zone)
    if daily.empty:
        return {"days": 0, "examples": [], "authors": []}
    first, last = daily["day"].min(), daily["day"].max()
    sizes = daily.groupby("source")["n"].sum().sort_values(ascending=False, kind="stable")
    sources = [str(name) for name in sizes.index[:MOST_SOURCES]]
    layout = _Layout(
        first, emotions, {name: number for number, name in enumerate(sources)}, time_zone
    )
    if len(sizes) > len(sources):
        sources.append(f"{len(sizes) - len(sources):,} smaller sources")
    people: list[str] = []
    counts = None
    if excerpts is not None:
        people, counts = _authors(excerpts.authors, layout)
    return {
        "period": period,
        "emotions": list(emotions),
        "signs": [(e in PLEASANT) - (e in UNPLEASANT) for e in emotions],
        "first": first.date().isoformat(),
        "days": (last - first).days + 1,
        # The last day that had ended: what comes after is not complete.
        "complete": min((last - first).days, (pd.Timestamp(today) - first).days - 1),
        "sources": sources,
        "counts": layout.columns(daily),
        "marks": [
            *(_mark(shift, layout, people) for shift in shifts),
            *(_volume_mark(alarm, layout) for alarm in volume),
        ],
        "bands": [
            {
                "source": layout.place(b.source),
                "start": layout.day(b.start),
                "end": layout.day(b.end),
            }
            for b in bands
            if b.source in layout.places
        ],
        "authors": [name[:_SHOWN_CHARACTERS] for name in people],
        "people": counts,
        "examples": [] if excerpts is None else _examples(excerpts, layout, period, people),
    }


def _authors(
    counts: pd.DataFrame, layout: _Layout
) -> tuple[list[str], dict[str, list[Any]] | None]:
    if counts.empty:
        return [], None
    names = [name for name in counts.columns if name.startswith("n")]
    people = [str(name) for name in counts["author"].unique()]
    rank = {name: number for number, name in enumerate(people)}
    day = layout.local_day(counts["hour"]).rename("day")
    frame = (
        counts[names]
        .groupby([day, counts["source"], counts["author"].map(rank)])
        .sum()
        .reset_index()
    )
    if len(frame) > _MOST_AUTHOR_ROWS:
        rows = frame.groupby("author").size().cumsum()
        people = people[: max(1, int((rows <= _MOST_AUTHOR_ROWS).sum()))]
        frame = frame[frame["author"] < len(people)]
    return people, layout.columns(frame) | {"author": frame["author"].tolist()}


def _mark(shift: Shift, layout: _Layout, people: Sequence[str]) -> dict[str, Any]:
    # -1: of all authors together; None: of one who cannot be chosen, so it is nowhere drawn.
    author = None
    if shift.author is None:
        author = -1
    elif shift.author in people:
        author = people.index(shift.author)
    began = layout.day(shift.started_at)
    held = shift.persistence_days
    end = None if shift.state == "open" else layout.day(shift.detected_at)
    return {
        "source": layout.place(shift.source),
        "emotion": layout.emotions.index(shift.emotion) if shift.emotion in layout.emotions else -1,
        "author": author,
        "kind": shift.kind,
        "up": shift.direction == "up",
        "start": began,
        # Where it is not known how long it held: while it is open to the end of what is shown,
        # else to the day it was flagged.
        "end": end if held is None else began + held,
    }


def _volume_mark(alarm: VolumeAlarm, layout: _Layout) -> dict[str, Any]:
    began = layout.day(alarm.started_at)
    return {
        "source": layout.place(alarm.source),
        "author": -1,
        "emotion": -1,
        "kind": alarm.kind,
        "up": alarm.direction == "up",
        "start": began,
        "end": began + max(round(alarm.n_days) - 1, 0) if alarm.is_over else None,
    }


def _examples(
    excerpts: Excerpts, layout: _Layout, period: Period, people: Sequence[str]
) -> list[list[Any]]:
    """Return messages as [day, source, author, emotion, score in hundredths, pieces of text].

    Of each bucket, source and emotion those of the highest score; while they are too many, one
    less of each, and at last the newest alone.
    """
    messages = excerpts.messages
    if messages.empty:
        return []
    local = layout.local_day(messages["posted_at"])
    frame = messages.assign(
        day=(local - layout.first).dt.days,
        bucket=bucket_starts(local, period),
        row=range(len(messages)),
    )
    frame = frame[frame["emotion"].isin(layout.emotions) & (frame["day"] >= 0)]
    # The same text of the same day says nothing twice; samples of one moment may overlap.
    frame = frame.sort_values(["score", "row"], ascending=[False, True])
    frame = frame.drop_duplicates(["day", "source", "text"])
    rank = frame.groupby(["bucket", "source", "emotion"]).cumcount()
    kept = frame
    for limit in range(EXAMPLES_EACH, 0, -1):
        kept = frame[rank < limit]
        if len(kept) <= MOST_EXAMPLES:
            break
    kept = kept.sort_values(["day", "row"]).tail(MOST_EXAMPLES)
    writers = {name: number for number, name in enumerate(people)}
    columns = ("day", "source", "author", "emotion", "score", "text")
    return [
        [
            day,
            layout.place(source),
            writers.get(author, -1),
            layout.emotions.index(emotion),
            round(score * 100),
            marked(_cut(text), excerpts.weights.get(emotion, {})),
        ]
        for day, source, author, emotion, score, text in zip(
            *(kept[name].tolist() for name in columns), strict=True
        )
    ]


def _cut(text: str) -> str:
    if len(text) <= _MOST_CHARACTERS:
        return text
    return text[:_MOST_CHARACTERS].rsplit(" ", 1)[0] + " …"
