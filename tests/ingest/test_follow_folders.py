"""Following folders: new files, renamed ones, those that are read as a whole, and odd ones."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import pytest

from ingest import tails, watch
from ingest.open import ReadError, ReadOptions
from tests.ingest.following import (
    HEADER,
    Run,
    append,
    csv_line,
    json_line,
)
from tests.ingest.running import adds_up


def test_new_files_of_a_folder_are_followed(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "a.csv").write_text(HEADER + csv_line(0) + csv_line(1))
    running = run(folder)
    running.wait_for(2)
    (folder / "deeper").mkdir()
    (folder / "deeper" / "b.jsonl").write_text(json_line(0) + json_line(1))
    running.wait_for(4)
    append(folder / "a.csv", csv_line(2))
    append(folder / "deeper" / "b.jsonl", json_line(2))
    running.wait_for(6)


def test_file_renamed_within_its_folder_is_not_read_twice(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    path = folder / "chat.csv"
    path.write_text(HEADER + csv_line(0) + csv_line(1))
    running = run(folder)
    running.wait_for(2)
    path.rename(folder / "chat.1.csv")
    path.write_text(HEADER + csv_line(2) + csv_line(3))
    running.wait_for(4)
    time.sleep(watch.SCAN_S + 0.2)
    running.stop()
    counts = running.pipeline.counts(*running.pipeline.all_ingests())
    assert (counts.read, counts.stored) == (4, 4)


def test_more_files_than_may_be_open_take_turns(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tails, "MAX_AWAKE", 2)
    monkeypatch.setattr(tails, "SLEEPY_S", 0.05)
    for name in "abcdef":
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / f"{name}.csv").write_text(HEADER + csv_line(0) + csv_line(1))
    running = run(tmp_path / "in")
    running.wait_for(12)
    append(tmp_path / "in" / "a.csv", csv_line(2))
    append(tmp_path / "in" / "f.csv", csv_line(2))
    running.wait_for(14)
    running.stop()
    counts = running.pipeline.counts(*running.pipeline.all_ingests())
    assert (counts.read, counts.duplicate) == (14, 0), "a woken file goes on where it was"


def test_file_read_as_a_whole_is_read_when_quiet_and_again_when_changed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "QUIET_S", 0.2)
    folder = tmp_path / "in"
    folder.mkdir()
    packed = folder / "day.csv.gz"
    packed.write_bytes(gzip.compress((HEADER + csv_line(0) + csv_line(1)).encode()))
    running = run(folder)
    running.wait_for(2)
    packed.write_bytes(gzip.compress((HEADER + csv_line(2) + csv_line(0) + csv_line(1)).encode()))
    running.wait_for(3)
    running.stop()
    assert adds_up(running.pipeline.counts(*running.ingest_ids))


def test_unreadable_file_in_a_folder_is_told_once_and_passed_over(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "photo.csv").write_bytes(b"PK\x03\x04" + bytes(200))
    (folder / "a.csv").write_text(HEADER + csv_line(0))
    running = run(folder)
    running.wait_for(1)
    running.stop()
    assert running.error is None
    [note] = [note for note in running.notes if "passed over" in note]
    assert "photo.csv" in note


def test_unreadable_named_file_ends_the_run(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "chat.csv"
    path.write_text(HEADER + csv_line(0))
    running = run(path, options=ReadOptions(text_column="body"))
    running.wait_for_end()
    assert isinstance(running.error, ReadError)
    assert "body" in str(running.error)
