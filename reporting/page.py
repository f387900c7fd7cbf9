"""Put a report's page together from counts and shifts; asks for evidence, looks nothing up itself.

Between `reporting.jobs`, which reads the database, and `reporting.render`, which writes HTML.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from reporting.charts import emotion_charts, net_mood_chart, volume_chart
from reporting.explain import changed_words
from reporting.render import Cell, Change, Example, Fact, Page, Row, Section
from reporting.sentences import (
    change_sentence,
    headlines,
    long_date,
    one_change_each,
    standing_sentence,
)
from reporting.series import Shift
from reporting.shifts import ShiftReport
from reporting.trends import Period, bucket_counts, scored_emotions, trend, zone_note

#: Sources that get a section of their own; the largest come first.
_MOST_SECTIONS: Final = 8
_NEWEST_ROWS: Final = 10

_METHOD: Final = (
    "Shares are messages by their highest score, of all scored messages with a date; intervals "
    "are Wilson's at 95 %. Shifts are found by an exponentially weighted mean of each day's "
    "residuals against the 56 days that end a week before, corrected for weekday and "
    "over-dispersion, for all emotions of a source at once; odds ratios under 1.25 are not "
    "flagged. Severity is Cohen's h in tenths. A day is judged with the messages up to it alone."
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What can be shown for a change; empty where the text mode keeps no texts."""

    texts_before: Sequence[str] = ()
    texts_after: Sequence[str] = ()
    #: Under a heading each, such as "Messages scored anger since then".
    examples: Sequence[tuple[str, Sequence[Example]]] = ()


@dataclass(frozen=True, slots=True)
class Quality:
    """Counts behind the report, of the whole database unless said otherwise."""

    n_rejected: int = 0
    n_undated: int = 0
    n_pending: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """What a report is made of."""

    #: As `db.queries.hourly` returns it, cut to the time to be shown.
    hourly: pd.DataFrame
    shifts: ShiftReport
    quality: Quality
    model: str
    made_at: datetime
    period: Period = "week"
    time_zone: str = "UTC"
    source: str | None = None
    title: str = ""
    notes: Sequence[str] = field(default=())


def assemble(report: Report, evidence_of: Callable[[Sequence[Shift]], Evidence]) -> Page:
    """Return the page; `evidence_of` is asked once for each flagged change."""
    overall = trend(
        report.hourly,
        period=report.period,
        time_zone=report.time_zone,
        source=report.source,
        today=_today(report),
    )
    changes = one_change_each(report.shifts.shifts)
    sources = sorted(report.hourly["source"].unique())
    name = report.source or (sources[0] if len(sources) == 1 else f"{len(sources)} sources")
    note = zone_note(report.hourly, report.time_zone)
    return Page(
        title=report.title or f"Mood report: {name}",
        subtitle=_subtitle(report),
        period=report.period,
        headlines=headlines(
            overall,
            period=report.period,
            shifts=report.shifts.shifts,
            n_days_judged=sum(report.shifts.n_days_judged.values()),
        ),
        sections=_sections(report),
        changes=[_change(change, evidence_of(change)) for change in reversed(changes)],
        seen_afterwards=[
            _seen(change) for change in one_change_each(report.shifts.seen_afterwards)
        ],
        shift_notes=report.shifts.notes,
        quality=_quality(report),
        notes=[*([note] if note else []), *report.notes],
        method=f"{_METHOD} Days begin at midnight {report.time_zone}.",
        made=f"Made by moodwatch at {report.made_at:%Y-%m-%d %H:%M} UTC with model {report.model}.",
    )


def _subtitle(report: Report) -> str:
    if report.hourly.empty:
        return f"by {report.period}, {report.time_zone}"
    zone = ZoneInfo(report.time_zone)
    first = report.hourly["hour"].min().astimezone(zone).date()
    last = report.hourly["hour"].max().astimezone(zone).date()
    return f"{long_date(first)} to {long_date(last)}, by {report.period}, {report.time_zone}"


def _today(report: Report) -> date:
    return report.made_at.astimezone(ZoneInfo(report.time_zone)).date()


def _sections(report: Report) -> list[Section]:
    if report.hourly.empty:
        return []
    scored = report.hourly[[f"n_{e}" for e in scored_emotions(report.hourly)]].fillna(0)
    sizes = scored.sum(axis=1).groupby(report.hourly["source"]).sum()
    largest = sizes.sort_values(ascending=False, kind="stable").index[:_MOST_SECTIONS]
    if report.source is not None or len(sizes) == 1:
        return [_section(report, 0, report.source or str(largest[0]), report.source)]
    parts = [_section(report, 0, "All sources together", None)]
    parts += [_section(report, i + 1, str(name), str(name)) for i, name in enumerate(largest)]
    return parts


def _section(report: Report, number: int, title: str, source: str | None) -> Section:
    period, zone = report.period, report.time_zone
    found = trend(report.hourly, period=period, time_zone=zone, source=source)
    identifier = f"s{number}"
    if found.empty:
        return Section(identifier, title, (), {}, ())
    marks: list[tuple[date, str]] = [
        (shift.started_at, shift.emotion)
        for shift in report.shifts.shifts
        if source is None or shift.source == source
    ]
    charts = emotion_charts(found, period=period, changes=marks)
    volume = bucket_counts(report.hourly, period=period, time_zone=zone, source=source)
    return Section(
        id=identifier,
        title=title,
        emotions=[emotion for emotion, _ in charts],
        charts={
            "net": net_mood_chart(found, period=period, changes=marks),
            "volume": volume_chart(volume, period=period),
            **dict(charts),
        },
        rows=_rows(found),
    )


def _rows(found: pd.DataFrame) -> list[Row]:
    rows = []
    for start in sorted(found["start"].unique(), reverse=True)[:_NEWEST_ROWS]:
        bucket = found[found["start"] == start]
        rows.append(
            Row(
                start=pd.Timestamp(start).date().isoformat(),
                n=int(bucket["n"].iloc[0]),
                net_mood=float(bucket["net_mood"].iloc[0]),
                cells=[
                    Cell(float(share), None if np.isnan(change) else float(change))
                    for share, change in zip(bucket["share"], bucket["change"], strict=True)
                ],
            )
        )
    return rows


def _change(change: Sequence[Shift], evidence: Evidence) -> Change:
    more, less = changed_words(evidence.texts_before, evidence.texts_after)
    return Change(
        heading=_heading(change),
        sentence=change_sentence(change),
        standing=standing_sentence(change),
        shifts=change,
        more=more,
        less=less,
        n_texts_before=len(evidence.texts_before),
        n_texts_after=len(evidence.texts_after),
        examples=[(heading, shown) for heading, shown in evidence.examples if shown],
    )


def _heading(change: Sequence[Shift]) -> str:
    moves = " and ".join(f"{shift.emotion} {shift.direction}" for shift in change)
    return f"{moves}, {change[0].source}, since {long_date(change[0].started_at)}"


def _seen(change: Sequence[Shift]) -> Change:
    return Change(
        heading=_heading(change),
        sentence=change_sentence(change),
        standing="Found by looking at the whole archive; nothing was flagged at the time.",
        shifts=change,
    )


def _quality(report: Report) -> list[Fact]:
    counted = report.hourly
    n_scored = int(
        sum(counted[f"n_{emotion}"].fillna(0).sum() for emotion in scored_emotions(counted))
    )
    n_unsupported = int(counted["n_unsupported"].sum())
    n_unsure = int(counted["n_low_confidence"].sum())
    facts = [
        Fact("scored", f"{n_scored:,}", "messages with a date that the shares rest on"),
        Fact(
            "low confidence",
            _of(n_unsure, n_scored),
            "scored messages whose highest score is below the model's own threshold; they count",
        ),
        Fact(
            "not scored",
            _of(n_unsupported, n_scored + n_unsupported),
            "messages in another language than the model's, or without words; they stay out",
        ),
        Fact("undated", f"{report.quality.n_undated:,}", "messages stored that stand in no bucket"),
        Fact("rejected", f"{report.quality.n_rejected:,}", "rows that could not be read"),
    ]
    if report.quality.n_pending:
        pending = f"{report.quality.n_pending:,}"
        facts.append(Fact("waiting", pending, "messages read but not scored yet: they are missing"))
    return facts


def _of(part: int, whole: int) -> str:
    return f"{part:,}" if whole == 0 else f"{part:,} ({part / whole:.1%})"
