"""Inserts many rows where they are not there yet, and tells which those were.

One statement a call on both dialects, and the same order of rows as given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Table, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(
    connection: Connection,
    table: Any,
    rows: Sequence[Mapping[str, Any]],
    *,
    keys: tuple[str, ...],
    returning: tuple[str, ...],
) -> list[Row[Any]]:
    """Insert rows whose `keys` are not there; return the `returning` columns of those inserted.

    Args:
        table: the mapped class of the table.
        rows: all with the same columns, in the order in which they are to be locked.
        keys: columns of a unique constraint.
    """
    if not rows:
        return []
    target: Table = table.__table__
    if connection.dialect.name == "sqlite":
        statement = (
            sqlite.insert(target)
            .on_conflict_do_nothing(index_elements=keys)
            .returning(*(target.c[name] for name in returning))
        )
        return list(connection.execute(statement, [dict(row) for row in rows]))
    names = tuple(rows[0])
    arrays = {f"all_{name}": [row[name] for row in rows] for name in names}
    return list(connection.execute(_from_arrays(target, names, keys, returning), arrays))


@cache
def _from_arrays(
    target: Table, names: tuple[str, ...], keys: tuple[str, ...], returning: tuple[str, ...]
) -> Any:
    """Return INSERT … SELECT FROM unnest(…): one array a column instead of a parameter a value.

    A VALUES list of some thousand parameters took 40 % of the time in psycopg, which reads the
    statement again each time; arrays made storing twice as fast.
    """
    arrays = (
        bindparam(f"all_{name}", type_=postgresql.ARRAY(target.c[name].type)) for name in names
    )
    given = func.unnest(*arrays).table_valued(*names).render_derived(name="given")
    return (
        postgresql.insert(target)
        .from_select(names, select(*(given.c[name] for name in names)))
        .on_conflict_do_nothing(index_elements=keys)
        .returning(*(target.c[name] for name in returning))
    )
