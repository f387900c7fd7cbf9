"""What stands in a chart of an evaluation can be read, the worst figures too."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from training.judging.plots import f1_chart


def test_the_figure_of_an_emotion_never_found_stands_above_its_bar() -> None:
    """It was white, in the bar: none had a figure without one."""
    never = SimpleNamespace(emotion="fear", f1=0.0)
    found: Any = SimpleNamespace(
        model="any",
        data="mine",
        by_emotion=[never],
        intervals={"fear": SimpleNamespace(low=0.0, high=0.1)},
        answers=SimpleNamespace(truth=[0, 0]),
    )
    labels = f1_chart(found)["layer"][-1]
    assert labels["encoding"]["y"]["field"] == "high"
    assert labels["mark"]["color"] != "white"
