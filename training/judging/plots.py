"""Charts of an evaluation and of a comparison, as Vega-Lite made with Altair, and as files.

Drawn by vl-convert, which brings its own fonts and loads nothing. Aggregates only: no text of a
test set gets into a chart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import altair as alt
import numpy as np
import vl_convert

from training.drawing.charts import KIND_COLOURS, Chart, Spec, by_kind, framed, inline, titled
from training.judging.evaluate import Evaluation
from training.metrics import confusion

#: Pixels a unit of the chart: sharp on paper and on dense screens.
SCALE: Final = 2.0
_WIDTH: Final = 560
_HEIGHT: Final = 320
_BLUE: Final = KIND_COLOURS[0]


def evaluation_charts(found: Evaluation) -> dict[str, Spec]:
    """Return every chart of an evaluation by its file's stem."""
    return {
        "f1_scores_by_emotion": f1_chart(found),
        "emotion_distribution": distribution_chart(found),
        "precision_recall_f1": precision_recall_chart(found),
        "confusion_matrix": confusion_chart(found),
        "reliability": reliability_chart(found),
    }


def f1_chart(found: Evaluation) -> Spec:
    """Return F1 by emotion with its 95 % interval, best first."""
    rows = [
        {
            "emotion": one.emotion,
            "f1": one.f1,
            "low": found.intervals[one.emotion].low,
            "high": found.intervals[one.emotion].high,
            "label": f"{one.f1:.2f}",
        }
        for one in found.by_emotion
    ]
    best_first = [one.emotion for one in sorted(found.by_emotion, key=lambda one: -one.f1)]
    base = alt.Chart(inline(rows)).encode(x=_by_emotion(best_first))
    scale = alt.Scale(domain=[0, 1.08])  # room for a figure above an interval that ends at 1
    axis = alt.Axis(values=[tenth / 10 for tenth in range(11)])
    bars = base.mark_bar(color=_BLUE, opacity=0.85).encode(
        y=alt.Y("f1:Q", title="F1", scale=scale, axis=axis)
    )
    ends = base.mark_rule(strokeWidth=1.5).encode(y="low:Q", y2="high:Q")
    # Above the interval: in the bar, the interval of a low one crosses it, and none has no bar.
    labels = base.mark_text(color="#222", baseline="bottom", dy=-3, fontSize=12).encode(
        y="high:Q", text="label:N"
    )
    return _spec(alt.layer(bars, ends, labels), "F1 by emotion, with 95 % interval", found)


def distribution_chart(found: Evaluation) -> Spec:
    """Return how many texts are of an emotion and how many the model gave it to."""
    size = len(found.answers.among)
    true = np.bincount(found.answers.truth, minlength=size)
    named = np.bincount(found.answers.found[found.answers.answered], minlength=size)
    rows = [
        {"emotion": emotion, "kind": kind, "n": int(counts[index])}
        for index, emotion in enumerate(found.answers.among)
        for kind, counts in (("labelled", true), ("predicted", named))
    ]
    kinds = ["labelled", "predicted"]
    return _grouped(found, rows, field="n", axis="texts", kinds=kinds, title="Texts by emotion")


def precision_recall_chart(found: Evaluation) -> Spec:
    """Return precision, recall and F1 by emotion."""
    rows = [
        {"emotion": one.emotion, "kind": kind, "value": value}
        for one in found.by_emotion
        for kind, value in (("precision", one.precision), ("recall", one.recall), ("F1", one.f1))
    ]
    kinds = ["precision", "recall", "F1"]
    title = "Precision, recall and F1 by emotion"
    return _grouped(found, rows, field="value", axis="", kinds=kinds, title=title, top=1.0)


def confusion_chart(found: Evaluation) -> Spec:
    """Return the share of each emotion's texts that got each label, with the counts."""
    judged = found.answers
    counts = confusion(judged)
    columns = [*judged.among, "unsupported"] if counts[:, -1].any() else list(judged.among)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    rows = [
        {
            "true": emotion,
            "found": column,
            "share": round(float(shares[i, j]), 4),
            "label": f"{counts[i, j]:,}",
            "dark": bool(shares[i, j] > 0.5),
        }
        for i, emotion in enumerate(judged.among)
        for j, column in enumerate(columns)
    ]
    base = alt.Chart(inline(rows)).encode(
        x=alt.X("found:N", title="predicted", sort=columns, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("true:N", title="labelled", sort=list(judged.among)),
    )
    cells = base.mark_rect().encode(
        color=alt.Color(
            "share:Q",
            title="share of row",
            scale=alt.Scale(scheme="blues", domain=[0, 1]),
            legend=alt.Legend(format=".0%"),
        )
    )
    labels = base.mark_text(fontSize=12).encode(
        text="label:N",
        color=alt.condition("datum.dark", alt.value("white"), alt.value("#222")),
    )
    return _spec(alt.layer(cells, labels), "Confusion matrix", found, height=40 * len(shares))


def reliability_chart(found: Evaluation) -> Spec:
    """Return accuracy by confidence against the diagonal of a calibrated model."""
    rows = [
        {"low": b.low, "high": b.high, "confidence": b.confidence, "accuracy": b.accuracy, "n": b.n}
        for b in found.bins
        if b.n
    ]
    scale = alt.Scale(domain=[0, 1])
    x = alt.X("low:Q", title="confidence of the top label", scale=scale, axis=_percent())
    base = alt.Chart(inline(rows))
    bars = base.mark_bar(color=_BLUE, opacity=0.35, binSpacing=1).encode(
        x=x,
        x2="high:Q",
        y=alt.Y("accuracy:Q", title="share of right answers", scale=scale, axis=_percent()),
        y2=alt.datum(0),
    )
    points = base.mark_circle(color=_BLUE, opacity=1).encode(
        x=alt.X("confidence:Q", scale=scale),
        y="accuracy:Q",
        size=alt.Size("n:Q", title="texts", scale=alt.Scale(range=[15, 250])),
    )
    ends = [{"at": 0.0}, {"at": 1.0}]
    diagonal = (
        alt.Chart(inline(ends))
        .mark_line(color="#444", strokeDash=[5, 4])
        .encode(x="at:Q", y=alt.Y("at:Q"))
    )
    error = found.figures["calibration_error"]
    title = f"Reliability: expected calibration error {error:.3f}"
    return _spec(alt.layer(bars, diagonal, points), title, found, width=380, height=380)


def write_png(spec: Spec, path: Path) -> Path:
    """Draw a chart into a PNG file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(vl_convert.vegalite_to_png(spec, scale=SCALE))
    return path


def as_svg(spec: Spec) -> str:
    """Draw a chart as SVG."""
    return str(vl_convert.vegalite_to_svg(spec))


def _grouped(
    found: Evaluation,
    rows: Sequence[Mapping[str, object]],
    *,
    field: str,
    axis: str,
    kinds: list[str],
    title: str,
    top: float | None = None,
) -> Spec:
    scale = alt.Scale() if top is None else alt.Scale(domain=[0, top])
    bars = (
        alt.Chart(inline(rows))
        .mark_bar()
        .encode(
            x=_by_emotion(found.answers.among),
            xOffset=alt.XOffset("kind:N", sort=kinds),
            y=alt.Y(f"{field}:Q", title=axis, scale=scale),
            color=by_kind("kind", kinds),
        )
    )
    return _spec(bars, title, found)


def _by_emotion(order: Sequence[str]) -> alt.X:
    return alt.X("emotion:N", title=None, sort=list(order), axis=alt.Axis(labelAngle=0))


def _percent() -> alt.Axis:
    return alt.Axis(format=".0%")


def _spec(
    chart: Chart,
    title: str,
    found: Evaluation,
    *,
    width: int = _WIDTH,
    height: int = _HEIGHT,
) -> Spec:
    under = f"{found.model}, {found.data}, {len(found.answers.truth):,} texts"
    sized = titled(chart, title, under).properties(width=width, height=height)
    return framed(sized.configure_axis(labelFontSize=12, titleFontSize=12))
