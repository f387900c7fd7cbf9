"""Commands run within a test set up logging for the process; the next test starts without."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def _fresh_logs() -> Iterator[None]:
    """Forget a command's loggers: they write to an output that is closed by then."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configured = structlog.get_config()
    yield
    if structlog.get_config() != configured:
        structlog.configure(**configured)
    root.handlers[:] = handlers
    root.setLevel(level)
