"""The outbox of scheduled reports, and the memory of which slots were carried out.

A delivery is written down before it is tried and closed after, under an id made of schedule, slot
and recipient: what happens in between, it is sent at least once and recorded once. Addresses and
secrets are not in here: a recipient is a name.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, and_, delete, func, or_, select, update

from db.bulk import insert_new
from db.connections import in_transaction, reading
from db.tables import AnnouncementRow, DeliveryRow, ScheduleSlotRow

#: Closed deliveries are kept so long: the slot may be asked for again until then.
KEPT: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one recipient."""

    id: str
    schedule: str
    slot: datetime
    recipient: str
    subject: str
    body: str
    #: Paths of what goes with it.
    files: tuple[str, ...] = ()
    #: Tries begun, this one included.
    n_tries: int = 0


@dataclass(frozen=True, slots=True)
class DeliveryCounts:
    """What became of a schedule's deliveries."""

    waiting: int = 0
    sent: int = 0
    failed: int = 0


def record_slot(
    engine: Engine,
    schedule: str,
    slot: datetime,
    deliveries: Sequence[Delivery] = (),
    *,
    announced: Collection[int] = (),
    now: datetime | None = None,
) -> int:
    """Write down, all at once, that a slot was carried out and what is to be sent for it.

    Deliveries that are known are left as they are; return how many were new.

    Args:
        announced: ids of the shifts that these deliveries tell of.
    """
    moment = now or datetime.now(UTC)
    rows = [
        {
            "id": delivery.id,
            "schedule": schedule,
            "slot": slot,
            "recipient": delivery.recipient,
            "state": "waiting",
            "subject": delivery.subject,
            "body": delivery.body,
            "files": json.dumps(delivery.files),
            "n_tries": 0,
            "created_at": moment,
            "next_try_at": moment,
        }
        for delivery in sorted(deliveries, key=lambda one: one.id)
    ]
    told = [
        {"schedule": schedule, "shift_id": shift_id, "slot": slot} for shift_id in sorted(announced)
    ]

    def work(connection: Connection) -> int:
        _remember(connection, schedule, slot, moment)
        connection.execute(
            delete(DeliveryRow).where(
                DeliveryRow.state != "waiting", DeliveryRow.closed_at < moment - KEPT
            )
        )
        insert_new(
            connection,
            AnnouncementRow,
            told,
            keys=("schedule", "shift_id"),
            returning=("shift_id",),
        )
        new = insert_new(connection, DeliveryRow, rows, keys=("id",), returning=("id",))
        return len(new)

    return in_transaction(engine, work)


def remember_schedules(
    engine: Engine, schedules: Sequence[str], *, now: datetime | None = None
) -> dict[str, datetime]:
    """Return the newest slot carried out of each schedule; one that is new starts from now."""
    moment = now or datetime.now(UTC)
    rows = [{"schedule": name, "slot": moment, "since": moment} for name in sorted(set(schedules))]

    def work(connection: Connection) -> dict[str, datetime]:
        insert_new(
            connection,
            ScheduleSlotRow,
            rows,
            keys=("schedule",),
            returning=("schedule",),
        )
        known = connection.execute(
            select(ScheduleSlotRow.schedule, ScheduleSlotRow.slot).where(
                ScheduleSlotRow.schedule.in_(schedules)
            )
        )
        return {row.schedule: row.slot for row in known}

    return in_transaction(engine, work)


def last_slots(engine: Engine) -> dict[str, datetime]:
    """Return the newest slot carried out, or the time it was first seen, of each known schedule."""
    with reading(engine) as connection:
        rows = connection.execute(select(ScheduleSlotRow.schedule, ScheduleSlotRow.slot))
        return {row.schedule: row.slot for row in rows}


def unannounced(
    engine: Engine, schedule: str, shift_ids: Sequence[int], *, slot: datetime
) -> list[int]:
    """Return those of the shifts that the schedule has not told of in an earlier slot."""
    with reading(engine) as connection:
        told = connection.execute(
            select(AnnouncementRow.shift_id).where(
                AnnouncementRow.schedule == schedule,
                AnnouncementRow.shift_id.in_(shift_ids),
                # The same slot again tells the same.
                AnnouncementRow.slot != slot,
            )
        )
        known = {row.shift_id for row in told}
    return [shift_id for shift_id in shift_ids if shift_id not in known]


def claim_due(
    engine: Engine,
    *,
    lease: timedelta,
    busy: Collection[str] = (),
    only: Collection[str] | None = None,
    limit: int = 20,
    now: datetime | None = None,
) -> list[Delivery]:
    """Take due deliveries, one a recipient, for the length of `lease`; others leave them alone.

    Args:
        lease: longer than a try can take; a process that dies gives them back when it is over.
        busy: recipients that a try is under way for.
        only: ids to choose from, due or not; None: all that are due.
    """
    moment = now or datetime.now(UTC)
    free = or_(DeliveryRow.claimed_until.is_(None), DeliveryRow.claimed_until <= moment)
    open_ = and_(DeliveryRow.state == "waiting", free)
    wanted = DeliveryRow.next_try_at <= moment if only is None else DeliveryRow.id.in_(only)

    def work(connection: Connection) -> list[Delivery]:
        statement = (
            select(DeliveryRow.__table__)
            .where(open_, wanted)
            .order_by(DeliveryRow.next_try_at, DeliveryRow.id)
        )
        if connection.dialect.name == "postgresql":
            statement = statement.with_for_update(skip_locked=True)
        taken: dict[str, Delivery] = {}
        for row in connection.execute(statement).all():
            if row.recipient in taken or row.recipient in busy:
                continue
            connection.execute(
                update(DeliveryRow)
                .where(DeliveryRow.id == row.id)
                .values(claimed_until=moment + lease, n_tries=DeliveryRow.n_tries + 1)
            )
            taken[row.recipient] = _delivery(row)
            if len(taken) == limit:
                break
        return list(taken.values())

    return in_transaction(engine, work)


def mark_sent(engine: Engine, delivery_id: str, *, now: datetime | None = None) -> None:
    """Close a delivery that arrived."""
    _close(engine, delivery_id, "sent", None, now or datetime.now(UTC))


def mark_failed(
    engine: Engine,
    delivery_id: str,
    reason: str,
    *,
    next_try_at: datetime | None,
    now: datetime | None = None,
) -> None:
    """Write down a failed try; without a next one, give the delivery up."""
    if next_try_at is None:
        _close(engine, delivery_id, "failed", reason, now or datetime.now(UTC))
        return
    values = {"next_try_at": next_try_at, "claimed_until": None, "reason": reason}
    _update(engine, delivery_id, values)


def delivery_counts(engine: Engine) -> dict[str, DeliveryCounts]:
    """Return what became of the deliveries kept, by schedule."""
    counts: dict[str, dict[str, int]] = {}
    with reading(engine) as connection:
        rows = connection.execute(
            select(DeliveryRow.schedule, DeliveryRow.state, func.count()).group_by(
                DeliveryRow.schedule, DeliveryRow.state
            )
        )
        for schedule, state, n in rows:
            counts.setdefault(schedule, {})[state] = n
    return {schedule: DeliveryCounts(**states) for schedule, states in counts.items()}


def states_of(engine: Engine, delivery_ids: Sequence[str]) -> dict[str, tuple[str, str | None]]:
    """Return state and the last failure of each delivery that is known."""
    with reading(engine) as connection:
        rows = connection.execute(
            select(DeliveryRow.id, DeliveryRow.state, DeliveryRow.reason).where(
                DeliveryRow.id.in_(delivery_ids)
            )
        )
        return {row.id: (row.state, row.reason) for row in rows}


def _remember(connection: Connection, schedule: str, slot: datetime, now: datetime) -> None:
    found = connection.execute(
        update(ScheduleSlotRow)
        .where(ScheduleSlotRow.schedule == schedule, ScheduleSlotRow.slot < slot)
        .values(slot=slot)
    )
    if found.rowcount == 0:
        row = {"schedule": schedule, "slot": slot, "since": now}
        insert_new(connection, ScheduleSlotRow, [row], keys=("schedule",), returning=("schedule",))


def _close(engine: Engine, delivery_id: str, state: str, reason: str | None, now: datetime) -> None:
    values = {"state": state, "closed_at": now, "claimed_until": None, "reason": reason}
    _update(engine, delivery_id, values)


def _update(engine: Engine, delivery_id: str, values: dict[str, Any]) -> None:
    statement = (
        update(DeliveryRow)
        # One that has arrived stays so, whatever a slower process says of its own try.
        .where(DeliveryRow.id == delivery_id, DeliveryRow.state != "sent")
        .values(**values)
    )
    in_transaction(engine, lambda connection: connection.execute(statement))


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        schedule=row.schedule,
        slot=row.slot,
        recipient=row.recipient,
        subject=row.subject,
        body=row.body,
        files=tuple(json.loads(row.files)),
        n_tries=row.n_tries + 1,
    )
