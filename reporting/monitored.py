"""What is monitored together, and so shares one budget: all sources, and the authors asked for.

Whichever part of it a report shows, the number of series is that of the whole: the same evidence is
an alarm in the report of one source and in that of all. Reads authors' counts from the database;
called by `reporting.jobs`, and by `moodwatch shifts calibrate`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Engine

from db.excerpts import author_counts, busiest_authors
from records import EMOTIONS
from reporting.limits import Table
from reporting.series import ShiftSettings, hourly_counts
from reporting.shifts import ShiftReport, detect
from reporting.trends import daily_counts

#: In place of names: the busiest authors, and how many they are at most.
ALL_AUTHORS: Final = "all"
MOST_AUTHORS: Final = 50

#: Of so many series of authors each has its own note on what it lacks, and what is seen afterwards.
_AUTHORS_TOLD: Final = 3

_NOTHING: Final = "there are no scored, dated messages to look for shifts in"


@dataclass(frozen=True, slots=True)
class Monitored:
    """The counts of every series, as `reporting.shifts.detect` takes them."""

    sources: pd.DataFrame
    #: With a column `author` besides.
    authors: pd.DataFrame
    #: Sentences for people: which authors have nothing to watch, and why.
    notes: tuple[str, ...] = ()

    @property
    def n_series(self) -> int:
        """Return how many series share the budget."""
        return _n_series(self.sources) + _n_series(self.authors)


def monitored(
    engine: Engine,
    hourly: pd.DataFrame,
    *,
    authors: Sequence[str] = (),
    time_zone: str = "UTC",
    before: date | None = None,
    until: datetime | None = None,
    settings: ShiftSettings | None = None,
) -> Monitored:
    """Return the counts of all sources, and of each author by source.

    Args:
        engine: The database.
        hourly: As `db.queries.hourly` returns it, of all sources.
        authors: Pseudonyms, or `all` for the busiest.
        time_zone: Whose days.
        before: The first day that is not judged any more, since it has not ended.
        until: The end of what is read, exclusive.
        settings: For the length of a bucket.
    """
    if hourly.empty:
        return Monitored(pd.DataFrame(), pd.DataFrame())
    by_hour = settings is not None and settings.resolution == "hourly"
    count = hourly_counts if by_hour else daily_counts
    sources = count(hourly, time_zone=time_zone)
    counted = [f"n_{emotion}" for emotion in EMOTIONS if f"n_{emotion}" in sources.columns]
    names = list(dict.fromkeys(authors))
    if ALL_AUTHORS in names:
        names = busiest_authors(engine, limit=MOST_AUTHORS, until=until)
    rows = author_counts(
        engine,
        names,
        by="day" if time_zone == "UTC" and not by_hour else "hour",
        until=until,
    )
    local = rows["hour"].dt.tz_convert(ZoneInfo(time_zone)).dt.tz_localize(None)
    bucket = local.dt.floor("h") if by_hour else local.dt.normalize()
    people = (
        rows[counted]
        .groupby([bucket.rename("day"), rows["source"], rows["author"]], sort=True)
        .sum()
        .reset_index()
    )
    if before is not None:
        sources = sources[sources["day"] < pd.Timestamp(before)]
        people = people[people["day"] < pd.Timestamp(before)]
    people, notes = _apart(people, sources, counted)
    silent = [name for name in names if name not in set(rows["author"])]
    notes += [f"author {name[:8]}: no scored, dated messages" for name in silent]
    return Monitored(sources, people, tuple(notes))


def judge(
    watched: Monitored,
    *,
    source: str | None = None,
    settings: ShiftSettings | None = None,
    limits: Table | None = None,
) -> ShiftReport:
    """Look for shifts in all that is monitored, or in what belongs to one source.

    Args:
        watched: What `monitored` returned.
        source: One source, or None for all.
        settings: The budget and the length of a bucket; the number of series is put in.
        limits: Those that ship when absent.
    """
    if watched.sources.empty:
        return ShiftReport(notes=(_NOTHING,))
    chosen = settings or ShiftSettings()
    chosen = replace(chosen, n_series=chosen.n_series or max(watched.n_series, 1))
    found = detect(_of(watched.sources, source), settings=chosen, table=limits)
    people = _of(watched.authors, source)
    if people.empty:
        return replace(found, notes=(*found.notes, *watched.notes))
    theirs = detect(people, settings=chosen, table=limits)
    shifts = sorted(
        (*found.shifts, *theirs.shifts),
        key=lambda shift: (shift.detected_at, shift.source, shift.author or ""),
    )
    n_authors, lacking = _n_series(people), theirs.notes
    afterwards = theirs.seen_afterwards
    if n_authors > _AUTHORS_TOLD:
        afterwards = ()
        if lacking:
            lacking = (
                f"{len(lacking)} of {n_authors} authors' series: insufficient data for alarms",
            )
    return ShiftReport(
        tuple(shifts),
        (*found.seen_afterwards, *afterwards),
        (*found.notes, *lacking, *watched.notes),
        {**found.n_days_judged, **theirs.n_days_judged},
    )


def _apart(
    people: pd.DataFrame, sources: pd.DataFrame, counted: list[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Leave out who wrote all of a source: a journal is watched once, as its source."""
    if people.empty:
        return people, []
    whole = sources[counted].sum(axis=1).groupby(sources["source"]).sum()
    own = people[counted].sum(axis=1).groupby([people["source"], people["author"]]).sum()
    pairs = own.rename("n").reset_index()
    alone = [
        (str(source), str(author))
        for source, author, n in zip(pairs["source"], pairs["author"], pairs["n"], strict=True)
        if n > 0 and n == whole.get(source, 0)
    ]
    notes = [
        f"{source}: all of it was written by author {author[:8]}, who is watched as this source"
        for source, author in alone
    ]
    keys = list(zip(people["source"], people["author"], strict=True))
    return people[[key not in alone for key in keys]], notes


def _n_series(daily: pd.DataFrame) -> int:
    """Return the number of series that hold a scored message, as `detect` counts them."""
    if daily.empty:
        return 0
    counted = [name for name in daily.columns if name.removeprefix("n_") in EMOTIONS]
    held = daily[daily[counted].sum(axis=1) > 0]
    by = ["source", "author"] if "author" in daily.columns else ["source"]
    return len(held[by].drop_duplicates())


def _of(daily: pd.DataFrame, source: str | None) -> pd.DataFrame:
    return daily if source is None or daily.empty else daily[daily["source"] == source]
