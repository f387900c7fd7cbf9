"""What goes wrong while reading, as far as the caller must tell it apart from a defect of ours."""

from __future__ import annotations


class ReadError(Exception):
    """The file cannot be read as asked, and its owner can mend that; the message says how."""


class TimeError(ValueError):
    """The value is not a time we know; the message quotes it, cut at 40 characters."""


class LineTooLongError(ValueError):
    """A line exceeds the longest record we hold in memory; it has been skipped."""
