"""Charts of an exploration, as Vega-Lite made with Altair: balance, lengths, words, conflicts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import altair as alt

from records import EMOTIONS, Emotion
from training.augmenting.protected import FUNCTION_WORDS
from training.drawing.charts import KIND_COLOURS, Chart, Spec, by_kind, framed, inline, titled
from training.exploring.cloud import lay_out
from training.exploring.explore import Exploration

#: As in the report (`reporting.palette`, which this room may not import), so that readers learn
#: one set of colours.
COLOURS: Final[dict[Emotion, str]] = {
    "sadness": "#2f88c9",
    "joy": "#e69f00",
    "love": "#cc79a7",
    "anger": "#d55e00",
    "fear": "#8f7cc3",
    "surprise": "#56b4e9",
    "disgust": "#009e73",
    "neutral": "#8a8a8a",
}
_PARTS: Final = ("train", "validation", "test")
_WIDTH: Final = 640
_HEIGHT: Final = 320
#: Of the cloud: words an emotion, and font sizes in pixels.
_N_CLOUD: Final = 16
_LARGEST, _SMALLEST = 40.0, 13.0
_BARS_PER_EMOTION: Final = 8
#: Points of a line of lengths; longer texts are counted in steps of several words.
_MOST_STEPS: Final = 120


def exploration_charts(found: Exploration) -> dict[str, Spec]:
    """Return every chart by its file's stem; those without anything to show are left out."""
    charts = {
        "emotion_distribution": distribution_chart(found),
        "text_lengths": lengths_chart(found),
    }
    if any(found.telling.values()):
        charts["telling_words"] = telling_chart(found)
        charts["word_cloud"] = cloud_chart(found)
    if found.conflicts:
        charts["label_conflicts"] = conflicts_chart(found)
    return charts


def distribution_chart(found: Exploration) -> Spec:
    """Return the share of each part's texts that have an emotion, with the counts."""
    rows = [
        {
            "emotion": emotion,
            "part": part.name,
            "share": round(n / part.n_texts, 4),
            "label": f"{n:,}",
        }
        for part in found.parts
        for emotion, n in part.by_emotion.items()
    ]
    order = [emotion for emotion in EMOTIONS if any(row["emotion"] == emotion for row in rows)]
    base = alt.Chart(inline(rows)).encode(
        x=alt.X("emotion:N", title=None, sort=order, axis=alt.Axis(labelAngle=0)),
        xOffset=alt.XOffset("part:N", sort=list(_PARTS)),
        y=alt.Y("share:Q", title="share of the part's texts", axis=alt.Axis(format=".0%")),
    )
    bars = base.mark_bar().encode(color=by_kind("part", _PARTS))
    labels = base.mark_text(dy=-5, fontSize=8).encode(text="label:N")
    return _spec(alt.layer(bars, labels), "Texts by emotion", found, width=760)


def lengths_chart(found: Exploration) -> Spec:
    """Return the share of each part's texts by number of words, up to its 99.5 % quantile."""
    longest = max((_near_longest(part.lengths.counts) for part in found.parts), default=0)
    width = max(1, math.ceil(longest / _MOST_STEPS))
    rows = []
    for part in (one for one in found.parts if one.n_texts):
        for start in range(0, longest + 1, width):  # with its zeros: a line would hide a gap
            n = sum(part.lengths.counts.get(words, 0) for words in range(start, start + width))
            middle = start + (width - 1) / 2
            rows.append({"words": middle, "part": part.name, "share": round(n / part.n_texts, 5)})
    lines = (
        alt.Chart(inline(rows))
        .mark_line(interpolate="step", strokeWidth=2, opacity=0.85)
        .encode(
            x=alt.X("words:Q", title="words in the text", scale=alt.Scale(domain=[0, longest])),
            y=alt.Y("share:Q", title="share of the part's texts", axis=alt.Axis(format=".1~%")),
            color=by_kind("part", _PARTS),
        )
    )
    return _spec(lines, "Length of the texts", found)


def telling_chart(found: Exploration) -> Spec:
    """Return the words that tell each emotion best, one small chart an emotion."""
    columns: list[alt.Chart] = []
    for emotion, entries in found.telling.items():
        rows = [{"word": e.word, "z": round(e.z, 2)} for e in entries[:_BARS_PER_EMOTION]]
        columns.append(
            alt.Chart(inline(rows))
            .mark_bar(color=COLOURS[emotion])
            .encode(
                x=alt.X("z:Q", title=None, axis=alt.Axis(tickCount=3)),
                y=alt.Y("word:N", title=None, sort=[str(row["word"]) for row in rows]),
            )
            .properties(width=130, height=150, title=emotion)
        )
    under = "standard deviations from being as frequent as elsewhere"
    return framed(titled(alt.concat(*columns, columns=4), "Words that tell an emotion", under))


def cloud_chart(found: Exploration) -> Spec:
    """Return a cloud of the most telling words in their emotion's colour, function words left out.

    Sizes are within the emotion: a frequent one has larger deviations and would take all the room.
    """
    # A word can tell two emotions; it stands once, with the one it tells better.
    best: dict[str, tuple[float, Emotion]] = {}
    for emotion, telling in found.telling.items():
        entries = [e for e in telling if e.word not in FUNCTION_WORDS and len(e.word) > 1]
        for entry in entries[:_N_CLOUD]:
            share = entry.z / entries[0].z
            if entry.word not in best or share > best[entry.word][0]:
                best[entry.word] = (share, emotion)
    ranked = sorted(best, key=lambda word: (-best[word][0], word))
    sizes = [(word, _font_size(best[word][0])) for word in ranked]
    width, height = 860.0, 460.0
    rows = [
        {"word": p.word, "x": p.x, "y": p.y, "size": p.size, "emotion": best[p.word][1]}
        for p in lay_out(sizes, width=width, height=height)
    ]
    order = [emotion for emotion in EMOTIONS if emotion in found.telling]
    cloud = (
        alt.Chart(inline(rows))
        .mark_text(fontWeight=600)
        .encode(
            x=alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, width])),
            y=alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[height, 0])),
            text="word:N",
            size=alt.Size("size:Q", scale=None, legend=None),
            color=alt.Color(
                "emotion:N",
                title=None,
                sort=order,
                scale=alt.Scale(domain=order, range=[COLOURS[emotion] for emotion in order]),
                legend=alt.Legend(orient="bottom"),
            ),
        )
    )
    return _spec(cloud, "The words that tell", found, width=int(width), height=int(height))


def conflicts_chart(found: Exploration) -> Spec:
    """Return how often the same text was given two emotions, by pair."""
    rows = [{"pair": f"{one} / {two}", "n": n} for one, two, n in found.conflicts[:15]]
    bars = (
        alt.Chart(inline(rows))
        .mark_bar(color=KIND_COLOURS[0])
        .encode(
            x=alt.X("n:Q", title="texts", axis=alt.Axis(tickMinStep=1)),
            y=alt.Y("pair:N", title=None, sort=[str(row["pair"]) for row in rows]),
        )
    )
    title = "Emotions that one text was given"
    return _spec(bars, title, found, height=max(60, 24 * len(rows)))


def _near_longest(counts: Mapping[int, int]) -> int:
    total, seen = sum(counts.values()), 0
    for words, n in counts.items():
        seen += n
        if seen >= 0.995 * total:
            return words
    return 0


def _font_size(share: float) -> float:
    return round(_SMALLEST + (_LARGEST - _SMALLEST) * math.pow(max(share, 0.0), 1.5), 1)


def _spec(
    chart: Chart,
    title: str,
    found: Exploration,
    *,
    width: int = _WIDTH,
    height: int = _HEIGHT,
) -> Spec:
    under = f"{found.name}, {sum(part.n_texts for part in found.parts):,} texts"
    return framed(titled(chart, title, under).properties(width=width, height=height))
