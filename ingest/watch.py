"""What there is to follow: files named and files in folders, and which of them changed.

Looks with `os.stat` alone, a few times a second: inotify and its kin differ by system and see
nothing on network file systems. Knows nothing of messages; called by `ingest.follow`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ingest.growing import DEFAULT_POLL_S, GrowingFile, LiveStream
from ingest.open import expand
from records import Progress

if TYPE_CHECKING:
    from ingest.tail import Tail

#: Seconds a file that is read as a whole must be unchanged before it is.
QUIET_S: Final = 2.0

#: Seconds between two looks into folders.
SCAN_S: Final = 1.0

#: Files beside a rotated one that are compared with what was read of it, newest first.
_MAX_ROTATED: Final = 100

#: Device, file number, size in bytes, time of the last change in ns.
Signature = tuple[int, int, int, int]


@dataclass(eq=False, slots=True)
class FollowedFile:
    """One path, and how far it has been dealt with."""

    path: Path
    #: Whether the user named it, rather than its folder.
    is_named: bool
    #: How it is read; None until its first lines told.
    format: str | None = None
    #: Set while it is being read line by line.
    tail: Tail | None = None
    _seen: Signature | None = None
    _changed_at: float = 0.0
    _rests_at: Signature | None = None

    @property
    def identity(self) -> tuple[int, int] | None:
        return self._seen[:2] if self._seen is not None else None

    def look(self) -> bool:
        """Look at the file; True when it holds something and is not at rest."""
        signature = signature_of(self.path)
        if signature != self._seen:
            if self._seen is not None and signature is not None and signature[:2] != self._seen[:2]:
                self.format = None  # another file under the same name
            self._seen, self._changed_at = signature, time.monotonic()
        return signature is not None and signature[2] > 0 and signature != self._rests_at

    def is_quiet(self) -> bool:
        return time.monotonic() - self._changed_at >= QUIET_S

    def rest(self) -> None:
        """Leave the file alone until it changes from what was last seen."""
        self._rests_at = self._seen

    def rest_at(self, stream: LiveStream) -> None:
        """Leave the file alone until it has more than the stream has read of it."""
        signature = signature_of(self.path)
        if signature is not None and isinstance(stream, GrowingFile):
            is_read = signature[:2] == stream.identity and signature[2] == stream.n_taken
            self._rests_at = signature if is_read else None

    def wake(self) -> None:
        """Deal with the file again though it did not change."""
        self._rests_at = None

    def has_lines(self, n_lines: int) -> bool:
        """Tell whether the file has so many complete lines, or cannot be read at all."""
        try:
            with self.path.open("rb") as file:
                return file.read(1 << 20).count(b"\n") >= n_lines
        except OSError:
            return True


@dataclass(eq=False)
class Watch:
    """The files under the given paths; a named one need not exist yet."""

    roots: Sequence[Path]
    poll_s: float = DEFAULT_POLL_S
    _files: dict[Path, FollowedFile] = field(default_factory=dict)
    _next_scan: float = 0.0
    _next_look: float = 0.0

    def changed(self) -> Iterator[FollowedFile]:
        """Yield the files that are there and not at rest, at most every `poll_s`."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + self.poll_s
        if now >= self._next_scan:
            self._next_scan = now + SCAN_S
            self._scan()
        for file in list(self._files.values()):
            if file.look():
                yield file

    def _scan(self) -> None:
        found: set[Path] = set()
        for root in self.roots:
            is_folder = root.is_dir()
            for path in expand(root):
                found.add(path)
                if path not in self._files:
                    self._files[path] = FollowedFile(path, is_named=not is_folder)
        for path in [path for path in self._files if path not in found]:
            if self._files[path].tail is None:
                del self._files[path]


def signature_of(path: Path) -> Signature | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def find_rotated(path: Path, progress: Progress) -> Path | None:
    """Return the file beside `path` that begins with what was read of it under its old name.

    Rotation names it after the old one: chat.log.1, chat.log-20240131, chat-1.log.
    """
    if not progress.bytes_read:
        return None
    candidates = []
    for entry in os.scandir(path.absolute().parent):
        if entry.name != path.name and entry.name.startswith(path.stem) and entry.is_file():
            status = entry.stat()
            if status.st_size >= progress.bytes_read:
                candidates.append((status.st_mtime_ns, entry.path))
    for _, candidate in sorted(candidates, reverse=True)[:_MAX_ROTATED]:
        try:
            stream = GrowingFile(Path(candidate))
        except OSError:
            continue
        with stream:
            if stream.begins_with(progress.bytes_read, progress.prefix_hash):
                return Path(candidate)
    return None
