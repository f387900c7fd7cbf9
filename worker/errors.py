"""What a job says when it cannot simply be done or retried."""

from __future__ import annotations

import traceback
from pathlib import Path


class RefusedError(Exception):
    """The job must not run here, now or ever: it fails without a retry. The message is safe."""


class PutBackError(Exception):
    """The job is fine but not for this process: back it goes, its retries untouched."""

    def __init__(self, reason: str, *, delay_s: int) -> None:
        super().__init__(reason)
        self.delay_s = delay_s


class DeviceFullError(Exception):
    """The scorer's device has no memory for one text alone. The message is safe."""


def describe(error: BaseException) -> str:
    """Name an error and where it was raised, without its message.

    Messages of database drivers and parsers quote what they were given, and that may be the text
    of a message; log lines and Redis get this instead.
    """
    if isinstance(error, (RefusedError, PutBackError, DeviceFullError)):
        return str(error)
    names = [type(error).__name__]
    cause = error.__cause__ or getattr(error, "orig", None)
    if isinstance(cause, BaseException):
        names.append(type(cause).__name__)
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return " from ".join(names) + where


def outline(error: BaseException) -> str:
    """Return the call stack of an error as file, line and function, without its message."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
    return "\n".join([describe(error), *lines])
