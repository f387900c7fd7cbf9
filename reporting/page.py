"""Put a report's page together from counts and shifts; asks for evidence, looks nothing up itself.

Between `reporting.jobs`, which reads the database, and `reporting.render`, which writes HTML.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import pandas as pd

from db.quality import RejectReason
from db.shifts import Moved, StoredShift
from model.confusions import ConfusionSet
from records import Emotion
from reporting.comparison import compare_newest
from reporting.corrected import corrected_help, newest_corrected, with_corrected
from reporting.explain import TypicalWord, changed_words, marked
from reporting.explorer import Band, Excerpts, explorer
from reporting.reading import LIMITS, reading_help
from reporting.render import Change, Example, Fact, Kept, Page, Rejection, SourceQuality
from reporting.sentences import (
    change_sentence,
    headlines,
    long_date,
    one_change_each,
    percent,
    standing_sentence,
)
from reporting.series import Shift
from reporting.shifts import ShiftReport
from reporting.trends import Period, scored_emotions, trend, zone_note
from reporting.volume import VolumeAlarm, volume_line

#: Words shown for each emotion.
_WORDS_SHOWN: Final = 12
#: A pseudonym is shown by its beginning, as in `moodwatch shifts list`.
_AUTHOR_CHARACTERS: Final = 8
#: Sources whose quality is told apart, the largest.
_SOURCES_SHOWN: Final = 12

_METHOD: Final = (
    "Shares are messages by their highest score, of all scored messages with a date; intervals "
    "are Wilson's at 95 %, of differences Newcombe's. Shifts are found by likelihood ratios of "
    "each source's mix of emotions, all at once, against its own past, corrected for weekday and "
    "over-dispersion; the limits were simulated, so that false alarms stay within a stated budget. "
    "Severity is Cohen's h in tenths. A day is judged with the messages up to it alone."
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
    """Counts behind the report, of its source or of all; those that wait are of all."""

    n_rejected: int = 0
    n_undated: int = 0
    n_pending: int = 0
    n_changed: int = 0
    #: The most frequent first.
    reasons: Sequence[RejectReason] = ()


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
    #: Spikes, drops and silences, oldest first.
    volume: Sequence[VolumeAlarm] = ()
    #: Stretches between changes, seen afterwards: levels are drawn through them.
    bands: Sequence[Band] = ()
    #: Messages and authors held in the page; None: it is made of roll-ups alone.
    excerpts: Excerpts | None = None
    #: Words that mark each emotion, the clearest first.
    words: Mapping[Emotion, Sequence[TypicalWord]] = field(default_factory=dict)
    #: What the model takes for what, to correct shares by; None: its bundle does not say.
    known: ConfusionSet | None = None
    #: What the database holds of the shifts: ids, what people decided, whose words they are.
    kept: Mapping[Shift, StoredShift] = field(default_factory=dict)


def assemble(report: Report, evidence_of: Callable[[Sequence[Shift]], Evidence]) -> Page:
    """Return the page; `evidence_of` is asked once for each flagged change."""
    overall = trend(
        report.hourly,
        period=report.period,
        time_zone=report.time_zone,
        source=report.source,
        today=_today(report),
    )
    corrected = newest_corrected(
        with_corrected(
            overall,
            report.hourly,
            report.known,
            period=report.period,
            time_zone=report.time_zone,
            source=report.source,
        ),
        report.known,
    )
    changes = one_change_each(report.shifts.shifts)
    seen = one_change_each(report.shifts.seen_afterwards)
    # Marks are drawn in this order; a change's button names its first one.
    drawn = [shift for change in changes for shift in change]
    sources = sorted(report.hourly["source"].unique())
    name = report.source or (sources[0] if len(sources) == 1 else f"{len(sources)} sources")
    note = zone_note(report.hourly, report.time_zone)
    emotions = () if report.hourly.empty else scored_emotions(report.hourly)
    document = _document(report, drawn)
    weights = report.excerpts.weights if report.excerpts is not None else {}
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
        emotions=emotions,
        changes=[
            replace(
                _change(change, evidence_of(change), weights, drawn.index(change[0])),
                kept=[_kept(report.kept.get(shift), report.time_zone) for shift in change],
                authors=_authors(change, report.kept),
                model=report.model,
            )
            for change in reversed(changes)
        ],
        seen_afterwards=[_seen(change) for change in seen],
        shift_notes=report.shifts.notes,
        alarms=[volume_line(alarm) for alarm in reversed(report.volume)],
        document=document,
        comparison=compare_newest(overall),
        corrected=corrected,
        corrected_help="" if corrected is None else corrected_help(corrected),
        words=[(e, report.words.get(e, ())[:_WORDS_SHOWN]) for e in emotions if report.words],
        n_texts=0 if report.excerpts is None else len(report.excerpts.messages),
        quality=_quality(report),
        rejects=[_rejected(reason) for reason in report.quality.reasons],
        by_source=_by_source(report.hourly),
        notes=[*([note] if note else []), *report.notes],
        reading=reading_help(report.period),
        limits=LIMITS,
        method=f"{_METHOD} Days begin at midnight {report.time_zone}.",
        made=(
            f"{_held(document)}Made by moodwatch at {report.made_at:%Y-%m-%d %H:%M} UTC with model "
            f"{report.model}."
        ),
    )


def _document(report: Report, drawn: Sequence[Shift]) -> dict[str, Any]:
    document = explorer(
        report.hourly,
        period=report.period,
        time_zone=report.time_zone,
        today=_today(report),
        shifts=drawn,
        volume=report.volume,
        bands=report.bands,
        excerpts=report.excerpts,
    )
    texts = report.excerpts is not None and not report.excerpts.messages.empty
    return document | {"texts": texts}


def _held(document: Mapping[str, Any]) -> str:
    if not document["days"]:
        return ""
    n_examples, n_authors = len(document["examples"]), len(document["authors"])
    told = (
        f"This page holds {n_examples:,} example messages"
        if document["texts"]
        else "This page holds no messages, because the database keeps no texts"
    )
    if n_authors:
        told += f", and the days of the {n_authors:,} busiest authors, by their pseudonyms"
    return f"{told}. "


def _subtitle(report: Report) -> str:
    if report.hourly.empty:
        return f"by {report.period}, {report.time_zone}"
    zone = ZoneInfo(report.time_zone)
    first = report.hourly["hour"].min().astimezone(zone).date()
    last = report.hourly["hour"].max().astimezone(zone).date()
    return f"{long_date(first)} to {long_date(last)}, by {report.period}, {report.time_zone}"


def _today(report: Report) -> date:
    return report.made_at.astimezone(ZoneInfo(report.time_zone)).date()


def _change(
    change: Sequence[Shift],
    evidence: Evidence,
    weights: Mapping[Emotion, Mapping[str, float]],
    mark: int,
) -> Change:
    more, less = changed_words(evidence.texts_before, evidence.texts_after)

    def with_marks(example: Example) -> Example:
        if example.emotion is None:
            return example
        return replace(example, pieces=marked(example.text, weights.get(example.emotion, {})))

    return Change(
        heading=_heading(change),
        sentence=change_sentence(change),
        standing=standing_sentence(change),
        shifts=change,
        more=more,
        less=less,
        n_texts_before=len(evidence.texts_before),
        n_texts_after=len(evidence.texts_after),
        examples=[
            (heading, [with_marks(example) for example in shown])
            for heading, shown in evidence.examples
            if shown
        ],
        mark=mark,
    )


def _kept(stored: StoredShift | None, time_zone: str) -> Kept | None:
    if stored is None:
        return None
    state: str = stored.state
    if stored.state == "snoozed" and stored.snoozed_until is not None:
        day = stored.snoozed_until.astimezone(ZoneInfo(time_zone)).date()
        state = f"snoozed until {long_date(day)}"
    return Kept(stored.id, state)


def _authors(
    change: Sequence[Shift], kept: Mapping[Shift, StoredShift]
) -> list[tuple[Emotion, list[Moved]]]:
    """Return, by emotion, the authors whose part in it changed most."""
    told = []
    for shift in change:
        authors = kept[shift].record.authors if shift in kept else ()
        if authors:
            shown = [replace(one, name=one.name[:_AUTHOR_CHARACTERS]) for one in authors]
            told.append((shift.emotion, shown))
    return told


def _heading(change: Sequence[Shift]) -> str:
    moves = " and ".join(f"{shift.emotion} {shift.direction}" for shift in change)
    where = change[0].source
    if change[0].author is not None:
        where += f", author {change[0].author[:8]}"
    return f"{moves}, {where}, since {long_date(change[0].started_at)}"


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
    if report.quality.n_changed:
        changed = f"{report.quality.n_changed:,}"
        meaning = "known ids that came again with another text; the first one stays"
        facts.append(Fact("changed", changed, meaning))
    if report.quality.n_pending:
        pending = f"{report.quality.n_pending:,}"
        facts.append(Fact("waiting", pending, "messages read but not scored yet: they are missing"))
    return facts


def _of(part: int, whole: int) -> str:
    return f"{part:,}" if whole == 0 else f"{part:,} ({percent(part / whole)})"


def _rejected(reason: RejectReason) -> Rejection:
    file = "standard input" if reason.file == "-" else reason.file
    more = ", …" if reason.n > len(reason.rows) > 0 else ""
    rows = ", ".join(f"{row:,}" for row in reason.rows) + more
    return Rejection(reason.reason, reason.source, file, f"{reason.n:,}", rows)


def _by_source(counted: pd.DataFrame) -> list[SourceQuality]:
    """Return how much of the largest sources was scored; of one source the facts tell it."""
    names = [f"n_{emotion}" for emotion in scored_emotions(counted)]
    scored = counted[names].fillna(0).sum(axis=1)
    sums = (
        pd.DataFrame(
            {
                "scored": scored,
                "unsure": counted["n_low_confidence"],
                "unscored": counted["n_unsupported"],
            }
        )
        .groupby(counted["source"])
        .sum()
        .astype("int64")
    )
    if len(sums) < 2:
        return []
    largest = sums.assign(all=sums["scored"] + sums["unscored"]).nlargest(_SOURCES_SHOWN, "all")
    return [
        SourceQuality(
            str(name),
            f"{row['scored']:,}",
            _of(row["unsure"], row["scored"]),
            _of(row["unscored"], row["all"]),
        )
        for name, row in largest.iterrows()
    ]
