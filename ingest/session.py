"""What all sources of one `follow` share: where their rows go, and who is told.

Called by `ingest.follow`, and from the thread in which it has whole files read.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from ingest.intake import Intake, Policy, ignore_progress
from ingest.open import ReadOptions, open_messages
from ingest.queue import ChunkQueue, Ledger, never_cancelled
from ingest.reading import ignore_begin, ingest_file
from ingest.watch import FollowedFile
from records import IngestState, Progress


def ignore_note(_: str) -> None:
    return


@dataclass(kw_only=True)
class Session:
    """One run of `follow`."""

    ledger: Ledger
    queue: ChunkQueue
    options: ReadOptions
    policy: Policy
    on_begin: Callable[[str], None] = ignore_begin
    on_progress: Callable[[Progress], None] = ignore_progress
    on_note: Callable[[str], None] = ignore_note
    cancelled: Callable[[], bool] = never_cancelled
    #: Every ingest begun or taken up, in that order.
    ingest_ids: list[str] = field(default_factory=list)
    _said: set[str] = field(default_factory=set)

    def begun(self, ingest_id: str) -> None:
        if ingest_id not in self.ingest_ids:
            self.ingest_ids.append(ingest_id)
            self.on_begin(ingest_id)

    def note(self, *notes: str) -> None:
        """Tell the user a sentence, once."""
        for note in notes:
            if note not in self._said:
                self._said.add(note)
                self.on_note(note)

    def intake(self, state: IngestState) -> Intake:
        """Take up an ingest where the ledger says it is."""
        self.begun(state.ingest_id)
        return Intake(
            state,
            ledger=self.ledger,
            queue=self.queue,
            policy=self.policy,
            on_progress=self.on_progress,
            cancelled=self.cancelled,
        )

    def read_whole(self, path: Path) -> None:
        """Read a file from end to end; `cancelled` ends it, resumable."""
        with open_messages(path, self.options) as opened:
            ingest_file(
                opened,
                ledger=self.ledger,
                queue=self.queue,
                salt=self.policy.salt,
                keep_raw=self.policy.keep_raw,
                chunk_size=self.policy.chunk_size,
                on_begin=self.begun,
                on_progress=self.on_progress,
                cancelled=self.cancelled,
            )
            self.note(*opened.notes)


class WholeReader:
    """Read files as a whole, one at a time, in a thread of its own: others grow meanwhile."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="whole")
        self._reading: tuple[FollowedFile, Future[None]] | None = None

    @property
    def is_free(self) -> bool:
        return self._reading is None

    def start(self, file: FollowedFile) -> None:
        self._reading = (file, self._threads.submit(self._session.read_whole, file.path))

    def take_result(self) -> tuple[FollowedFile, BaseException | None] | None:
        """Return the file that was read since the last call, with what went wrong; or None."""
        if self._reading is None or not self._reading[1].done():
            return None
        (file, future), self._reading = self._reading, None
        return file, future.exception()

    def close(self, *, wait: bool) -> None:
        self._threads.shutdown(wait=wait, cancel_futures=True)
