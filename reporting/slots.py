"""Carry out one slot of a schedule: write its reports, word the message, hand it to the outbox.

Called by the workers for `moodwatch control`, and by `moodwatch schedule run`. Carried out twice, a
slot gives the same files and the same deliveries, so that a lost job may simply run again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import structlog
from sqlalchemy import Engine

from db.models import current_since
from db.outbox import Delivery, record_slot, unannounced
from db.shifts import StoredShift, list_shifts
from reporting.jobs import ReportResult, write_scheduled_report
from reporting.limits import Table
from reporting.monitored import ALL_AUTHORS
from reporting.schedules import Schedule
from reporting.sentences import percent, seen_line
from reporting.series import ShiftSettings

log = structlog.get_logger(__name__)

#: A shift flagged longer ago than this when it is first stored is history, and no news.
_NEWS: Final = timedelta(days=14)
#: Most lines of each kind in a message; the report has all.
_MOST_LINES: Final = 12


@dataclass(frozen=True, slots=True)
class SlotResult:
    """What a slot has led to."""

    reports: tuple[ReportResult, ...]
    #: New shifts that the message tells of; empty for schedules that do not wait for any.
    news: tuple[StoredShift, ...]
    delivery_ids: tuple[str, ...]


def carry_out(
    engine: Engine,
    name: str,
    schedule: Schedule | Mapping[str, Any],
    slot: datetime | str,
    *,
    out_dir: Path,
    database_id: str,
    shift_settings: ShiftSettings | None = None,
    limits: Table | None = None,
    authors: Sequence[str] = (),
) -> SlotResult:
    """Write the reports of a slot and put what is to be sent into the outbox.

    Args:
        engine: The database.
        name: The schedule's name.
        schedule: The schedule, or its fields as they come through the queue.
        slot: When it was due; aware, or ISO 8601 text.
        out_dir: The folder of reports.
        database_id: Part of the deliveries' ids: two databases may have schedules of one name.
        shift_settings: The budget of false alarms, as in `reporting.jobs.build_report`.
        limits: Those calibrated for this database.
        authors: Whose entries are watched apart: pseudonyms, or `all`.
    """
    asked = schedule if isinstance(schedule, Schedule) else Schedule.model_validate(dict(schedule))
    moment = datetime.fromisoformat(slot) if isinstance(slot, str) else slot
    moment = moment.astimezone(UTC)
    reports = tuple(
        write_scheduled_report(
            engine,
            moment,
            out_dir=out_dir,
            period=asked.period,
            time_zone=asked.time_zone,
            source=source,
            since=None if asked.days is None else moment - timedelta(days=asked.days),
            title=asked.title,
            name=name if source is None else f"{name}-{file_part(source)}",
            formats=asked.formats,
            shift_settings=shift_settings,
            limits=limits,
            authors=authors,
        )
        for source in (asked.sources or (None,))
    )
    news = _news(engine, name, asked, moment, authors)
    deliveries = []
    if news or asked.alerts_from_severity is None:
        subject, body = message(name, asked, reports, news)
        deliveries = [
            Delivery(
                id=f"{database_id[:12]}.{name}.{moment:%Y%m%dT%H%M%SZ}.{recipient}",
                schedule=name,
                slot=moment,
                recipient=recipient,
                subject=subject,
                body=body,
                # Whole paths: who sends them may run in another folder.
                files=tuple(str(path.resolve()) for one in reports for path in one.paths),
            )
            for recipient in asked.recipients
        ]
    n_new = record_slot(engine, name, moment, deliveries, announced=[shift.id for shift in news])
    log.info("slot_carried_out", schedule=name, slot=moment.isoformat(), n_deliveries=n_new)
    return SlotResult(reports, tuple(news), tuple(delivery.id for delivery in deliveries))


def message(
    name: str,
    schedule: Schedule,
    reports: tuple[ReportResult, ...],
    news: list[StoredShift],
) -> tuple[str, str]:
    """Return subject and text: what happened first, then the headlines of the reports."""
    title = schedule.title or name
    lines: list[str] = []
    if schedule.alerts_from_severity is not None:
        first = news_line(news[0])
        more = f" and {len(news) - 1} more" if len(news) > 1 else ""
        subject = f"{title}: {first}{more}"
        lines += [news_line(shift) for shift in news[:_MOST_LINES]]
        lines.append("")
    else:
        heads = [line for report in reports for line in report.headlines[:1]]
        subject = f"{title}: {heads[0]}" if heads else title
    for report in reports:
        lines += report.headlines[:_MOST_LINES]
        lines += [seen_line(shift) for shift in report.seen_afterwards[:_MOST_LINES]]
        lines.append("")
        lines += [f"Report: {path.resolve()}" for path in report.paths]
    return " ".join(subject.split())[:200], "\n".join(lines).strip()


def news_line(shift: StoredShift) -> str:
    """Return one line for a stored shift of any kind."""
    record = shift.record
    where = record.source or "all sources"
    if record.author is not None:
        where += f", author {record.author[:8]}"
    since = f"{record.started_at:%Y-%m-%d}"
    tail = f"severity {record.severity} of 10, shift {shift.id}"
    if record.kind == "silence":
        rate = record.rate_before or 0.0
        return f"no messages in {where} since {since}, {rate:.3g} a day before ({tail})"
    if record.kind == "volume":
        before, after = record.rate_before or 0.0, record.rate_after or 0.0
        return f"{before:.3g} -> {after:.3g} messages a day in {where} since {since} ({tail})"
    verb = "rose" if record.direction == "up" else "fell"
    return (
        f"{record.emotion} {verb} from {percent(record.share_before)} to "
        f"{percent(record.share_after)} in {where} since {since} ({tail})"
    )


def file_part(source: str) -> str:
    """Return a source's name as part of a file's name; no two sources share one."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", source).strip("-")[:40]
    return (
        plain if plain == source else f"{plain}-{hashlib.sha256(source.encode()).hexdigest()[:8]}"
    )


def _news(
    engine: Engine, name: str, schedule: Schedule, slot: datetime, authors: Sequence[str]
) -> list[StoredShift]:
    """Return the open shifts that this schedule is to tell of, the gravest first."""
    if schedule.alerts_from_severity is None:
        return []
    # What a new model finds in days that the last one has judged is a look back, and no news.
    judged_until = current_since(engine)
    found = [
        shift
        for shift in list_shifts(
            engine,
            states=["open"],
            since=slot - _NEWS,
            least_severity=schedule.alerts_from_severity,
        )
        if shift.record.detected_at <= slot
        and (
            judged_until is None
            or shift.record.kind != "mood"
            or shift.record.detected_at >= judged_until
        )
        and (not schedule.sources or shift.record.source in schedule.sources)
        and (shift.record.author is None or {shift.record.author, ALL_AUTHORS} & set(authors))
    ]
    new = set(unannounced(engine, name, [shift.id for shift in found], slot=slot))
    return sorted(
        (shift for shift in found if shift.id in new),
        key=lambda shift: (-shift.record.severity, shift.id),
    )
