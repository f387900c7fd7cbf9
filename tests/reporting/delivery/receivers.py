"""Real servers on loopback that receive deliveries, and what they have seen."""

from __future__ import annotations

import email
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Posts:
    """A web server that answers as it is told."""

    url: str
    #: (headers, body) of each POST, in order of arrival.
    seen: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.seen]


@contextmanager
def web_server(answer: Callable[[int], int]) -> Iterator[Posts]:
    """Run a server whose status to the n-th POST (from 0) is `answer(n)`."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            with lock:
                posts.seen.append((headers, body))
                n = len(posts.seen) - 1
            self.send_response(answer(n))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    posts = Posts(f"http://127.0.0.1:{server.server_address[1]}/hook?key=hidden")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield posts
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Mails:
    """A mail server and the mails it took."""

    url: str
    seen: list[EmailMessage] = field(default_factory=list)


@contextmanager
def mail_server() -> Iterator[Mails]:
    from aiosmtpd.controller import Controller

    class Take:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
            parsed = email.message_from_bytes(envelope.content, policy=default)
            assert isinstance(parsed, EmailMessage)
            mails.seen.append(parsed)
            return "250 taken"

    controller = Controller(Take(), hostname="127.0.0.1", port=0)
    mails = Mails("")
    # It connects to itself once at the start, by the port it was given: find a free one for it.
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        controller.port = probe.getsockname()[1]
    mails.url = (
        f"mailto://127.0.0.1:{controller.port}/?from=mood@example.org&to=team@example.org"
        "&mode=insecure"
    )
    controller.start()
    try:
        yield mails
    finally:
        controller.stop()
