"""Carries the outbox's deliveries, each recipient in a thread of its own.

Any number of couriers may run on any machines: a delivery is claimed in the database before it is
tried. One that dies between sending and recording gives its claim back by time, and the next
courier sends again under the same id. A recipient that hangs or is gone holds up itself alone.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import Engine

from db.outbox import Delivery, claim_due, mark_failed, mark_sent
from reporting.delivery.channels import DeliveryError, send
from reporting.schedules import Recipient, ScheduleError

log = structlog.get_logger(__name__)

#: Longer than a try can take: connecting, sending, waiting for an answer, three times over.
LEASE: Final = timedelta(minutes=5)

#: Until the next try after each failed one; given up after the last, a day and a half in all.
BACKOFF: Final = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=8),
    timedelta(hours=24),
)

#: Tries under way at once.
MOST_AT_ONCE: Final = 8


class Courier:
    """Sends what is due; `step` never waits for a recipient.

    Args:
        recipients: asked at each step, so that a changed address counts at once.
        environment: what `env:NAME` in an address refers to.
    """

    def __init__(
        self,
        engine: Engine,
        recipients: Callable[[], Mapping[str, Recipient]],
        environment: Mapping[str, str],
        *,
        lease: timedelta = LEASE,
        backoff: tuple[timedelta, ...] = BACKOFF,
    ) -> None:
        self._engine = engine
        self._recipients = recipients
        self._environment = environment
        self._lease = lease
        self._backoff = backoff
        self._under_way: dict[str, threading.Thread] = {}

    def step(self, *, only: Collection[str] | None = None) -> int:
        """Begin the tries that are due; return how many."""
        self._under_way = {
            name: thread for name, thread in self._under_way.items() if thread.is_alive()
        }
        room = MOST_AT_ONCE - len(self._under_way)
        if room <= 0:
            return 0
        due = claim_due(
            self._engine, lease=self._lease, busy=self._under_way, only=only, limit=room
        )
        if not due:
            return 0
        recipients = self._recipients()
        for delivery in due:
            thread = threading.Thread(
                target=self._carry,
                args=(delivery, recipients.get(delivery.recipient)),
                name=f"delivery-{delivery.recipient}",
                # A try that hangs must not keep the process from ending.
                daemon=True,
            )
            self._under_way[delivery.recipient] = thread
            thread.start()
        return len(due)

    def wait(self, timeout_s: float) -> bool:
        """Wait until no try is under way; return whether that came to be."""
        deadline = time.monotonic() + timeout_s
        for thread in self._under_way.values():
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._under_way.values())

    def _carry(self, delivery: Delivery, recipient: Recipient | None) -> None:
        try:
            if recipient is None:
                raise DeliveryError("no recipient of that name in the schedules")
            send(delivery, recipient, self._environment)
        except (DeliveryError, ScheduleError) as error:
            self._failed(delivery, str(error), is_final=getattr(error, "is_final", False))
        except Exception as error:  # noqa: BLE001  # a library's error is one failed try
            # The type alone: its text may quote the address.
            self._failed(delivery, type(error).__name__)
        else:
            self._record(delivery, lambda: mark_sent(self._engine, delivery.id))
            log.info("delivered", delivery=delivery.id, n_tries=delivery.n_tries)

    def _failed(self, delivery: Delivery, reason: str, *, is_final: bool = False) -> None:
        is_last = is_final or delivery.n_tries > len(self._backoff)
        next_try_at = None
        if not is_last:
            # Spread a little, so that what failed together does not come back together.
            spread = random.uniform(1.0, 1.1)  # noqa: S311 - no secret
            next_try_at = datetime.now(UTC) + self._backoff[delivery.n_tries - 1] * spread
        self._record(
            delivery,
            lambda: mark_failed(self._engine, delivery.id, reason, next_try_at=next_try_at),
        )
        log.warning(
            "delivery_failed",
            delivery=delivery.id,
            n_tries=delivery.n_tries,
            reason=reason,
            next_try_at=None if next_try_at is None else next_try_at.isoformat(timespec="seconds"),
        )

    def _record(self, delivery: Delivery, write: Callable[[], None]) -> None:
        try:
            write()
        except Exception as error:  # noqa: BLE001  # the claim runs out, and it is sent again
            log.warning("delivery_unrecorded", delivery=delivery.id, reason=type(error).__name__)
