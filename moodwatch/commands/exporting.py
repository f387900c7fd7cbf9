"""`moodwatch export`: a bundle of a trained network. It needs the extra `train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from moodwatch.commands.judging import parse_labels
from moodwatch.commands.labelled import (
    Data,
    LabelColumn,
    Labels,
    TextColumn,
    load_data,
    need_training,
    told_plainly,
)
from moodwatch.console import out
from moodwatch.settings import load_settings


def register(app: typer.Typer) -> None:
    app.command(rich_help_panel="Train")(export)


def export(
    run: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Folder of a run")],
    out_dir: Annotated[Path, typer.Option("--out", help="Folder of the bundle", file_okay=False)],
    data: Data = None,
    name: Annotated[str, typer.Option(help="Name that scores are stored under")] = "trained",
    safetensors: Annotated[
        bool, typer.Option("--safetensors/--no-safetensors", help="Keep float32 weights beside")
    ] = True,
    typical: Annotated[
        int,
        typer.Option(
            min=1, help="Validation texts of each data set that tune the rounding to eight bits"
        ),
    ] = 500,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    labels: Labels = None,
    threads: Annotated[int, typer.Option(min=1, help="Processor threads")] = 2,
) -> None:
    """Make a bundle of a trained network; a graph that strays from its network is refused.

    The data is that of the run: its validation texts calibrate the bundle, its test texts judge
    it. A hybrid over BERT is stored in eight bits, any other network in 32.

    [bold]Examples[/]

      moodwatch export runs/first --data data --out bundles/first
      moodwatch run posts.csv --bundle bundles/first
    """
    need_training()
    from moodwatch.logs import configure_logs
    from training.bundling import export as exporting

    settings = load_settings()
    configure_logs(settings.log_level, settings.log_format)  # minutes: say how far it is
    config = exporting.ExportConfig(
        name=name, keep_safetensors=safetensors, n_typical=typical, threads=threads
    )
    with told_plainly():
        seed = exporting.run_seed(run)
        corpora = load_data(data, text_column, label_column, parse_labels(labels or []), seed)
        out.print(
            f"bundle: {exporting.export(run, out_dir, data=corpora, config=config)}", markup=False
        )
