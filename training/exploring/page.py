"""Write explorations: one page that needs nothing else, and each chart as a PNG beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import vl_convert

from records import EMOTIONS
from training.drawing.pages import image_address, write_page
from training.exploring.charts import exploration_charts
from training.exploring.explore import Exploration, Part

#: Pixels a unit of a chart, in the PNG files.
_SCALE = 2.0
_WORDS = {
    "emotion_distribution": "texts by emotion and part",
    "text_lengths": "number of words by part",
    "telling_words": "the words that tell each emotion",
    "word_cloud": "the telling words as a cloud",
    "label_conflicts": "pairs of emotions given to the same text",
}


def write_exploration(found: Sequence[Exploration], folder: Path) -> Path:
    """Write `index.html` and the PNG files, those of several data sets in a folder each.

    Returns:
        The page's path.
    """
    sections = []
    for number, one in enumerate(found, start=1):
        place = folder if len(found) == 1 else folder / f"{number}-{_file_name(one.name)}"
        place.mkdir(parents=True, exist_ok=True)
        charts = []
        for stem, spec in exploration_charts(one).items():
            png = bytes(vl_convert.vegalite_to_png(spec, scale=_SCALE))
            (place / f"{stem}.png").write_bytes(png)
            address = image_address(str(vl_convert.vegalite_to_svg(spec)))
            charts.append({"address": address, "words": _WORDS[stem]})
        sections.append(
            {
                "found": one,
                "emotions": [e for e in EMOTIONS if any(e in p.by_emotion for p in one.parts)],
                "notes": notes(one),
                "charts": charts,
            }
        )
    return write_page(
        "exploration.html.j2", folder / "index.html", title="What the data holds", sections=sections
    )


def part_table(one: Exploration) -> tuple[list[str], list[list[object]]]:
    """Return columns and rows for a terminal: a column a part, a row an emotion or figure."""
    emotions = [e for e in EMOTIONS if any(e in part.by_emotion for part in one.parts)]
    rows: list[list[object]] = [["texts", *(part.n_texts for part in one.parts)]]
    rows += [[e, *(part.by_emotion.get(e, 0) for part in one.parts)] for e in emotions]
    rows += [
        ["several emotions", *(part.n_several_emotions for part in one.parts)],
        ["repeated texts", *(part.n_repeated for part in one.parts)],
        ["words, mean", *(round(part.lengths.mean, 1) for part in one.parts)],
        ["words, 95 % under", *(round(part.lengths.p95) for part in one.parts)],
        ["distinct words", *(part.n_distinct_words for part in one.parts)],
    ]
    return ["", *(part.name for part in one.parts)], rows


def notes(one: Exploration) -> list[str]:
    """Return in sentences what someone should know before training on it."""
    said = [f"The commonest emotion is {one.imbalance:.1f} times as frequent as the rarest."]
    said += [
        f"{overlap.n_texts:,} texts of {overlap.part} stand in {overlap.other}, too, "
        f"{overlap.n_other_emotions:,} of them with other emotions there."
        for overlap in one.overlaps
        if overlap.n_texts
    ]
    if any(overlap.n_texts and overlap.other == "train" for overlap in one.overlaps):
        said.append("Training leaves those texts out.")
    if one.n_conflicts:
        said.append(f"{one.n_conflicts:,} texts occur with different emotions.")
    said += [_unseen(part) for part in one.parts if part.unseen_share is not None and part.n_texts]
    said.append(f"{one.once_share:.0%} of the distinct words stand in one training text only.")
    return said


def _unseen(part: Part) -> str:
    return f"{part.unseen_share:.1%} of the words of {part.name} stand in no training text."


def _file_name(name: str) -> str:
    return re.sub(r"[^\w.-]+", "_", name).strip("._") or "data"
