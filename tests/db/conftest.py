"""What the tests of the db room share."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from db.store import register_model
from records import EMOTIONS


@pytest.fixture
def model_id(engine: Engine) -> int:
    """The current model: it scores all but disgust."""
    return register_model(engine, "tiny@1", [name for name in EMOTIONS if name != "disgust"])
