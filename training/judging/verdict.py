"""What an evaluation leaves behind: rows for a terminal, a folder of charts and one page."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from training.drawing.pages import image_address, write_page
from training.judging.bootstrap import FIGURES, Difference
from training.judging.evaluate import Evaluation, spread
from training.judging.plots import as_svg, evaluation_charts, write_png

#: How a figure is called where people read it.
NAMES: Final[Mapping[str, str]] = {
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "weighted_f1": "weighted F1",
    "log_loss": "log loss",
    "calibration_error": "calibration error",
}


def figure_table(one: Evaluation) -> tuple[list[str], list[list[object]]]:
    """Return columns and rows, one a figure with its interval."""
    rows: list[list[object]] = [
        [NAMES[name], round(one.figures[name], 4), _interval(one, name)] for name in FIGURES
    ]
    return ["figure", "value", "95 %"], rows


def emotion_table(one: Evaluation) -> tuple[list[str], list[list[object]]]:
    """Return columns and rows, one an emotion."""
    rows: list[list[object]] = [
        [e.emotion, round(e.precision, 3), round(e.recall, 3), _with_interval(one, e.emotion, e.f1),
         e.support]
        for e in one.by_emotion
    ]  # fmt: skip
    return ["emotion", "precision", "recall", "F1", "texts"], rows


def difference_rows(model: str, data: str, found: Mapping[str, Difference]) -> list[list[object]]:
    """Return a row a figure: model, test set, figure, difference, its interval and p."""
    return [
        [model, data, NAMES[name], f"{one.value:+.4f}", f"{one.low:+.4f} to {one.high:+.4f}",
         f"{one.p:.4f}"]
        for name, one in found.items()
    ]  # fmt: skip


def spreads(found: Sequence[Evaluation]) -> dict[str, dict[str, dict[str, float]]]:
    """Return mean and deviation of each figure, by each test set that several models answered."""
    by_data: dict[str, list[Evaluation]] = {}
    for one in found:
        by_data.setdefault(one.data, []).append(one)
    return {data: spread(group) for data, group in by_data.items() if len(group) > 1}


def spread_rows(found: Sequence[Evaluation]) -> list[list[object]]:
    """Return `spreads` as rows: test set, figure, number of models, mean, deviation."""
    return [
        [data, NAMES[name], figure["n"], figure["mean"], figure["sd"]]
        for data, figures in spreads(found).items()
        for name, figure in figures.items()
    ]


def notes(one: Evaluation) -> str:
    """Say what was not judged, and among which emotions the rest was."""
    parts = [f"Top label among {', '.join(one.answers.among)}."]
    for n, what in (
        (one.n_several, "of several emotions, not judged"),
        (one.n_left_out, "of an emotion that the model does not score, left out"),
        (one.n_unsupported, "without a score (language, no words), counted as wrong"),
    ):
        if n:
            parts.append(f"{n:,} texts {what}.")
    return " ".join(parts)


def write_verdict(found: Sequence[Evaluation], out: Path) -> Path:
    """Write charts, figures as JSON and `index.html`; return the page.

    One evaluation's charts lie in `out` itself, those of several in a folder each.
    """
    out.mkdir(parents=True, exist_ok=True)
    shown = []
    for one in found:
        folder = out if len(found) == 1 else out / folder_name(one)
        charts = evaluation_charts(one)
        for stem, spec in charts.items():
            write_png(spec, folder / f"{stem}.png")
        shown.append(_shown(one, charts))
    documents = [{"model": one.model, "data": one.data, **one.to_json()} for one in found]
    (out / "evaluation.json").write_text(json.dumps(documents, indent=1) + "\n", encoding="utf-8")
    models = ", ".join(dict.fromkeys(one.model for one in found))
    return write_page(
        "evaluation.html.j2",
        out / "index.html",
        title=f"Evaluation of {models}",
        figures=list(NAMES.values()),
        evaluations=shown,
    )


def folder_name(one: Evaluation) -> str:
    """Name a folder for an evaluation, whatever its model and data are called."""
    return re.sub(r"[^\w@.-]+", "-", f"{one.model}-{one.data}").strip(".-") or "evaluation"


def _shown(one: Evaluation, charts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "model": one.model,
        "data": one.data,
        "n": len(one.answers.truth),
        "cells": _cells(one),
        "notes": notes(one),
        "by_emotion": [
            {
                "emotion": e.emotion,
                "precision": e.precision,
                "recall": e.recall,
                "f1": e.f1,
                "support": e.support,
                "interval": _interval(one, e.emotion),
            }
            for e in one.by_emotion
        ],
        "charts": [
            {"address": image_address(as_svg(dict(spec))), "words": stem.replace("_", " ")}
            for stem, spec in charts.items()
        ],
    }


def _cells(one: Evaluation) -> list[str]:
    return [_with_interval(one, name, one.figures[name]) for name in FIGURES]


def _with_interval(one: Evaluation, name: str, value: float) -> str:
    return f"{value:.3f} ({_interval(one, name)})"


def _interval(one: Evaluation, name: str) -> str:
    ends = one.intervals[name]
    return f"{ends.low:.3f}-{ends.high:.3f}"
