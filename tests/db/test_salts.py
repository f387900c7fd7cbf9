"""The salt of a database: the first is kept, another is told apart, and can be accepted."""

from __future__ import annotations

from sqlalchemy import Engine, select

from db.engine import reading
from db.salts import accept_salt, is_salt_of
from db.tables import Meta

FIRST, SECOND = b"a first salt of sixteen", b"a second salt of sixteen"


def test_the_first_salt_is_kept_and_another_is_told_apart(engine: Engine) -> None:
    assert is_salt_of(engine, FIRST)
    assert not is_salt_of(engine, SECOND)
    assert is_salt_of(engine, FIRST)


def test_another_salt_can_be_accepted(engine: Engine) -> None:
    assert is_salt_of(engine, FIRST)
    accept_salt(engine, SECOND)
    assert is_salt_of(engine, SECOND)
    assert not is_salt_of(engine, FIRST)


def test_the_salt_itself_is_not_kept(engine: Engine) -> None:
    assert is_salt_of(engine, FIRST)
    with reading(engine) as connection:
        kept = " ".join(connection.execute(select(Meta.value)).scalars())
    assert FIRST.decode() not in kept
    assert FIRST.hex()[:16] not in kept
