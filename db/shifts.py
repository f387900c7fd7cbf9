"""Keeps flagged shifts and what people decided about them.

One row a change: found again, it is updated and keeps its id and its state. People read the views
`mood_shifts` and `volume_alarms`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, Engine, Row, or_, select, text, update

from db.bulk import insert_new
from db.connections import in_transaction, reading
from db.errors import DatabaseError
from db.shift_decisions import carry_decisions
from db.tables import ModelRow, ShiftRow
from db.texts import fit_key
from records import Emotion

Kind = Literal["mood", "volume", "silence"]
ShiftState = Literal["open", "acknowledged", "snoozed", "closed"]

#: A shift of the same kind, scope, emotion and direction within so many days is the same one:
#: messages that come late, or days of another time zone, move an alarm, and no change is flagged
#: twice.
COOLDOWN: Final = timedelta(days=28)

#: Most entries kept of each list, and characters of each word: a row stays small.
MAX_WORDS: Final = 20
MAX_AUTHORS: Final = 5
_MAX_WORD: Final = 40


_KEYS: Final = ("model_id", "source", "author", "emotion", "direction", "detected_at")


class UnknownShiftError(DatabaseError):
    """No shift has that id."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A word or an author whose share of the texts changed most."""

    name: str
    n_before: int
    n_after: int
    #: Standardised log-odds ratio; above 0 it became more.
    z: float


@dataclass(frozen=True, slots=True)
class ShiftRecord:
    """One flagged shift; the first fields are those of the view `mood_shifts`."""

    #: None: all sources together.
    source: str | None
    #: None: all authors together; else a pseudonym.
    author: str | None
    #: None for volume and silence.
    emotion: Emotion | None
    direction: Literal["up", "down"]
    #: When the change itself began, as far as can be told.
    started_at: datetime
    #: The end of the bucket with which the alarm was raised.
    detected_at: datetime
    share_before: float
    share_after: float
    odds_ratio: float | None
    #: Messages in the buckets from started_at to detected_at.
    n: int
    #: 1 (barely worth a look) to 10.
    severity: int
    state: ShiftState = "open"
    kind: Kind = "mood"
    interval_before: tuple[float, float] | None = None
    interval_after: tuple[float, float] | None = None
    #: Messages a day, for volume and silence.
    rate_before: float | None = None
    rate_after: float | None = None
    persistence_days: int | None = None
    #: None: not looked at this time; what is stored stays.
    words: Sequence[Moved] | None = None
    authors: Sequence[Moved] | None = None
    #: Whether the newest messages are back at the level before.
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class StoredShift:
    """A shift as the database holds it, its state worked out for the moment of reading."""

    id: int
    record: ShiftRecord
    model: str
    state: ShiftState
    opened_at: datetime | None
    over_at: datetime | None = None
    snoozed_until: datetime | None = None
    changed_at: datetime | None = None


def save_shifts(
    engine: Engine, shifts: Sequence[ShiftRecord], model_id: int, *, now: datetime | None = None
) -> int:
    """Store new shifts and update those that are known; return how many were new.

    A known one keeps its id, when it began and was detected, and its state, which a person may have
    changed. A new one that another model has seen too takes over what a person decided about it.
    """
    if not shifts:
        return 0
    moment = now or datetime.now(UTC)

    def work(connection: Connection) -> int:
        if connection.dialect.name == "postgresql":
            # Of two reports at once, the second must see what the first has stored.
            connection.execute(text("LOCK TABLE shifts IN SHARE ROW EXCLUSIVE MODE"))
        added: set[int] = set()
        stored = _stored_before(connection, shifts, model_id)
        for number, shift in enumerate(shifts):
            known = stored.get(number)
            if known is None:
                row = _columns(shift, model_id) | {
                    "started_at": shift.started_at,
                    "detected_at": shift.detected_at,
                    "state": shift.state,
                    "opened_at": moment,
                    "over_at": moment if shift.is_over else None,
                }
                # Two findings of one key and day are one.
                new = insert_new(connection, ShiftRow, [row], keys=_KEYS, returning=("id",))
                added.update(one.id for one in new)
            else:
                values = _columns(shift, known.model_id)
                # Kept while it stays over: a later decision of a person's counts against it.
                over_at = (known.over_at or moment) if shift.is_over else None
                connection.execute(
                    update(ShiftRow)
                    .where(ShiftRow.id == known.id)
                    .values(**values, over_at=over_at)
                )
        carry_decisions(connection, added, within=COOLDOWN)
        return len(added)

    return in_transaction(engine, work)


def list_shifts(
    engine: Engine,
    *,
    states: Sequence[ShiftState] = (),
    kinds: Sequence[Kind] = (),
    source: str | None = None,
    author: str | None = None,
    emotion: Emotion | None = None,
    since: datetime | None = None,
    least_severity: int = 1,
    limit: int | None = None,
    now: datetime | None = None,
) -> list[StoredShift]:
    """Return the shifts of the current model, and volume and silence, the newest first.

    Args:
        states: as they are at `now`; empty: all.
        since: those detected from then on.
    """
    moment = now or datetime.now(UTC)
    conditions: list[ColumnElement[bool]] = [ShiftRow.severity >= least_severity]
    if kinds:
        conditions.append(ShiftRow.kind.in_(kinds))
    if source is not None:
        conditions.append(ShiftRow.source == fit_key(source))
    if author is not None:
        conditions.append(ShiftRow.author == fit_key(author))
    if emotion is not None:
        conditions.append(ShiftRow.emotion == emotion)
    if since is not None:
        conditions.append(ShiftRow.detected_at >= since)
    statement = _SELECT.where(or_(ModelRow.current, ShiftRow.kind != "mood"), *conditions).order_by(
        ShiftRow.detected_at.desc(), ShiftRow.id.desc()
    )
    with reading(engine) as connection:
        rows = connection.execute(statement).all()
    found = [_stored(row, moment) for row in rows]
    return [shift for shift in found if not states or shift.state in states][:limit]


def get_shift(engine: Engine, shift_id: int, *, now: datetime | None = None) -> StoredShift:
    """Return one shift, of whichever model.

    Raises:
        UnknownShiftError: when none has that id.
    """
    with reading(engine) as connection:
        row = connection.execute(_SELECT.where(ShiftRow.id == shift_id)).first()
    if row is None:
        raise _unknown(shift_id)
    return _stored(row, now or datetime.now(UTC))


def set_state(
    engine: Engine,
    shift_id: int,
    state: ShiftState,
    until: datetime | None = None,
    *,
    now: datetime | None = None,
) -> None:
    """Write down what a person decided; a snoozed shift is open again from `until` on.

    Raises:
        UnknownShiftError: when no shift has that id.
        ValueError: when a snoozed one has no end, or another has one.
    """
    if (state == "snoozed") != (until is not None):
        raise ValueError("expected an end for a snoozed shift, and for no other")
    values = {"state": state, "snoozed_until": until, "changed_at": now or datetime.now(UTC)}

    def work(connection: Connection) -> int:
        statement = update(ShiftRow).where(ShiftRow.id == shift_id).values(**values)
        return connection.execute(statement).rowcount

    if in_transaction(engine, work) != 1:
        raise _unknown(shift_id)


_SELECT: Final = select(ShiftRow.__table__, ModelRow.name.label("model")).join(
    ModelRow, ModelRow.id == ShiftRow.model_id
)


def _unknown(shift_id: int) -> UnknownShiftError:
    return UnknownShiftError(
        f"expected the id of a shift, found {shift_id}: 'moodwatch shifts list' shows them"
    )


def _stored_before(
    connection: Connection, shifts: Sequence[ShiftRecord], model_id: int
) -> dict[int, Row[Any]]:
    """Return the stored row of each shift by its place; of new ones none.

    The nearest pairs first: where several changes of an emotion lie within days, none takes the row
    of another, with what a person decided about it.
    """
    pairs = [
        (abs(row.detected_at - shift.detected_at), number, row)
        for number, shift in enumerate(shifts)
        for row in _alike(connection, shift, model_id)
    ]
    found: dict[int, Row[Any]] = {}
    taken: set[int] = set()
    for _, number, row in sorted(pairs, key=lambda pair: (pair[0], pair[1], pair[2].id)):
        if number not in found and row.id not in taken:
            found[number] = row
            taken.add(row.id)
    return found


def _alike(connection: Connection, shift: ShiftRecord, model_id: int) -> list[Row[Any]]:
    """Return the stored rows that may be the same change."""
    rows: list[Any] = list(
        connection.execute(
            select(ShiftRow.id, ShiftRow.model_id, ShiftRow.detected_at, ShiftRow.over_at).where(
                ShiftRow.kind == shift.kind,
                # Counting messages hangs on no model, judging their mood does.
                or_(ShiftRow.model_id == model_id, ShiftRow.kind != "mood"),
                ShiftRow.source == fit_key(shift.source or ""),
                ShiftRow.author == fit_key(shift.author or ""),
                ShiftRow.emotion == _emotion(shift),
                ShiftRow.direction == shift.direction,
                ShiftRow.detected_at.between(
                    shift.detected_at - COOLDOWN, shift.detected_at + COOLDOWN
                )
                if shift.kind == "mood"
                # Spikes and silences may follow each other within days: the same began then.
                else ShiftRow.started_at.between(
                    shift.started_at - timedelta(days=1), shift.started_at + timedelta(days=1)
                ),
            )
        ).all()
    )
    return rows


def _columns(shift: ShiftRecord, model_id: int) -> dict[str, Any]:
    """Return what a shift that is found again updates."""
    before, after = shift.interval_before, shift.interval_after
    columns: dict[str, Any] = {
        "model_id": model_id,
        "source": fit_key(shift.source or ""),
        "author": fit_key(shift.author or ""),
        "emotion": _emotion(shift),
        "direction": shift.direction,
        "share_before": float(shift.share_before),
        "share_after": float(shift.share_after),
        "odds_ratio": _number(shift.odds_ratio),
        "n": int(shift.n),
        "severity": int(shift.severity),
        "kind": shift.kind,
        "before_low": None if before is None else float(before[0]),
        "before_high": None if before is None else float(before[1]),
        "after_low": None if after is None else float(after[0]),
        "after_high": None if after is None else float(after[1]),
        "rate_before": _number(shift.rate_before),
        "rate_after": _number(shift.rate_after),
        "persistence_days": shift.persistence_days,
    }
    if shift.words is not None:
        columns["words"] = packed(shift.words, MAX_WORDS)
    if shift.authors is not None:
        columns["authors"] = packed(shift.authors, MAX_AUTHORS)
    return columns


def _emotion(shift: ShiftRecord) -> str:
    # Of a kind that has none, the kind: a drop and a silence of one day are two.
    return shift.emotion or shift.kind


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)


def packed(moved: Sequence[Moved], limit: int) -> str:
    """Return the clearest of a list as JSON."""
    clearest = sorted(moved, key=lambda one: -abs(one.z))[:limit]
    return json.dumps(
        [
            {
                "name": one.name[:_MAX_WORD],
                "n_before": int(one.n_before),
                "n_after": int(one.n_after),
                "z": round(float(one.z), 2),
            }
            for one in clearest
        ],
        ensure_ascii=False,
    )


def _unpacked(packed: str | None) -> tuple[Moved, ...]:
    return tuple(Moved(**one) for one in json.loads(packed or "[]"))


def _stored(row: Row[Any], now: datetime) -> StoredShift:
    record = ShiftRecord(
        source=row.source or None,
        author=row.author or None,
        emotion=row.emotion if row.kind == "mood" else None,
        direction=row.direction,
        started_at=row.started_at,
        detected_at=row.detected_at,
        share_before=row.share_before,
        share_after=row.share_after,
        odds_ratio=row.odds_ratio,
        n=row.n,
        severity=row.severity,
        state=_state(row, now),
        kind=row.kind,
        interval_before=_interval(row.before_low, row.before_high),
        interval_after=_interval(row.after_low, row.after_high),
        rate_before=row.rate_before,
        rate_after=row.rate_after,
        persistence_days=row.persistence_days,
        words=_unpacked(row.words),
        authors=_unpacked(row.authors),
        is_over=row.over_at is not None,
    )
    return StoredShift(
        id=row.id,
        record=record,
        model=row.model,
        state=record.state,
        opened_at=row.opened_at,
        over_at=row.over_at,
        snoozed_until=row.snoozed_until,
        changed_at=row.changed_at,
    )


def _state(row: Row[Any], now: datetime) -> ShiftState:
    """Return the state at `now`; `db.views` says the same in SQL: change both together."""
    if row.over_at is not None and (row.changed_at is None or row.changed_at < row.over_at):
        return "closed"
    if row.state == "snoozed" and row.snoozed_until <= now:
        return "open"
    state: ShiftState = row.state
    return state


def _interval(low: float | None, high: float | None) -> tuple[float, float] | None:
    return None if low is None or high is None else (low, high)
