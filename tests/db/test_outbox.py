"""The outbox: what is written down is sent at least once, and by one process at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from db.outbox import (
    KEPT,
    Delivery,
    DeliveryCounts,
    claim_due,
    delivery_counts,
    last_slots,
    mark_failed,
    mark_sent,
    record_slot,
    remember_schedules,
    states_of,
    unannounced,
)
from db.shifts import ShiftRecord, list_shifts, save_shifts

NOW = datetime(2025, 6, 30, 6, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def delivery(recipient: str, slot: datetime = NOW) -> Delivery:
    name = f"weekly.{slot:%Y%m%d}.{recipient}"
    return Delivery(name, "weekly", slot, recipient, "subject", "body", ("/reports/a.html",))


def test_a_new_schedule_starts_from_now_and_then_goes_on_where_it_was(engine: Engine) -> None:
    assert remember_schedules(engine, ["weekly"], now=NOW) == {"weekly": NOW}
    record_slot(engine, "weekly", NOW + DAY)

    known = remember_schedules(engine, ["weekly", "daily"], now=NOW + 9 * DAY)

    assert known == {"weekly": NOW + DAY, "daily": NOW + 9 * DAY}
    # A late repeat of an older slot takes nothing back.
    record_slot(engine, "weekly", NOW)
    assert last_slots(engine)["weekly"] == NOW + DAY


def test_one_claim_a_recipient_and_none_twice(engine: Engine) -> None:
    later = delivery("team", NOW + DAY)
    record_slot(engine, "weekly", NOW, [delivery("team"), delivery("mail")], now=NOW)
    record_slot(engine, "weekly", NOW + DAY, [later], now=NOW + MINUTE)
    at = NOW + 2 * MINUTE

    first = claim_due(engine, lease=MINUTE, now=at)

    assert {(d.id, d.n_tries) for d in first} == {
        ("weekly.20250630.team", 1),
        ("weekly.20250630.mail", 1),
    }
    assert first[0].files == ("/reports/a.html",)
    assert claim_due(engine, lease=MINUTE, busy=["team"], now=at) == []
    assert [d.id for d in claim_due(engine, lease=MINUTE, now=at)] == [later.id]
    assert claim_due(engine, lease=MINUTE, now=at) == []


def test_a_claim_runs_out(engine: Engine) -> None:
    record_slot(engine, "weekly", NOW, [delivery("team")], now=NOW)
    claim_due(engine, lease=MINUTE, now=NOW)

    [again] = claim_due(engine, lease=MINUTE, now=NOW + MINUTE)

    assert again.n_tries == 2


def test_what_was_sent_stays_sent(engine: Engine) -> None:
    sent = delivery("team")
    record_slot(engine, "weekly", NOW, [sent], now=NOW)
    mark_sent(engine, sent.id, now=NOW)
    # A slower process, whose claim had run out.
    mark_failed(engine, sent.id, "no answer", next_try_at=NOW)

    assert states_of(engine, [sent.id]) == {sent.id: ("sent", None)}
    assert claim_due(engine, lease=MINUTE, now=NOW + DAY) == []


def test_old_closed_deliveries_are_dropped_and_waiting_ones_never(engine: Engine) -> None:
    record_slot(engine, "weekly", NOW, [delivery("team"), delivery("mail")], now=NOW)
    mark_sent(engine, "weekly.20250630.team", now=NOW)

    record_slot(engine, "weekly", NOW + KEPT, now=NOW + KEPT + MINUTE)

    assert delivery_counts(engine) == {"weekly": DeliveryCounts(waiting=1)}


def test_a_shift_is_announced_by_a_schedule_once(engine: Engine, model_id: int) -> None:
    shift = ShiftRecord("a", None, "joy", "up", NOW, NOW, 0.1, 0.2, 2.0, 10, 3)
    save_shifts(engine, [shift], model_id)
    ids = [stored.id for stored in list_shifts(engine)]

    assert unannounced(engine, "alarms", ids, slot=NOW) == ids
    record_slot(engine, "alarms", NOW, announced=ids)
    record_slot(engine, "alarms", NOW, announced=ids)

    # The slot carried out again tells the same; the next one is silent; others are not concerned.
    assert unannounced(engine, "alarms", ids, slot=NOW) == ids
    assert unannounced(engine, "alarms", ids, slot=NOW + DAY) == []
    assert unannounced(engine, "weekly", ids, slot=NOW + DAY) == ids
