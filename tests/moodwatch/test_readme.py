"""The README's commands run as they stand, in a folder that holds the examples alone."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from db.engine import database_id, open_database
from moodwatch.errors import ExitCode
from tests.moodwatch.running import MOODWATCH, clean_environment, moodwatch
from tests.support.paths import REPOSITORY
from tests.support.redis import forget_queue

README = (REPOSITORY / "README.md").read_text()
BLOCKS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)


def commands_of(block: str) -> list[str]:
    return [line[2:] for line in block.splitlines() if line.startswith("$ ")]


def block_with(start: str) -> str:
    (found,) = (str(block) for block in BLOCKS if block.startswith(f"$ {start}"))
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the README's first run of its own files has been done."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(REPOSITORY / "examples", folder / "examples")
    for command in commands_of(block_with("moodwatch run")):
        done = moodwatch(*shlex.split(command)[1:], cwd=folder)
        assert done.returncode == ExitCode.OK, done.stderr
    return folder


def test_the_demo_prints_what_the_readme_shows(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "examples", tmp_path / "examples")
    recipe = re.search(r"^demo: .*?\n((?:\t.*\n)+)", (REPOSITORY / "Makefile").read_text(), re.M)
    assert recipe is not None
    lines = [line.lstrip("\t@") for line in recipe[1].splitlines()]
    script = " && ".join(lines).replace("$(BIN)/moodwatch", shlex.quote(str(MOODWATCH)))
    done = subprocess.run(
        ["/bin/sh", "-c", script],
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == ExitCode.OK, done.stderr
    shown = [line for line in block_with("git clone").splitlines() if not line.startswith("$ ")]
    kinds = ("read ", "shift: ", "report: ")
    assert _kept(shown, kinds) == _kept(done.stdout.splitlines(), kinds)
    emotions = r"[│ ]+(sadness|joy|love|anger|fear|surprise|neutral|net mood|messages)\b"
    assert [m[1] for line in shown if (m := re.match(emotions, line))] == [
        m[1] for line in done.stdout.splitlines() if (m := re.match(emotions, line))
    ]


def test_every_other_command_of_the_first_screens_answers(folder: Path) -> None:
    ran = 0
    for block in BLOCKS:
        for command in commands_of(block):
            words = shlex.split(command)
            if words[0] != "moodwatch" or words[1] not in {"query", "predict", "status", "report"}:
                continue
            done = moodwatch(*words[1:], cwd=folder)
            assert done.returncode == ExitCode.OK, (command, done.stderr)
            assert done.stdout.strip(), command
            ran += 1
    assert ran >= 3


def test_predict_answers_with_the_fields_shown(folder: Path) -> None:
    block = block_with("moodwatch predict")
    (command,) = commands_of(block)
    done = json.loads(moodwatch(*shlex.split(command)[1:], cwd=folder).stdout)
    shown = json.loads("".join(line for line in block.splitlines() if not line.startswith("$ ")))
    assert done.keys() == shown.keys() == {"text", "emotion", "confidence", "scores", "model"}
    assert done["emotion"] == shown["emotion"]
    assert done["scores"].keys() == shown["scores"].keys()


@pytest.fixture
def servers(empty_postgres_url: str, redis_url: str) -> Iterator[dict[str, str]]:
    yield {"MOODWATCH_DB": empty_postgres_url, "MOODWATCH_REDIS_URL": redis_url}
    engine = open_database(empty_postgres_url)
    identity = database_id(engine)
    engine.dispose()
    with Redis.from_url(redis_url) as connection:
        forget_queue(connection, identity)


def test_the_commands_for_more_machines_start_and_end(
    tmp_path: Path, servers: dict[str, str]
) -> None:
    (tmp_path / "posts").mkdir()
    shutil.copy(REPOSITORY / "examples" / "posts.csv", tmp_path / "posts")
    env = {**servers, "MOODWATCH_SALT": "a salt of the tests, long enough"}
    started = {"worker": "worker_started", "control": "control_started", "ingest": None}
    running: list[subprocess.Popen[str]] = []
    try:
        for command in commands_of(block_with("export MOODWATCH_DB")):
            words = shlex.split(command)
            if words[0] == "export":
                assert set(re.findall(r"(\w+)=", command)) <= env.keys()
            elif words[1] in started:
                running.append(_start(words[1:], env, tmp_path, started[words[1]]))
            else:
                done = moodwatch(*words[1:], cwd=tmp_path, env=env)
                assert done.returncode == ExitCode.OK, done.stderr
        stored = _wait_for_rows(tmp_path, env, 3_020)
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
        ended = [process.communicate(timeout=60)[1] for process in running]
    assert stored == 3_020
    assert [process.returncode for process in running] == [0, 0, 0], ended


def _start(
    words: list[str], env: dict[str, str], cwd: Path, event: str | None
) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [str(MOODWATCH), *words],
        cwd=cwd,
        env=clean_environment(**env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    if event is not None:
        assert any(event in line for line in process.stderr), words
    return process


def _wait_for_rows(cwd: Path, env: dict[str, str], n: int) -> int:
    sql = "SELECT count(*) AS n FROM emotions"
    stored = 0
    for _ in range(60):
        done = moodwatch("query", "--json", sql, cwd=cwd, env=env)
        stored = json.loads(done.stdout)[0]["n"]
        if stored >= n:
            break
    return int(stored)


def _kept(lines: list[str], starts: tuple[str, ...]) -> list[str]:
    """Return the lines of these kinds, without shares: processors differ in the last percent."""
    return [re.sub(r" \(\d.*", "", line) for line in lines if line.startswith(starts)]
