"""Bytes into lines of text, whatever they were written in, with the byte where each line starts.

The encoding is decided line by line and not by a scan of the whole file: a byte order mark or NUL
pattern at the start means UTF-16 or UTF-32; otherwise every line that is valid UTF-8 is UTF-8, and
a line that is not is read as Windows-1252 (or, in a file of dense foreign bytes, as what
charset-normalizer says). So a file that turns Latin-1 after a megabyte is read right, in one pass,
from a pipe as well, and one damaged byte costs one character.
"""

from __future__ import annotations

import codecs
import io
from typing import TYPE_CHECKING, Final

from charset_normalizer import from_bytes

from ingest.errors import LineTooLongError, ReadError
from ingest.options import MAX_RECORD_BYTES

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE: Final = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
#: What dense foreign bytes may be. The choice among all encodings goes astray more often; to
#: Shift JIS any bytes are half-width katakana, so that one must be named.
_FOREIGN: Final = [
    "koi8_r", "cp1251", "cp1253", "cp1255", "cp1256",
    "euc_jp", "gb18030", "big5", "euc_kr",
]  # fmt: skip
_BLOCK: Final = 1 << 16


def encoding_of(head: bytes, forced: str | None = None) -> tuple[str, int]:
    """Return (encoding, length of the byte order mark) of a file by its first bytes.

    Raises:
        ReadError: when the forced encoding is unknown.
    """
    mark = next(((name, len(mark)) for mark, name in _MARKS if head.startswith(mark)), None)
    if forced is not None:
        try:
            name = codecs.lookup(forced).name
            "".encode(name)
        except (LookupError, ValueError) as error:
            raise ReadError(
                f"expected an encoding such as 'utf-8' or 'latin-1' in --encoding, "
                f"found {forced[:40]!r}"
            ) from error
        if name in ("utf-16", "utf-32"):
            name = mark[0] if mark and mark[0].startswith(name) else f"{name}-le"
        name = "utf-8" if name == "utf-8-sig" else name
        return name, mark[1] if mark is not None and mark[0] == name else 0
    if mark is not None:
        return mark
    return _wide_without_mark(head) or "utf-8", 0


def _wide_without_mark(head: bytes) -> str | None:
    """Tell UTF-16 or UTF-32 without a mark by the columns in which its NUL bytes stand."""
    sample = head[: min(len(head), 4096) & ~3]
    if len(sample) < 8 or sample.count(0) < len(sample) // 4:
        return None
    n = len(sample) // 4
    zeros = [sample[k::4].count(0) / n for k in range(4)]
    if zeros[2] > 0.9 and zeros[3] > 0.9:
        return "utf-32-le"
    if zeros[0] > 0.9 and zeros[1] > 0.9:
        return "utf-32-be"
    even, odd = (zeros[0] + zeros[2]) / 2, (zeros[1] + zeros[3]) / 2
    if odd > 0.5 and even < 0.1:
        return "utf-16-le"
    if even > 0.5 and odd < 0.1:
        return "utf-16-be"
    return None


def fallback_of(head: bytes) -> str:
    """Return the encoding for bytes that are not UTF-8, by a sample of the lines that hold them."""
    lines = [line for line in head.split(b"\n")[:-1] or [head] if not _is_utf8(line)]
    sample = b"\n".join(lines)[:_BLOCK]
    n_foreign = sum(byte > 127 for byte in sample)
    # Accents are a few bytes in a hundred; Cyrillic, Greek or Chinese letters are most of them.
    if len(lines) < 3 or n_foreign < len(sample) // 4:
        return "windows-1252"
    best = from_bytes(sample, cp_isolation=_FOREIGN).best()
    return best.encoding if best is not None else "windows-1252"


def encoding_of_stream(head: bytes, encoding: str, fallback: str) -> str:
    """Return the one encoding for what cannot be decoded line by line, by its head."""
    if encoding != "utf-8":
        return encoding
    lenient = head.decode("utf-8", "replace").rstrip("\ufffd")  # the head may cut a character
    n_lost = lenient.count("\ufffd")
    n_foreign = sum(character > "\x7f" for character in lenient)
    return fallback if n_lost and n_lost == n_foreign else "utf-8"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


class Decoder:
    """Decode the lines of one file."""

    def __init__(self, encoding: str, fallback: str, *, is_forced: bool) -> None:
        self.encoding = encoding
        self.fallback = fallback
        #: How many lines were read in the fallback.
        self.n_other = 0
        #: How many lines lost characters.
        self.n_damaged = 0
        self._is_forced = is_forced

    def decode(self, line: bytes) -> str:
        try:
            return line.decode(self.encoding)
        except UnicodeDecodeError:
            return self._decode_broken(line)

    def _decode_broken(self, line: bytes) -> str:
        lenient = line.decode(self.encoding, "replace")
        n_lost = lenient.count("\ufffd")
        n_read = sum(character > "\x7f" for character in lenient) - n_lost
        # Texts in other encodings hardly ever hold a valid UTF-8 sequence: this is damaged UTF-8.
        is_damaged = self.encoding == "utf-8" and n_read > 0 and 4 * n_read >= n_lost
        if is_damaged or self._is_forced or self.encoding != "utf-8":
            self.n_damaged += 1
            return lenient
        self.n_other += 1
        try:
            return line.decode(self.fallback)
        except UnicodeDecodeError:
            return line.decode("latin-1")


class Lines:
    """Iterate over the lines of a stream, each with its line end.

    `position` is the byte, in the decompressed file, at which the next line starts.
    """

    def __init__(self, stream: io.BufferedIOBase, decoder: Decoder, position: int = 0) -> None:
        self.decoder = decoder
        self.position = position
        self._is_wide = decoder.encoding in _WIDE
        self._readline = (
            io.BufferedReader(_Narrowed(stream, decoder)).readline
            if self._is_wide
            else stream.readline
        )

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        """Return the next line.

        Raises:
            LineTooLongError: when it exceeds MAX_RECORD_BYTES; the line is skipped.
        """
        line = self._readline(MAX_RECORD_BYTES)
        if not line:
            raise StopIteration
        if len(line) == MAX_RECORD_BYTES and line[-1:] != b"\n":
            while line and line[-1:] != b"\n":
                self.position += self._width(line)
                line = self._readline(MAX_RECORD_BYTES)
            self.position += self._width(line)
            raise LineTooLongError(f"line longer than {MAX_RECORD_BYTES:,} bytes")
        if self._is_wide:
            self.position += self._width(line)
            return line.decode("utf-8", "replace")
        self.position += len(line)
        return self.decoder.decode(line)

    def _width(self, line: bytes) -> int:
        if not self._is_wide:
            return len(line)
        return len(line.decode("utf-8", "replace").encode(self.decoder.encoding, "replace"))


class _Narrowed(io.RawIOBase):
    """UTF-16 or UTF-32 as UTF-8, so that lines can be cut at newline bytes."""

    def __init__(self, stream: io.BufferedIOBase, decoder: Decoder) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(decoder.encoding)("replace")
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        while not self._rest:
            block = self._stream.read1(_BLOCK)
            self._rest = self._decoder.decode(block, final=not block).encode("utf-8", "replace")
            if not block:
                break
        n = min(len(view), len(self._rest))
        view[:n] = self._rest[:n]
        self._rest = self._rest[n:]
        return n
