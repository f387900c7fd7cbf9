"""The supervisor with real children: they are kept running, and end with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from moodwatch.supervisor import ChildrenDiedError, Program, Supervisor
from tests.support.paths import REPOSITORY

#: Ends with code 0 on SIGTERM, like a worker; writes its name and pid on the way in and out.
CHILD = """
import os, signal, sys, time
log = open(sys.argv[2], "a", buffering=1)
def leave(*_):
    log.write(f"{sys.argv[1]} ended\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
log.write(f"{sys.argv[1]} started {os.getpid()}\\n")
time.sleep(600)
"""
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"


def child(log: Path) -> Program:
    return Program("child", lambda name: [sys.executable, "-c", CHILD, name, str(log)])


def wait_for(condition: Callable[[], bool], timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def lines(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_children_start_and_end_with_it(tmp_path: Path) -> None:
    log = tmp_path / "log"

    with Supervisor([child(log)] * 3) as supervisor:
        wait_for(lambda: len(lines(log)) == 3)
        pids = supervisor.pids()

    assert len({line.split()[0] for line in lines(log)}) == 3
    assert len([line for line in lines(log) if line.endswith("ended")]) == 3
    assert not any(map(is_alive, pids))
    supervisor.stop()


def test_a_killed_child_is_started_again_under_another_name(tmp_path: Path) -> None:
    log = tmp_path / "log"
    died: list[str] = []

    with Supervisor([child(log)], on_death=died.append) as supervisor:
        wait_for(lambda: len(lines(log)) == 1)
        (pid,) = supervisor.pids()
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: len(lines(log)) == 2)
        supervisor.check()
        told_while_running = list(died)

    names = [line.split()[0] for line in lines(log) if "started" in line]
    assert names[0] != names[1]
    assert told_while_running == [names[0]]
    # At the end it is told of the others too: they may have been killed in the middle of a job.
    assert died == names


def test_a_failing_listener_does_not_end_the_watch(tmp_path: Path) -> None:
    log = tmp_path / "log"

    def fail(_: str) -> None:
        raise ConnectionError("redis is away")

    with Supervisor([child(log)], on_death=fail) as supervisor:
        wait_for(lambda: len(lines(log)) == 1)
        os.kill(supervisor.pids()[0], signal.SIGKILL)
        wait_for(lambda: len(lines(log)) == 2)


def test_children_that_cannot_start_are_given_up(tmp_path: Path) -> None:
    broken = Program("worker", lambda _: [sys.executable, "-c", "raise SystemExit(6)"])
    log = tmp_path / "log"
    supervisor = Supervisor([child(log), broken], max_pause_s=0.1)
    supervisor.start()

    def failed() -> bool:
        try:
            supervisor.check()
        except ChildrenDiedError:
            return True
        return False

    wait_for(failed)

    with pytest.raises(ChildrenDiedError, match=r"worker died 5 times .* exit code 6"):
        supervisor.check()
    # The healthy ones end too: half a crew would look like a slow run.
    wait_for(lambda: supervisor.pids() == [])
    supervisor.stop()


def test_kills_from_outside_are_not_taken_for_a_failing_start(tmp_path: Path) -> None:
    log = tmp_path / "log"

    with Supervisor([child(log)], max_pause_s=0.1) as supervisor:
        for n_started in range(1, 7):
            wait_for(lambda n=n_started: len(lines(log)) == n)  # type: ignore[misc]
            os.kill(supervisor.pids()[0], signal.SIGKILL)
            wait_for(lambda: not supervisor.pids())
        supervisor.check()


def test_kills_from_outside_do_not_make_one_failing_start_the_last(tmp_path: Path) -> None:
    log, gate = tmp_path / "log", tmp_path / "redis-is-away"
    fails_at_gate = f"import os\nif os.path.exists({str(gate)!r}): raise SystemExit(70)\n"
    program = Program(
        "child", lambda name: [sys.executable, "-c", fails_at_gate + CHILD, name, str(log)]
    )

    with Supervisor([program], max_pause_s=0.1) as supervisor:
        for n_started in range(1, 6):
            wait_for(lambda n=n_started: len(lines(log)) == n)  # type: ignore[misc]
            if n_started == 5:
                gate.touch()
            os.kill(supervisor.pids()[0], signal.SIGKILL)
            wait_for(lambda: not supervisor.pids())
        wait_for(lambda: bool(supervisor.pids()))
        wait_for(lambda: not supervisor.pids())
        gate.unlink()
        wait_for(lambda: len(lines(log)) == 6)
        supervisor.check()


def test_a_program_that_is_not_there_is_given_up() -> None:
    with pytest.raises(OSError, match="no-such-program"):
        Supervisor([Program("worker", lambda _: ["/no-such-program"])]).start()


def test_a_child_that_ignores_sigterm_is_killed() -> None:
    stubborn = Program("child", lambda _: [sys.executable, "-c", STUBBORN])
    supervisor = Supervisor([stubborn], stop_timeout_s=0.5)
    supervisor.start()
    time.sleep(0.5)
    (pid,) = supervisor.pids()

    started = time.monotonic()
    supervisor.stop()

    assert time.monotonic() - started < 30
    assert not is_alive(pid)


def test_ctrl_c_does_not_reach_the_children(tmp_path: Path) -> None:
    """A terminal sends SIGINT to the whole process group of the command in front."""
    log = tmp_path / "log"

    with Supervisor([child(log)]) as supervisor:
        wait_for(lambda: len(lines(log)) == 1)
        assert os.getpgid(supervisor.pids()[0]) != os.getpgid(0)


def test_workers_of_a_killed_supervisor_end(tmp_path: Path, redis_url: str, queue_id: str) -> None:
    """kill -9 of `moodwatch run` must leave no worker behind for ever."""
    script = """
import os, sys, time
from moodwatch.supervisor import Program, Supervisor
url, queue_id = sys.argv[1:]
def argv(name):
    command = [sys.executable, "-m", "tests.support.odd_jobs", url, queue_id, name]
    return [*command, "--parent-pid", str(os.getpid())]
supervisor = Supervisor([Program("worker", argv)] * 2)
supervisor.start()
print("pids", *supervisor.pids(), flush=True)
time.sleep(600)
"""
    owner = subprocess.Popen(
        [sys.executable, "-c", script, redis_url, queue_id],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert owner.stdout is not None
    said = next(line for line in owner.stdout if line.startswith("pids "))
    pids = [int(pid) for pid in said.split()[1:]]
    time.sleep(1.5)
    assert all(map(is_alive, pids))

    owner.kill()
    owner.communicate()

    wait_for(lambda: not any(map(is_alive, pids)))
