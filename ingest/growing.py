"""Byte streams that wait for more instead of ending: a growing file, a pipe.

Both hand out complete lines only, so a record half written is never parsed, and count and hash
what they handed out, so a later run can prove that it goes on at the right place. Opened by
`ingest.tails`, read by `ingest.tail`, each in a thread of its own; knows nothing of formats.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import os
import select
import threading
import time
from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

#: Seconds between two looks at a file or pipe that has nothing new.
DEFAULT_POLL_S: Final = 0.25

#: Seconds a file that was moved away must be quiet, with its successor already written to, before
#: it counts as finished: its writer may hold it open for a while.
DEFAULT_GRACE_S: Final = 1.0

#: Seconds a deleted file must be quiet before it counts as finished.
DELETED_GRACE_S: Final = 10.0

#: Bytes without a line's end after which they are handed out all the same.
MAX_LINE_BYTES: Final = 1 << 20

#: First and last of the bytes read that are compared whenever a file changed: tells one that was
#: rewritten from one that was added to.
_FINGERPRINT_BYTES: Final = 1024

_BLOCK_BYTES: Final = 1 << 16

_WIDE_NEWLINES: Final = (
    (codecs.BOM_UTF32_LE, b"\n\0\0\0"),
    (codecs.BOM_UTF32_BE, b"\0\0\0\n"),
    (codecs.BOM_UTF16_LE, b"\n\0"),
    (codecs.BOM_UTF16_BE, b"\0\n"),
)

#: Why a stream ended: its writer was done with it (`finished`), someone cut it (`truncated`), or
#: `stop` was called (`stopped`).
End = Literal["finished", "truncated", "stopped"]


class LiveStream(io.RawIOBase):
    """Complete lines from a source that may have more later.

    One thread reads; another may call `position` and `stop`.
    """

    def __init__(self) -> None:
        self.end: End | None = None
        self._lock = threading.Lock()
        self._hash = hashlib.sha256()
        self._n_handed_out = 0
        self._ready = b""
        self._partial = b""
        self._newline = b""
        self._stopping = threading.Event()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        while not self._ready:
            if self.end is not None:
                return 0
            self._refill()
        with self._lock:
            block = self._ready[: len(view)]
            self._ready = self._ready[len(block) :]
            self._hash.update(block)
            self._n_handed_out += len(block)
        view[: len(block)] = block
        return len(block)

    def position(self) -> tuple[int, str]:
        """Return how many bytes were handed out, and the SHA-256 (hex) of them."""
        with self._lock:
            return self._n_handed_out, self._hash.copy().hexdigest()

    def stop(self) -> None:
        """End the stream at the last complete line, from another thread."""
        self._stopping.set()

    @abstractmethod
    def _refill(self) -> None:
        """Wait for more, once, and put it into `_ready`; or set `end`."""

    def _accept(self, block: bytes) -> None:
        """Sort new bytes into complete lines and the start of the next one."""
        block = self._partial + block
        if not self._newline:
            self._newline = next(
                (newline for mark, newline in _WIDE_NEWLINES if block.startswith(mark)), b"\n"
            )
        cut = self._end_of_last_line(block)
        if cut == 0 and len(block) > MAX_LINE_BYTES:
            cut = len(block)
        self._ready, self._partial = block[:cut], block[cut:]

    def _end_of_last_line(self, block: bytes) -> int:
        width = len(self._newline)
        start = self._n_handed_out  # nothing is ready, so the block begins here
        index = block.rfind(self._newline)
        while index >= 0 and (start + index) % width:
            index = block.rfind(self._newline, 0, index + width - 1)
        return index + width if index >= 0 else 0

    def _finish(self) -> None:
        """Hand out the last line, though it has no end, and end."""
        self._ready, self._partial = self._partial, b""
        self.end = "finished"


class GrowingFile(LiveStream):
    """A file that is added to, followed through renaming and deletion until it is done with."""

    def __init__(
        self,
        path: Path,
        *,
        poll_s: float = DEFAULT_POLL_S,
        grace_s: float = DEFAULT_GRACE_S,
        is_complete: bool = False,
    ) -> None:
        """Open the file.

        Args:
            is_complete: whether nobody writes to it any more: it ends where it ends.

        Raises:
            OSError: when it cannot be opened.
        """
        super().__init__()
        self._path = path
        self._poll_s = poll_s
        self._grace_s = grace_s
        self._is_complete = is_complete
        self._file = path.open("rb", buffering=0)
        status = os.fstat(self._file.fileno())
        self.identity = (status.st_dev, status.st_ino)
        self._n_taken = 0
        self._first = b""
        self._last = b""
        self._modified_at_ns = status.st_mtime_ns
        self._quiet_since = time.monotonic()

    @property
    def n_taken(self) -> int:
        """How many bytes were read, those of a last line without an end included."""
        return self._n_taken

    @property
    def quiet_s(self) -> float:
        """Seconds since the file last had something new."""
        return time.monotonic() - self._quiet_since

    def begins_with(self, n_bytes: int, prefix_hash: str) -> bool:
        """Tell whether the first `n_bytes` are those an earlier run read."""
        digest, offset = hashlib.sha256(), 0
        while offset < n_bytes:
            block = os.pread(self._file.fileno(), min(n_bytes - offset, 1 << 20), offset)
            if not block:
                return False
            digest.update(block)
            offset += len(block)
        return digest.hexdigest() == prefix_hash

    def close(self) -> None:
        self._file.close()
        super().close()

    def _refill(self) -> None:
        if self._stopping.is_set():
            self.end = "stopped"
            return
        status = os.fstat(self._file.fileno())
        if status.st_size < self._n_taken or self._was_rewritten(status.st_mtime_ns):
            self.end = "truncated"
            return
        block = self._file.read(_BLOCK_BYTES)
        if block:
            self._n_taken += len(block)
            self._first += block[: _FINGERPRINT_BYTES - len(self._first)]
            self._last = (self._last + block)[-_FINGERPRINT_BYTES:]
            self._quiet_since = time.monotonic()
            self._accept(block)
        elif self._is_complete or self._is_left():
            self._finish()
        else:
            self._stopping.wait(self._poll_s)

    def _was_rewritten(self, modified_at_ns: int) -> bool:
        if modified_at_ns == self._modified_at_ns:
            return False
        self._modified_at_ns = modified_at_ns
        descriptor, last_at = self._file.fileno(), self._n_taken - len(self._last)
        first = os.pread(descriptor, len(self._first), 0)
        return first != self._first or os.pread(descriptor, len(self._last), last_at) != self._last

    def _is_left(self) -> bool:
        """Tell whether the writer is done with this file.

        It is when the path names another file that was written to; as long as the other is empty
        there is no hurry, and the writer may well hold this one open still. A deleted file gets
        a longer wait: its writer may go on unaware.
        """
        if self.quiet_s < self._grace_s:
            return False
        try:
            status = self._path.stat()
        except OSError:
            is_deleted = os.fstat(self._file.fileno()).st_nlink == 0
            return is_deleted and self.quiet_s >= DELETED_GRACE_S
        return (status.st_dev, status.st_ino) != self.identity and status.st_size > 0


class LivePipe(LiveStream):
    """Standard input, or any stream that cannot be read twice; ends where its writer closes it."""

    def __init__(
        self,
        file_descriptor: int,
        *,
        poll_s: float = DEFAULT_POLL_S,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        """Set up.

        Args:
            cancelled: asked while nothing comes; True ends the stream as `stop` does, for readers
                that have no second thread to call it.
        """
        super().__init__()
        self._cancelled = cancelled or self._stopping.is_set
        self._file_descriptor = file_descriptor
        self._poll_s = poll_s

    def _refill(self) -> None:
        # Never blocks in read itself: a thread that does cannot be ended, and holds up the exit.
        readable, _, _ = select.select([self._file_descriptor], [], [], self._poll_s)
        if self._stopping.is_set() or self._cancelled():
            self.end = "stopped"
        elif readable:
            block = os.read(self._file_descriptor, _BLOCK_BYTES)
            if block:
                self._accept(block)
            else:
                self._finish()
