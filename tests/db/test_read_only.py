"""A user's query reads, and only that."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest
from sqlalchemy import Engine

from db.errors import QueryError
from db.queries import read_only_query
from db.rollups import recount
from tests.db.chunks import message, save


def rows_of(engine: Engine, sql: str) -> list[tuple[object, ...]]:
    with read_only_query(engine, sql) as (_, rows):
        return [tuple(row) for row in rows]


def test_columns_and_rows_come_back_up_to_the_limit(engine: Engine, model_id: int) -> None:
    save(engine, [message(n) for n in range(9)], model_id)

    with read_only_query(
        engine, "SELECT external_id AS id, 'a%:b' AS c FROM messages ORDER BY 1", 2
    ) as (columns, rows):
        found = [tuple(row) for row in rows]

    assert columns == ["id", "c"]
    assert found == [("id-000000", "a%:b"), ("id-000001", "a%:b")]


def test_columns_are_known_without_rows(engine: Engine) -> None:
    with read_only_query(engine, "SELECT day, n FROM emotion_daily") as (columns, rows):
        assert (columns, list(rows)) == (["day", "n"], [])


@pytest.mark.parametrize(
    "sql",
    [
        "-- why\n/* because */ (SELECT 1)",
        "WITH a AS (SELECT 1 AS one) SELECT one FROM a",
        "values (1)",
        "SELECT 1;",
    ],
)
def test_statements_that_read_are_run(engine: Engine, sql: str) -> None:
    if engine.dialect.name == "sqlite" and "(SELECT 1)" in sql:
        sql = sql.replace("(SELECT 1)", "SELECT 1")
    assert rows_of(engine, sql) == [(1,)]


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM messages",
        "/* x */ update messages set text = ''",
        "WITH gone AS (SELECT 1) DELETE FROM messages",
        "SELECT 1; DELETE FROM messages",
        "SELECT 1; COMMIT; DELETE FROM messages",
        "COMMIT",
        "PRAGMA query_only=OFF",
        "ATTACH 'x.db' AS x",
        "CREATE TABLE mine (a int)",
        "SELECT set_config('transaction_read_only', 'off', false), lo_create(4711)",
        "WITH a AS (INSERT INTO meta VALUES ('x', 'y') RETURNING name) SELECT * FROM a",
        "EXPLAIN ANALYZE DELETE FROM messages",
        "SELECT load_extension('x')",
        "",
        "   -- nothing",
        "SELECT nothing FROM nowhere",
        "COPY messages TO PROGRAM 'true'",
    ],
)
def test_whatever_is_more_than_one_reading_statement_is_refused(
    engine: Engine, model_id: int, sql: str
) -> None:
    save(engine, [message(1)], model_id)

    with pytest.raises(QueryError):
        rows_of(engine, sql)

    assert rows_of(engine, "SELECT count(*) FROM messages") == [(1,)]
    assert recount(engine) == []


ENDLESS = "WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a) SELECT count(*) FROM a"


def test_ctrl_c_in_a_long_query_is_no_timeout(engine: Engine) -> None:
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()

    with pytest.raises(KeyboardInterrupt), read_only_query(engine, ENDLESS) as (_, rows):
        list(rows)

    timer.join()


def test_a_query_that_takes_too_long_is_given_up(engine: Engine) -> None:
    started = time.monotonic()

    with (
        pytest.raises(QueryError, match=r"longer than 0\.3 s"),
        read_only_query(engine, ENDLESS, timeout_s=0.3) as (_, rows),
    ):
        list(rows)

    assert time.monotonic() - started < 5


def test_an_error_while_rows_are_read_is_told_plainly(engine: Engine) -> None:
    many = (
        "WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a WHERE n < 100000)"
        " SELECT n, abs(-9223372036854775808 + CASE WHEN n = 99999 THEN 0 ELSE 1 END) FROM a"
    )
    if engine.dialect.name == "postgresql":
        many = many.replace("abs(-9223372036854775808 + CASE", "1 / (0 + CASE")
    with (
        pytest.raises(QueryError, match=r"(?i)overflow|division by zero"),
        read_only_query(engine, many) as (_, rows),
    ):
        list(rows)


def test_a_reader_may_stop_in_the_middle(engine: Engine) -> None:
    many = (
        "WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a WHERE n < 300000)"
        " SELECT n FROM a"
    )
    with read_only_query(engine, many) as (_, rows):
        assert next(rows)[0] == 1
    assert rows_of(engine, "SELECT 1") == [(1,)]
