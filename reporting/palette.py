"""The colours of emotions, fixed for ever, so that readers learn them.

A hue an emotion; lightness and chroma found by a search for the largest least distance (Oklab) of
any two as seen with protanopia, deuteranopia and tritanopia, each with a contrast of 3 and more to
its paper (WCAG 1.4.11). A test measures both: the least distance is .10, of the hues of Okabe & Ito
(2008), which has but seven, with one added it was .01. Still every emotion has a chart and a name
of its own: colour is never all that tells them apart.
"""

from __future__ import annotations

from typing import Final

from records import Emotion

#: On white paper; pictures use these.
COLOURS: Final[dict[Emotion, str]] = {
    "sadness": "#2035ba",
    "joy": "#ba8001",
    "love": "#781471",
    "anger": "#9d473b",
    "fear": "#af6df6",
    "surprise": "#2173a7",
    "disgust": "#39a388",
    "neutral": "#2e2e2e",
}

#: On the page's dark paper.
DARK_COLOURS: Final[dict[Emotion, str]] = {
    "sadness": "#a0cefe",
    "joy": "#f4a637",
    "love": "#a73b8e",
    "anger": "#cc4a15",
    "fear": "#5f56ea",
    "surprise": "#01a1fb",
    "disgust": "#71fea8",
    "neutral": "#919191",
}


def palette_css() -> str:
    """Return a class an emotion whose `--of` is its colour, for light and dark."""
    light = "".join(f".{name} {{ --of: {colour}; }}\n" for name, colour in COLOURS.items())
    dark = "".join(f".{name} {{ --of: {colour}; }}\n" for name, colour in DARK_COLOURS.items())
    return f"{light}@media screen and (prefers-color-scheme: dark) {{\n{dark}}}\n"
