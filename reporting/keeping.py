"""Keep what a report has found: shifts, spikes and silences, and the evidence beside them.

Between `reporting.jobs`, which judges, and `db.shifts`, which stores; called by the former. What
people decided about a shift is never touched here.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Engine

from db.arrivals import feeds, hourly_messages, pipeline
from db.shift_authors import author_counts, keep_evidence, without_evidence
from db.shifts import (
    COOLDOWN,
    MAX_AUTHORS,
    Moved,
    ShiftRecord,
    StoredShift,
    get_shift,
    list_shifts,
    save_shifts,
)
from db.texts import fit_key
from records import EMOTIONS, Emotion
from reporting.evidence import around_change
from reporting.explain import changed_words
from reporting.series import Shift
from reporting.volume import VolumeAlarm, watch_volume

log = structlog.get_logger(__name__)

#: Words of so many shifts are looked at in one report, the newest first; the rest in the next ones.
_EXPLAINED_AT_ONCE: Final = 12
_WORDS_EACH_WAY: Final = 10
#: Days before and after a change whose authors are compared, as `reporting.evidence` does texts.
_COMPARED: Final = timedelta(days=28)
#: Chunks that wait longer than this are a stopped pipeline, and no messages a silence of ours.
_STALE_AFTER: Final = timedelta(hours=1)


def keep_shifts(
    engine: Engine,
    shifts: Sequence[Shift],
    model_id: int,
    *,
    emotions: Sequence[Emotion],
    zone: ZoneInfo,
    now: datetime,
) -> None:
    """Store or update the flagged shifts of a report, and look at the words of new ones."""
    records = [_shift_record(shift, zone) for shift in shifts]
    n_new = save_shifts(engine, records, model_id, now=now)
    log.info("shifts_kept", n_shifts=len(records), n_new=n_new)
    found = {
        (record.source, record.author, record.emotion, record.direction): shift
        for record, shift in zip(records, shifts, strict=True)
    }
    # The emotions of one change share their words.
    words: dict[tuple[object, ...], list[Moved]] = {}
    for shift_id in without_evidence(engine, model_id, _EXPLAINED_AT_ONCE):
        record = get_shift(engine, shift_id).record
        key = (record.source, record.author, record.emotion, record.direction)
        if key in found:
            shift = found[key]
            change = (shift.source, shift.author, shift.started_at)
            if change not in words:
                words[change] = _words(engine, shift, emotions, zone)
            keep_evidence(engine, shift_id, words[change], _authors(engine, record))


def kept_as(engine: Engine, shifts: Sequence[Shift], zone: ZoneInfo) -> dict[Shift, StoredShift]:
    """Return what the database holds of a report's shifts: ids, states, authors."""
    stored: dict[tuple[object, ...], list[StoredShift]] = {}
    for one in list_shifts(engine, kinds=("mood",)) if shifts else ():
        stored.setdefault(_key(one.record), []).append(one)
    found = {}
    for shift in shifts:
        record = _shift_record(shift, zone)
        near = [
            one
            for one in stored.get(_key(record), ())
            if abs(one.record.detected_at - record.detected_at) <= COOLDOWN
        ]
        if near:
            found[shift] = min(
                near, key=lambda one: abs(one.record.detected_at - record.detected_at)
            )
    return found


def watch_arrivals(
    engine: Engine,
    model_id: int,
    *,
    source: str | None,
    time_zone: str,
    until: datetime,
    now: datetime,
) -> tuple[list[VolumeAlarm], list[str]]:
    """Judge how many messages came, and store the alarms.

    Returns:
        The alarms of `source`, or of all, in order of detection, and notes on a pipeline that does
        not move: messages that wait are no silence, so sources are then judged up to their newest
        message only.
    """
    # All sources, whichever is asked for: they share a budget, and tell each other's newest hour.
    hourly = hourly_messages(engine, until=until)
    waiting = pipeline(engine)
    notes = []
    silent_until: dict[str, datetime] = {}
    if waiting.oldest_open_at is not None and waiting.is_stale(now, after=_STALE_AFTER):
        waited = now - waiting.oldest_open_at
        notes.append(
            f"{waiting.n_open:,} chunks of messages wait to be scored, the oldest for "
            f"{_duration(waited)}: is a worker running? Silence is not judged meanwhile"
        )
    elif not hourly.empty:
        newest = hourly["hour"].max().to_pydatetime() + timedelta(hours=1)
        ends = {"live": until, "kept up": newest}
        silent_until = {name: ends[feed] for name, feed in feeds(engine).items() if feed in ends}
    alarms = watch_volume(hourly, until=until, silent_until=silent_until, time_zone=time_zone)
    zone = ZoneInfo(time_zone)
    save_shifts(engine, [_volume_record(alarm, zone) for alarm in alarms], model_id, now=now)
    return [alarm for alarm in alarms if source in {None, alarm.source}], notes


def _key(record: ShiftRecord) -> tuple[object, ...]:
    return fit_key(record.source or ""), record.author, record.emotion, record.direction


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _shift_record(shift: Shift, zone: ZoneInfo) -> ShiftRecord:
    return ShiftRecord(
        source=shift.source,
        author=shift.author,
        emotion=shift.emotion,
        direction=shift.direction,
        started_at=midnight(shift.started_at, zone),
        # The alarm is raised when the day's messages are complete.
        detected_at=midnight(shift.detected_at + timedelta(days=1), zone),
        share_before=shift.share_before,
        share_after=shift.share_after,
        odds_ratio=shift.odds_ratio,
        n=shift.n,
        severity=shift.severity,
        interval_before=shift.interval_before,
        interval_after=shift.interval_after,
        persistence_days=shift.persistence_days,
        is_over=shift.state == "over",
    )


def _volume_record(alarm: VolumeAlarm, zone: ZoneInfo) -> ShiftRecord:
    return ShiftRecord(
        source=alarm.source,
        author=None,
        emotion=None,
        direction=alarm.direction,
        started_at=midnight(alarm.started_at, zone),
        detected_at=midnight(alarm.detected_at + timedelta(days=1), zone),
        # Columns of moods alone.
        share_before=0.0,
        share_after=0.0,
        odds_ratio=None,
        n=alarm.n,
        severity=alarm.severity,
        kind=alarm.kind,
        rate_before=alarm.per_day_before,
        rate_after=alarm.per_day_after,
        persistence_days=int(alarm.n_days),
        is_over=alarm.is_over,
    )


def _words(
    engine: Engine, shift: Shift, emotions: Sequence[Emotion], zone: ZoneInfo
) -> list[Moved]:
    evidence = around_change(engine, [shift], emotions or EMOTIONS, zone)
    more, less = changed_words(evidence.texts_before, evidence.texts_after, limit=_WORDS_EACH_WAY)
    return [Moved(word.word, word.n_before, word.n_after, word.z) for word in (*more, *less)]


def _authors(engine: Engine, record: ShiftRecord) -> list[Moved]:
    """Return the authors whose part in the emotion changed most."""
    if record.emotion is None or record.author is not None:
        return []
    counts = author_counts(
        engine,
        emotion=record.emotion,
        source=record.source,
        since=_shifted(record.started_at, -_COMPARED),
        began=record.started_at,
        until=_shifted(record.started_at, _COMPARED),
    )
    before = Counter({author: n for author, n, _ in counts})
    after = Counter({author: n for author, _, n in counts})
    moved = [
        Moved(
            author, n_before, n_after, _log_odds(n_before, n_after, before.total(), after.total())
        )
        for author, n_before, n_after in counts
    ]
    clear = [one for one in moved if abs(one.z) >= 1.96]
    return sorted(clear, key=lambda one: -abs(one.z))[:MAX_AUTHORS]


def _log_odds(n_before: int, n_after: int, total_before: int, total_after: int) -> float:
    """Return an author's standardised log-odds ratio, with both times together as the prior.

    Source: as `reporting.explain.changed_words`.
    """
    own, total = n_before + n_after, total_before + total_after
    after, before = n_after + own, n_before + own
    # Half a message more, and its uncertainty: a scope may have one author only.
    others_after = total_after + total - after + 0.5
    others_before = total_before + total - before + 0.5
    ratio = math.log(after / others_after) - math.log(before / others_before)
    return ratio / math.sqrt(1 / after + 1 / before + 1 / others_after + 1 / others_before)


def _shifted(moment: datetime, span: timedelta) -> datetime:
    """Add a span, staying within the calendar: journals reach back to its first years."""
    low, high = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
    if span < timedelta(0):
        return max(moment, low - span) + span
    return min(moment, high - span) + span


def _duration(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    return f"{hours / 24:.0f} days" if hours >= 48 else f"{hours:.0f} hours"
