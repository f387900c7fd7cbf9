"""The main job as whole processes: files to report, stopped, killed, and on other servers."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from redis import Redis

from moodwatch.errors import ExitCode
from tests.moodwatch.running import MOODWATCH, clean_environment, moodwatch
from tests.support.paths import REPOSITORY, shared_data
from tests.support.redis import forget_queue

SAMPLE = REPOSITORY / "examples" / "posts.csv"
StartRun = Callable[..., subprocess.Popen[str]]

SALT = "a salt of the tests, long enough"


def write_posts(path: Path, n: int) -> None:
    """Write `n` posts, each with an id, the texts all different."""
    draw = random.Random(7)
    words = [
        "late",
        "train",
        "again",
        "nobody",
        "told",
        "us",
        "why",
        "home",
        "happy",
        "walked",
        "so",
    ]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "created_at", "author", "text"])
        for i in range(n):
            day = f"2024-01-{1 + i % 28:02d}T12:00:00Z"
            text = f"{' '.join(draw.sample(words, 9))} {i}"
            writer.writerow([i, day, f"author{i % 9}", text])


def rows(database: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture
def start_run(tmp_path: Path) -> Iterator[StartRun]:
    """Start `moodwatch run` in the test's folder; one still at work at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [str(MOODWATCH), "run", *arguments],
            cwd=tmp_path,
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def wait_for(condition: Callable[[], bool], what: str, timeout_s: float = 180) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout_s} s for {what}"
        time.sleep(0.05)


def n_stored(database: Path) -> int:
    try:
        return int(str(rows(database, "SELECT count(*) FROM emotions")[0][0]))
    except sqlite3.OperationalError:  # not created yet
        return 0


def workers_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Return the living workers, as `ps` would show them."""
    found = []
    for child in psutil.Process(process.pid).children():
        try:
            if f"{MOODWATCH} worker" in " ".join(child.cmdline()):
                found.append(child)
        except psutil.NoSuchProcess:
            continue
    return found


def assert_each_stored_once(database: Path, n: int) -> None:
    counted = rows(
        database,
        "SELECT count(*), count(DISTINCT source || ':' || external_id),"
        " (SELECT count(*) FROM emotions) FROM messages",
    )
    assert counted == [(n, n, n)]
    (in_rollup,) = rows(database, "SELECT sum(n + n_unsupported) FROM rollups")
    assert in_rollup == (n,)


def test_the_sample_goes_in_and_its_shift_comes_out(tmp_path: Path) -> None:
    done = moodwatch("run", SAMPLE, "--report", "report", cwd=tmp_path)
    assert done.returncode == ExitCode.OK, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "read 3,020 = stored 3,020 + duplicate 0 + rejected 0 (undated: 0)"
    truth = json.loads((SAMPLE.parent / "truth.json").read_text())["posts"]
    shifts = [line for line in lines if line.startswith("shift: ")]
    assert any(line.startswith("shift: anger up since 2025-") for line in shifts), shifts
    for line in shifts:
        emotion, direction = line.split()[1:3]
        assert truth["directions"][emotion] == direction
    assert lines[-1] == "report: report/report.html"
    assert (tmp_path / "report" / "report.html").stat().st_size > 10_000

    again = moodwatch("run", SAMPLE, "--report", "report", cwd=tmp_path)
    assert again.stdout.splitlines()[0] == (
        "read 3,020 = stored 0 + duplicate 3,020 + rejected 0 (undated: 0)"
    )
    assert_each_stored_once(tmp_path / "moodwatch.db", 3_020)
    checked = moodwatch("doctor", cwd=tmp_path)
    assert checked.returncode == ExitCode.OK, checked.stdout
    assert "roll-ups equal a recount" in checked.stdout
    assert "50 stored texts scored again" in checked.stdout


def test_json_output_carries_the_counts_and_the_shifts(tmp_path: Path) -> None:
    write_posts(tmp_path / "posts.csv", 300)
    done = moodwatch("run", "posts.csv", "--json", "--workers", "1", cwd=tmp_path)
    document = json.loads(done.stdout)
    assert document["counts"]["stored"] == 300
    assert document["shifts"] == []
    assert {row["emotion"] for row in document["trend"]} >= {"joy", "anger", "neutral"}


def test_after_ctrl_c_the_same_command_goes_on_and_nothing_is_counted_twice(
    tmp_path: Path, start_run: StartRun
) -> None:
    write_posts(tmp_path / "posts.csv", 6_000)
    database = tmp_path / "moodwatch.db"
    first = start_run("posts.csv", "--workers", "2")
    wait_for(lambda: n_stored(database) > 0, "the first chunk")
    first.send_signal(signal.SIGINT)
    out, err = first.communicate(timeout=150)
    assert first.returncode == ExitCode.INTERRUPTED, err
    assert "goes on where it stopped" in err
    assert "Traceback" not in out + err
    assert n_stored(database) < 6_000
    second = moodwatch("run", "posts.csv", cwd=tmp_path)
    assert second.returncode == ExitCode.OK, second.stderr
    assert_each_stored_once(database, 6_000)


def test_a_killed_run_leaves_no_process_behind_and_the_next_one_finishes(
    tmp_path: Path, start_run: StartRun
) -> None:
    write_posts(tmp_path / "posts.csv", 6_000)
    database = tmp_path / "moodwatch.db"
    first = start_run("posts.csv", "--workers", "2")
    wait_for(lambda: n_stored(database) > 0, "the first chunk")
    orphans = workers_of(first)
    first.kill()
    first.communicate()
    assert len(orphans) == 2
    wait_for(lambda: not any(map(_is_alive, orphans)), "the workers to notice", timeout_s=60)
    second = moodwatch("run", "posts.csv", cwd=tmp_path)
    assert second.returncode == ExitCode.OK, second.stderr
    assert_each_stored_once(database, 6_000)


@pytest.mark.timeout(900)  # 14,485 texts are scored, half a minute on two free cores
def test_five_kills_of_random_workers_lose_nothing(tmp_path: Path, start_run: StartRun) -> None:
    tweets = shared_data("twitter-us-airline") / "Tweets.csv"
    database = tmp_path / "moodwatch.db"
    run = start_run(str(tweets), "--workers", "2")
    draw = random.Random(5)
    for n_killed in range(5):
        wait_for(
            lambda at_least=n_killed * 600: n_stored(database) > at_least,  # type: ignore[misc]
            "messages to be stored between the kills",
        )
        wait_for(lambda: bool(workers_of(run)), "a worker")
        draw.choice(workers_of(run)).kill()
    assert run.poll() is None
    out, err = run.communicate(timeout=800)
    assert run.returncode == ExitCode.OK, err
    assert out.splitlines()[0] == (
        "read 14,640 = stored 14,485 + duplicate 155 + rejected 0 (undated: 0)"
    )
    assert_each_stored_once(database, 14_485)


def test_a_cpu_worker_has_no_torch_loaded(tmp_path: Path, start_run: StartRun) -> None:
    write_posts(tmp_path / "posts.csv", 6_000)
    run = start_run("posts.csv", "--workers", "1")
    wait_for(lambda: n_stored(tmp_path / "moodwatch.db") > 0, "the first chunk")
    (worker,) = workers_of(run)
    loaded = {Path(mapped.path).name for mapped in worker.memory_maps()}
    run.send_signal(signal.SIGTERM)
    run.communicate(timeout=150)
    assert any(name.startswith("onnxruntime_pybind11_state") for name in loaded)
    assert not any("torch" in name for name in loaded)


def test_postgresql_and_redis_give_the_keys_and_scores_of_sqlite_and_the_embedded_server(
    tmp_path: Path, postgres_url: str, redis_url: str
) -> None:
    from db.engine import database_id, open_database

    write_posts(tmp_path / "posts.csv", 1_000)
    with (tmp_path / "posts.csv").open("a") as file:
        file.write("".join(f",2024-02-01,no one,no id and {i % 3} repeats\n" for i in range(6)))
    env = {"MOODWATCH_SALT": SALT}
    small = moodwatch("run", "posts.csv", "--workers", "1", cwd=tmp_path, env=env)
    servers = {**env, "MOODWATCH_DB": postgres_url, "MOODWATCH_REDIS_URL": redis_url}
    engine = open_database(postgres_url)
    identity = database_id(engine)
    engine.dispose()
    try:
        large = moodwatch("run", "posts.csv", cwd=tmp_path, env=servers)
        assert (small.returncode, large.returncode) == (0, 0), small.stderr + large.stderr
        assert small.stdout.splitlines()[0] == large.stdout.splitlines()[0]
        sql = (
            "SELECT m.source, m.external_id, m.author, e.emotion, e.anger, e.joy, e.neutral"
            " FROM messages m JOIN emotions e ON e.message_id = m.id"
        )
        ours, theirs = (
            {
                (row["source"], row["external_id"], row["author"]): row
                for row in json.loads(
                    moodwatch("query", "--json", sql, cwd=tmp_path, env=settings).stdout
                )
            }
            for settings in (env, servers)
        )
        assert len(ours) == 1_006
        assert ours.keys() == theirs.keys()
        for key, row in ours.items():
            for emotion in ("anger", "joy", "neutral"):
                assert abs(row[emotion] - theirs[key][emotion]) <= 0.02
    finally:
        with Redis.from_url(redis_url) as connection:
            forget_queue(connection, identity)


@pytest.mark.parametrize("text_mode", ["redact", "drop"])
def test_what_may_not_be_kept_is_not_stored(tmp_path: Path, text_mode: str) -> None:
    (tmp_path / "posts.csv").write_text(
        "id,text,author\n1,write to jane@example.org or @jane now,Jane\n2,,Jane\n"
    )
    done = moodwatch(
        "run", "posts.csv", "--workers", "1", cwd=tmp_path, env={"MOODWATCH_TEXT_MODE": text_mode}
    )
    assert done.returncode == ExitCode.OK, done.stderr
    stored = str(rows(tmp_path / "moodwatch.db", "SELECT text, author FROM messages"))
    assert "jane" not in stored.lower()
    assert rows(tmp_path / "moodwatch.db", "SELECT raw FROM rejects") == [(None,)]


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_a_pipe_is_read_like_a_file(tmp_path: Path) -> None:
    lines = "".join(json.dumps({"id": i, "text": f"so happy today {i}"}) + "\n" for i in range(20))
    done = moodwatch("run", "-", "--source", "pipe", "--workers", "1", cwd=tmp_path, stdin=lines)
    assert done.returncode == ExitCode.OK, done.stderr
    assert done.stdout.splitlines()[0] == (
        "read 20 = stored 20 + duplicate 0 + rejected 0 (undated: 20)"
    )


def test_a_folder_with_odd_files_is_read_as_far_as_possible(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write_posts(folder / "good.csv", 10)
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + os.urandom(500))
    (folder / "empty.csv").write_text("")
    done = moodwatch("run", "in", "--workers", "1", cwd=tmp_path)
    assert done.returncode == ExitCode.OK, done.stderr
    assert done.stdout.splitlines()[0].startswith("read 10 = stored 10")
    assert "passed over" in done.stderr
    assert "Traceback" not in done.stderr

    named = moodwatch("run", "in/good.csv", "in/picture.png", "--workers", "1", cwd=tmp_path)
    assert named.returncode == ExitCode.INPUT
    assert named.stdout.splitlines()[0].startswith("read 10 = stored 0 + duplicate 10")
    assert "report: " in named.stdout


def test_a_killed_queue_server_comes_back_and_nothing_is_lost(
    tmp_path: Path, start_run: StartRun
) -> None:
    write_posts(tmp_path / "posts.csv", 6_000)
    database = tmp_path / "moodwatch.db"
    run = start_run("posts.csv", "--workers", "2")
    for n_killed in range(2):
        wait_for(
            lambda at_least=n_killed * 1_500: n_stored(database) > at_least,  # type: ignore[misc]
            "messages to be stored between the kills",
        )
        recorded = json.loads((tmp_path / "moodwatch.db.queue" / "server.json").read_text())
        os.kill(recorded["pid"], signal.SIGKILL)
    out, err = run.communicate(timeout=300)
    assert run.returncode == ExitCode.OK, err
    assert out.splitlines()[0].startswith("read 6,000 = stored 6,000 + duplicate 0")
    assert_each_stored_once(database, 6_000)


def test_ctrl_c_ends_the_wait_for_a_silent_pipe_and_keeps_what_it_gave(tmp_path: Path) -> None:
    run = subprocess.Popen(
        [str(MOODWATCH), "ingest", "-", "--source", "pipe"],
        cwd=tmp_path,
        env=clean_environment(),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert run.stdin is not None
    for i in range(300):
        run.stdin.write(json.dumps({"id": i, "text": f"so happy today {i}"}) + "\n")
    run.stdin.write('{"id": 300, "text": "cut in the mid')
    run.stdin.flush()
    deadline = time.monotonic() + 60
    while not (tmp_path / "moodwatch.db").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(3)
    run.send_signal(signal.SIGINT)
    assert run.wait(timeout=60) == ExitCode.INTERRUPTED
    run.communicate()
    (counts,) = rows(tmp_path / "moodwatch.db", "SELECT sum(n_messages) FROM chunks")
    assert counts == (300,)
