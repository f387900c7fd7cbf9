"""The bytes of a file as they lie on disk, and the same bytes decompressed.

`CountedBytes` counts and hashes what is read, so that a resumed ingest can prove that the part it
skips is unchanged; `Decompressed` unpacks gzip, bzip2, xz and zstd, told by their magic numbers,
several frames one after another included. Knows nothing of text.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, Literal, cast

import zstandard

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Compression = Literal["gzip", "bzip2", "xz", "zstd"]

_BLOCK: Final = 1 << 16
#: Packed bytes given to zstd at once; 2 KiB unpack to 64 MiB at the very worst.
_ZSTD_FEED: Final = 2048
#: Dumps packed with `zstd --long=31` need a window of 2 GiB; memory is taken only as used.
_ZSTD_WINDOW: Final = 1 << 31
_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"


class CountedBytes(io.RawIOBase):
    """A raw stream that counts and hashes what was read from it; `head` is read first."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        # read1 hands over what a pipe has now instead of waiting for a full block.
        self._read: Callable[[int], bytes | None] = getattr(stream, "read1", stream.read)
        self._hash = hashlib.sha256()
        self.n_bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        block = self._read(len(view)) or b""
        self._hash.update(block)
        self.n_bytes += len(block)
        view[: len(block)] = block
        return len(block)

    def prefix_hash(self) -> str:
        """Return the SHA-256 (hex) of everything read so far."""
        return self._hash.copy().hexdigest()


def prefix_hash_of(path: Path, n_bytes: int) -> str:
    """Return the SHA-256 (hex) of a file's first `n_bytes` bytes, or of all it has."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while n_bytes > 0 and (block := file.read(min(n_bytes, 1 << 20))):
            digest.update(block)
            n_bytes -= len(block)
    return digest.hexdigest()


def compression_of(head: bytes) -> Compression | None:
    """Tell a compression by its magic number."""
    if head[:3] == b"\x1f\x8b\x08":
        return "gzip"
    if head[:3] == b"BZh" and head[4:10] in (b"1AY&SY", b"\x17\x72\x45\x38\x50\x90"):
        return "bzip2"
    if head[:6] == b"\xfd7zXZ\x00":
        return "xz"
    is_skippable = head[1:4] == b"\x2a\x4d\x18" and head[:1] and 0x50 <= head[0] <= 0x5F
    if head[:4] == _ZSTD_MAGIC or is_skippable:
        return "zstd"
    return None


class Decompressed(io.RawIOBase):
    """A raw stream of unpacked bytes that ends, and says so in `broken`, where unpacking fails.

    Broken bytes never end a run: what came before them is read, and the reader turns `broken` into
    a reject.
    """

    def __init__(self, packed: io.BufferedIOBase, compression: Compression) -> None:
        self.broken: str | None = None
        # A view, for a zstd frame may unpack to megabytes at once and is handed out in blocks.
        self._rest = memoryview(b"")
        self._read: Callable[[], bytes]
        if compression == "zstd":
            self._read = _ZstdFrames(packed).read
        else:
            self._read = partial(_unpacked(packed, compression).read1, _BLOCK)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        if not self._rest and self.broken is None:
            try:
                self._rest = memoryview(self._read())
            except EOFError:
                self.broken = "the compressed file ends too early"
            except (OSError, zlib.error, lzma.LZMAError, zstandard.ZstdError, MemoryError) as error:
                if isinstance(error, OSError) and error.errno is not None:
                    raise  # the disk's fault, not the file's
                self.broken = "the compressed file is damaged"
        n = min(len(view), len(self._rest))
        view[:n] = self._rest[:n]
        self._rest = self._rest[n:]
        return n


def _unpacked(
    packed: io.BufferedIOBase, compression: Literal["gzip", "bzip2", "xz"]
) -> io.BufferedIOBase:
    file = cast(BinaryIO, packed)
    if compression == "gzip":
        return gzip.GzipFile(fileobj=file)
    return bz2.BZ2File(file) if compression == "bzip2" else lzma.LZMAFile(file)


class _ZstdFrames:
    """Unpack zstd frame by frame: the stock stream reader cannot tell a cut file from its end."""

    def __init__(self, packed: io.BufferedIOBase) -> None:
        self._packed = packed
        self._pending = b""
        self._frame: zstandard.ZstdDecompressionObj | None = None

    def read(self) -> bytes:
        while True:
            block = self._pending or self._packed.read1(_ZSTD_FEED)
            self._pending = b""
            if not block:
                if self._frame is not None:
                    raise EOFError
                return b""
            if self._frame is None:
                self._frame = zstandard.ZstdDecompressor(
                    max_window_size=_ZSTD_WINDOW
                ).decompressobj()
            unpacked = self._frame.decompress(block)
            if self._frame.eof:
                self._pending = self._frame.unused_data
                self._frame = None
            if unpacked:
                return unpacked
