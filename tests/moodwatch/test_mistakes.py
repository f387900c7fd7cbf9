"""A user's mistake ends in one line, a named exit code, and never a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from moodwatch.errors import ExitCode
from tests.moodwatch.running import moodwatch


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["run", "nofile.csv"], ExitCode.INPUT, "no file or folder 'nofile.csv'"),
        (["query", "SELECT 1"], ExitCode.DATABASE, "no database at 'moodwatch.db'"),
        (["status", "--db", "mysql://x/y"], ExitCode.DATABASE, "found 'mysql'"),
        (["report", "--period", "year"], ExitCode.USAGE, "MOODWATCH_REPORT_PERIOD"),
        (["run", "a.csv", "--time-zone", "Mars/X"], ExitCode.USAGE, "IANA time zone"),
        (["doctor", "--only", "stars"], ExitCode.USAGE, "found 'stars'"),
        (["predict", "--bundle", "nowhere", "hi"], ExitCode.BUNDLE, "nowhere"),
        (["up", "--db", "w.db", "--redis-url", "redis://127.0.0.1:1/0"], ExitCode.QUEUE,
         "no Redis answers"),
        (["up", "--db", "w.db", "--redis-url", "http://127.0.0.1:1/0"], ExitCode.USAGE,
         "MOODWATCH_REDIS_URL (--redis-url): expected a URL such as 'redis://host:6379/0'"),
        (["forget"], ExitCode.USAGE, "--author"),
        (["run", __file__, "--report", "/dev/null/x"], ExitCode.USAGE, "cannot write into"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_a_line(
    tmp_path: Path, arguments: list[str], code: ExitCode, expected: str
) -> None:
    done = moodwatch(*arguments, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert "\nerror: " in f"\n{done.stderr}"


def test_a_file_of_which_no_row_can_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("date,text\n2024-01-01,\n2024-01-02,\n")
    (tmp_path / "half.csv").write_text("date,text\n2024-01-01,\n2024-01-02,a fine day\n")

    none = moodwatch("ingest", "empty.csv", cwd=tmp_path)
    assert none.returncode == ExitCode.INPUT, none.stderr
    assert "no row of empty.csv could be read as a message" in none.stderr
    assert "rejected 2" in none.stdout

    assert moodwatch("ingest", "half.csv", cwd=tmp_path).returncode == ExitCode.OK


def test_a_password_in_a_database_url_is_not_printed(tmp_path: Path) -> None:
    done = moodwatch("status", "--db", "postgresql://me:hunter2@127.0.0.1:1/x", cwd=tmp_path)
    assert done.returncode == ExitCode.DATABASE
    assert "hunter2" not in done.stderr + done.stdout


def test_results_that_cannot_be_written_are_told_in_a_line(tmp_path: Path) -> None:
    assert moodwatch("db", "upgrade", cwd=tmp_path).returncode == ExitCode.OK
    for arguments in (
        ("report", "--out", "/dev/null/x"),
        ("query", "SELECT 1 AS n", "--parquet", "/dev/null/x/n.parquet"),
    ):
        done = moodwatch(*arguments, cwd=tmp_path)
        assert done.returncode == ExitCode.USAGE, done.stderr
        assert "cannot write into" in done.stderr
        assert "Traceback" not in done.stderr


def test_another_salt_is_refused_until_it_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "posts.csv").write_text("date,author,text\n2025-03-01,ada,a fine day\n")
    first, other = ({"MOODWATCH_SALT": f"{name} salt of the tests"} for name in ("one", "another"))
    asked = (("ingest", "posts.csv"), ("forget", "--author", "ada", "--yes"))
    assert moodwatch(*asked[0], cwd=tmp_path, env=first).returncode == ExitCode.OK
    for arguments in asked:
        done = moodwatch(*arguments, cwd=tmp_path, env=other)
        assert done.returncode == ExitCode.USAGE, done.stderr
        assert "MOODWATCH_SALT: expected the salt that this database was filled with" in done.stderr
    checked = moodwatch("doctor", "--only", "settings", cwd=tmp_path, env=other)
    assert checked.returncode == ExitCode.INCOMPLETE
    assert "found another" in checked.stdout
    assert moodwatch("db", "accept-salt", cwd=tmp_path, env=other).returncode == ExitCode.OK
    assert moodwatch(*asked[0], cwd=tmp_path, env=other).returncode == ExitCode.OK


def test_a_query_cannot_change_anything(tmp_path: Path) -> None:
    assert moodwatch("db", "upgrade", cwd=tmp_path).returncode == ExitCode.OK
    for sql in (
        "DELETE FROM messages",
        "SELECT 1; DROP TABLE messages",
        "WITH gone AS (DELETE FROM messages RETURNING 1) SELECT * FROM gone",
        "PRAGMA writable_schema = 1",
        "ATTACH 'other.db' AS other",
    ):
        done = moodwatch("query", sql, cwd=tmp_path)
        assert done.returncode == ExitCode.DATABASE, sql
        assert "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["moodwatch.db"]
    counted = moodwatch("query", "--csv", "SELECT count(*) AS n FROM messages", cwd=tmp_path)
    assert counted.stdout == "n\n0\n"


def test_every_command_shows_examples() -> None:
    from typer.main import get_command
    from typer.testing import CliRunner

    from moodwatch.app import app

    def leaves(command: object, path: tuple[str, ...]) -> list[tuple[str, ...]]:
        inner: dict[str, object] = getattr(command, "commands", {})
        if not inner:
            return [path]
        return [leaf for name in sorted(inner) for leaf in leaves(inner[name], (*path, name))]

    found = leaves(get_command(app), ())
    assert len(found) > 30
    for path in found:
        done = CliRunner().invoke(app, [*path, "--help"])
        assert done.exit_code == ExitCode.OK
        assert "Example" in done.stdout, path
        assert f"moodwatch {' '.join(path)}" in done.stdout, path


def test_a_reader_that_has_seen_enough_is_no_fault(tmp_path: Path) -> None:
    assert moodwatch("db", "upgrade", cwd=tmp_path).returncode == ExitCode.OK
    numbers = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
        "SELECT i FROM n"
    )
    command = [sys.executable, "-m", "moodwatch", "query", "--csv", numbers]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.readline() == b"i\n"
        running.stdout.close()
        assert b"Traceback" not in running.stderr.read()
    assert running.returncode == ExitCode.OK
