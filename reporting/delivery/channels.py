"""The ways out: each takes one delivery and returns when it has arrived, or raises.

Addresses and secrets come in here at the last moment and go nowhere else: no log line, no error
message and no row of the database holds one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from db.outbox import Delivery
from reporting.schedules import Recipient, resolve

#: Seconds to connect, and of silence while waiting for the answer.
CONNECT_TIMEOUT_S: Final = 5.0
READ_TIMEOUT_S: Final = 20.0
#: Tries of one POST, close together; the outbox repeats over hours.
QUICK_TRIES: Final = 3
_LONGEST_WAIT_S: Final = 4.0

_BASE64_SECRET: Final = "whsec_"  # noqa: S105 - how one begins


class DeliveryError(Exception):
    """A delivery that did not arrive. Its text is a reason without address, secret or content."""

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        #: Whether another try is pointless.
        self.is_final = is_final


class _TryAgainError(DeliveryError):
    """Worth another try within seconds."""


def send(delivery: Delivery, recipient: Recipient, environment: Mapping[str, str]) -> None:
    """Send a delivery to its recipient.

    Raises:
        DeliveryError: when it did not arrive, as far as can be told.
        ScheduleError: when the environment lacks a value that the file points to.
    """
    if recipient.folder is not None:
        put_into_folder(delivery, recipient.folder)
    elif recipient.webhook is not None:
        url = resolve(recipient.webhook, environment)
        post_signed(delivery, url, resolve(recipient.secret or "", environment))
    else:
        notify(delivery, resolve(recipient.url or "", environment))


def put_into_folder(delivery: Delivery, folder: Path) -> None:
    """Copy the files and write the text, each complete or not at all; twice gives the same."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in delivery.files:
            _put(folder / Path(file).name, Path(file).read_bytes())
        text = f"{delivery.subject}\n\n{delivery.body}\n"
        _put(folder / f"{delivery.id}.txt", text.encode())
    except OSError as error:
        raise DeliveryError(f"folder: {error.strerror}") from None


def _put(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(path)


def signature(delivery_id: str, timestamp: int, body: bytes, secret: str) -> str:
    """Return the signature header of a POST.

    Source: Standard Webhooks 1.0, "Signature scheme": HMAC-SHA256 of `id.timestamp.body`, base64,
    after a version.
    """
    key = secret.encode()
    if secret.startswith(_BASE64_SECRET):
        with suppress(ValueError):
            key = base64.b64decode(secret.removeprefix(_BASE64_SECRET), validate=True)
    signed = b".".join((delivery_id.encode(), str(timestamp).encode(), body))
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def webhook_body(delivery: Delivery) -> bytes:
    """Return the JSON of a POST: the same bytes at every try."""
    document = {
        "id": delivery.id,
        "schedule": delivery.schedule,
        "slot": delivery.slot.isoformat(),
        "subject": delivery.subject,
        "text": delivery.body,
        "files": list(delivery.files),
    }
    return json.dumps(document, ensure_ascii=False).encode()


def post_signed(delivery: Delivery, url: str, secret: str) -> None:
    """POST the delivery as JSON, signed; any 2xx is an arrival.

    Refusals (4xx) are not tried again at once: the next try is the outbox's.
    """
    import urllib3
    from tenacity import (
        Retrying,
        retry_if_exception_type,
        stop_after_attempt,
        wait_random_exponential,
    )

    body = webhook_body(delivery)
    timeout = urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=READ_TIMEOUT_S)
    retrying = Retrying(
        stop=stop_after_attempt(QUICK_TRIES),
        wait=wait_random_exponential(multiplier=0.2, max=_LONGEST_WAIT_S),
        retry=retry_if_exception_type(_TryAgainError),
        reraise=True,
    )
    # It would log addresses.
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)
    with urllib3.PoolManager(num_pools=1, retries=False, timeout=timeout) as pool:
        retrying(_post_once, pool, url, delivery.id, body, secret)


def _post_once(pool: object, url: str, delivery_id: str, body: bytes, secret: str) -> None:
    import urllib3

    timestamp = int(time.time())
    headers = {
        "content-type": "application/json; charset=utf-8",
        "user-agent": "moodwatch",
        "webhook-id": delivery_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(delivery_id, timestamp, body, secret),
    }
    assert isinstance(pool, urllib3.PoolManager)  # noqa: S101 - for the type alone
    try:
        # The answer is not read: a receiver that drips it byte by byte would keep us.
        answer = pool.request(
            "POST", url, body=body, headers=headers, redirect=False, preload_content=False
        )
    except urllib3.exceptions.ReadTimeoutError:
        raise DeliveryError(f"no answer within {READ_TIMEOUT_S:.0f} s") from None
    except urllib3.exceptions.LocationValueError:
        raise DeliveryError("the webhook is no http(s) address", is_final=True) from None
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise _TryAgainError(f"no connection ({type(error).__name__})") from None
    status = int(answer.status)
    answer.close()
    if status in {408, 429} or status >= 500:
        raise _TryAgainError(f"answer {status}")
    if not 200 <= status < 300:
        raise DeliveryError(f"answer {status}")


def notify(delivery: Delivery, url: str) -> None:
    """Send by Apprise: mail, chat and a hundred other services, with the files where it can."""
    try:
        import apprise
    except ImportError:
        raise DeliveryError("apprise is not installed: pip install 'moodwatch[notify]'") from None
    # It logs addresses when a service fails; the reason that counts is told below.
    apprise_log = logging.getLogger("apprise")
    apprise_log.setLevel(logging.CRITICAL + 1)
    notifier = apprise.Apprise()
    if not notifier.add(url):
        raise DeliveryError("not an address that Apprise knows", is_final=True)
    attachments = apprise.AppriseAttachment()
    for file in delivery.files:
        if not Path(file).is_file():
            raise DeliveryError("a file of the report is gone", is_final=True)
        attachments.add(str(Path(file).absolute()))
    for service in notifier:
        headers = getattr(service, "headers", None)
        if isinstance(headers, dict):  # mail and generic webhooks
            headers["X-Moodwatch-Delivery"] = delivery.id
    arrived = notifier.notify(
        title=delivery.subject,
        body=f"{delivery.body}\n\n{delivery.id}",
        body_format=apprise.NotifyFormat.TEXT,
        attach=attachments if len(attachments) else None,
    )
    if not arrived:
        raise DeliveryError("the service did not take it")
