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
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import structlog

from ingest.chunks import DEFAULT_CHUNK_SIZE
from ingest.growing import DEFAULT_POLL_S, GrowingFile, LivePipe
from ingest.intake import Policy, ignore_progress
from ingest.open import Opened, ReadError, ReadOptions, open_messages
from ingest.queue import ChunkQueue, Ledger, QueueUnavailableError, never_cancelled, sweep
from ingest.reading import ignore_begin, origin_of
from ingest.session import Session, WholeReader, ignore_note
from ingest.tail import Ended, Report, Tail
from ingest.watch import FollowedFile, Watch, find_rotated
from records import IngestState, Message, Progress, Rejected

log = structlog.get_logger(__name__)

#: Seconds the first message of a chunk waits for others. Higher makes fuller chunks, later rows.
DEFAULT_FLUSH_S: Final = 2.0

#: Formats whose files grow at their end, a record a line.
LINE_FORMATS: Final = ("csv", "tsv", "jsonl")

#: Files held open at once, each with a thread; of the others in a folder, those that change wake
#: while the quietest is put to sleep.
MAX_AWAKE: Final = 32

#: Seconds without news after which an open file may be put to sleep for another.
SLEEPY_S: Final = 2.0

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
        #: Every tail whose last report is still to come; None for the pipe's.
        self._tails: dict[Tail, FollowedFile | None] = {}
        #: Files read to their end under another name: how many bytes, and their hash.
        self._left: dict[tuple[int, int], tuple[int, str]] = {}
        self._whole_reader = WholeReader(session)
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
        for tail in self._tails:
            tail.discard()
        self._whole_reader.close(wait=error is None)

    def start_pipe(self, file_descriptor: int) -> None:
        stream = LivePipe(file_descriptor, poll_s=self._poll_s)
        options = self._session.options
        self._start(Tail(stream, path=None, options=options, reports=self._reports), None)

    def run(self, watch: Watch) -> None:
        while not self._session.cancelled():
            self._sweep_if_needed()
            self._look_at_whole_reader()
            for file in watch.changed():
                self._look_at(file)
            if not self._tails and not watch.roots:
                return
            self._take_reports(self._poll_s)
            for tail in self._tails:
                if tail.is_due(self._flush_s):
                    self._commit(tail)
        self._stop()

    # What is to be read: files that appeared, changed, or were left by their writer.

    def _look_at(self, file: FollowedFile) -> None:
        if file.tail is not None or self._is_renamed(file):
            return
        if file.format is None and not self._find_format(file):
            return
        if file.format not in LINE_FORMATS:
            if self._whole_reader.is_free and file.is_quiet():
                file.rest()
                self._whole_reader.start(file)
        elif len(self._tails) < MAX_AWAKE:
            try:
                stream = GrowingFile(file.path, poll_s=self._poll_s)
            except OSError as error:
                self._session.note(f"{file.path}: cannot be opened: {error.strerror}")
                file.rest()
                return
            self._start_file(file, stream)
        else:
            self._put_one_to_sleep()

    def _is_renamed(self, file: FollowedFile) -> bool:
        """Tell whether a file of a folder is one that is or was followed under another name."""
        for tail, other in self._tails.items():
            is_same = isinstance(tail.stream, GrowingFile) and tail.stream.identity == file.identity
            if is_same and other is not file:
                return True
        left = self._left.get(file.identity) if file.identity is not None else None
        if left is None or file.is_named:
            return False
        with GrowingFile(file.path) as stream:
            is_renamed = stream.begins_with(*left)
        if is_renamed:
            file.rest()
        return is_renamed

    def _find_format(self, file: FollowedFile) -> bool:
        """Decide how to read a file; False when it does not tell yet."""
        try:
            with open_messages(file.path, self._session.options) as opened:
                file.format = opened.format if opened.compression is None else "packed"
        except ReadError as error:
            self._refuse(file, error)
        return file.format is not None

    def _refuse(self, file: FollowedFile, error: ReadError) -> None:
        """Raise for a file that was named, unless more of it may make it readable."""
        if file.is_named and file.has_lines(2):
            raise error
        if not file.is_named:
            self._session.note(f"passed over: {error}")
        file.rest()

    def _start_file(
        self, file: FollowedFile, stream: GrowingFile, state: IngestState | None = None
    ) -> None:
        options = replace(self._session.options, format=file.format)
        tail = Tail(stream, path=file.path, options=options, reports=self._reports, state=state)
        file.tail = tail
        self._start(tail, file)

    def _start(self, tail: Tail, file: FollowedFile | None) -> None:
        self._tails[tail] = file
        tail.start()

    def _put_one_to_sleep(self) -> None:
        """Stop the quietest open file, if one is quiet: another one wants its place."""
        quiet = {
            tail: tail.stream.quiet_s
            for tail in self._tails
            if isinstance(tail.stream, GrowingFile) and not tail.n_waiting
        }
        quietest = max(quiet, key=lambda tail: quiet[tail], default=None)
        if quietest is not None and quiet[quietest] >= SLEEPY_S:
            quietest.stop()

    def _look_at_whole_reader(self) -> None:
        file, error = self._whole_reader.take_result() or (None, None)
        if file is None or error is None:
            return
        if isinstance(error, ReadError):
            self._refuse(file, error)
        elif isinstance(error, QueueUnavailableError):
            # The rest is read when Redis is back: the ingest is unfinished and resumes.
            self._needs_sweep = True
            file.wake()
        else:
            raise error

    # What was read: reports of the parsing threads, committed chunk by chunk.

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
            elif self._is_stopping:
                tail.discard()
            elif not tail.is_discarded:
                self._begin(tail, what)

    def _begin(self, tail: Tail, opened: Opened) -> None:
        self._session.note(*opened.notes)
        state = tail.state or self._position(tail, opened)
        if state is not None:
            tail.begin(self._session.intake(state))

    def _position(self, tail: Tail, opened: Opened) -> IngestState | None:
        """Return where to go on; None when the rest of a rotated file comes first."""
        ledger, file = self._session.ledger, self._tails[tail]
        state = ledger.begin(origin_of(opened, self._session.options))
        if state.progress == Progress():
            return state
        if isinstance(tail.stream, GrowingFile) and file is not None:
            if tail.stream.begins_with(state.progress.bytes_read, state.progress.prefix_hash):
                return state
            if self._take_up_rotated(file, state):
                tail.discard()
                return None
        return ledger.restart(state.ingest_id)

    def _take_up_rotated(self, file: FollowedFile, state: IngestState) -> bool:
        """Read the rest of a file that was rotated away; the new one's turn comes when it ended.

        Only for files that are named: in a folder, the rotated file is followed itself.
        """
        rotated = find_rotated(file.path, state.progress) if file.is_named else None
        if rotated is None:
            return False
        log.info("rotated_file_found", ingest=state.ingest_id, path=str(rotated))
        stream = GrowingFile(rotated, poll_s=self._poll_s, is_complete=True)
        self._start_file(file, stream, state)
        return True

    def _end(self, tail: Tail, error: Exception | None) -> None:
        file = self._tails.pop(tail)
        if file is not None and file.tail is tail:
            file.tail = None
            if tail.stream.end == "truncated":
                file.wake()
            else:
                file.rest_at(tail.stream)
        try:
            if not tail.is_discarded:
                self._commit(tail)
                if error is not None:
                    self._fail(file, error)
                elif tail.stream.end == "finished" or file is None:
                    tail.finish()
                    if isinstance(tail.stream, GrowingFile):
                        self._left[tail.stream.identity] = tail.stream.position()
                elif tail.stream.end == "truncated" and tail.intake is not None:
                    self._take_up_rotated(file, tail.intake.state)
        finally:
            tail.close()

    def _fail(self, file: FollowedFile | None, error: Exception) -> None:
        if file is None or not isinstance(error, ReadError):
            raise error
        self._refuse(file, error)

    def _commit(self, tail: Tail) -> None:
        try:
            tail.commit()
        except QueueUnavailableError as error:
            # The chunk is in the ledger. Going on keeps a pipe from being lost; that each chunk
            # waits as long again is all the backpressure there can be.
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
        for tail in self._tails:
            tail.stop()
        deadline = time.monotonic() + _STOP_S
        while self._tails and time.monotonic() < deadline:
            self._take_reports(self._poll_s)
