"""Logging to standard error: constant events, facts as fields, never message text."""

from __future__ import annotations

import logging
import os
import sys
from typing import Literal, TextIO

import structlog

#: Libraries whose INFO lines repeat ours or quote what they carry.
_QUIET = ("rq", "alembic", "sqlalchemy", "httpx", "asyncio")


def configure_logs(level: str, log_format: Literal["console", "json"]) -> None:
    """Send our own and the libraries' log lines to standard error."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=28)
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=lambda *_: _Lines(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


class _Lines:
    """Writes a line at a time and holds no lock while it does.

    structlog's own logger holds one: a signal handler that logs while a line is being written would
    wait for ever for the line it interrupted.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def msg(self, message: str) -> None:
        try:
            descriptor = self._stream.fileno()
        except (OSError, ValueError):  # no file, as under a test
            self._stream.write(f"{message}\n")
            return
        rest = f"{message}\n".encode(errors="backslashreplace")
        while rest:
            rest = rest[os.write(descriptor, rest) :]

    log = debug = info = warn = warning = msg
    fatal = failure = err = error = critical = exception = msg
