"""Carries what people decided about a shift to the same change as another model sees it.

Shifts belong to the model that saw them; whoever acknowledged one does not want to do so again
because `moodwatch rescore` has switched models. For `db.shifts`, within its transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, select, update

from db.tables import ShiftRow

_Shift = Row[Any]


def carry_decisions(connection: Connection, new: Collection[int], *, within: timedelta) -> None:
    """Give new shifts the state of the same change as other models saw it, if a person set one.

    The same are source, author, emotion and direction, and starts no further apart than `within`.
    Of each model the nearest shift counts, of several models the newest decision; a decision goes
    to one shift of the new model, the one that began nearest.
    """
    for shift_id in sorted(new):
        own = connection.execute(select(ShiftRow.__table__).where(ShiftRow.id == shift_id)).one()
        if own.kind != "mood":
            # Counting messages hangs on no model: there is one row for all of them.
            continue
        alike = connection.execute(
            select(ShiftRow.__table__).where(
                ShiftRow.kind == own.kind,
                ShiftRow.source == own.source,
                ShiftRow.author == own.author,
                ShiftRow.emotion == own.emotion,
                ShiftRow.direction == own.direction,
                ShiftRow.id != own.id,
            )
        ).all()
        decided = _decided(own, alike, within)
        if decided is None:
            continue
        values = {
            "state": decided.state,
            "snoozed_until": decided.snoozed_until,
            "changed_at": decided.changed_at,
        }
        if own.over_at is not None and decided.over_at is not None:
            # Who reopened it after it was over knew that it was.
            values["over_at"] = decided.over_at
        connection.execute(update(ShiftRow).where(ShiftRow.id == own.id).values(**values))


def _decided(own: _Shift, alike: Sequence[_Shift], within: timedelta) -> _Shift | None:
    of_others: dict[int, list[_Shift]] = {}
    for other in alike:
        if other.model_id != own.model_id and _apart(own, other) <= within:
            of_others.setdefault(other.model_id, []).append(other)
    nearest = [min(seen, key=lambda other: _apart(own, other)) for seen in of_others.values()]
    siblings = [other for other in alike if other.model_id == own.model_id]
    found = [
        other
        for other in nearest
        if other.changed_at is not None
        and all(
            (_apart(own, other), own.id) < (_apart(sibling, other), sibling.id)
            for sibling in siblings
        )
    ]
    return max(found, key=lambda other: other.changed_at, default=None)


def _apart(one: _Shift, other: _Shift) -> timedelta:
    distance: timedelta = abs(one.started_at - other.started_at)
    return distance
