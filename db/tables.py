"""Every table, typed. Table, view and column names are the public interface of the database.

A change here wants a migration in `db/migrations/versions` (a test compares the two on both
dialects) and, where a view shows the column, a change in `db/views.py`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import ForeignKey, Index, LargeBinary, MetaData, Text, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from db.types import BigKey, UtcDateTime

NAMING_CONVENTION: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

_HAS_THREAD: Final = text("thread IS NOT NULL")


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    # Counts, positions and sizes outgrow 32 bits; text has no length of ours.
    type_annotation_map = {int: BigKey, str: Text, datetime: UtcDateTime, bytes: LargeBinary}  # noqa: RUF012 - as SQLAlchemy declares it


class Meta(Base):
    """Facts about the database itself: `database_id`, `views`."""

    __tablename__ = "meta"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class ModelRow(Base):
    """A bundle that has scored messages; `current` marks the one that the views show."""

    __tablename__ = "models"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(unique=True, comment="bundle@version")
    emotions: Mapped[str] = mapped_column(comment="those it scores, comma-separated")
    current: Mapped[bool]
    registered_at: Mapped[datetime]

    __table_args__ = (
        Index(
            "uq_models_current",
            "current",
            unique=True,
            sqlite_where=text("current"),
            postgresql_where=text("current"),
        ),
    )


class MessageRow(Base):
    """One text with its source and time; erased ones are gone, see TombstoneRow."""

    __tablename__ = "messages"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    source: Mapped[str]
    external_id: Mapped[str]
    thread: Mapped[str | None]
    author: Mapped[str | None] = mapped_column(comment="a pseudonym, never the name")
    posted_at: Mapped[datetime | None] = mapped_column(comment="NULL: undated, in no bucket")
    text: Mapped[str | None] = mapped_column(comment="NULL in text mode drop")
    language: Mapped[str | None]
    text_hash: Mapped[bytes | None] = mapped_column(comment="keyed; NULL in text mode drop")
    ingested_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index(None, "author", "posted_at"),
        Index(None, "source", "posted_at"),
        Index(None, "posted_at"),
        # Most messages have no thread: they cost nothing here.
        Index(
            None,
            "thread",
            "posted_at",
            sqlite_where=_HAS_THREAD,
            postgresql_where=_HAS_THREAD,
        ),
    )


class EmotionsRow(Base):
    """What one model made of one message. Emotions that the model does not score are NULL."""

    __tablename__ = "emotions"

    message_id: Mapped[int] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True
    )
    model_id: Mapped[int] = mapped_column(ForeignKey("models.id"), primary_key=True)
    status: Mapped[str] = mapped_column(comment="scored or unsupported")
    emotion: Mapped[str | None] = mapped_column(comment="the top one")
    confidence: Mapped[float | None] = mapped_column(comment="the top one's score")
    low_confidence: Mapped[bool]
    sadness: Mapped[float | None]
    joy: Mapped[float | None]
    love: Mapped[float | None]
    anger: Mapped[float | None]
    fear: Mapped[float | None]
    surprise: Mapped[float | None]
    disgust: Mapped[float | None]
    neutral: Mapped[float | None]


class RollupRow(Base):
    """Messages and scores by hour, source and model, from the rows really put into `emotions`.

    Several shards of one key are summed by the reader; a single shard may be negative after an
    erasure, their sum never is. `n` counts scored messages only.
    """

    __tablename__ = "rollups"

    hour: Mapped[datetime] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("models.id"), primary_key=True)
    shard: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    n: Mapped[int] = mapped_column(comment="scored messages; unsupported ones are not in it")
    n_sadness: Mapped[int]
    n_joy: Mapped[int]
    n_love: Mapped[int]
    n_anger: Mapped[int]
    n_fear: Mapped[int]
    n_surprise: Mapped[int]
    n_disgust: Mapped[int]
    n_neutral: Mapped[int]
    sum_sadness: Mapped[int] = mapped_column(comment="of scores times 10,000, each rounded")
    sum_joy: Mapped[int]
    sum_love: Mapped[int]
    sum_anger: Mapped[int]
    sum_fear: Mapped[int]
    sum_surprise: Mapped[int]
    sum_disgust: Mapped[int]
    sum_neutral: Mapped[int]
    n_unsupported: Mapped[int]
    n_low_confidence: Mapped[int]


class IngestRow(Base):
    """One reading of one file or stream: where it stands, and what it has read."""

    __tablename__ = "ingests"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    source: Mapped[str]
    size_bytes: Mapped[int | None]
    options: Mapped[str]
    state: Mapped[str] = mapped_column(index=True, comment="open, complete or abandoned")
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    next_chunk: Mapped[int]
    rows_read: Mapped[int]
    n_rejected: Mapped[int]
    n_undated: Mapped[int]
    bytes_read: Mapped[int]
    prefix_hash: Mapped[str]


class ChunkRow(Base):
    """The ledger: a chunk of an ingest, with its payload until its messages are stored."""

    __tablename__ = "chunks"

    id: Mapped[str] = mapped_column(primary_key=True)
    ingest_id: Mapped[str] = mapped_column(ForeignKey("ingests.id"))
    ordinal: Mapped[int]
    state: Mapped[str] = mapped_column(comment="open, stored or failed")
    n_messages: Mapped[int]
    n_stored: Mapped[int]
    n_duplicate: Mapped[int]
    n_changed: Mapped[int]
    payload: Mapped[bytes | None] = mapped_column(comment="zstd of JSON; NULL once stored")
    opened_at: Mapped[datetime]
    enqueued_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(comment="why it failed")

    __table_args__ = (
        UniqueConstraint("ingest_id", "ordinal"),
        Index(None, "state", "enqueued_at"),
    )


class RejectRow(Base):
    """A row that could not be read, or a message whose text differs from the one stored."""

    __tablename__ = "rejects"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    ingest_id: Mapped[str] = mapped_column(ForeignKey("ingests.id"), index=True)
    kind: Mapped[str] = mapped_column(comment="rejected or changed")
    source: Mapped[str] = mapped_column(index=True)
    row: Mapped[int | None]
    position: Mapped[int | None]
    reason: Mapped[str]
    raw: Mapped[str | None]
    at: Mapped[datetime]


class TombstoneRow(Base):
    """The natural key of an erased message, hashed, so that it is not stored again."""

    __tablename__ = "tombstones"

    key_hash: Mapped[bytes] = mapped_column(primary_key=True)
    erased_at: Mapped[datetime]


class ShiftRow(Base):
    """A flagged shift; people read the views `mood_shifts` and `volume_alarms`.

    `state` is what a person said last (open, acknowledged, snoozed, closed); one that is over
    counts as closed until a person says otherwise: `db.views` and `db.shifts` work that out.
    """

    __tablename__ = "shifts"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("models.id"))
    # Empty for "all": NULLs would never be equal in the unique constraint.
    source: Mapped[str]
    author: Mapped[str]
    emotion: Mapped[str]
    direction: Mapped[str]
    started_at: Mapped[datetime]
    detected_at: Mapped[datetime]
    share_before: Mapped[float]
    share_after: Mapped[float]
    odds_ratio: Mapped[float | None]
    n: Mapped[int]
    severity: Mapped[int]
    state: Mapped[str]
    kind: Mapped[str] = mapped_column(server_default="mood", comment="mood, volume or silence")
    before_low: Mapped[float | None]
    before_high: Mapped[float | None]
    after_low: Mapped[float | None]
    after_high: Mapped[float | None]
    rate_before: Mapped[float | None] = mapped_column(comment="messages a day")
    rate_after: Mapped[float | None] = mapped_column(comment="messages a day")
    persistence_days: Mapped[int | None]
    words: Mapped[str | None] = mapped_column(comment="JSON, the clearest ten each way")
    authors: Mapped[str | None] = mapped_column(comment="JSON, the clearest five")
    opened_at: Mapped[datetime | None] = mapped_column(comment="when it was first stored")
    over_at: Mapped[datetime | None] = mapped_column(comment="when it was first seen to be over")
    snoozed_until: Mapped[datetime | None]
    changed_at: Mapped[datetime | None] = mapped_column(comment="when a person last decided")

    __table_args__ = (
        UniqueConstraint("model_id", "source", "author", "emotion", "direction", "detected_at"),
    )


class ScheduleSlotRow(Base):
    """The newest slot of each schedule that was carried out, so that downtime is made up for."""

    __tablename__ = "schedule_slots"

    schedule: Mapped[str] = mapped_column(primary_key=True)
    slot: Mapped[datetime] = mapped_column(comment="the newest that was carried out")
    since: Mapped[datetime] = mapped_column(comment="when the schedule was first seen")


class DeliveryRow(Base):
    """One message to one recipient: written down before it is tried, closed after."""

    __tablename__ = "deliveries"

    id: Mapped[str] = mapped_column(primary_key=True)
    schedule: Mapped[str]
    slot: Mapped[datetime]
    recipient: Mapped[str] = mapped_column(comment="a name, never an address")
    state: Mapped[str] = mapped_column(comment="waiting, sent or failed")
    subject: Mapped[str]
    body: Mapped[str]
    files: Mapped[str] = mapped_column(comment="JSON list of paths")
    n_tries: Mapped[int]
    created_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None] = mapped_column(comment="a process is at it until then")
    closed_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(comment="why the last try failed")

    __table_args__ = (Index(None, "state", "next_try_at"),)


class AnnouncementRow(Base):
    """A shift that a schedule has sent word of, so that it does so once."""

    __tablename__ = "announcements"

    schedule: Mapped[str] = mapped_column(primary_key=True)
    shift_id: Mapped[int] = mapped_column(
        ForeignKey("shifts.id", ondelete="CASCADE"), primary_key=True
    )
    slot: Mapped[datetime]
