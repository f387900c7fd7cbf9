"""Open a file, find out what it is, and yield its messages.

The way of the bytes: counted and hashed as they lie on disk, decompressed, cut into lines,
decoded, read by one format's reader. Everything is decided on the first quarter megabyte, so
standard input is read like any file. Called by the ingest command and by `ingest.follow`.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final

from ingest.detect import format_of, refuse_binary
from ingest.errors import ReadError
from ingest.expand import expand
from ingest.head import Head
from ingest.options import Format, ReadOptions
from ingest.raw import Compression, CountedBytes, Decompressed, compression_of, prefix_hash_of
from ingest.readers.by_format import start_reading
from ingest.readers.journal_dates import date_in_path, journal_of
from ingest.readers.record import MessageMaker
from ingest.text_file import TextFile
from ingest.times import TimeReader, zone_named
from records import Message, Rejected

__all__ = ["Opened", "ReadError", "ReadOptions", "expand", "open_messages", "prefix_hash_of"]

#: How much of the unpacked file is looked at before the first message.
HEAD_BYTES: Final = 1 << 18
_BLOCK: Final = 1 << 16
_COMPRESSED_ENDINGS: Final = (".gz", ".bz2", ".xz", ".zst")


class Opened:
    """A file being read: what was found out about it, and its messages.

    Close it, or use it as a context manager; `items` can be iterated once.
    """

    def __init__(
        self, path: Path | None, options: ReadOptions, raw: BinaryIO, *, live: bool, is_ours: bool
    ) -> None:
        self.path = path
        self.options = options
        self.source = options.source or _source_of(path)
        #: Sentences for the user: which columns were taken, how times are read.
        self.notes: list[str] = []
        self._closing = contextlib.ExitStack()
        if is_ours:
            self._closing.enter_context(raw)
        self._counted = CountedBytes(raw)
        self._unpacked: Decompressed | None = None
        self.compression: Compression | None = None
        self.size_bytes = path.stat().st_size if is_ours and path and path.is_file() else None
        unpacked = self._decompress(io.BufferedReader(self._counted, _BLOCK), live)
        head = Head(unpacked, HEAD_BYTES, live=live)
        refuse_binary(head.head)
        self._text = TextFile(head, options.encoding)
        self.encoding = self._text.encoding
        self.format: Format = format_of(
            self._text.sample,
            options,
            name=_unpacked_name(path),
            is_cut=self._text.is_cut,
            is_dated_name=date_in_path(path) is not None,
        )
        if self.format == "journal" and options.source is None and path is not None:
            self.source = journal_of(path) or self.source
        times = TimeReader(zone_named(options.time_zone), day_first=options.day_first)
        self._maker = MessageMaker(self.source, times, keep_raw=options.keep_raw)
        self.items: Iterator[Message | Rejected] = self._read(
            start_reading(
                self._text,
                self.format,
                path=path,
                options=options,
                maker=self._maker,
                notes=self.notes,
            )
        )

    @property
    def bytes_read(self) -> int:
        """How many bytes have been taken from the file so far, read ahead included."""
        return self._counted.n_bytes

    def prefix_hash(self) -> str:
        """Return the SHA-256 (hex) of the first `bytes_read` bytes."""
        return self._counted.prefix_hash()

    def __enter__(self) -> Opened:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._closing.close()

    def _decompress(self, packed: io.BufferedReader, live: bool) -> io.BufferedIOBase:
        head = Head(packed, 16, live=live)
        self.compression = compression_of(head.head)
        whole = io.BufferedReader(head, _BLOCK)
        if self.compression is None:
            return whole
        self._unpacked = Decompressed(whole, self.compression)
        return io.BufferedReader(self._unpacked, _BLOCK)

    def _read(self, items: Iterator[Message | Rejected]) -> Iterator[Message | Rejected]:
        """Yield the reader's items, and what only the end of the file tells."""
        n = 0
        is_zone_said = False
        for item in items:
            n += 1
            if not is_zone_said and self._maker.times.n_naive:
                is_zone_said = True
                self.notes.append(
                    f"times without a zone are read as {self.options.time_zone or 'UTC'} "
                    "(--time-zone changes it)"
                )
            yield item
        if self._unpacked is not None and self._unpacked.broken is not None:
            yield self._maker.reject(n + 1, None, self._unpacked.broken, "")
        decoder = self._text.decoder
        if decoder.n_other:
            self.notes.append(
                f"{_lines_said(decoder.n_other)} not {decoder.encoding}, "
                f"read as {decoder.fallback} (--encoding changes it)"
            )
        if decoder.n_damaged:
            self.notes.append(
                f"{_lines_said(decoder.n_damaged)} damaged {decoder.encoding}: "
                "what could not be read became U+FFFD"
            )


def open_messages(
    path: Path | None,
    options: ReadOptions,
    *,
    stream: BinaryIO | None = None,
    live: bool = False,
) -> Opened:
    """Open a file, or a stream where `path` is None.

    Args:
        stream: read instead of the file; stays open. A path given with it only names it.
        live: the stream grows while it is read: do not wait for a long head.

    Raises:
        ReadError: when it cannot be read as asked, saying what to do about it.
    """
    if stream is not None:
        return Opened(path, options, stream, live=live, is_ours=False)
    if path is None:
        raise ReadError("expected a path or a stream, found neither")
    try:
        raw = path.open("rb", buffering=0)
    except OSError as error:
        raise ReadError(f"{path}: cannot be opened: {error.strerror}") from error
    try:
        return Opened(path, options, raw, live=live, is_ours=True)
    except ReadError as error:
        raw.close()
        raise ReadError(f"{path}: {error}") from error
    except BaseException:
        raw.close()
        raise


def _unpacked_name(path: Path | None) -> str:
    """Return the file's name without the ending of its compression."""
    if path is None:
        return ""
    return path.stem if path.suffix.lower() in _COMPRESSED_ENDINGS else path.name


def _source_of(path: Path | None) -> str:
    if path is None:
        return "stdin"
    name = _unpacked_name(path)
    return Path(name).stem or name


def _lines_said(n: int) -> str:
    return "1 line is" if n == 1 else f"{n:,} lines are"
