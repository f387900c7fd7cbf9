"""An index that finds the last messages of a thread; messages without one are not in it."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

#: Longer names do not fit into PostgreSQL's index entries. As `db.texts.fit_key` was then.
MAX_KEY_BYTES = 512


def upgrade() -> None:
    messages = sa.table("messages", sa.column("id"), sa.column("thread", sa.Text()))
    connection = op.get_bind()
    # A character has at most four bytes.
    long = sa.func.length(messages.c.thread) > MAX_KEY_BYTES // 4
    names = connection.execute(sa.select(messages.c.thread).where(long).distinct()).scalars().all()
    for name in names:
        if len(name.encode()) > MAX_KEY_BYTES:
            fitting = messages.update().where(messages.c.thread == name)
            connection.execute(fitting.values(thread=_fitted(name)))
    op.create_index(
        op.f("ix_messages_thread_posted_at"),
        "messages",
        ["thread", "posted_at"],
        unique=False,
        sqlite_where=sa.text("thread IS NOT NULL"),
        postgresql_where=sa.text("thread IS NOT NULL"),
    )


def _fitted(name: str) -> str:
    digest = hashlib.blake2b(name.encode(), digest_size=16).hexdigest()
    room = MAX_KEY_BYTES - len(digest) - 1
    return f"{name.encode()[:room].decode(errors='ignore')}~{digest}"
