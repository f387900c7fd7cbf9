"""Let Ctrl-C reach tests that run beside others, and the processes they start."""

from __future__ import annotations

import signal

import pytest


@pytest.fixture(autouse=True, scope="session")
def heard_interrupts() -> None:
    """Undo what pytest-xdist does in its workers: ignore SIGINT, which children inherit."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
