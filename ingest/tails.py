"""The sources that are open at the moment, and how each one that changed is read.

Starts a tail for a file of lines and a reading for any other, knows a renamed file again, finds
the rest of a rotated one, and keeps the number of open files bounded. What the tails report is
for `ingest.follow`, the only caller.
"""

from __future__ import annotations

import queue as queues
from dataclasses import replace
from typing import Final

import structlog

from ingest.growing import GrowingFile, LivePipe
from ingest.open import ReadError, open_messages
from ingest.queue import QueueUnavailableError
from ingest.session import Session, WholeReader
from ingest.tail import Report, Tail
from ingest.watch import FollowedFile, find_rotated
from records import IngestState

log = structlog.get_logger(__name__)

#: Formats whose files grow at their end, a record a line.
LINE_FORMATS: Final = ("csv", "tsv", "jsonl")

#: Files held open at once, each with a thread; of the others in a folder, those that change wake
#: while the quietest is put to sleep.
MAX_AWAKE: Final = 32

#: Seconds without news after which an open file may be put to sleep for another.
SLEEPY_S: Final = 2.0


class Tails:
    """Every open tail with its file, until its last report is taken."""

    def __init__(self, session: Session, reports: queues.Queue[Report], *, poll_s: float) -> None:
        self._session = session
        self._reports = reports
        self._poll_s = poll_s
        #: None for the pipe's.
        self.open: dict[Tail, FollowedFile | None] = {}
        #: Files read to their end under another name: how many bytes, and their hash.
        self._left: dict[tuple[int, int], tuple[int, str]] = {}
        self._whole_reader = WholeReader(session)

    def close(self, *, wait: bool) -> None:
        for tail in self.open:
            tail.discard()
        self._whole_reader.close(wait=wait)

    def start_pipe(self, file_descriptor: int) -> None:
        stream = LivePipe(file_descriptor, poll_s=self._poll_s)
        options = self._session.options
        self._start(Tail(stream, path=None, options=options, reports=self._reports), None)

    def look_at(self, file: FollowedFile) -> None:
        if file.tail is not None or self._is_renamed(file):
            return
        if file.format is None and not self._find_format(file):
            return
        if file.format not in LINE_FORMATS:
            if self._whole_reader.is_free and file.is_quiet():
                file.rest()
                self._whole_reader.start(file)
        elif len(self.open) < MAX_AWAKE:
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
        for tail, other in self.open.items():
            is_same = isinstance(tail.stream, GrowingFile) and tail.stream.identity == file.identity
            if is_same and other is not file:
                return True
        left = self._left.get(file.identity) if file.identity is not None else None
        if left is None or file.is_named:
            return False
        try:
            with GrowingFile(file.path) as stream:
                is_renamed = stream.begins_with(*left)
        except OSError:
            return False  # gone, or not ours to read: what follows says so
        if is_renamed:
            file.rest()
        return is_renamed

    def _find_format(self, file: FollowedFile) -> bool:
        """Decide how to read a file; False when it does not tell yet."""
        try:
            with open_messages(file.path, self._session.options) as opened:
                file.format = opened.format if opened.compression is None else "packed"
        except ReadError as error:
            self.refuse(file, error)
        return file.format is not None

    def refuse(self, file: FollowedFile, error: ReadError) -> None:
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
        self.open[tail] = file
        tail.start()

    def _put_one_to_sleep(self) -> None:
        """Stop the quietest open file, if one is quiet: another one wants its place."""
        quiet = {
            tail: tail.stream.quiet_s
            for tail in self.open
            if isinstance(tail.stream, GrowingFile) and not tail.n_waiting
        }
        quietest = max(quiet, key=lambda tail: quiet[tail], default=None)
        if quietest is not None and quiet[quietest] >= SLEEPY_S:
            quietest.stop()

    def take_up_rotated(self, file: FollowedFile, state: IngestState) -> bool:
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

    def look_at_whole_reader(self) -> None:
        """Take note of a file that was read as a whole.

        Raises:
            QueueUnavailableError: when Redis is away; the file's ingest resumes later.
        """
        file, error = self._whole_reader.take_result() or (None, None)
        if file is None or error is None:
            return
        if isinstance(error, ReadError):
            self.refuse(file, error)
            return
        if isinstance(error, QueueUnavailableError):
            file.wake()
        raise error

    def forget(self, tail: Tail) -> FollowedFile | None:
        """Take a tail off that gave its last report, and return its file."""
        file = self.open.pop(tail)
        if file is not None and file.tail is tail:
            file.tail = None
            if tail.stream.end == "truncated":
                file.wake()
            else:
                file.rest_at(tail.stream)
        if isinstance(tail.stream, GrowingFile) and tail.stream.end == "finished":
            self._left[tail.stream.identity] = tail.stream.position()
        return file
