"""Deliveries arrive at least once, under one id, whatever dies; a dead recipient stops nobody."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from db.outbox import Delivery, DeliveryCounts, delivery_counts, record_slot, states_of
from reporting.delivery import channels
from reporting.delivery.courier import BACKOFF, Courier
from reporting.schedules import Recipient
from tests.reporting.delivery.receivers import web_server
from tests.support.paths import REPOSITORY

SLOT = datetime(2025, 6, 30, 6, tzinfo=UTC)
AT_ONCE = (timedelta(0),) * 3


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "_LONGEST_WAIT_S", 0.01)


def delivery(recipient: str, **changes: object) -> Delivery:
    given: dict[str, object] = {
        "id": f"db.weekly.slot.{recipient}",
        "schedule": "weekly",
        "slot": SLOT,
        "recipient": recipient,
        "subject": "weekly",
        "body": "Anger rose.",
    }
    return Delivery(**(given | changes))  # type: ignore[arg-type]


def courier(
    engine: Engine,
    recipients: Mapping[str, Recipient],
    backoff: tuple[timedelta, ...] = AT_ONCE,
    lease: timedelta = timedelta(minutes=5),
) -> Courier:
    return Courier(engine, lambda: recipients, {}, lease=lease, backoff=backoff)


def hook(url: str) -> Recipient:
    return Recipient(webhook=url, secret="key")


def state(engine: Engine, recipient: str) -> tuple[str, str | None]:
    return states_of(engine, [f"db.weekly.slot.{recipient}"])[f"db.weekly.slot.{recipient}"]


def wait_for(condition: Callable[[], bool], timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_a_delivery_is_sent_and_closed(engine: Engine, tmp_path: Path) -> None:
    record_slot(engine, "weekly", SLOT, [delivery("team"), delivery("files")])
    with web_server(lambda _: 200) as posts:
        carrier = courier(engine, {"team": hook(posts.url), "files": Recipient(folder=tmp_path)})
        assert carrier.step() == 2
        assert carrier.wait(60)
        assert carrier.step() == 0

    assert posts.ids == ["db.weekly.slot.team"]
    assert (tmp_path / "db.weekly.slot.files.txt").exists()
    assert delivery_counts(engine) == {"weekly": DeliveryCounts(sent=2)}


def test_a_slot_recorded_twice_is_sent_once(engine: Engine) -> None:
    with web_server(lambda _: 200) as posts:
        carrier = courier(engine, {"team": hook(posts.url)})
        for n_new in (1, 0):
            assert record_slot(engine, "weekly", SLOT, [delivery("team")]) == n_new
            carrier.step()
            assert carrier.wait(60)

    assert posts.ids == ["db.weekly.slot.team"]


def test_a_failed_try_is_repeated_later_with_the_same_id(engine: Engine) -> None:
    record_slot(engine, "weekly", SLOT, [delivery("team")])
    # Three quick tries fail, the next one by the outbox arrives.
    with web_server(lambda n: 500 if n < 3 else 200) as posts:
        carrier = courier(engine, {"team": hook(posts.url)})
        carrier.step()
        assert carrier.wait(60)
        assert state(engine, "team") == ("waiting", "answer 500")
        carrier.step()
        assert carrier.wait(60)

    assert posts.ids == ["db.weekly.slot.team"] * 4
    assert state(engine, "team") == ("sent", None)


def test_the_next_try_waits_for_its_time(engine: Engine) -> None:
    record_slot(engine, "weekly", SLOT, [delivery("team")])
    carrier = courier(engine, {"team": hook("http://127.0.0.1:1/")}, backoff=BACKOFF)

    carrier.step()
    assert carrier.wait(60)

    assert state(engine, "team")[0] == "waiting"
    assert carrier.step() == 0
    # Asked for by name it goes at once: `moodwatch schedule run`.
    assert carrier.step(only=["db.weekly.slot.team"]) == 1
    assert carrier.wait(60)
    assert sum(BACKOFF, timedelta(0)) > timedelta(hours=24)


def test_a_delivery_is_given_up_in_the_end(engine: Engine) -> None:
    record_slot(engine, "weekly", SLOT, [delivery("team"), delivery("nobody")])
    carrier = courier(engine, {"team": hook("http://127.0.0.1:1/")})

    n_tries = 0
    while carrier.step():
        n_tries += 1
        assert carrier.wait(60)

    assert n_tries == len(AT_ONCE) + 1
    assert state(engine, "team")[0] == "failed"
    assert state(engine, "nobody") == ("failed", "no recipient of that name in the schedules")


def test_a_recipient_that_hangs_or_is_dead_holds_nobody_up(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "READ_TIMEOUT_S", 30.0)
    names = ["hangs", "dead", "team"]
    record_slot(engine, "weekly", SLOT, [delivery(name) for name in names])
    with socket.socket() as silent, web_server(lambda _: 200) as posts:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        recipients = {
            "hangs": hook(f"http://127.0.0.1:{silent.getsockname()[1]}/"),
            "dead": hook("http://127.0.0.1:1/"),
            "team": hook(posts.url),
        }
        carrier = courier(engine, recipients, backoff=BACKOFF)

        assert carrier.step() == 3
        wait_for(lambda: state(engine, "team")[0] == "sent")
        wait_for(lambda: state(engine, "dead")[1] is not None)
        # While one hangs, what comes later goes out all the same.
        later = delivery("team", id="db.weekly.later.team")
        record_slot(engine, "weekly", SLOT + timedelta(days=7), [later])
        wait_for(lambda: carrier.step() == 1)
        wait_for(lambda: posts.ids[-1] == later.id)

        assert state(engine, "hangs") == ("waiting", None)
        assert not carrier.wait(0)
    # Closing the port ends the try.
    assert carrier.wait(60)


def test_a_kill_between_sending_and_recording_repeats_the_same_id(tmp_path: Path) -> None:
    from db.engine import open_database

    engine = open_database(tmp_path / "a.db")
    record_slot(engine, "weekly", SLOT, [delivery("r1")])
    with web_server(lambda _: 200) as posts:
        victim = start(tmp_path / "a.db", posts.url, "die")
        begin(victim)
        assert ended(victim) == -signal.SIGKILL
        assert posts.ids == ["db.weekly.slot.r1"]
        assert state(engine, "r1") == ("waiting", None)

        carrier = courier(engine, {"r1": hook(posts.url)})
        wait_for(lambda: carrier.step() == 1)
        assert carrier.wait(60)

    assert posts.ids == ["db.weekly.slot.r1"] * 2
    assert len({body for _, body in posts.seen}) == 1
    assert state(engine, "r1") == ("sent", None)
    engine.dispose()


def test_two_couriers_at_once_send_each_delivery_once(engine: Engine) -> None:
    names = [f"r{n}" for n in range(20)]
    record_slot(engine, "weekly", SLOT, [delivery(name) for name in names])
    url = engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    database = str(engine.url.database) if engine.dialect.name == "sqlite" else url
    with web_server(lambda _: 200) as posts:
        both = [start(database, posts.url, "work") for _ in range(2)]
        for process in both:
            begin(process)
        assert [ended(process) for process in both] == [0, 0]

    assert sorted(posts.ids) == sorted(f"db.weekly.slot.{name}" for name in names)
    assert delivery_counts(engine) == {"weekly": DeliveryCounts(sent=20)}


def test_a_try_that_cannot_be_recorded_is_made_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_slot(engine, "weekly", SLOT, [delivery("team")])
    lost = threading.Event()

    def mark_sent(engine: Engine, delivery_id: str) -> None:
        lost.set()
        raise OSError("the database is away")

    with web_server(lambda _: 200) as posts:
        with monkeypatch.context() as away:
            away.setattr("reporting.delivery.courier.mark_sent", mark_sent)
            carrier = courier(engine, {"team": hook(posts.url)}, lease=timedelta(seconds=1))
            carrier.step()
            assert carrier.wait(60)
        assert lost.is_set()
        wait_for(lambda: carrier.step() == 1)
        assert carrier.wait(60)

    assert posts.ids == ["db.weekly.slot.team"] * 2
    assert state(engine, "team") == ("sent", None)


def start(database: object, url: str, how: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.reporting.delivery.courier_process"]
    process = subprocess.Popen(
        [*command, str(database), url, how],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def begin(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def ended(process: subprocess.Popen[str]) -> int:
    """Read to the end: a log line to a closed pipe would be an error of the courier's."""
    process.communicate(timeout=60)
    return process.returncode
