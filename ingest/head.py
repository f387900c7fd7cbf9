"""A stream whose beginning has been looked at and is read again, seekable or not."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BLOCK: Final = 1 << 16


class Head(io.RawIOBase):
    """Read `head` first, then the stream it was taken from."""

    def __init__(self, stream: io.BufferedIOBase, n_bytes: int, *, live: bool = False) -> None:
        """Take up to `n_bytes` from the stream.

        Args:
            live: stop waiting at two complete lines, or at one JSON object; a pipe may not have
                more for hours.
        """
        self._stream = stream
        self._live = live
        self._offset = 0
        #: The first bytes, as many as were taken.
        self.head = b""
        self.is_whole = False
        self._take(n_bytes, live=live)

    def widen(self, n_bytes: int) -> bool:
        """Take more before reading begins, `n_bytes` in all; False where nothing could be added.

        A live stream is not waited for.
        """
        if self.is_whole or self._live or self._offset or len(self.head) >= n_bytes:
            return False
        n_before = len(self.head)
        self._take(n_bytes, live=False)
        return len(self.head) > n_before

    def _take(self, n_bytes: int, *, live: bool) -> None:
        blocks = [self.head] if self.head else []
        n_taken, n_lines = len(self.head), 0
        n_enough = 2  # a header and a row
        while n_taken < n_bytes and not (live and n_lines >= n_enough):
            block = self._stream.read1(n_bytes - n_taken)
            if not block:
                self.is_whole = True
                break
            if not blocks and block[:1] == b"{":
                n_enough = 1
            blocks.append(block)
            n_taken += len(block)
            n_lines += block.count(b"\n")
        self.head = b"".join(blocks)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        block = self.head[self._offset : self._offset + len(view)]
        if block:
            self._offset += len(block)
        else:
            block = self._stream.read1(min(len(view), _BLOCK))
        view[: len(block)] = block
        return len(block)


class Newlined(io.RawIOBase):
    """Old Macintosh line ends (a carriage return alone) as newlines; byte positions stay."""

    def __init__(self, stream: io.BufferedIOBase) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        block = self._stream.read1(min(len(view), _BLOCK)).replace(b"\r", b"\n")
        view[: len(block)] = block
        return len(block)
