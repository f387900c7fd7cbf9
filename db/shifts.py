"""Keeps flagged mood shifts; people read them in the view `mood_shifts`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Engine

from db.bulk import insert_new
from db.connections import in_transaction
from db.tables import ShiftRow
from db.texts import fit_key
from records import Emotion


@dataclass(frozen=True, slots=True)
class ShiftRecord:
    """One flagged shift, in the columns of the view `mood_shifts`."""

    #: None: all sources together.
    source: str | None
    #: None: all authors together; else a pseudonym.
    author: str | None
    emotion: Emotion
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
    state: str = "open"


def save_shifts(engine: Engine, shifts: Sequence[ShiftRecord], model_id: int) -> int:
    """Store the shifts that are not stored yet; return how many those were.

    The same shift is the same model, source, author, emotion, direction and detected_at; one
    that is there keeps its state, which a person may have changed.
    """
    if not shifts:
        return 0
    rows = [
        {
            "model_id": model_id,
            "source": fit_key(shift.source or ""),
            "author": fit_key(shift.author or ""),
            "emotion": shift.emotion,
            "direction": shift.direction,
            "started_at": shift.started_at,
            "detected_at": shift.detected_at,
            "share_before": float(shift.share_before),
            "share_after": float(shift.share_after),
            "odds_ratio": None if shift.odds_ratio is None else float(shift.odds_ratio),
            "n": int(shift.n),
            "severity": int(shift.severity),
            "state": shift.state,
        }
        for shift in shifts
    ]

    keys = ("model_id", "source", "author", "emotion", "direction", "detected_at")
    return in_transaction(
        engine,
        lambda connection: len(
            insert_new(connection, ShiftRow, rows, keys=keys, returning=("id",))
        ),
    )
