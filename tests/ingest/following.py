"""What the tests of following share: lines to add, and a follower in a thread."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ingest.follow import follow
from ingest.open import ReadOptions
from tests.ingest.running import CHUNK_SIZE, SALT, Pipeline

FLUSH_S = 0.1
POLL_S = 0.02
HEADER = "id,created_at,text\n"


def csv_line(n: int) -> str:
    return f"{n},2024-01-01 10:{n // 60 % 60:02}:{n % 60:02},this is message number {n}\n"


def json_line(n: int) -> str:
    return json.dumps({"created_at": 1_700_000_000 + n % 7, "text": f"text {n % 5}"}) + "\n"


def append(path: Path, text: str) -> None:
    with path.open("a", newline="") as file:
        file.write(text)


class Running:
    """`follow` in a thread, and what it said."""

    def __init__(self, pipeline: Pipeline, *paths: Path | None, **arguments: Any) -> None:
        self.pipeline = pipeline
        self.notes: list[str] = []
        self.error: Exception | None = None
        self.ingest_ids: list[str] = []
        self._stop = threading.Event()
        self._arguments = {
            "options": ReadOptions(),
            "queue": pipeline.queue,
            "chunk_size": CHUNK_SIZE,
            "flush_s": FLUSH_S,
            "poll_s": POLL_S,
            "cancelled": self._stop.is_set,
            **arguments,
        }
        self._paths = paths
        self._thread = threading.Thread(target=self._follow)
        self._thread.start()

    def _follow(self) -> None:
        try:
            self.ingest_ids = follow(
                self._paths,
                ledger=self.pipeline.ledger,
                salt=SALT,
                on_note=self.notes.append,
                **self._arguments,
            )
        except Exception as error:  # noqa: BLE001 - a thread's error is the test's to judge
            self.error = error

    def wait_for(self, n_messages: int) -> None:
        """Score until so many messages are stored; then there must be no more."""
        wait_until(lambda: self.n_stored() >= n_messages)
        time.sleep(3 * FLUSH_S)
        assert self.n_stored() == n_messages

    def n_stored(self) -> int:
        if self.error is not None:
            raise self.error
        self.pipeline.score_all()
        return int(self.pipeline.rows("SELECT count(*) FROM messages")[0][0])

    def wait_for_end(self) -> None:
        self._thread.join(15)
        assert not self._thread.is_alive()

    def stop(self) -> None:
        self._stop.set()
        self.wait_for_end()


def wait_until(is_so: Callable[[], bool], timeout_s: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(POLL_S)


Run = Callable[..., Running]
