"""The work behind `moodwatch compare` and `moodwatch describe`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from training.judging.compare import Candidate, Row
    from training.judging.evaluate import ScoresTexts


def compare_systems(
    data: Sequence[str],
    out_dir: Path,
    *,
    systems: Sequence[str],
    existing: Sequence[tuple[Path, ScoresTexts]],
    encoders: Sequence[str] = (),
    layers: int | None = None,
    changes: dict[str, Any],
    published: bool,
) -> tuple[list[Row], Path]:
    """Fill the rows of every data set and write the page; return both.

    Args:
        data: folders, files and hub ids.
        out_dir: runs, rows and the page.
        systems: trained here; those on encoders once for each encoder.
        existing: finished models and their scorers.
        encoders: folders or hub ids; none: the default one.
        layers: how many of the encoders' layers; None: each system's own.
        changes: other fields of TrainConfig.
        published: whether quoted rows stand beside.

    Raises:
        DataError: when a data set cannot be read.
        TrainError: when there is no such system, or it cannot be trained.
    """
    from training.judging.candidates import ON_ENCODERS, system
    from training.judging.candidates import existing as read
    from training.judging.compare import PUBLISHED, fill_row
    from training.judging.tables import write_tables
    from training.sources import load_corpora

    _check_names(encoders)
    rows: list[Row] = []
    for corpus in (corpus for spec in data for corpus in load_corpora(spec)):
        candidates: list[Candidate] = [
            system(name, corpus, out_dir / "runs", encoder=each, layers=layers, changes=changes)
            for name in systems
            for each in ((*encoders,) or (None,) if name in ON_ENCODERS else (None,))
        ]
        candidates += [read(folder, scorer) for folder, scorer in existing]
        for candidate in candidates:
            rows.append(fill_row(candidate, corpus, out_dir / "rows"))
            write_tables(rows, out_dir)  # what is known stands there while the next one trains
        if published:
            rows += [row for row in PUBLISHED if row.data == corpus.name]
    pictures = architectures(
        [path for path in sorted((out_dir / "runs").glob("*")) if (path / "network.json").exists()]
    )
    for name, (_, diagram) in pictures.items():
        (out_dir / f"{name}.png").write_bytes(diagram)
    return rows, write_tables(rows, out_dir, architectures=pictures)


def architectures(runs: Sequence[Path]) -> dict[str, tuple[str, bytes]]:
    """Return layer summary and diagram of one run of each architecture."""
    from training.drawing.describe import diagram_png, layer_summary
    from training.predict import load_run

    found: dict[str, tuple[str, bytes]] = {}
    for folder in runs:
        run = load_run(folder)
        if run.architecture not in found:
            picture = diagram_png(run.architecture, run.network)
            found[run.architecture] = (layer_summary(run.network), picture)
    return found


def _check_names(encoders: Sequence[str]) -> None:
    """Refuse two encoders of one name: their rows and runs would be one.

    Raises:
        TrainError: naming it.
    """
    from training.config import TrainError

    names = [Path(encoder).name for encoder in encoders]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise TrainError(f"expected encoders of different names, found {twice[0]!r} twice")


def describe_model(model: Path, text: str | None, out_dir: Path | None) -> tuple[str, Path | None]:
    """Return the layer summary and, where a folder is named, the page of pictures in it.

    Raises:
        BundleError: when the bundle is refused.
        TrainError: when the folder is neither bundle nor run.
    """
    from training.drawing.attention_maps import attention_chart, attention_map
    from training.drawing.describe import diagram_png, layer_summary
    from training.drawing.pages import image_address, write_page
    from training.judging.plots import write_png
    from training.predict import open_model

    run = open_model(model)
    summary = layer_summary(run.network)
    if out_dir is None:
        return summary, None
    name = model.resolve().name
    diagram = diagram_png(f"{name} ({run.architecture})", run.network)
    (out_dir / "diagram.png").write_bytes(diagram)
    pictures = [{"address": image_address(diagram), "words": "diagram of the layers"}]
    if text is not None and (found := attention_map(run, text)) is not None:
        chart = attention_chart(found, title=f"Where {name} looks")
        drawn = write_png(chart, out_dir / "attention.png").read_bytes()
        pictures.append({"address": image_address(drawn), "words": "attention by layer"})
    page = write_page(
        "description.html.j2",
        out_dir / "index.html",
        title=f"What {name} is made of",
        text=text or "",
        summary=summary,
        pictures=pictures,
    )
    return summary, page
