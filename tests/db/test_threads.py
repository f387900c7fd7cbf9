"""The past of a thread: the right messages in the right order, by an index, on both dialects."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

import db
from db.connections import make_engine, parse_url
from db.engine import check_schema, reading, upgrade
from db.queries import thread_past, thread_sources
from db.texts import fit_key
from records import Message
from tests.db.chunks import NOON, message, save


def said(n: int, thread: str | None = "t", **changes: object) -> Message:
    return replace(message(n), thread=thread, **changes)  # type: ignore[arg-type]


def test_the_past_is_the_last_messages_of_this_thread_oldest_first(
    engine: Engine, model_id: int
) -> None:
    save(engine, [said(n, "t" if n % 2 else "other") for n in range(30)], model_id)

    found = thread_past(engine, "t", limit=3)

    assert [m.text for m in found] == ["text 25", "text 27", "text 29"]
    assert found[0].posted_at == NOON + timedelta(minutes=25)
    assert len(thread_past(engine, "t")) == 10
    assert thread_past(engine, "nowhere") == []


def test_the_past_can_be_that_of_an_earlier_moment_and_of_one_source(
    engine: Engine, model_id: int
) -> None:
    save(engine, [said(n) for n in range(6)], model_id)
    save(engine, [said(3, source="forum", text="elsewhere")], model_id)

    found = thread_past(engine, "t", source="support", until=NOON + timedelta(minutes=4), limit=2)

    assert [m.text for m in found] == ["text 2", "text 3"]
    assert thread_sources(engine, "t") == ["forum", "support"]


def test_undated_messages_and_dropped_texts_are_no_part_of_a_past(
    engine: Engine, model_id: int
) -> None:
    save(engine, [said(0), said(1, posted_at=None), said(9, None)], model_id)
    save(engine, [said(2)], model_id, text_mode="drop")

    assert [m.text for m in thread_past(engine, "t")] == ["text 0"]


def test_a_thread_of_any_name_is_stored_and_found_again(engine: Engine, model_id: int) -> None:
    names = ["https://example.org/" + "x" * 4000, "ü" * 3000, "\x00"]
    save(engine, [said(n, name) for n, name in enumerate(names)], model_id)

    assert [len(thread_past(engine, name)) for name in names] == [1, 1, 1]


def test_a_past_is_found_by_the_index(engine: Engine, model_id: int) -> None:
    save(engine, [said(n, f"t{n % 50}") for n in range(1000)], model_id)
    plan = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
    query = (
        "SELECT text FROM messages WHERE thread = 't7' AND posted_at IS NOT NULL"
        " ORDER BY posted_at DESC, id DESC LIMIT 10"
    )
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(text("ANALYZE messages"))
    with reading(engine) as connection:
        steps = " ".join(str(row) for row in connection.execute(text(f"{plan} {query}")))

    assert "ix_messages_thread_posted_at" in steps


@pytest.mark.parametrize("name", ["short", "y" * 700])
def test_threads_of_an_older_database_are_found_after_the_upgrade(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / "old.db"
    engine = make_engine(parse_url(path))
    _migrate_to(engine, "0002")
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO messages (source, external_id, thread, posted_at, text, ingested_at)"
                " VALUES ('s', 'id', :name, '2024-05-01 12:00:00.000000', 'hello',"
                " '2024-05-01 12:00:00.000000')"
            ),
            {"name": name},
        )

    upgrade(engine)

    check_schema(engine)
    assert [m.text for m in thread_past(engine, name)] == ["hello"]
    with reading(engine) as connection:
        stored = connection.execute(text("SELECT thread FROM messages")).scalar()
    assert stored == fit_key(name)
    engine.dispose()


def _migrate_to(engine: Engine, revision: str) -> None:
    config = Config()
    folder = Path(next(iter(db.__path__))) / "migrations"
    config.set_main_option("script_location", str(folder))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
