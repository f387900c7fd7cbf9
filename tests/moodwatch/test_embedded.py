"""The embedded server: one a database, whoever starts it; gone with its last holder."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from redis import Redis, RedisError

from moodwatch import queue_server
from moodwatch.embedded import start_or_attach
from moodwatch.errors import ExitCode, UserError
from tests.support.paths import REPOSITORY

#: Attaches, says the url and the server's pid, and waits to be told how to end.
HOLDER = """
import sys
from pathlib import Path
from redis import Redis
from moodwatch.embedded import start_or_attach
server = start_or_attach(Path(sys.argv[1]))
with Redis.from_url(server.url) as connection:
    print(server.url, connection.info("server")["process_id"], flush=True)
sys.stdin.readline()
print(server.stop_if_last(), flush=True)
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "mood.db"


def answers(url: str) -> bool:
    try:
        with Redis.from_url(url) as connection:
            return bool(connection.ping())
    except (RedisError, OSError):
        return False


def holder(database: Path) -> tuple[subprocess.Popen[str], str, int]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(database)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    url, pid = next(line for line in process.stdout if line.startswith("unix:")).split()
    return process, url, int(pid)


def wait_until_dead(database: Path) -> None:
    deadline = time.monotonic() + 10
    while queue_server.is_alive(database.with_name(f"{database.name}.queue")):
        assert time.monotonic() < deadline, "the server outlived SIGKILL"
        time.sleep(0.01)


def end(process: subprocess.Popen[str]) -> str:
    said, _ = process.communicate("end\n", timeout=20)
    return said.splitlines()[-1]


def test_its_settings_are_ours_and_not_the_wheels(database: Path) -> None:
    server = start_or_attach(database)
    with Redis.from_url(server.url) as connection:
        names = ("port", "appendonly", "appendfsync", "maxmemory-policy", "save", "dir")
        found = {name: connection.config_get(name)[name] for name in names}
        folder = Path(connection.config_get("unixsocket")["unixsocket"]).parent
    mode = stat.S_IMODE(folder.stat().st_mode)
    server.stop_if_last()

    assert found == {
        "port": "0",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
        "save": "",
        "dir": str(database.resolve().parent / "mood.db.queue"),
    }
    assert mode == 0o700


def test_what_was_queued_outlives_the_server(database: Path) -> None:
    server = start_or_attach(database)
    with Redis.from_url(server.url) as connection:
        connection.rpush("waiting", "chunk")
    assert server.stop_if_last() is True
    assert not answers(server.url)

    again = start_or_attach(database)
    with Redis.from_url(again.url) as connection:
        found = connection.lrange("waiting", 0, -1)
    again.stop_if_last()

    assert found == [b"chunk"]


def test_the_last_one_out_stops_it(database: Path) -> None:
    first, second = start_or_attach(database), start_or_attach(database)

    assert first.url == second.url
    assert first.stop_if_last() is False
    assert answers(second.url)
    assert first.stop_if_last() is False
    assert second.stop_if_last() is True
    assert not answers(second.url)


def test_commands_that_start_at_once_agree_on_one_server(database: Path) -> None:
    with ThreadPoolExecutor(6) as pool:
        holders = list(pool.map(holder, [database] * 6))

    assert len({pid for _, _, pid in holders}) == 1
    assert [end(process) for process, _, _ in holders] == ["False"] * 5 + ["True"]
    assert not answers(holders[0][1])


def test_it_outlives_a_killed_owner_and_the_next_command_finds_it(database: Path) -> None:
    owner, url, pid = holder(database)
    owner.kill()
    owner.communicate()
    assert answers(url)

    server = start_or_attach(database)
    with Redis.from_url(server.url) as connection:
        found = connection.info("server")["process_id"]

    assert found == pid
    # The dead owner does not count as a holder.
    assert server.stop_if_last() is True
    assert not answers(url)


def test_a_killed_server_is_started_again(database: Path) -> None:
    owner, url, pid = holder(database)
    with Redis.from_url(url) as connection:
        connection.set("kept", "yes")
        time.sleep(1.2)  # appendfsync everysec
    os.kill(pid, signal.SIGKILL)

    server = start_or_attach(database)

    assert server.url == url
    with Redis.from_url(server.url) as connection:
        assert connection.get("kept") == b"yes"
        assert connection.info("server")["process_id"] != pid
    end(owner)
    server.stop_if_last()


def test_nothing_is_left_in_the_temporary_folder(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = Path(tempfile.mkdtemp(prefix="mw"))  # short: pytest's own path is too long
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    server = start_or_attach(database)
    assert len(list(temporary.iterdir())) == 1
    server.stop_if_last()
    assert list(temporary.iterdir()) == []

    killed = start_or_attach(database)
    with Redis.from_url(killed.url) as connection:
        os.kill(connection.info("server")["process_id"], signal.SIGKILL)
    wait_until_dead(database)
    killed.stop_if_last()
    assert list(temporary.iterdir()) == []
    temporary.rmdir()


def test_two_databases_have_two_servers(tmp_path: Path) -> None:
    first, second = start_or_attach(tmp_path / "a.db"), start_or_attach(tmp_path / "b.db")

    assert first.url != second.url

    assert first.stop_if_last()
    assert answers(second.url)
    assert second.stop_if_last()


def test_one_database_by_two_names_has_one_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.chdir(tmp_path / "real")

    servers = [start_or_attach(path) for path in (Path("x.db"), tmp_path / "link" / "x.db")]

    assert servers[0].url == servers[1].url
    assert [server.stop_if_last() for server in servers] == [False, True]


def test_deep_folders_and_spaces_do_not_matter(tmp_path: Path) -> None:
    folder = tmp_path / ("a very long name " * 5) / ("ünd änother " * 8)
    folder.mkdir(parents=True)

    server = start_or_attach(folder / "mood.db")

    assert answers(server.url)
    server.stop_if_last()


def test_a_long_temporary_directory_does_not_matter(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))

    server = start_or_attach(database)

    assert answers(server.url)
    server.stop_if_last()


def test_a_socket_folder_of_somebody_else_is_not_used(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 12345)

    with pytest.raises(UserError, match="belongs to somebody else") as caught:
        start_or_attach(database)

    assert caught.value.code is ExitCode.QUEUE


def test_a_platform_without_the_wheel_is_told_what_to_set(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.system", lambda: "Windows")

    with pytest.raises(UserError, match="MOODWATCH_REDIS_URL") as caught:
        start_or_attach(database)

    assert caught.value.code is ExitCode.QUEUE


def test_a_binary_that_cannot_run_here_is_told(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On Alpine the file is there, but not the libc it wants.
    monkeypatch.setattr(queue_server, "server_binary", lambda: tmp_path / "absent")

    with pytest.raises(UserError, match="MOODWATCH_REDIS_URL"):
        start_or_attach(database)


def test_a_server_that_does_not_start_names_its_log(database: Path) -> None:
    start_or_attach(database).stop_if_last()
    folder = database.with_name("mood.db.queue")
    (file,) = (folder / "appendonlydir").glob("*.incr.aof")
    file.write_bytes(b"*1\r\n$4\r\nnonsense\r\n" * 3)

    with pytest.raises(UserError, match=r"server\.log"):
        start_or_attach(database)


def test_a_folder_removed_under_a_running_server_does_no_harm(database: Path) -> None:
    server = start_or_attach(database)
    shutil.rmtree(database.with_name("mood.db.queue"))

    assert server.stop_if_last() is True
    assert not answers(server.url)


def test_a_server_killed_under_a_command_can_be_started_again_in_place(database: Path) -> None:
    server = start_or_attach(database)
    with Redis.from_url(server.url) as connection:
        pid = connection.info("server")["process_id"]
    assert server.ensure_running() is False
    os.kill(pid, signal.SIGKILL)

    assert server.ensure_running() is True

    assert answers(server.url)
    with pytest.raises(ProcessLookupError):  # no zombie, however long the command goes on
        os.kill(pid, 0)
    assert server.stop_if_last() is True


def test_a_server_that_hangs_is_not_joined_by_a_second_one(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two servers on one file would ruin it."""
    monkeypatch.setattr(queue_server, "START_TIMEOUT_S", 0.5)
    monkeypatch.setattr(queue_server, "ANSWER_TIMEOUT_S", 0.3)
    owner, url, pid = holder(database)
    os.kill(pid, signal.SIGSTOP)

    with pytest.raises(UserError, match="does not answer"):
        start_or_attach(database)

    os.kill(pid, signal.SIGCONT)
    assert answers(url)
    assert end(owner) == "True"
