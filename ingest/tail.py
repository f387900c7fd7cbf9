"""One source being followed: a stream that waits, the thread that parses it, and its ingest.

The thread only parses and reports; ledger, queue and keys belong to the thread of
`ingest.follow`, which takes the reports of all tails in turn.
"""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

from ingest.growing import LiveStream
from ingest.intake import Intake
from ingest.open import Opened, ReadOptions, open_messages
from records import IngestState, Message, Rejected

#: Seconds between two looks whether a tail whose reports nobody takes was stopped.
_PATIENCE_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Ended:
    """The last report of a tail."""

    error: Exception | None


Report = tuple["Tail", "Opened | Message | Rejected | Ended"]


class Tail:
    """A followed file or pipe from its first byte to its end."""

    def __init__(
        self,
        stream: LiveStream,
        *,
        path: Path | None,
        options: ReadOptions,
        reports: queue.Queue[Report],
        state: IngestState | None = None,
    ) -> None:
        """Set up, without starting.

        Args:
            path: names the source; what is read is `stream`.
            state: the ingest to go on with, where the caller knows it already.
        """
        self.stream = stream
        self.path = path
        self.state = state
        #: Set once the source is known to be fit for following; rows before that do not exist.
        self.intake: Intake | None = None
        #: Whether its rows are not wanted any more.
        self.is_discarded = False
        self._options = options
        self._reports = reports
        self._n_known = 0
        self._waiting_since = 0.0
        self._thread = threading.Thread(target=self._parse, name=f"tail {path}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Have the thread end after the last complete line; its last report is still to come."""
        self.stream.stop()

    def discard(self) -> None:
        """Stop, and take nothing of what is still reported."""
        self.is_discarded = True
        self.stop()

    def begin(self, intake: Intake) -> None:
        """Take the rows after those that the intake's ingest has committed before."""
        self.intake = intake
        self._n_known = intake.committed.rows_read

    def accept(self, row: Message | Rejected) -> None:
        if self.intake is None or self.is_discarded:
            return
        if self._n_known > 0:
            self._n_known -= 1
            self.intake.skip(row)
            return
        if not self.intake.n_waiting:
            self._waiting_since = time.monotonic()
        self.intake.take(row)

    @property
    def n_waiting(self) -> int:
        """Rows accepted and not committed."""
        return self.intake.n_waiting if self.intake is not None else 0

    @property
    def is_full(self) -> bool:
        return self.intake is not None and self.intake.is_due

    def is_due(self, flush_s: float) -> bool:
        """Whether a chunk is full, or its first message has waited for `flush_s`."""
        if not self.n_waiting:
            return False
        return self.is_full or time.monotonic() - self._waiting_since >= flush_s

    def commit(self) -> None:
        """Commit the rows accepted. The position is that of the parser, which may be further on:
        a resumed run checks the bytes up to it and skips the rows, so both hold."""
        if self.intake is not None and not self.is_discarded:
            self.intake.commit(*self.stream.position())

    def finish(self) -> None:
        if self.intake is not None and not self.is_discarded:
            self.intake.finish(*self.stream.position())

    def close(self) -> None:
        if self.intake is not None:
            self.intake.close()
        self.stream.close()

    def _parse(self) -> None:
        error: Exception | None = None
        try:
            opened = open_messages(
                self.path, self._options, stream=cast(BinaryIO, self.stream), live=True
            )
            self._report(opened)
            self._report_rows(opened)
        except Exception as caught:  # noqa: BLE001 - told to the thread that can act on it
            error = caught
        self._report(Ended(error))

    def _report_rows(self, opened: Opened) -> None:
        for row in opened.items:
            # A record that the end itself completed is half a record, unless its writer is done.
            if self.stream.end in ("stopped", "truncated"):
                return
            self._report(row)

    def _report(self, what: Opened | Message | Rejected | Ended) -> None:
        while not self.is_discarded or isinstance(what, Ended):
            try:
                self._reports.put((self, what), timeout=_PATIENCE_S)
            except queue.Full:
                continue
            return
