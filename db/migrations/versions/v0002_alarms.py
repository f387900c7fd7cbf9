"""What a shift is known by, its state, and the outbox and memory of scheduled reports."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# Written out, not imported from db: a migration must stay as it was when tables move on.
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    added: list[sa.Column[Any]] = [
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            server_default="mood",
            comment="mood, volume or silence",
        ),
        sa.Column("before_low", sa.Double(), nullable=True),
        sa.Column("before_high", sa.Double(), nullable=True),
        sa.Column("after_low", sa.Double(), nullable=True),
        sa.Column("after_high", sa.Double(), nullable=True),
        sa.Column("rate_before", sa.Double(), nullable=True, comment="messages a day"),
        sa.Column("rate_after", sa.Double(), nullable=True, comment="messages a day"),
        sa.Column("persistence_days", BIG, nullable=True),
        sa.Column("words", sa.Text(), nullable=True, comment="JSON, the clearest ten each way"),
        sa.Column("authors", sa.Text(), nullable=True, comment="JSON, the clearest five"),
        sa.Column("opened_at", MOMENT, nullable=True, comment="when it was first stored"),
        sa.Column("over_at", MOMENT, nullable=True, comment="when it was first seen to be over"),
        sa.Column("snoozed_until", MOMENT, nullable=True),
        sa.Column("changed_at", MOMENT, nullable=True, comment="when a person last decided"),
    ]
    # One by one, not as a batch: that would copy the table on SQLite.
    for column in added:
        op.add_column("shifts", column)
    # What the detector called over is closed by its own finding, not by a person.
    op.execute("UPDATE shifts SET over_at = detected_at, state = 'open' WHERE state = 'over'")
    op.execute("UPDATE shifts SET opened_at = detected_at")

    op.create_table(
        "schedule_slots",
        sa.Column("schedule", sa.Text(), nullable=False),
        sa.Column("slot", MOMENT, nullable=False, comment="the newest that was carried out"),
        sa.Column("since", MOMENT, nullable=False, comment="when the schedule was first seen"),
        sa.PrimaryKeyConstraint("schedule", name=op.f("pk_schedule_slots")),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("schedule", sa.Text(), nullable=False),
        sa.Column("slot", MOMENT, nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False, comment="a name, never an address"),
        sa.Column("state", sa.Text(), nullable=False, comment="waiting, sent or failed"),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("files", sa.Text(), nullable=False, comment="JSON list of paths"),
        sa.Column("n_tries", BIG, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("next_try_at", MOMENT, nullable=False),
        sa.Column("claimed_until", MOMENT, nullable=True, comment="a process is at it until then"),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True, comment="why the last try failed"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    op.create_index(
        op.f("ix_deliveries_state_next_try_at"),
        "deliveries",
        ["state", "next_try_at"],
        unique=False,
    )
    op.create_table(
        "announcements",
        sa.Column("schedule", sa.Text(), nullable=False),
        sa.Column("shift_id", BIG, nullable=False),
        sa.Column("slot", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["shift_id"],
            ["shifts.id"],
            name=op.f("fk_announcements_shift_id_shifts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("schedule", "shift_id", name=op.f("pk_announcements")),
    )
