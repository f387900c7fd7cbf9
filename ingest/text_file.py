"""The unpacked bytes of one file with what was found out about their encoding.

Readers take lines from it, or the bytes themselves, once; the head can be looked at before.
"""

from __future__ import annotations

import io
from typing import Final

from ingest.encoding import Decoder, Lines, encoding_of, encoding_of_stream, fallback_of
from ingest.head import Head, Newlined
from ingest.options import MAX_RECORD_BYTES

_BLOCK: Final = 1 << 16


class TextFile:
    """A file of text, its head known."""

    def __init__(self, head: Head, forced_encoding: str | None) -> None:
        """Tell the encoding by the head.

        Raises:
            ReadError: when the forced encoding is unknown.
        """
        self._head = head
        self.encoding, self._mark = encoding_of(head.head, forced_encoding)
        self._fallback = fallback_of(head.head)
        self._is_forced = forced_encoding is not None
        self._is_old_mac = b"\r" in head.head and b"\n" not in head.head
        self.decoder = self._new_decoder()
        #: The complete lines of the head.
        self.sample = self._sample_lines()

    @property
    def is_whole(self) -> bool:
        """Whether the head is all there is."""
        return self._head.is_whole

    @property
    def is_cut(self) -> bool:
        """Whether the sample may end within a record, one of several lines in a live stream too."""
        return not self._head.is_whole

    @property
    def head(self) -> bytes:
        """The first bytes, without the byte order mark."""
        return self._head.head[self._mark :]

    def widen(self) -> bool:
        """Take four times the head for readers of documents; False at its end or at one record.

        The encoding and the sampled lines stay those of the first head.
        """
        return self._head.widen(min(4 * len(self._head.head), MAX_RECORD_BYTES))

    @property
    def mark_bytes(self) -> int:
        """How long the byte order mark is: where the text begins."""
        return self._mark

    @property
    def stream_encoding(self) -> str:
        """The one encoding for readers that do not go line by line."""
        if self._is_forced:
            return self.encoding
        return encoding_of_stream(self.head, self.encoding, self._fallback)

    def lines(self) -> Lines:
        return Lines(self._newlined(self.stream()), self.decoder, self._mark)

    def stream(self, *, with_mark: bool = False) -> io.BufferedIOBase:
        """Return the bytes from the beginning, with or without the byte order mark."""
        stream = io.BufferedReader(self._head, _BLOCK)
        if not with_mark:
            stream.read(self._mark)
        return stream

    def _sample_lines(self) -> list[str]:
        lines = list(Lines(self._newlined(io.BytesIO(self.head)), self._new_decoder()))
        if not self.is_whole and len(lines) > 1 and not lines[-1].endswith("\n"):
            lines.pop()
        return lines

    def _new_decoder(self) -> Decoder:
        return Decoder(self.encoding, self._fallback, is_forced=self._is_forced)

    def _newlined(self, stream: io.BufferedIOBase) -> io.BufferedIOBase:
        return io.BufferedReader(Newlined(stream), _BLOCK) if self._is_old_mac else stream
