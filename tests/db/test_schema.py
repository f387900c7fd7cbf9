"""Tables, migrations and views belong together, on both dialects and for several processes."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

import db
from db.connections import make_engine, parse_url
from db.engine import check_schema, database_id, open_database, reading, upgrade
from db.errors import DatabaseError, SchemaError
from db.schema import SCHEMA_REVISION
from db.tables import Base
from db.views import VIEW_NAMES


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / '100% new.db'}"
    url: str = request.getfixturevalue("empty_postgres_url")
    return url


@pytest.fixture
def empty(empty_url: str) -> Iterator[Engine]:
    made = make_engine(parse_url(empty_url))
    yield made
    made.dispose()


def change(engine: Engine, sql: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(sql))


def test_migrations_make_exactly_the_tables_of_the_code(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_newest_migration_is_the_revision_that_the_code_expects() -> None:
    config = Config()
    folder = Path(next(iter(db.__path__))) / "migrations"
    config.set_main_option("script_location", str(folder))
    assert ScriptDirectory.from_config(config).get_heads() == [SCHEMA_REVISION]


def test_an_upgrade_from_empty_makes_tables_views_and_an_id(empty: Engine) -> None:
    upgrade(empty)
    first_id = database_id(empty)
    upgrade(empty)

    check_schema(empty)
    assert database_id(empty) == first_id
    assert len(first_id) == 32
    assert set(inspect(empty).get_view_names()) == set(VIEW_NAMES)
    with reading(empty) as connection:
        for name in VIEW_NAMES:
            connection.execute(text(f"SELECT * FROM {name}")).all()


def test_two_databases_have_two_ids(tmp_path: Path) -> None:
    engines = [open_database(tmp_path / name) for name in ("a.db", "b.db")]
    assert database_id(engines[0]) != database_id(engines[1])
    for opened in engines:
        opened.dispose()


def test_four_processes_on_an_empty_database_make_one_schema(empty_url: str) -> None:
    program = (
        "import sys; from db.engine import open_database, database_id, check_schema;"
        "engine = open_database(sys.argv[1]); check_schema(engine); print(database_id(engine))"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, empty_url],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    ended = [process.communicate(timeout=60) for process in started]

    assert [process.returncode for process in started] == [0] * 4, ended
    assert len({output.splitlines()[-1] for output, _ in ended}) == 1


def test_missing_older_and_newer_tables_are_told_with_what_to_do(empty: Engine) -> None:
    with pytest.raises(SchemaError, match="found none: run `moodwatch db upgrade`"):
        check_schema(empty)
    upgrade(empty)
    change(empty, "UPDATE alembic_version SET version_num = '0000'")
    with pytest.raises(SchemaError, match=r"found 0000 .* run `moodwatch db upgrade`"):
        check_schema(empty)
    change(empty, "UPDATE alembic_version SET version_num = '9999'")
    for ask in (check_schema, upgrade):
        with pytest.raises(SchemaError, match="newer moodwatch"):
            ask(empty)


def test_views_of_an_older_program_are_replaced(empty: Engine) -> None:
    upgrade(empty)
    change(empty, "DROP VIEW clock")
    change(empty, "CREATE VIEW clock AS SELECT 1 AS one")
    change(empty, "UPDATE meta SET value = 'older' WHERE name = 'views'")
    with pytest.raises(SchemaError, match="older views"):
        check_schema(empty)

    upgrade(empty)

    check_schema(empty)
    with reading(empty) as connection:
        assert connection.execute(text("SELECT hour_ago FROM clock")).scalar() is not None


def test_a_database_of_another_program_is_left_alone(empty: Engine) -> None:
    change(empty, "CREATE TABLE messages (id integer)")

    with pytest.raises(SchemaError, match="others named messages"):
        upgrade(empty)

    assert inspect(empty).get_table_names() == ["messages"]


def test_a_failed_upgrade_changes_nothing(empty: Engine) -> None:
    # An index of another program that has the name of one of ours: found half-way.
    change(empty, "CREATE TABLE other (id integer)")
    change(empty, "CREATE INDEX ix_rejects_source ON other (id)")

    with pytest.raises(DatabaseError, match="ix_rejects_source"):
        upgrade(empty)

    assert inspect(empty).get_table_names() == ["other"]


def test_foreign_keys_hold_after_an_upgrade(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "a.db")
    upgrade(engine)
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
    engine.dispose()


def test_opening_loads_no_alembic_where_nothing_is_to_migrate(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    open_database(path).dispose()
    program = (
        "import sys; from db.engine import open_database, check_schema;"
        f"check_schema(open_database({str(path)!r}));"
        "print([name for name in ('alembic', 'pandas') if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.splitlines()[-1] == "[]"


def test_a_moodwatch_file_is_plain_sqlite(tmp_path: Path) -> None:
    open_database(tmp_path / "a.db").dispose()
    with sqlite3.connect(tmp_path / "a.db") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("SELECT count(*) FROM emotion_daily").fetchone() == (0,)
    connection.close()
