"""Run the command as a person would: a process of its own, a clean environment, a folder."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

MOODWATCH = Path(sys.executable).with_name("moodwatch")


def clean_environment(**settings: str) -> dict[str, str]:
    """Return this environment without moodwatch's settings, plus `settings`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MOODWATCH_")}
    return {**kept, "COLUMNS": "200", **settings}


def moodwatch(
    *arguments: str | Path,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    timeout_s: float = 240,
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end; its output is text."""
    return subprocess.run(
        [str(MOODWATCH), *map(str, arguments)],
        cwd=cwd,
        env=clean_environment(**(env or {})),
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
