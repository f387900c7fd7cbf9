"""Follow sources that go on growing: files, folders and pipes, until told to stop.

Files of one record a line (CSV, TSV, JSON lines) are read as they grow, through rotation and
truncation. All others (feeds, journals, JSON documents, packed files) change as a whole: they are
read again whenever they changed and then were quiet, and their keys drop what is known. What was
committed is never read twice into the database and what was not is read again; only a pipe cannot
be read again, and a kill loses what it gave in the last seconds. Called by the roof for
`moodwatch ingest --follow`.
"""

from __future__ import annotations

import queue as queues
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ingest.chunks import DEFAULT_CHUNK_SIZE
from ingest.growing import DEFAULT_POLL_S, GrowingFile
from ingest.intake import Policy, ignore_progress
from ingest.open import Opened, ReadError, ReadOptions
from ingest.queue import ChunkQueue, Ledger, QueueUnavailableError, never_cancelled, sweep
from ingest.reading import ignore_begin, origin_of
from ingest.session import Session, ignore_note
from ingest.tail import Ended, Report, Tail
from ingest.tails import Tails
from ingest.watch import Watch
from records import IngestState, Message, Progress, Rejected

#: Seconds the first message of a chunk waits for others. Higher makes fuller chunks, later rows.
DEFAULT_FLUSH_S: Final = 2.0

#: Reports that wait between the parsing threads and the loop; bounds what is held in memory.
_MAX_REPORTS: Final = 1024

#: Seconds that stopping waits for the parsing threads.
_STOP_S: Final = 10.0


def follow(
    paths: Sequence[Path | None],
    options: ReadOptions,
    *,
    ledger: Ledger,
    queue: ChunkQueue,
    salt: bytes,
    keep_raw: bool = True,
    chunk_size: int = DEFAULT_CHUNK_SIZE,
    flush_s: float = DEFAULT_FLUSH_S,
    poll_s: float = DEFAULT_POLL_S,
    pipe: int = 0,
    on_begin: Callable[[str], None] = ignore_begin,
    on_progress: Callable[[Progress], None] = ignore_progress,
    on_note: Callable[[str], None] = ignore_note,
    cancelled: Callable[[], bool] = never_cancelled,
) -> list[str]:
    """Read what is there and what is added, until `cancelled`; return the ids of the ingests.

    Ends by itself only where all there is to follow is a pipe that its writer closed. A file that
    is named may appear later; one that cannot be read as asked ends the run, one in a folder is
    told in a note and tried again when it changed.

    Args:
        paths: files and folders; None is the pipe.
        pipe: file descriptor of the pipe, standard input unless given.
        flush_s: seconds after which a chunk is cut though it is not full.
        poll_s: seconds between two looks at a quiet source.
        on_note: told sentences for the user, each once.

    Raises:
        ReadError: when a named file or the pipe cannot be read as asked.
    """
    session = Session(
        ledger=ledger,
        queue=queue,
        options=options,
        policy=Policy(salt=salt, undated=options.undated, keep_raw=keep_raw, chunk_size=chunk_size),
        on_begin=on_begin,
        on_progress=on_progress,
        on_note=on_note,
        cancelled=cancelled,
    )
    with _Following(session, flush_s=flush_s, poll_s=poll_s) as following:
        if None in paths:
            following.start_pipe(pipe)
        following.run(Watch([path for path in paths if path is not None], poll_s=poll_s))
    return session.ingest_ids


class _Following:
    """The loop: one thread that takes every tail's reports, commits, and looks for changes."""

    def __init__(self, session: Session, *, flush_s: float, poll_s: float) -> None:
        self._session = session
        self._flush_s = flush_s
        self._poll_s = poll_s
        self._reports: queues.Queue[Report] = queues.Queue(_MAX_REPORTS)
        self._tails = Tails(session, self._reports, poll_s=poll_s)
        self._needs_sweep = True
        self._is_stopping = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._tails.close(wait=error is None)

    def start_pipe(self, file_descriptor: int) -> None:
        self._tails.start_pipe(file_descriptor)

    def run(self, watch: Watch) -> None:
        while not self._session.cancelled():
            self._sweep_if_needed()
            self._look_at_whole_reader()
            for file in watch.changed():
                self._tails.look_at(file)
            if not self._tails.open and not watch.roots:
                return
            self._take_reports(self._poll_s)
            for tail in self._tails.open:
                if tail.is_due(self._flush_s):
                    self._commit(tail)
        self._stop()

    def _take_reports(self, timeout_s: float) -> None:
        """Wait for a report, then take those that came meanwhile."""
        for _ in range(_MAX_REPORTS):
            try:
                tail, what = self._reports.get(timeout=timeout_s)
            except queues.Empty:
                return
            timeout_s = 0.0
            if isinstance(what, Message | Rejected):
                tail.accept(what)
                if tail.is_full:
                    self._commit(tail)
            elif isinstance(what, Ended):
                self._end(tail, what.error)
            elif self._is_stopping and tail.path is not None:
                tail.discard()  # a file can be read later, a pipe cannot
            elif not tail.is_discarded:
                self._begin(tail, what)

    def _begin(self, tail: Tail, opened: Opened) -> None:
        self._session.note(*opened.notes)
        state = tail.state or self._position(tail, opened)
        if state is not None:
            tail.begin(self._session.intake(state))

    def _position(self, tail: Tail, opened: Opened) -> IngestState | None:
        """Return where to go on; None when the rest of a rotated file comes first."""
        ledger, file = self._session.ledger, self._tails.open[tail]
        state = ledger.begin(origin_of(opened, self._session.options))
        if state.progress == Progress():
            return state
        if isinstance(tail.stream, GrowingFile) and file is not None:
            if tail.stream.begins_with(state.progress.bytes_read, state.progress.prefix_hash):
                return state
            if self._tails.take_up_rotated(file, state):
                tail.discard()
                return None
        return ledger.restart(state.ingest_id)

    def _end(self, tail: Tail, error: Exception | None) -> None:
        file = self._tails.forget(tail)
        try:
            if not tail.is_discarded:
                self._commit(tail)
                if error is not None:
                    if file is None or not isinstance(error, ReadError):
                        raise error
                    self._tails.refuse(file, error)
                elif tail.stream.end == "finished" or file is None:
                    tail.finish()
                elif tail.stream.end == "truncated" and tail.intake is not None:
                    self._tails.take_up_rotated(file, tail.intake.state)
        finally:
            tail.close()

    def _commit(self, tail: Tail) -> None:
        try:
            tail.commit()
        except QueueUnavailableError as error:
            # The chunk is in the ledger. Going on keeps a pipe from being lost; that each chunk
            # waits as long again is all the backpressure there can be.
            self._session.note(str(error))
            self._needs_sweep = True

    def _look_at_whole_reader(self) -> None:
        try:
            self._tails.look_at_whole_reader()
        except QueueUnavailableError as error:
            self._session.note(str(error))
            self._needs_sweep = True

    def _sweep_if_needed(self) -> None:
        if not self._needs_sweep:
            return
        try:
            sweep(
                self._session.ledger,
                self._session.queue,
                older_than_s=0,
                cancelled=self._session.cancelled,
            )
        except QueueUnavailableError as error:
            self._session.note(str(error))
        else:
            self._needs_sweep = False

    def _stop(self) -> None:
        """Commit what was read: of a pipe, nothing could be read again."""
        self._is_stopping = True
        for tail in self._tails.open:
            tail.stop()
        deadline = time.monotonic() + _STOP_S
        while self._tails.open and time.monotonic() < deadline:
            self._take_reports(self._poll_s)
