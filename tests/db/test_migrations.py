"""What older databases hold is read as it was meant, after the upgrade too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

import db
from db.connections import make_engine, parse_url
from db.engine import check_schema, upgrade
from db.shifts import list_shifts


@pytest.fixture(params=["sqlite", "postgresql"])
def first_schema(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database as the first release left it."""
    url = (
        f"sqlite:///{tmp_path / 'old.db'}"
        if request.param == "sqlite"
        else request.getfixturevalue("empty_postgres_url")
    )
    engine = make_engine(parse_url(url))
    config = Config()
    config.set_main_option("script_location", str(Path(next(iter(db.__path__))) / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    yield engine
    engine.dispose()


def test_shifts_of_the_first_release_keep_their_states(first_schema: Engine) -> None:
    with first_schema.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO models (id, name, emotions, current, registered_at)"
                " VALUES (1, 'tiny@1', 'joy', true, '2024-01-01 00:00:00.000000+00:00')"
            )
        )
        for state in ("open", "over"):
            connection.execute(
                text(
                    "INSERT INTO shifts (model_id, source, author, emotion, direction, started_at,"
                    " detected_at, share_before, share_after, n, severity, state) VALUES"
                    " (1, :state, '', 'joy', 'up', '2024-01-01 00:00:00.000000+00:00',"
                    " '2024-01-05 00:00:00.000000+00:00', 0.1, 0.2, 9, 3, :state)"
                ),
                {"state": state},
            )

    upgrade(first_schema)

    check_schema(first_schema)
    states = {shift.record.source: shift.state for shift in list_shifts(first_schema)}
    assert states == {"open": "open", "over": "closed"}
