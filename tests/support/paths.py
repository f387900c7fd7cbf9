"""Where real public data lies, for tests that need it; it is no part of the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


def shared_data(name: str) -> Path:
    """Return the folder or file `name` of the data folder beside the checkout; skip without it."""
    path = REPOSITORY.parent / "shared" / "data" / name
    if not path.exists():
        pytest.skip(f"needs the public data set {name!r} in ../shared/data, which is absent here")
    return path
