"""`moodwatch report` writes what is asked for, says where it lies, and refuses what it cannot."""

from __future__ import annotations

import json
from pathlib import Path

from db.engine import open_database
from moodwatch.errors import ExitCode
from tests.moodwatch.running import moodwatch
from tests.reporting.test_jobs import fill


def test_each_format_is_written_and_named(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "moodwatch.db")
    fill(engine, days=40)
    engine.dispose()

    told = moodwatch(
        "report", "--format", "html,md,csv", "--out", "out", "--time-zone", "Asia/Tokyo",
        cwd=tmp_path,
    )  # fmt: skip

    assert told.returncode == ExitCode.OK, told.stderr
    names = ["report.html", "report.md", "report.csv", "report-shifts.csv"]
    assert told.stdout.splitlines()[-4:] == [f"report: out/{name}" for name in names]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(names)
    assert "Days begin at midnight Asia/Tokyo" in (tmp_path / "out/report.md").read_text()

    as_json = moodwatch("report", "--format", "json", "--out", "out", "--json", cwd=tmp_path)
    document = json.loads(as_json.stdout)
    assert document["files"] == ["out/report.json"]
    assert document["volume"] == []
    assert json.loads((tmp_path / "out/report.json").read_text())["period"] == "week"


def test_an_unknown_format_is_told_before_any_work(tmp_path: Path) -> None:
    done = moodwatch("report", "--format", "html,pdf", cwd=tmp_path)

    assert done.returncode == ExitCode.USAGE
    assert "error: --format: expected formats out of html, md, json, csv, png, found 'pdf'" in (
        done.stderr
    )


def test_a_source_that_is_not_there_leaves_the_last_report_alone(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "moodwatch.db")
    fill(engine, days=40)
    engine.dispose()
    moodwatch("report", "--out", "out", cwd=tmp_path)
    before = (tmp_path / "out/report.html").read_bytes()

    done = moodwatch("report", "--source", "psots", "--out", "out", cwd=tmp_path)

    assert done.returncode == ExitCode.USAGE
    assert "expected a source that is stored (posts), found 'psots'" in done.stderr
    assert (tmp_path / "out/report.html").read_bytes() == before
