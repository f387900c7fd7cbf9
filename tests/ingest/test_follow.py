"""Following: what is added arrives once, through rotation, truncation, kills and a silent Redis."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import time
from pathlib import Path

import pytest
from redis import Redis

from db.engine import open_database
from db.ledger import SqlLedger
from ingest.chunks import DEFAULT_CHUNK_SIZE
from ingest.follow import DEFAULT_FLUSH_S, follow
from ingest.growing import DEFAULT_POLL_S
from ingest.open import ReadOptions
from ingest.queue import ChunkQueue
from tests.ingest.following import (
    FLUSH_S,
    HEADER,
    POLL_S,
    Run,
    Running,
    append,
    csv_line,
    json_line,
    wait_until,
)
from tests.ingest.running import CHUNK_SIZE, SALT, Pipeline, adds_up


def test_lines_added_to_a_csv_arrive(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "chat.csv"
    path.write_text(HEADER + csv_line(0) + csv_line(1))
    running = run(path)
    running.wait_for(2)
    append(path, csv_line(2))
    running.wait_for(3)
    append(path, csv_line(3) + "4,2024-01-01,a message without its e")
    running.wait_for(4)
    append(path, "nd\n")
    running.wait_for(5)
    running.stop()
    [(text,)] = running.pipeline.rows("SELECT text FROM messages WHERE external_id = '4'")
    assert text == "a message without its end"
    counts = running.pipeline.counts(*running.ingest_ids)
    assert (counts.read, counts.stored, counts.duplicate) == (5, 5, 0)


def test_record_of_several_lines_waits_for_its_last(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "chat.csv"
    path.write_text(HEADER + csv_line(0) + '1,2024-01-01,"a text of\n')
    running = run(path)
    running.wait_for(1)
    append(path, "three lines\n")
    append(path, 'and a quote"\n')
    running.wait_for(2)
    [(text,)] = running.pipeline.rows("SELECT text FROM messages WHERE external_id = '1'")
    assert text == "a text of\nthree lines\nand a quote"


def test_stopping_within_a_record_reads_it_whole_later(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "chat.csv"
    path.write_text(HEADER + csv_line(0) + '1,2024-01-01,"a text of\n')
    running = run(path)
    running.wait_for(1)
    running.stop()
    append(path, 'two lines"\n')
    running = run(path)
    running.wait_for(2)
    running.stop()
    assert running.pipeline.rows("SELECT count(*) FROM rejects") == [(0,)]


def test_file_that_appears_later_is_followed(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "chat.jsonl"
    running = run(path)
    time.sleep(5 * POLL_S)
    path.write_text("")
    time.sleep(5 * POLL_S)
    append(path, json_line(0) + json_line(1))
    running.wait_for(2)


def test_rows_without_ids_keep_their_ordinals_over_a_stop(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "chat.jsonl"
    path.write_text("".join(json_line(n) for n in range(40)))
    running = run(path)
    running.wait_for(40)
    running.stop()
    append(path, "".join(json_line(n) for n in range(40)))
    running = run(path)
    running.wait_for(80)
    [(n_second,)] = running.pipeline.rows(
        "SELECT count(*) FROM messages WHERE external_id LIKE 'auto-%-2'"
    )
    running.stop()
    assert n_second > 0
    counts = running.pipeline.counts(*running.ingest_ids)
    assert (counts.read, counts.duplicate) == (80, 0), "one ingest, in two runs"


def test_plain_reading_goes_on_where_following_stopped(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "chat.csv"
    path.write_text(HEADER + csv_line(0) + csv_line(1))
    running = run(path)
    running.wait_for(2)
    running.stop()
    append(path, csv_line(2))
    assert [running.pipeline.ingest(path)] == running.ingest_ids
    running.pipeline.score_all()
    counts = running.pipeline.counts(*running.ingest_ids)
    assert (counts.read, counts.stored) == (3, 3)


def test_renamed_file_is_finished_and_its_successor_followed(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "chat.csv"
    path.write_text(HEADER + csv_line(0) + csv_line(1))
    running = run(path)
    running.wait_for(2)
    old = path.rename(tmp_path / "chat.csv.1")
    append(old, csv_line(2) + csv_line(3).rstrip("\n"))
    path.write_text(HEADER + csv_line(4) + csv_line(5))
    running.wait_for(6)
    append(path, csv_line(6))
    running.wait_for(7)
    running.stop()
    first, second = running.ingest_ids
    states = dict(running.pipeline.rows("SELECT id, state FROM ingests"))
    assert states == {first: "complete", second: "open"}
    assert running.pipeline.counts(first).read == 4


def test_copied_and_truncated_file_is_finished_and_read_anew(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "chat.csv"
    path.write_text(HEADER + csv_line(0) + csv_line(1))
    running = run(path)
    running.wait_for(2)
    shutil.copy(path, tmp_path / "chat.csv.1")
    append(tmp_path / "chat.csv.1", csv_line(2))  # written between the last look and the copy
    os.truncate(path, 0)
    running.wait_for(3)
    append(path, HEADER + csv_line(3) + csv_line(4))
    running.wait_for(5)
    running.stop()
    assert adds_up(running.pipeline.counts(*running.ingest_ids))


def test_truncated_file_starts_over(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "chat.csv"
    path.write_text(HEADER + csv_line(0) + csv_line(1))
    running = run(path)
    running.wait_for(2)
    path.write_text(HEADER + csv_line(2) + csv_line(3))
    running.wait_for(4)
    path.write_text(HEADER + csv_line(2) + csv_line(3) + csv_line(4))
    running.wait_for(5)
    running.stop()
    assert adds_up(running.pipeline.counts(*running.ingest_ids))


def test_file_rotated_while_nobody_followed_is_finished_first(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "chat.csv"
    path.write_text(HEADER + csv_line(0) + csv_line(1))
    running = run(path)
    running.wait_for(2)
    running.stop()
    append(path, csv_line(2))
    path.rename(tmp_path / "chat.csv-20240101")
    (tmp_path / "chat.csv-20230101").write_text(HEADER + "9,2023-01-01,of another year\n" * 9)
    path.write_text(HEADER + csv_line(3) + csv_line(4))
    running = run(path)
    running.wait_for(5)
    running.stop()
    counts = running.pipeline.counts(*running.pipeline.all_ingests())
    assert (counts.read, counts.stored, counts.duplicate) == (5, 5, 0)


def test_pipe_is_read_to_its_end(run: Run, pipeline: Pipeline) -> None:
    read_end, write_end = os.pipe()
    running = run(None, pipe=read_end, options=ReadOptions(source="pipe"))
    os.write(write_end, (HEADER + csv_line(0) + csv_line(1)).encode())
    running.wait_for(2)
    os.write(write_end, csv_line(2).rstrip("\n").encode())
    os.close(write_end)
    running.wait_for_end()
    running.wait_for(3)
    os.close(read_end)
    assert pipeline.rows("SELECT name, source, state FROM ingests") == [("-", "pipe", "complete")]


def test_stopped_pipe_keeps_every_complete_line(run: Run) -> None:
    read_end, write_end = os.pipe()
    running = run(None, pipe=read_end, flush_s=3600)
    os.write(write_end, (HEADER + "".join(csv_line(n) for n in range(6))).encode())
    wait_until(lambda: running.n_stored() == 4)  # a full chunk; two more wait for company
    running.stop()
    assert running.n_stored() == 6
    os.close(read_end)
    os.close(write_end)


def test_pipe_stopped_at_once_keeps_what_it_gave(run: Run) -> None:
    read_end, write_end = os.pipe()
    os.write(write_end, (HEADER + csv_line(0) + csv_line(1)).encode())
    asked = iter([False])
    running = run(None, pipe=read_end, cancelled=lambda: next(asked, True))
    running.wait_for_end()
    os.set_blocking(read_end, False)
    with os.fdopen(read_end, "rb") as left:
        n_left = len((left.read() or b"").splitlines())
    assert running.n_stored() == (0 if n_left else 2)
    os.close(write_end)


@pytest.mark.parametrize("text", [HEADER + csv_line(0), json_line(0)])
def test_first_message_of_a_slow_pipe_does_not_wait_for_the_second(run: Run, text: str) -> None:
    read_end, write_end = os.pipe()
    running = run(None, pipe=read_end)
    for line in text.splitlines(keepends=True):
        os.write(write_end, line.encode())
        time.sleep(0.1)
    running.wait_for(1)
    running.stop()
    os.close(read_end)
    os.close(write_end)


def test_second_pipe_is_an_ingest_of_its_own(run: Run, pipeline: Pipeline) -> None:
    for n in range(2):
        read_end, write_end = os.pipe()
        os.write(write_end, (HEADER + csv_line(0) + csv_line(n)).encode())
        os.close(write_end)
        run(None, pipe=read_end).wait_for_end()
        os.close(read_end)
    pipeline.score_all()
    counts = pipeline.counts(*pipeline.all_ingests())
    assert (counts.read, counts.stored, counts.duplicate) == (4, 2, 2)


def test_hundred_messages_a_second_are_stored_within_five_seconds(run: Run, tmp_path: Path) -> None:
    """With the waits a user gets, and a scorer that costs nothing."""
    path = tmp_path / "chat.jsonl"
    path.touch()
    running = run(
        path, chunk_size=DEFAULT_CHUNK_SIZE, flush_s=DEFAULT_FLUSH_S, poll_s=DEFAULT_POLL_S
    )
    written: dict[str, float] = {}
    stored: dict[str, float] = {}
    started = time.monotonic()
    while len(stored) < 400:
        assert time.monotonic() - started < 20
        while len(written) < min(400, (time.monotonic() - started) * 100):
            key = str(len(written))
            append(path, json.dumps({"id": key, "text": f"message {key}"}) + "\n")
            written[key] = time.monotonic()
        running.pipeline.score_all()
        for (key,) in running.pipeline.rows("SELECT external_id FROM messages"):
            stored.setdefault(key, time.monotonic())
        time.sleep(0.05)
    slowest_s = max(stored[key] - written[key] for key in written)
    assert slowest_s < 5, f"took {slowest_s:.1f} s"


def follow_until_killed(database: Path, redis_url: str, path: Path) -> None:
    """Runs in a process of its own."""
    ledger = SqlLedger(open_database(database))
    queue = ChunkQueue(Redis.from_url(redis_url), ledger.database_id)
    follow(
        [path],
        ReadOptions(),
        ledger=ledger,
        queue=queue,
        salt=SALT,
        chunk_size=CHUNK_SIZE,
        flush_s=FLUSH_S,
        poll_s=POLL_S,
    )


def test_killed_follower_loses_and_doubles_nothing(
    pipeline: Pipeline, redis_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "chat.jsonl"
    path.touch()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.ingest.test_follow"])
    n_written = 0
    for _ in range(5):
        process = context.Process(
            target=follow_until_killed, args=(tmp_path / "moodwatch.db", redis_url, path)
        )
        process.start()
        for _ in range(40):
            append(path, json_line(n_written))
            n_written += 1
            time.sleep(0.01)
            pipeline.score_all()
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join(10)
        assert process.exitcode == -signal.SIGKILL
    running = Running(pipeline, path)
    running.wait_for(n_written)
    running.stop()
    counts = pipeline.counts(*pipeline.all_ingests())
    assert (counts.read, counts.stored, counts.duplicate) == (200, 200, 0)
    texts = [row[0] for row in pipeline.rows("SELECT text FROM messages")]
    assert sorted(texts) == sorted(f"text {n % 5}" for n in range(200))
