"""The comparison as people read it: Markdown, HTML, JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from training.drawing.pages import image_address, write_page
from training.judging.compare import N_SPEED_TEXTS, N_TRAIN_TEXTS, Row

COLUMNS: Final = (
    "system",
    "parameters",
    "size, MB",
    "training, s",
    "accuracy: train",
    "validation",
    "test (95 %)",
    "loss: train",
    "validation",
    "test",
    "weighted F1",
    "macro F1 (95 %)",
    "messages/s",
)

METHOD: Final = (
    f"Train figures are of at most {N_TRAIN_TEXTS:,} evenly chosen training texts, without "
    "dropout. Loss is the mean negative log probability of the true emotion, in nats. Texts of "
    "several emotions are trained on and not judged. Speed is of this machine's processor, one "
    f"thread, the best of three rounds over {N_SPEED_TEXTS} test texts, cleaning and tokenising "
    "included. Rows marked 'published' are quoted from their source, not measured here."
)


def cells(row: Row) -> list[str]:
    """Return a row's cells in the order of COLUMNS; empty where nobody measured."""
    name = f"{row.name} (published)" if row.kind == "published" else row.name
    return [
        name,
        "" if row.n_parameters is None else f"{row.n_parameters:,}",
        "" if row.n_bytes is None else f"{row.n_bytes / 1e6:.1f}",
        "" if row.training_s is None else f"{row.training_s:,.0f}",
        _figure(row.train_accuracy),
        _figure(row.validation_accuracy),
        _figure(row.test_accuracy, row.test_interval),
        _figure(row.train_loss),
        _figure(row.validation_loss),
        _figure(row.test_loss),
        _figure(row.weighted_f1),
        _figure(row.macro_f1, row.macro_interval),
        "" if row.messages_per_s is None else f"{row.messages_per_s:,.0f}",
    ]


def as_markdown(rows: Sequence[Row]) -> str:
    """Return a table for each data set, best test accuracy last, sources under it."""
    parts = []
    for data, group in by_data(rows).items():
        lines = [f"### {data}", "", "| " + " | ".join(COLUMNS) + " |"]
        lines.append("|---|" + "---:|" * (len(COLUMNS) - 1))
        lines += ["| " + " | ".join(_escaped(cell) for cell in cells(row)) + " |" for row in group]
        lines += ["", *sources(group)]
        parts.append("\n".join(lines).rstrip())
    return "\n\n".join([*parts, METHOD]) + "\n"


def by_data(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Group rows by data set, worst test accuracy first."""
    found: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: row.test_accuracy or 0):
        found.setdefault(row.data, []).append(row)
    return found


def sources(rows: Sequence[Row]) -> list[str]:
    """Say where each published row stands."""
    return [f"{row.name}: {row.source}" for row in rows if row.source]


def write_tables(
    rows: Sequence[Row], out: Path, *, architectures: Mapping[str, tuple[str, bytes]] | None = None
) -> Path:
    """Write comparison.json, comparison.md and index.html; return the page.

    Args:
        rows: of all data sets.
        out: the folder.
        architectures: layer summary and diagram (PNG) by system.
    """
    out.mkdir(parents=True, exist_ok=True)
    documents = json.dumps([asdict(row) for row in rows], indent=1)
    (out / "comparison.json").write_text(documents + "\n", encoding="utf-8")
    (out / "comparison.md").write_text(as_markdown(rows), encoding="utf-8")
    return write_page(
        "comparison.html.j2",
        out / "index.html",
        title="Comparison of systems",
        columns=COLUMNS,
        method=METHOD,
        tables=[
            {"data": data, "rows": [cells(row) for row in group], "sources": sources(group)}
            for data, group in by_data(rows).items()
        ],
        architectures=[
            {"name": name, "summary": summary, "diagram": image_address(diagram)}
            for name, (summary, diagram) in (architectures or {}).items()
        ],
    )


def _figure(value: float | None, interval: tuple[float, float] | None = None) -> str:
    if value is None:
        return ""
    ends = "" if interval is None else f" ({interval[0]:.3f}-{interval[1]:.3f})"
    return f"{value:.4f}{ends}"


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|")
