"""Lay words out as a cloud: the first in the middle, each next as near to it as it fits.

Takes widths by rule of thumb instead of measuring fonts, a little too wide rather than too narrow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

#: Width of a letter and height of a line, in font sizes.
LETTER: Final = 0.6
LINE: Final = 1.15


@dataclass(frozen=True, slots=True)
class Placed:
    """A word with the middle of its box and its font size, in pixels."""

    word: str
    x: float
    y: float
    size: float

    def overlaps(self, other: Placed) -> bool:
        return (
            abs(self.x - other.x) * 2 < (_width(self) + _width(other))
            and abs(self.y - other.y) * 2 < (self.size + other.size) * LINE
        )


def lay_out(words: Sequence[tuple[str, float]], *, width: float, height: float) -> list[Placed]:
    """Return the words that fit, none upon another.

    Args:
        words: Word and font size in pixels, the most important first.
        width: Of the picture, in pixels.
        height: Likewise.

    Source: the greedy spiral of Feinberg 2010, "Wordle", with boxes for outlines.
    """
    placed: list[Placed] = []
    for word, size in words:
        for step in range(3_000):
            angle = step * 0.15
            away = 1.6 * angle
            candidate = Placed(
                word,
                # Wider than high, as the picture is.
                round(width / 2 + away * math.cos(angle) * width / height, 1),
                round(height / 2 + away * math.sin(angle), 1),
                size,
            )
            if not _is_inside(candidate, width, height):
                continue
            if not any(candidate.overlaps(other) for other in placed):
                placed.append(candidate)
                break
    return placed


def _width(placed: Placed) -> float:
    return len(placed.word) * placed.size * LETTER


def _is_inside(placed: Placed, width: float, height: float) -> bool:
    x, y = _width(placed) / 2, placed.size * LINE / 2
    return x <= placed.x <= width - x and y <= placed.y <= height - y
