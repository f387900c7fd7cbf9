"""Which salt a database is filled with: a second one would count every text a second time.

Kept as a fingerprint in table meta, never as the salt itself. Called by the roof before anything is
read in, stored or erased by an author's name.
"""

from __future__ import annotations

import hmac
from typing import Final

from sqlalchemy import Connection, Engine, delete, select

from db.bulk import insert_new
from db.connections import in_transaction, reading
from db.engine import database_id
from db.tables import Meta

_NAME: Final = "salt_fingerprint"


def is_salt_of(engine: Engine, salt: bytes, *, keep: bool = True) -> bool:
    """Tell whether the database is filled with this salt; with `keep` the first one becomes it."""
    fingerprint = _fingerprint(engine, salt)
    with reading(engine) as connection:
        found = _found(connection)
    if found is None and not keep:
        return True
    if found is None:
        found = in_transaction(engine, lambda connection: _kept(connection, fingerprint))
    return hmac.compare_digest(found, fingerprint)


def accept_salt(engine: Engine, salt: bytes) -> None:
    """Fill the database with this salt from now on, whatever it was before."""
    fingerprint = _fingerprint(engine, salt)

    def replace(connection: Connection) -> None:
        connection.execute(delete(Meta).where(Meta.name == _NAME))
        _kept(connection, fingerprint)

    in_transaction(engine, replace)


def _kept(connection: Connection, fingerprint: str) -> str:
    """Keep the fingerprint unless there is one; return the one that is there."""
    row = {"name": _NAME, "value": fingerprint}
    insert_new(connection, Meta, [row], keys=("name",), returning=("name",))
    return _found(connection) or fingerprint


def _found(connection: Connection) -> str | None:
    return connection.execute(select(Meta.value).where(Meta.name == _NAME)).scalar()


def _fingerprint(engine: Engine, salt: bytes) -> str:
    return hmac.digest(salt, f"salt of {database_id(engine)}".encode(), "sha256").hex()[:16]
