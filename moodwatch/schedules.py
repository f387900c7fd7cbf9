"""Wire schedules to the rooms: the file, the queue's cron lines, the outbox, retention."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from moodwatch.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Engine

    from moodwatch.settings import Settings
    from reporting.delivery.courier import Courier
    from reporting.schedule import CronEntry
    from reporting.schedules import Recipient, Retention, Schedules

#: How the slots of retention are remembered; no schedule may be called so.
RETENTION: Final = "retention"
#: Seconds that forgetting may take: millions of messages in one night.
_RETENTION_TIMEOUT_S: Final = 4 * 3600


def read_schedules(settings: Settings) -> Schedules:
    """Return the schedules of the file, else the one of MOODWATCH_REPORT_CRON, else none.

    Raises:
        UserError: naming file and line, or when both are given: one of them would be forgotten.
    """
    from reporting.schedules import Schedule, ScheduleError, Schedules, load_schedules

    if settings.schedules is not None:
        if settings.report_cron is not None:
            raise UserError(
                "expected MOODWATCH_SCHEDULES or MOODWATCH_REPORT_CRON, found both: write the "
                f"report into {str(settings.schedules)!r}"
            )
        try:
            return load_schedules(settings.schedules)
        except ScheduleError as error:
            raise UserError(str(error)) from None
    if settings.report_cron is None:
        return Schedules()
    try:
        report = Schedule(
            cron=settings.report_cron, time_zone=settings.time_zone, period=settings.report_period
        )
    except ValueError:
        raise UserError(
            "MOODWATCH_REPORT_CRON: expected a cron line such as '0 7 * * MON', found "
            f"{settings.report_cron!r}"
        ) from None
    return Schedules(schedules={"report": report})


def with_pseudonyms(settings: Settings, engine: Engine, schedules: Schedules) -> Schedules:
    """Return schedules that name authors by pseudonyms: the queue is readable by many."""
    from moodwatch.authors import author_ids

    told = {
        name: schedule.model_copy(
            update={"authors": author_ids(settings, engine, schedule.authors)}
        )
        for name, schedule in schedules.schedules.items()
    }
    return schedules.model_copy(update={"schedules": told})


def cron_entries(engine: Engine, schedules: Schedules) -> list[CronEntry]:
    """Return what control asks the workers for; it goes on where it stopped, however long ago."""
    from db.outbox import remember_schedules
    from moodwatch.processes import CARRY_OUT, RETAIN
    from reporting.schedule import CronEntry

    names = [*schedules.schedules, *([RETENTION] if schedules.retention is not None else [])]
    carried_out = remember_schedules(engine, names) if names else {}
    entries = [
        CronEntry(
            name,
            schedule.cron,
            CARRY_OUT,
            # Names of recipients, never where they are: the queue is readable by many.
            {"name": name, "schedule": schedule.model_dump(mode="json")},
            time_zone=schedule.time_zone,
            carried_out=carried_out[name],
        )
        for name, schedule in schedules.schedules.items()
    ]
    if schedules.retention is not None:
        entries.append(
            CronEntry(
                RETENTION,
                schedules.retention.cron,
                RETAIN,
                {"retention": schedules.retention.model_dump(mode="json")},
                time_zone=schedules.retention.time_zone,
                timeout_s=_RETENTION_TIMEOUT_S,
                carried_out=carried_out[RETENTION],
            )
        )
    return entries


def courier(settings: Settings, engine: Engine) -> Courier:
    """Return what sends the outbox; it reads the recipients anew each time there is something."""
    from reporting.delivery.courier import Courier

    def recipients() -> Mapping[str, Recipient]:
        return read_schedules(settings).recipients

    return Courier(engine, recipients, os.environ)


def retain(engine: Engine, retention: Retention, slot: datetime | str) -> int:
    """Forget what is older at `slot` than it is to be kept; return how many messages."""
    from db.forget import forget
    from db.outbox import record_slot

    moment = datetime.fromisoformat(slot) if isinstance(slot, str) else slot
    before = moment.astimezone(UTC) - timedelta(days=retention.keep_days)
    n_erased = sum(
        forget(engine, source=source, before=before) for source in retention.sources or (None,)
    )
    record_slot(engine, RETENTION, moment)
    return n_erased
