"""Build a report from the database: read the roll-up, judge it, store the shifts, write the page.

Here the database is asked, with `reporting.evidence` and `reporting.monitored`; what is found is
stored through `reporting.keeping`. Called by `moodwatch report` and `moodwatch run`, and by
scheduled jobs through `reporting.slots`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pandas as pd
import structlog
from sqlalchemy import Engine

from db.models import confusions_of, register_model
from db.quality import unread
from db.queries import ModelFact, StatusCounts, hourly, status
from db.texts import fit_key
from model.confusions import ConfusionSet, parse_confusions
from records import EMOTIONS, Emotion
from reporting.bands import bands_of
from reporting.corrected import with_corrected
from reporting.evidence import around_change, excerpts
from reporting.keeping import keep_shifts, kept_as, watch_arrivals
from reporting.limits import Table
from reporting.monitored import judge, monitored
from reporting.page import Evidence, Quality, Report, assemble
from reporting.series import Shift
from reporting.shifts import ShiftReport, ShiftSettings
from reporting.trends import Period, trend
from reporting.twins import Format, write_formats
from reporting.volume import VolumeAlarm, volume_line

log = structlog.get_logger(__name__)

REPORT_FILE: Final = "report.html"

#: The newest changes are explained; older ones are listed.
_CHANGES_EXPLAINED: Final = 10
#: Sources named to a reader who asked for one that is not there.
_SOURCES_NAMED: Final = 10
#: Spikes and silences named in the notes of the page, the newest; all stand in the database.
_VOLUME_TOLD: Final = 5


@dataclass(frozen=True, slots=True)
class ReportResult:
    """What a report found and where it lies."""

    path: Path
    #: Flagged shifts, oldest first, detected within the report's time.
    shifts: tuple[Shift, ...]
    #: As `reporting.corrected.with_corrected` returns it, of the asked source or all together.
    trend: pd.DataFrame
    notes: tuple[str, ...] = ()
    #: Largest changes of archives too short for alarms: seen afterwards, not an alarm.
    seen_afterwards: tuple[Shift, ...] = field(default=())
    #: Every file written, `path` the first of them.
    paths: tuple[Path, ...] = ()
    #: What a reader in a hurry should know, as at the top of the page.
    headlines: tuple[str, ...] = ()
    #: Spikes, drops and silences, oldest first, detected within the report's time.
    volume: tuple[VolumeAlarm, ...] = ()


def build_report(
    engine: Engine,
    *,
    out_dir: Path,
    period: Period = "week",
    time_zone: str = "UTC",
    source: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    title: str = "",
    now: datetime | None = None,
    file_name: str = REPORT_FILE,
    formats: Sequence[Format] = ("html",),
    weights: Mapping[Emotion, Mapping[str, float]] | None = None,
    shift_settings: ShiftSettings | None = None,
    limits: Table | None = None,
    authors: Sequence[str] = (),
) -> ReportResult:
    """Judge what is stored, store new shifts, and write one HTML file.

    Shifts are judged on the whole history before `until`, whatever `since` shows; a day that has
    not ended by `now` is not judged yet.

    Args:
        engine: The database.
        out_dir: Folder of the page; made if need be.
        period: Length of a bucket.
        time_zone: Whose days and weeks.
        source: One source, or None for all.
        since: First hour shown.
        until: End of what is shown and judged, exclusive.
        title: Heading of the page.
        now: The time of the report, for scheduled ones their slot.
        file_name: Name of the page in `out_dir`; other formats have their own suffix.
        formats: What to write; all formats tell the same.
        weights: How much a word speaks for an emotion, for the marks in example messages; without,
            the words' log-odds in the archive itself.
        shift_settings: The budget of false alarms; one a year in all when absent.
        limits: Those calibrated for this database; those that ship when absent.
        authors: Whose entries are watched apart: pseudonyms, or `all` for the busiest.
    """
    made_at = now or datetime.now(UTC)
    zone = ZoneInfo(time_zone)
    today = made_at.astimezone(zone).date()
    counted = status(engine)
    model = next((model for model in counted.models if model.is_current), None)
    everything = hourly(engine, until=until)
    history = everything if source is None else everything[everything["source"] == fit_key(source)]
    shown = history if since is None else history[history["hour"] >= _hour_of(since)]

    emotions = tuple(e for e in EMOTIONS if model is not None and e in model.emotions)
    watched = monitored(
        engine,
        everything,
        authors=authors,
        time_zone=time_zone,
        before=today,
        until=until,
        settings=shift_settings,
    )
    report = judge(
        watched,
        source=None if source is None else fit_key(source),
        settings=shift_settings,
        limits=limits,
    )
    volume: list[VolumeAlarm] = []
    waiting: list[str] = []
    if model is not None:
        # Asks for the id of a model that is known; nothing new is written.
        model_id = register_model(engine, model.name, emotions)
        keep_shifts(
            engine, report.shifts, model_id, emotions=emotions, zone=zone, now=datetime.now(UTC)
        )
        volume, waiting = watch_arrivals(
            engine,
            model_id,
            source=source,
            time_zone=time_zone,
            until=min(until or made_at, made_at),
            now=made_at,
        )
    found = _shown_since(report, None if since is None else since.astimezone(zone).date())

    explained = found.shifts[-_CHANGES_EXPLAINED * len(EMOTIONS) :]

    def evidence_of(change: Sequence[Shift]) -> Evidence:
        return (
            around_change(engine, change, emotions, zone) if change[0] in explained else Evidence()
        )

    loud = tuple(
        alarm
        for alarm in volume
        if since is None or alarm.detected_at >= since.astimezone(zone).date()
    )
    told = [volume_line(alarm) for alarm in loud[-_VOLUME_TOLD:]]
    known = None if model is None else _known_mistakes(engine, model.name)
    held, words = excerpts(
        engine,
        shown,
        period=period,
        time_zone=time_zone,
        source=source,
        weights=weights,
        watched=sorted(set(watched.authors["author"])) if len(watched.authors) else [],
    )
    made_of = Report(
        hourly=shown,
        shifts=found,
        quality=_quality(engine, counted, source),
        model=model.name if model is not None else "none",
        made_at=made_at,
        period=period,
        time_zone=time_zone,
        source=source,
        title=title,
        notes=[*_notes(counted, model), *_unknown(source, counted), *waiting],
        volume=loud,
        bands=bands_of(shown, time_zone=time_zone),
        excerpts=held,
        words=words,
        known=known,
        kept=kept_as(engine, found.shifts, zone) if model is not None else {},
    )
    page = assemble(made_of, evidence_of)
    paths = write_formats(formats, made_of, page, Path(out_dir) / file_name)
    log.info("report_written", n_shifts=len(found.shifts), n_hours=len(shown))
    return ReportResult(
        path=paths[0],
        paths=paths,
        shifts=found.shifts,
        trend=with_corrected(
            trend(shown, period=period, time_zone=time_zone, source=source, today=today),
            shown,
            known,
            period=period,
            time_zone=time_zone,
            source=source,
        ),
        notes=(*found.notes, *page.notes, *told),
        seen_afterwards=found.seen_afterwards,
        headlines=tuple(page.headlines),
        volume=loud,
    )


def write_scheduled_report(
    engine: Engine,
    slot: datetime | str,
    *,
    out_dir: Path,
    period: Period = "week",
    time_zone: str = "UTC",
    source: str | None = None,
    since: datetime | None = None,
    title: str = "",
    name: str = "report",
    formats: Sequence[Format] = ("html",),
    shift_settings: ShiftSettings | None = None,
    limits: Table | None = None,
    authors: Sequence[str] = (),
) -> ReportResult:
    """Write the report of one slot of the schedule, with the messages posted before it.

    The file is named by the slot: run twice, it is overwritten by the same.

    Args:
        engine: The database.
        slot: When the report was due; aware, or ISO 8601 text as it comes through the queue.
        out_dir: The folder of reports.
        period: Length of a bucket.
        time_zone: Whose days and weeks.
        source: One source, or None for all.
        since: First hour shown.
        title: Heading of the page.
        name: Beginning of the file's name.
        formats: What to write; all formats tell the same.
        shift_settings: The budget of false alarms, as in `build_report`.
        limits: Those calibrated for this database.
        authors: Whose entries are watched apart.
    """
    moment = datetime.fromisoformat(slot) if isinstance(slot, str) else slot
    if moment.tzinfo is None:
        raise ValueError(f"expected a slot with a zone, found {slot!r}")
    moment = moment.astimezone(UTC)
    return build_report(
        engine,
        out_dir=out_dir,
        period=period,
        time_zone=time_zone,
        source=source,
        since=since,
        until=moment,
        title=title,
        now=moment,
        file_name=f"{name}-{moment:%Y-%m-%dT%H%M}Z.html",
        formats=formats,
        shift_settings=shift_settings,
        limits=limits,
        authors=authors,
    )


def _known_mistakes(engine: Engine, model: str) -> ConfusionSet | None:
    document = confusions_of(engine, model)
    return None if document is None else parse_confusions(document).complete()


def _shown_since(report: ShiftReport, first_day: date | None) -> ShiftReport:
    if first_day is None:
        return report
    kept = tuple(shift for shift in report.shifts if shift.detected_at >= first_day)
    return ShiftReport(kept, report.seen_afterwards, report.notes, report.n_days_judged)


def _hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _quality(engine: Engine, counted: StatusCounts, source: str | None) -> Quality:
    missing = unread(engine, source=source)
    return Quality(
        n_rejected=missing.n_rejected,
        n_undated=missing.n_undated,
        n_pending=counted.chunks_open,
        n_changed=missing.n_changed,
        reasons=missing.reasons,
    )


def _unknown(source: str | None, counted: StatusCounts) -> list[str]:
    if source is None or source in counted.sources:
        return []
    known = ", ".join(list(counted.sources)[:_SOURCES_NAMED]) or "none"
    return [f"there is no source {source[:40]!r} in this database; it holds {known}"]


def _notes(counted: StatusCounts, model: ModelFact | None) -> list[str]:
    notes = []
    if counted.chunks_failed:
        notes.append(
            f"{counted.chunks_failed:,} chunks of messages were given up and are missing; "
            "'moodwatch status' tells more"
        )
    if model is not None and len(counted.models) > 1:
        notes.append(
            f"{len(counted.models)} models have scored here; this report shows {model.name} alone, "
            "whose own scores make its baseline"
        )
    return notes
