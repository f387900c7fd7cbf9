"""Each way out against a real receiver: what arrives, what is tried again, what is never told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from db.outbox import Delivery
from reporting.delivery import channels
from reporting.delivery.channels import DeliveryError, send, signature
from reporting.schedules import Recipient, ScheduleError
from tests.reporting.delivery.receivers import mail_server, web_server

# Apprise 2.2 imports a module that Python 3.13 has dropped, where there is one.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

SECRET = "whsec_" + base64.b64encode(b"a key of the receiver's").decode()


@pytest.fixture
def delivery(tmp_path: Path) -> Delivery:
    page = tmp_path / "weekly-2025-06-30T0600Z.html"
    page.write_text("<title>Mood</title>", encoding="utf-8")
    return Delivery(
        id="0123456789ab.weekly.20250630T060000Z.team",
        schedule="weekly",
        slot=datetime(2025, 6, 30, 6, tzinfo=UTC),
        recipient="team",
        subject="weekly: Anger rose from 12 % to 31 %",
        body="Anger rose from 12 % to 31 % on 3 March in support.",
        files=(str(page),),
    )


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "READ_TIMEOUT_S", 0.3)
    monkeypatch.setattr(channels, "_LONGEST_WAIT_S", 0.01)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(8)
        yield listening.getsockname()[1]


def test_a_post_is_signed_so_that_the_receiver_can_check_it(delivery: Delivery) -> None:
    with web_server(lambda _: 204) as posts:
        send(delivery, Recipient(webhook=posts.url, secret="env:KEY"), {"KEY": SECRET})

    [(headers, body)] = posts.seen
    document = json.loads(body)
    assert document["id"] == headers["webhook-id"] == delivery.id
    assert document["text"] == delivery.body
    assert document["files"] == list(delivery.files)
    # As a receiver would: https://www.standardwebhooks.com
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert abs(int(headers["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 60


def test_a_signature_hangs_on_all_that_is_signed() -> None:
    told = {
        signature(*given)
        for given in [
            ("a", 1, b"body", "key"),
            ("b", 1, b"body", "key"),
            ("a", 2, b"body", "key"),
            ("a", 1, b"other", "key"),
            ("a", 1, b"body", "other"),
        ]
    }
    assert len(told) == 5


@pytest.mark.usefixtures("short_waits")
def test_a_receiver_that_fails_twice_is_tried_a_third_time(delivery: Delivery) -> None:
    with web_server(lambda n: 503 if n < 2 else 200) as posts:
        send(delivery, Recipient(webhook=posts.url, secret="key"), {})

    assert posts.ids == [delivery.id] * 3
    assert len({body for _, body in posts.seen}) == 1


@pytest.mark.usefixtures("short_waits")
@pytest.mark.parametrize(("status", "n_tries"), [(500, 3), (429, 3), (404, 1), (302, 1)])
def test_what_is_no_success_is_a_failure(delivery: Delivery, status: int, n_tries: int) -> None:
    with (
        web_server(lambda _: status) as posts,
        pytest.raises(DeliveryError, match=f"answer {status}") as caught,
    ):
        send(delivery, Recipient(webhook=posts.url, secret="key"), {})

    assert len(posts.seen) == n_tries
    assert "hidden" not in str(caught.value)


@pytest.mark.usefixtures("short_waits")
def test_a_receiver_that_hangs_is_given_up(delivery: Delivery, silent_port: int) -> None:
    recipient = Recipient(webhook=f"http://127.0.0.1:{silent_port}/", secret="key")

    with pytest.raises(DeliveryError, match="no answer within"):
        send(delivery, recipient, {})


@pytest.mark.usefixtures("short_waits")
def test_a_receiver_that_is_gone_is_told_without_its_address(delivery: Delivery) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    with pytest.raises(DeliveryError, match="no connection") as caught:
        send(delivery, Recipient(webhook=f"http://127.0.0.1:{port}/x", secret="key"), {})
    assert str(port) not in str(caught.value)


def test_a_mail_has_the_text_the_report_and_the_id(delivery: Delivery) -> None:
    with mail_server() as mails:
        send(delivery, Recipient(url="env:MAIL"), {"MAIL": mails.url})

    [mail] = mails.seen
    assert mail["Subject"] == delivery.subject
    assert mail["X-Moodwatch-Delivery"] == delivery.id
    text = mail.get_body(("plain",))
    assert text is not None
    assert delivery.body in text.get_content()
    assert delivery.id in text.get_content()
    [page] = mail.iter_attachments()
    assert page.get_filename() == "weekly-2025-06-30T0600Z.html"
    assert "<title>Mood</title>" in str(page.get_content())


def test_a_mail_server_that_is_gone_is_a_failure_without_addresses(
    delivery: Delivery, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url = "mailto://me:secretword@127.0.0.1:1/?from=mood@example.org&to=a@example.org&mode=insecure"

    with pytest.raises(DeliveryError, match="did not take it") as caught:
        send(delivery, Recipient(url=url), {})

    assert "secretword" not in caplog.text + str(caught.value)
    assert "example.org" not in caplog.text


def test_an_unknown_kind_of_address_is_final(delivery: Delivery) -> None:
    with pytest.raises(DeliveryError, match="not an address that Apprise knows") as caught:
        send(delivery, Recipient(url="nonsense://secretword"), {})
    assert caught.value.is_final
    assert "secretword" not in str(caught.value)


def test_a_folder_gets_the_report_and_the_text_once(delivery: Delivery, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "archive"

    for _ in range(2):
        send(delivery, Recipient(folder=folder), {})

    assert sorted(path.name for path in folder.iterdir()) == [
        "0123456789ab.weekly.20250630T060000Z.team.txt",
        "weekly-2025-06-30T0600Z.html",
    ]
    assert delivery.body in (folder / f"{delivery.id}.txt").read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_written_is_a_failure(delivery: Delivery, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")

    with pytest.raises(DeliveryError, match="folder: "):
        send(delivery, Recipient(folder=tmp_path / "taken"), {})


def test_a_secret_that_the_environment_lacks_is_named_by_its_variable(delivery: Delivery) -> None:
    recipient = Recipient(webhook="http://127.0.0.1:1/", secret="env:MOOD_KEY")

    with pytest.raises(ScheduleError, match="MOOD_KEY"):
        send(delivery, recipient, {})


def test_two_sends_at_once_do_not_mix(tmp_path: Path, delivery: Delivery) -> None:
    with web_server(lambda _: 200) as one, web_server(lambda _: 200) as other:
        threads = [
            threading.Thread(
                target=send, args=(delivery, Recipient(webhook=posts.url, secret="key"), {})
            )
            for posts in (one, other)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert one.ids == other.ids == [delivery.id]
