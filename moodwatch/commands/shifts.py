"""`moodwatch shifts`: the flagged shifts, and what people decided about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from moodwatch.commands import options, shifts_calibrate
from moodwatch.console import out, print_facts, print_json, print_table
from moodwatch.errors import UserError
from moodwatch.services import open_engine
from moodwatch.settings import load_settings

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Engine

    from db.shifts import ShiftState, StoredShift

shifts = typer.Typer(
    no_args_is_help=True, help="List flagged shifts, and say what you make of them"
)

ShiftId = Annotated[int, typer.Argument(metavar="ID", help="As 'moodwatch shifts list' shows it")]


def register(app: typer.Typer) -> None:
    shifts_calibrate.register(shifts)
    app.add_typer(shifts, name="shifts", rich_help_panel="Read")


@shifts.command("list")
def list_(
    db: options.Db = None,
    state: Annotated[
        str | None,
        typer.Option(metavar="STATES", help="Comma-separated: open, acknowledged, snoozed, closed"),
    ] = None,
    kind: Annotated[
        str | None, typer.Option(metavar="KINDS", help="Comma-separated: mood, volume, silence")
    ] = None,
    source: options.Source = None,
    author: Annotated[str | None, typer.Option(help="Name as in the files, or pseudonym")] = None,
    emotion: Annotated[str | None, typer.Option(help="One emotion")] = None,
    since: options.Since = None,
    severity: Annotated[int, typer.Option(min=1, max=10, help="At least so severe")] = 1,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, newest first")] = 50,
    as_json: options.Json = False,
) -> None:
    """List flagged shifts, the newest first.

    [bold]Examples[/]

      moodwatch shifts list --state open

      moodwatch shifts list --source support --emotion anger --since 2024-01-01 --json
    """
    from typing import get_args

    from db.shifts import Kind, ShiftState, list_shifts
    from moodwatch.authors import author_ids
    from moodwatch.times import parse_moment
    from records import EMOTIONS

    settings = load_settings(db=db)
    if emotion is not None and emotion not in EMOTIONS:
        raise UserError(f"expected an emotion among {', '.join(EMOTIONS)}, found {emotion!r}")
    with open_engine(settings) as engine:
        ids = author_ids(settings, engine, [] if author is None else [author])
        found = list_shifts(
            engine,
            states=_among(state, get_args(ShiftState), "states"),
            kinds=_among(kind, get_args(Kind), "kinds"),
            source=source,
            author=ids[0] if ids else None,
            emotion=emotion,
            since=None if since is None else parse_moment(since, settings.time_zone),
            least_severity=severity,
            limit=limit,
        )
    if as_json:
        print_json([_document(shift) for shift in found])
    elif found:
        columns = ["id", "state", "kind", "source", "what", "since", "before", "after", "severity"]
        print_table(columns, [_row(shift, settings.time_zone) for shift in found])
    else:
        out.print("no shifts")


@shifts.command()
def show(shift_id: ShiftId, db: options.Db = None, as_json: options.Json = False) -> None:
    """Show all that is known of one shift: numbers, words, authors and example messages.

    [bold]Example[/]

      moodwatch shifts show 12
    """
    settings = load_settings(db=db)
    with open_engine(settings) as engine:
        shift = _get(engine, shift_id)
        texts = _examples(engine, shift)
    if as_json:
        print_json({**_document(shift), "examples": texts})
        return
    print_facts(_facts(shift, settings.time_zone))
    if texts:
        out.print("examples")
        for example in texts:
            day = example["posted_at"].date().isoformat()
            out.print(f"  {day}  {' '.join(str(example['text']).split())[:300]}", markup=False)


@shifts.command()
def ack(shift_id: ShiftId, db: options.Db = None) -> None:
    """Say that a shift is known; it stays in lists and reports, and no longer counts as open.

    [bold]Example[/]

      moodwatch shifts ack 12
    """
    _set(shift_id, db, "acknowledged")


@shifts.command()
def snooze(
    shift_id: ShiftId,
    until: Annotated[
        str,
        typer.Option("--until", "-u", metavar="DATE|DAYS", help="2024-03-31, or 14d for two weeks"),
    ] = "7d",
    db: options.Db = None,
) -> None:
    """Put a shift aside for a while; it is open again when the time is over.

    [bold]Examples[/]

      moodwatch shifts snooze 12 --until 14d

      moodwatch shifts snooze 12 --until 2025-01-31
    """
    from datetime import UTC, datetime, timedelta

    from moodwatch.times import parse_moment

    now = datetime.now(UTC)
    if until.endswith("d") and until[:-1].isdigit() and len(until) < 6:
        moment = now + timedelta(days=int(until[:-1]))
    else:
        moment = parse_moment(until, load_settings(db=db).time_zone)
    if moment <= now:
        raise UserError(f"expected a time to come in '--until', found {until!r}")
    _set(shift_id, db, "snoozed", moment)


@shifts.command()
def close(shift_id: ShiftId, db: options.Db = None) -> None:
    """Say that a shift is done with: looked into, or no shift at all; 'reopen' takes it back.

    [bold]Example[/]

      moodwatch shifts close 12
    """
    _set(shift_id, db, "closed")


@shifts.command()
def reopen(shift_id: ShiftId, db: options.Db = None) -> None:
    """Open a shift again that was acknowledged, snoozed or closed.

    [bold]Example[/]

      moodwatch shifts reopen 12
    """
    _set(shift_id, db, "open")


def _set(shift_id: int, db: str | None, state: ShiftState, until: datetime | None = None) -> None:
    from db.shifts import UnknownShiftError, set_state

    settings = load_settings(db=db)
    with open_engine(settings) as engine:
        try:
            set_state(engine, shift_id, state, until)
        except UnknownShiftError as error:
            raise UserError(str(error)) from None
        shift = _get(engine, shift_id)
    out.print(f"shift {shift.id} is {_state(shift, settings.time_zone)}", markup=False)


def _get(engine: Engine, shift_id: int) -> StoredShift:
    from db.shifts import UnknownShiftError, get_shift

    try:
        return get_shift(engine, shift_id)
    except UnknownShiftError as error:
        raise UserError(str(error)) from None


def _among(text: str | None, known: tuple[str, ...], what: str) -> Any:
    names = [] if text is None else [name.strip() for name in text.split(",")]
    if unknown := [name for name in names if name not in known]:
        raise UserError(f"expected {what} among {', '.join(known)}, found {unknown[0]!r}")
    return names


def _examples(engine: Engine, shift: StoredShift) -> list[dict[str, Any]]:
    """Read messages of the shift's emotion from its own days; none where texts are not kept."""
    from datetime import timedelta

    from db.queries import examples

    record = shift.record
    if record.emotion is None:
        return []
    began, length = record.started_at, timedelta(days=28)
    is_up = record.direction == "up"
    frame = examples(
        engine,
        emotion=record.emotion,
        source=record.source,
        author=record.author,
        # What has become rare is shown as it was.
        since=began if is_up else began - length,
        until=began + length if is_up else began,
        limit=5,
    )
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _row(shift: StoredShift, zone: str) -> list[object]:
    record = shift.record
    before, after = _levels(shift, is_short=True)
    return [
        shift.id,
        shift.state,
        record.kind,
        record.source if record.author is None else f"{record.source or ''} {record.author[:8]}",
        _what(shift),
        _day(record.started_at, zone),
        before,
        after,
        record.severity,
    ]


def _what(shift: StoredShift) -> str:
    record = shift.record
    if record.kind == "silence":
        return "no messages"
    if record.kind == "volume":
        return f"messages {record.direction}"
    return f"{record.emotion} {record.direction}"


def _levels(shift: StoredShift, *, is_short: bool = False) -> tuple[str, str]:
    """Return the level before and after, as people read them: shares, or messages a day."""
    record = shift.record
    if record.kind != "mood":
        unit = "/day" if is_short else " messages a day"
        return f"{record.rate_before or 0:.3g}{unit}", f"{record.rate_after or 0:.3g}{unit}"
    return (
        _share(record.share_before, None if is_short else record.interval_before),
        _share(record.share_after, None if is_short else record.interval_after),
    )


def _share(share: float, interval: tuple[float, float] | None) -> str:
    text = f"{share:.1%}".replace("%", " %")
    if interval is None:
        return text
    return f"{text} ({interval[0] * 100:.1f} to {interval[1] * 100:.1f})"


def _state(shift: StoredShift, zone: str) -> str:
    if shift.state == "snoozed" and shift.snoozed_until is not None:
        return f"snoozed until {_day(shift.snoozed_until, zone)}"
    return shift.state


def _day(moment: datetime, zone: str) -> str:
    from zoneinfo import ZoneInfo

    return moment.astimezone(ZoneInfo(zone)).date().isoformat()


def _facts(shift: StoredShift, zone: str) -> dict[str, object]:
    from datetime import timedelta

    record = shift.record
    before, after = _levels(shift)
    facts: dict[str, object] = {
        "shift": shift.id,
        "state": _state(shift, zone),
        "kind": record.kind,
        "source": record.source or "all together",
        "author": record.author or "all together",
        "what": _what(shift),
        "since": _day(record.started_at, zone),
        # Stored is the end of the day whose messages raised the alarm.
        "flagged": _day(record.detected_at - timedelta(microseconds=1), zone),
        "before": before,
        "after": after,
        "odds ratio": record.odds_ratio,
        "messages": f"{record.n:,}",
        "severity": f"{record.severity} of 10",
        "lasts": None if record.persistence_days is None else f"{record.persistence_days} days",
        "over since": None if shift.over_at is None else _day(shift.over_at, zone),
        "model": shift.model,
    }
    for name, moved in (("words", record.words), ("authors", record.authors)):
        for how, sign in (("more", 1), ("less", -1)):
            told = [
                f"{one.name} ({one.n_before} -> {one.n_after})"
                for one in moved or ()
                if one.z * sign > 0
            ]
            facts[f"{name} {how}"] = ", ".join(told) or None
    return {name: value for name, value in facts.items() if value is not None}


def _document(shift: StoredShift) -> dict[str, Any]:
    from dataclasses import asdict

    document = asdict(shift)
    record = document.pop("record")
    record.pop("state")
    return {**document, **record}
