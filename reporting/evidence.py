"""Read messages for a report: around each change, a sample of all, and the busiest authors.

Reads the database, bounded whatever the archive's size; writes nothing. Called by `reporting.jobs`
and, for what is stored with a shift, by `reporting.keeping`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Engine

from db.excerpts import Window, author_counts, busiest_authors, sample_messages
from db.queries import examples
from records import EMOTIONS, Emotion
from reporting.explain import TypicalWord, typical_words
from reporting.explorer import Excerpts
from reporting.page import Evidence
from reporting.render import Example
from reporting.series import Shift
from reporting.trends import Period, bucket_starts, last_day

#: Days before and after a change whose texts are compared word by word.
_COMPARED_DAYS: Final = 28
#: Most texts read for that, an emotion and side.
_MOST_TEXTS: Final = 500
_EXAMPLES_SHOWN: Final = 3

#: Authors who can be chosen in the page; all others are shown together.
MOST_AUTHORS: Final = 50
#: Messages sampled for the page, windows they are looked for in, and windows a bucket at most.
_MOST_SAMPLED: Final = 20_000
_MOST_WINDOWS: Final = 1_500
_WINDOWS_A_BUCKET: Final = 8
#: Sources that are sampled each by itself; the largest.
_SAMPLED_SOURCES: Final = 8
#: Characters read of a sampled text: diaries have long ones.
_MOST_CHARACTERS: Final = 1_000


def around_change(
    engine: Engine, change: Sequence[Shift], emotions: Sequence[Emotion], zone: ZoneInfo
) -> Evidence:
    """Read texts around a change: all emotions' for the words, the moved ones' as examples."""
    source, author = change[0].source, change[0].author
    began = change[0].started_at
    start = midnight(began, zone)
    before = midnight(_days_later(began, -_COMPARED_DAYS), zone)
    after = midnight(_days_later(began, _COMPARED_DAYS), zone)

    def texts(emotion: Emotion, since: datetime, until: datetime) -> pd.DataFrame:
        return examples(
            engine,
            source=source,
            emotion=emotion,
            since=since,
            until=until,
            author=author,
            limit=_MOST_TEXTS,
        )

    earlier = {emotion: texts(emotion, before, start) for emotion in emotions}
    later = {emotion: texts(emotion, start, after) for emotion in emotions}
    shown = []
    for shift in change:
        if shift.kind != "mood":
            continue
        is_up = shift.direction == "up"
        frame = (later if is_up else earlier)[shift.emotion].head(_EXAMPLES_SHOWN)
        heading = f"Messages scored {shift.emotion} {'since' if is_up else 'before'} then"
        found = [_example(row, shift.emotion, zone) for _, row in frame.iterrows()]
        shown.append((heading, found))
    return Evidence(
        texts_before=[text for frame in earlier.values() for text in frame["text"]],
        texts_after=[text for frame in later.values() for text in frame["text"]],
        examples=shown,
    )


def excerpts(
    engine: Engine,
    hourly: pd.DataFrame,
    *,
    period: Period,
    time_zone: str,
    source: str | None = None,
    weights: Mapping[Emotion, Mapping[str, float]] | None = None,
    watched: Sequence[str] = (),
) -> tuple[Excerpts, dict[Emotion, list[TypicalWord]]]:
    """Read the messages and authors that a page holds; return them and each emotion's words.

    Args:
        engine: The database.
        hourly: The roll-up of what the page shows.
        period: Length of a bucket.
        time_zone: Whose days.
        source: One source, or None for all.
        weights: How much a word speaks for an emotion, from whoever knows better; without, the
            words' own log-odds in the sample.
        watched: Authors who must be among those held.
    """
    messages = sample(engine, hourly, period=period, time_zone=time_zone)
    words = typical_words(zip(messages["emotion"], messages["text"], strict=True))
    typical = {emotion: words.get(emotion, []) for emotion in EMOTIONS}
    if weights is None:
        weights = {emotion: {w.word: w.z for w in found} for emotion, found in typical.items()}
    authors = busiest(engine, hourly, source=source, time_zone=time_zone, watched=watched)
    return Excerpts(authors, messages, weights), typical


def sample(engine: Engine, hourly: pd.DataFrame, *, period: Period, time_zone: str) -> pd.DataFrame:
    """Return messages from all over the time shown, as `db.excerpts.sample_messages` does.

    All of a small archive; of a large one the first few of evenly spread moments of each bucket
    (and source, where that is not too many), the newest buckets first.
    """
    if hourly.empty:
        return sample_messages(engine, [], limit_each=0, most_characters=0)
    zone = ZoneInfo(time_zone)
    n_scored = int(hourly["n"].sum())
    hour = timedelta(hours=1)
    if n_scored <= _MOST_SAMPLED:
        sources = hourly["source"].unique()
        only = str(sources[0]) if len(sources) == 1 else None
        windows = [Window(hourly["hour"].min(), hourly["hour"].max() + hour, only)]
    else:
        windows = _windows(hourly, period, zone)
    return sample_messages(
        engine,
        windows,
        limit_each=max(1, _MOST_SAMPLED // len(windows)),
        most_characters=_MOST_CHARACTERS,
    )


def _windows(hourly: pd.DataFrame, period: Period, zone: ZoneInfo) -> list[Window]:
    days = hourly["hour"].dt.tz_convert(zone).dt.tz_localize(None).dt.normalize()
    starts = bucket_starts(days, period).rename("start")
    held = hourly["n"].groupby([starts, hourly["source"]]).sum().reset_index()
    sizes = held.groupby("source")["n"].sum().sort_values(ascending=False, kind="stable")
    largest = [str(name) for name in sizes.index[:_SAMPLED_SOURCES]]
    cells: list[tuple[pd.Timestamp, str | None]] = [
        (start, source)
        for start, source in zip(held["start"], held["source"], strict=True)
        if source in largest
    ]
    if len(sizes) > len(largest) or len(cells) > _MOST_WINDOWS:
        # Too many to ask each source by itself: all together as well, or instead.
        together: list[tuple[pd.Timestamp, str | None]] = [
            (start, None) for start in held["start"].unique()
        ]
        cells = together if len(cells) + len(together) > _MOST_WINDOWS else cells + together
    cells = sorted(cells, key=lambda cell: cell[0], reverse=True)[:_MOST_WINDOWS]
    parts = max(1, min(_WINDOWS_A_BUCKET, _MOST_WINDOWS // len(cells)))
    windows = []
    for start, source in cells:
        last = last_day(pd.Series([start]), period).iloc[0].date()
        begin = midnight(start.date(), zone)
        step = (midnight(_days_later(last, 1), zone) - begin) / parts
        windows += [
            Window(begin + step * part, begin + step * (part + 1), source) for part in range(parts)
        ]
    return windows


def busiest(
    engine: Engine,
    hourly: pd.DataFrame,
    *,
    source: str | None,
    time_zone: str,
    watched: Sequence[str] = (),
) -> pd.DataFrame:
    """Return the busiest authors' counts, as `db.excerpts.author_counts` does, busiest first.

    Before them stand those who are watched, whose shifts could not be drawn else. An archive of one
    author only has none to choose from: the frame is empty.
    """
    since = until = None
    if not hourly.empty:
        since, until = hourly["hour"].min(), hourly["hour"].max() + timedelta(hours=1)
    names = (
        []
        if hourly.empty
        else busiest_authors(engine, limit=MOST_AUTHORS, since=since, until=until, source=source)
    )
    if not hourly.empty:
        names = list(dict.fromkeys([*watched, *names]))[:MOST_AUTHORS]
    counts = author_counts(
        engine,
        names if len(names) > 1 else [],
        # Local days are made of hours; where they are UTC's, the database may sum them.
        by="day" if time_zone == "UTC" else "hour",
        since=since,
        until=until,
        source=source,
    )
    rank = {name: place for place, name in enumerate(names)}
    return counts.sort_values("author", key=lambda column: column.map(rank), kind="stable")


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return when a day begins there, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _days_later(day: date, n_days: int) -> date:
    """Add days, staying within the calendar: journals reach back to its first years."""
    return date.fromordinal(min(max(day.toordinal() + n_days, 2), date.max.toordinal() - 2))


def _example(row: pd.Series, emotion: Emotion, zone: ZoneInfo) -> Example:
    day = row["posted_at"].astimezone(zone).date().isoformat()
    return Example(day=day, text=str(row["text"]), score=float(row["score"]), emotion=emotion)
