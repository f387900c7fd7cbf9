"""The first tables: messages, emotions, roll-ups, ledger, rejects, models, shifts, tombstones."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# Written out, not imported from db: a migration must stay as it was when tables move on.
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "ingests",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("size_bytes", BIG, nullable=True),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="open, complete or abandoned"),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("next_chunk", BIG, nullable=False),
        sa.Column("rows_read", BIG, nullable=False),
        sa.Column("n_rejected", BIG, nullable=False),
        sa.Column("n_undated", BIG, nullable=False),
        sa.Column("bytes_read", BIG, nullable=False),
        sa.Column("prefix_hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ingests")),
    )
    op.create_index(op.f("ix_ingests_state"), "ingests", ["state"], unique=False)
    op.create_table(
        "messages",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("thread", sa.Text(), nullable=True),
        sa.Column("author", sa.Text(), nullable=True, comment="a pseudonym, never the name"),
        sa.Column("posted_at", MOMENT, nullable=True, comment="NULL: undated, in no bucket"),
        sa.Column("text", sa.Text(), nullable=True, comment="NULL in text mode drop"),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column(
            "text_hash", sa.LargeBinary(), nullable=True, comment="keyed; NULL in text mode drop"
        ),
        sa.Column("ingested_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_messages_source_external_id")),
    )
    op.create_index(
        op.f("ix_messages_author_posted_at"), "messages", ["author", "posted_at"], unique=False
    )
    op.create_index(op.f("ix_messages_posted_at"), "messages", ["posted_at"], unique=False)
    op.create_index(
        op.f("ix_messages_source_posted_at"), "messages", ["source", "posted_at"], unique=False
    )
    op.create_table(
        "meta",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_meta")),
    )
    op.create_table(
        "models",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="bundle@version"),
        sa.Column(
            "emotions", sa.Text(), nullable=False, comment="those it scores, comma-separated"
        ),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("registered_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_models")),
        sa.UniqueConstraint("name", name=op.f("uq_models_name")),
    )
    op.create_index(
        "uq_models_current",
        "models",
        ["current"],
        unique=True,
        sqlite_where=sa.text("current"),
        postgresql_where=sa.text("current"),
    )
    op.create_table(
        "tombstones",
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("erased_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_tombstones")),
    )
    op.create_table(
        "chunks",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("ingest_id", sa.Text(), nullable=False),
        sa.Column("ordinal", BIG, nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="open, stored or failed"),
        sa.Column("n_messages", BIG, nullable=False),
        sa.Column("n_stored", BIG, nullable=False),
        sa.Column("n_duplicate", BIG, nullable=False),
        sa.Column("n_changed", BIG, nullable=False),
        sa.Column(
            "payload", sa.LargeBinary(), nullable=True, comment="zstd of JSON; NULL once stored"
        ),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("enqueued_at", MOMENT, nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True, comment="why it failed"),
        sa.ForeignKeyConstraint(
            ["ingest_id"], ["ingests.id"], name=op.f("fk_chunks_ingest_id_ingests")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chunks")),
        sa.UniqueConstraint("ingest_id", "ordinal", name=op.f("uq_chunks_ingest_id_ordinal")),
    )
    op.create_index(
        op.f("ix_chunks_state_enqueued_at"), "chunks", ["state", "enqueued_at"], unique=False
    )
    op.create_table(
        "emotions",
        sa.Column("message_id", BIG, nullable=False),
        sa.Column("model_id", BIG, nullable=False),
        sa.Column("status", sa.Text(), nullable=False, comment="scored or unsupported"),
        sa.Column("emotion", sa.Text(), nullable=True, comment="the top one"),
        sa.Column("confidence", sa.Double(), nullable=True, comment="the top one's score"),
        sa.Column("low_confidence", sa.Boolean(), nullable=False),
        sa.Column("sadness", sa.Double(), nullable=True),
        sa.Column("joy", sa.Double(), nullable=True),
        sa.Column("love", sa.Double(), nullable=True),
        sa.Column("anger", sa.Double(), nullable=True),
        sa.Column("fear", sa.Double(), nullable=True),
        sa.Column("surprise", sa.Double(), nullable=True),
        sa.Column("disgust", sa.Double(), nullable=True),
        sa.Column("neutral", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.id"],
            name=op.f("fk_emotions_message_id_messages"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["model_id"], ["models.id"], name=op.f("fk_emotions_model_id_models")
        ),
        sa.PrimaryKeyConstraint("message_id", "model_id", name=op.f("pk_emotions")),
    )
    op.create_table(
        "rejects",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("ingest_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="rejected or changed"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("row", BIG, nullable=True),
        sa.Column("position", BIG, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["ingest_id"], ["ingests.id"], name=op.f("fk_rejects_ingest_id_ingests")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rejects")),
    )
    op.create_index(op.f("ix_rejects_ingest_id"), "rejects", ["ingest_id"], unique=False)
    op.create_index(op.f("ix_rejects_source"), "rejects", ["source"], unique=False)
    op.create_table(
        "rollups",
        sa.Column("hour", MOMENT, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("model_id", BIG, nullable=False),
        sa.Column("shard", BIG, autoincrement=False, nullable=False),
        sa.Column(
            "n", BIG, nullable=False, comment="scored messages; unsupported ones are not in it"
        ),
        sa.Column("n_sadness", BIG, nullable=False),
        sa.Column("n_joy", BIG, nullable=False),
        sa.Column("n_love", BIG, nullable=False),
        sa.Column("n_anger", BIG, nullable=False),
        sa.Column("n_fear", BIG, nullable=False),
        sa.Column("n_surprise", BIG, nullable=False),
        sa.Column("n_disgust", BIG, nullable=False),
        sa.Column("n_neutral", BIG, nullable=False),
        sa.Column(
            "sum_sadness", BIG, nullable=False, comment="of scores times 10,000, each rounded"
        ),
        sa.Column("sum_joy", BIG, nullable=False),
        sa.Column("sum_love", BIG, nullable=False),
        sa.Column("sum_anger", BIG, nullable=False),
        sa.Column("sum_fear", BIG, nullable=False),
        sa.Column("sum_surprise", BIG, nullable=False),
        sa.Column("sum_disgust", BIG, nullable=False),
        sa.Column("sum_neutral", BIG, nullable=False),
        sa.Column("n_unsupported", BIG, nullable=False),
        sa.Column("n_low_confidence", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id"], ["models.id"], name=op.f("fk_rollups_model_id_models")
        ),
        sa.PrimaryKeyConstraint("hour", "source", "model_id", "shard", name=op.f("pk_rollups")),
    )
    op.create_table(
        "shifts",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("model_id", BIG, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("emotion", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("detected_at", MOMENT, nullable=False),
        sa.Column("share_before", sa.Double(), nullable=False),
        sa.Column("share_after", sa.Double(), nullable=False),
        sa.Column("odds_ratio", sa.Double(), nullable=True),
        sa.Column("n", BIG, nullable=False),
        sa.Column("severity", BIG, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id"], ["models.id"], name=op.f("fk_shifts_model_id_models")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shifts")),
        sa.UniqueConstraint(
            "model_id",
            "source",
            "author",
            "emotion",
            "direction",
            "detected_at",
            name=op.f("uq_shifts_model_id_source_author_emotion_direction_detected_at"),
        ),
    )

    meta = sa.table("meta", sa.column("name", sa.Text), sa.column("value", sa.Text))
    # The queue's name and every payload carry it, so that two databases never mix.
    op.bulk_insert(meta, [{"name": "database_id", "value": uuid.uuid4().hex}])
