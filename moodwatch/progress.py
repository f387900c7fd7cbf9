"""Progress of `run` and `rescore` on standard error: bars on a terminal, lines elsewhere."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING

from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from moodwatch.console import err

if TYPE_CHECKING:
    from db.ledger import SqlLedger
    from records import Progress as ReadProgress

#: Seconds between two lines where standard error is no terminal.
LINE_EVERY_S = 5.0
#: Seconds between two looks at the ledger for the scoring bar.
LOOK_EVERY_S = 0.5


class RunProgress:
    """Two bars: bytes read of the files, messages scored of those read.

    The reading side tells it how far it is; the scored side it looks up itself in the ledger, on
    a thread of its own, for the reader may be waiting for room in the queue.
    """

    def __init__(self, ledger: SqlLedger) -> None:
        self._ledger = ledger
        self._bars = _bars()
        self._reading: TaskID = self._bars.add_task("reading", total=None, facts="")
        self._scoring: TaskID = self._bars.add_task("scoring", total=None, facts="")
        self._ingest_ids: list[str] = []
        self._read = {"rows": 0, "rejected": 0}
        self._finished_bytes = 0
        self._current = (0, 0, 0)  # bytes, rows, rejected of the file being read
        self._reading_done = False
        self._started = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, name="progress", daemon=True)

    def __enter__(self) -> RunProgress:
        self._bars.start()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._bars.stop()

    def expect(self, total_bytes: int | None) -> None:
        """Say how many bytes there are to read in all; None when a stream is among them."""
        self._bars.update(self._reading, total=total_bytes)

    def watch(self, ingest_id: str) -> None:
        """Count this ingest's messages from now on."""
        self._ingest_ids.append(ingest_id)

    def read(self, progress: ReadProgress) -> None:
        """Say how far the current file is read."""
        self._current = (progress.bytes_read, progress.rows_read, progress.n_rejected)
        self._show_reading()

    def file_done(self) -> None:
        """Say that the current file has been read to its end."""
        n_bytes, n_rows, n_rejected = self._current
        self._finished_bytes += n_bytes
        self._read["rows"] += n_rows
        self._read["rejected"] += n_rejected
        self._current = (0, 0, 0)
        self._show_reading()

    def reading_done(self) -> None:
        """Say that no file is left: from here on the number of messages is known."""
        self._reading_done = True
        self._bars.update(self._reading, total=self._finished_bytes or 1)
        self._bars.update(self._reading, completed=self._finished_bytes or 1)

    def _show_reading(self) -> None:
        n_bytes, n_rows, n_rejected = self._current
        n_rows += self._read["rows"]
        n_rejected += self._read["rejected"]
        facts = f"{n_rows:,} rows  {n_rejected:,} rejected"
        self._bars.update(self._reading, completed=self._finished_bytes + n_bytes, facts=facts)

    def _look(self) -> None:
        last_line = time.monotonic()
        while not self._ended.wait(LOOK_EVERY_S):
            counts = self._ledger.counts(list(self._ingest_ids))
            done = counts.stored + counts.duplicate
            known = done + counts.pending + counts.failed
            rate = done / max(time.monotonic() - self._started, 1e-9)
            self._bars.update(
                self._scoring,
                completed=done,
                total=known if self._reading_done else None,
                facts=f"{done:,}/{known:,}  {rate:,.0f} messages/s  {counts.duplicate:,} duplicate",
            )
            if not err.is_terminal and time.monotonic() - last_line >= LINE_EVERY_S:
                last_line = time.monotonic()
                n_read = self._read["rows"] + self._current[1]
                err.print(f"{n_read:,} read, {done:,}/{known:,} scored, {rate:,.0f} messages/s")


class RescoreProgress:
    """How many of `total` messages a rescore has scored; whoever waits for them says `look`."""

    def __init__(self, ledger: SqlLedger, ingest_ids: list[str], total: int) -> None:
        self._ledger = ledger
        #: The caller's own list: it grows with each pass.
        self._ingest_ids = ingest_ids
        self._total = total
        self._done_before = self._done()
        self._bars = _bars()
        self._scoring: TaskID = self._bars.add_task("scoring again", total=total, facts="")
        self._started = self._looked = self._last_line = time.monotonic()

    def __enter__(self) -> RescoreProgress:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def look(self) -> None:
        """Ask the ledger, unless it was asked a moment ago."""
        now = time.monotonic()
        if now - self._looked < LOOK_EVERY_S:
            return
        self._looked = now
        done = self._done() - self._done_before
        rate = done / max(now - self._started, 1e-9)
        facts = f"{done:,}/{self._total:,}  {rate:,.0f} messages/s"
        self._bars.update(self._scoring, completed=done, facts=facts)
        if not err.is_terminal and now - self._last_line >= LINE_EVERY_S:
            self._last_line = now
            err.print(f"{facts} scored again")

    def _done(self) -> int:
        return self._ledger.counts(list(self._ingest_ids)).duplicate


def _bars() -> Progress:
    """Return a display without a bar yet; it shows nothing where standard error is no terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[facts]}", markup=False),
        TimeRemainingColumn(),
        console=err,
        disable=not err.is_terminal,
    )
