"""Read one opened file, from its start or from where an earlier run broke off, into the queue.

Called by the roof for every file of `moodwatch ingest` and `moodwatch run`; sources that go on
growing belong to `ingest.follow`.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from typing import Final

import structlog

from ingest.chunks import DEFAULT_CHUNK_SIZE
from ingest.intake import Intake, Policy, ignore_progress
from ingest.open import Opened, ReadOptions, prefix_hash_of
from ingest.queue import ChunkQueue, Ledger, never_cancelled, sweep
from records import IngestState, Message, Origin, Progress, Rejected

log = structlog.get_logger(__name__)

#: Name of standard input in the ledger.
STREAM_NAME: Final = "-"

#: Seconds between two questions whether to stop: the answer may be dear, rows are many.
ASK_EVERY_S: Final = 0.1

#: Options that change no message: a file read with another of these is the same ingest.
_IRRELEVANT_OPTIONS: Final = ("keep_raw",)


def ignore_begin(_: str) -> None:
    return


def ingest_file(
    opened: Opened,
    *,
    ledger: Ledger,
    queue: ChunkQueue,
    salt: bytes,
    keep_raw: bool = True,
    chunk_size: int = DEFAULT_CHUNK_SIZE,
    on_begin: Callable[[str], None] = ignore_begin,
    on_progress: Callable[[Progress], None] = ignore_progress,
    cancelled: Callable[[], bool] = never_cancelled,
) -> str:
    """Read a file to its end, or until `cancelled`, and return its ingest's id.

    A run that was cancelled or killed leaves the ingest unfinished; reading the same file with the
    same options goes on there if what was read is still the same, and starts over if not. A file
    read to its end before is read anew: its messages are known by their keys.

    Args:
        opened: the file, at its start.
        ledger: the database's ledger.
        queue: the same database's queue.
        salt: key of pseudonyms and of the ids of rows without one, at least 16 bytes.
        keep_raw: whether rejects keep the row as read.
        chunk_size: messages in one chunk.
        on_begin: told the ingest's id before the first row.
        on_progress: told the position after every commit.
        cancelled: asked between rows; True ends the reading after the next commit.

    Raises:
        ReadError: when the file breaks in the middle; the rows before are committed.
        QueueUnavailableError: when Redis stays away for longer than the queue's patience.
    """
    state, is_resumed = begin_or_resume(opened, ledger)
    on_begin(state.ingest_id)
    if is_resumed:
        # Chunks that the earlier run opened and did not enqueue; there may be no other sweeper.
        sweep(ledger, queue, older_than_s=0, cancelled=cancelled)
    intake = Intake(
        state,
        ledger=ledger,
        queue=queue,
        policy=Policy(
            salt=salt, undated=opened.options.undated, keep_raw=keep_raw, chunk_size=chunk_size
        ),
        on_progress=on_progress,
        cancelled=cancelled,
    )
    with closing(intake):
        if _read(opened, intake, state.progress.rows_read, cancelled):
            intake.finish(opened.bytes_read, opened.prefix_hash())
    return intake.ingest_id


def begin_or_resume(opened: Opened, ledger: Ledger) -> tuple[IngestState, bool]:
    """Open an ingest for the file, or take up its unfinished one if its position still holds."""
    state = ledger.begin(origin_of(opened))
    if state.progress == Progress() and state.next_chunk == 0:
        return state, False
    if _position_holds(opened, state.progress):
        log.info("ingest_resumed", ingest=state.ingest_id, rows=state.progress.rows_read)
        return state, True
    log.info("ingest_restarted", ingest=state.ingest_id, rows=state.progress.rows_read)
    return ledger.restart(state.ingest_id), True


def origin_of(opened: Opened, options: ReadOptions | None = None) -> Origin:
    """Say what a later run must find equal to go on with this one.

    Args:
        options: those the user gave, where the file was opened with more.
    """
    return Origin(
        name=STREAM_NAME if opened.path is None else str(opened.path.absolute()),
        source=opened.source,
        size_bytes=opened.size_bytes,
        options=_options_json(options or opened.options),
    )


def _options_json(options: ReadOptions) -> str:
    given = {name: value for name, value in asdict(options).items() if value is not None}
    for name in _IRRELEVANT_OPTIONS:
        given.pop(name, None)
    return json.dumps(given, sort_keys=True)


def _position_holds(opened: Opened, progress: Progress) -> bool:
    """Check that the bytes an earlier run read are still the file's first."""
    if opened.path is None or opened.size_bytes is None:
        return False
    if opened.size_bytes < progress.bytes_read:
        return False
    return prefix_hash_of(opened.path, progress.bytes_read) == progress.prefix_hash


def _read(opened: Opened, intake: Intake, n_known: int, cancelled: Callable[[], bool]) -> bool:
    """Take the rows after the first `n_known`; False when cancelled before the end."""
    rows = iter(opened.items)
    stops = _asked_rarely(cancelled)
    for _ in range(n_known):
        row = _next_row(rows, opened, intake)
        if row is None or stops():
            break
        intake.skip(row)
    # A pipe's rows cannot be read again, and its stream ends by itself when cancelled.
    while opened.path is None or not stops():
        row = _next_row(rows, opened, intake)
        if row is None:
            return True
        intake.take(row)
        if intake.is_due:
            intake.commit(opened.bytes_read, opened.prefix_hash())
    intake.commit(opened.bytes_read, opened.prefix_hash())
    return False


def _asked_rarely(cancelled: Callable[[], bool]) -> Callable[[], bool]:
    """Return `cancelled`, really asked at once and then every ASK_EVERY_S; True stays True."""
    asked_at, answer = -math.inf, False

    def ask() -> bool:
        nonlocal asked_at, answer
        if not answer and time.monotonic() - asked_at >= ASK_EVERY_S:
            answer = cancelled()
            asked_at = time.monotonic()
        return answer

    return ask


def _next_row(
    rows: Iterator[Message | Rejected], opened: Opened, intake: Intake
) -> Message | Rejected | None:
    try:
        return next(rows, None)
    except Exception:
        # Without this, the rows before a broken place would never be stored: every run would
        # reach it before its last chunk is full.
        intake.commit(opened.bytes_read, opened.prefix_hash())
        raise
