"""`moodwatch average`, `moodwatch deepen`: networks made of others. They need the extra `train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from moodwatch.commands.labelled import need_training, path_of_model, told_plainly
from moodwatch.console import out
from moodwatch.errors import UserError


def register(app: typer.Typer) -> None:
    app.command(rich_help_panel="Train")(average)
    app.command(rich_help_panel="Train")(deepen)


def average(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL[=SHARE]",
            help="Runs or hybrid bundles ('default': the shipped one), each with its share "
            "(default 1)",
        ),
    ],
    out_dir: Annotated[Path, typer.Option("--out", help="Folder of the run", file_okay=False)],
) -> None:
    """Average the weights of models that began alike: as fast as one, often better than each.

    They must have gone on from the same model, or begun from the same encoder with the same seed.
    The result is a run: judge it, then export it.

    [bold]Examples[/]

      moodwatch train --start default --data posts.csv --negation .3 --out runs/mine
      moodwatch average default=.8 runs/mine=.2 --out runs/both
      moodwatch evaluate runs/both --data posts.csv
      moodwatch average runs/on-1 runs/on-2 runs/on-3 --out runs/mean
    """
    need_training()
    from training.deriving import average as write_average

    parts = [_part(model) for model in models]
    with told_plainly():
        out.print(f"averaged: {write_average(parts, out_dir)}", markup=False)


def deepen(
    model: Annotated[str, typer.Argument(help="Run or hybrid bundle ('default': the shipped one)")],
    after: Annotated[
        str,
        typer.Option(help="Layers of its encoder to put a new one behind, from 1: 2,4"),
    ],
    out_dir: Annotated[Path, typer.Option("--out", help="Folder of the run", file_okay=False)],
) -> None:
    """Put layers into a hybrid's encoder that change nearly nothing yet: room to learn more in.

    The result is a run that answers almost as the model did. Go on from it with train --start.

    [bold]Examples[/]

      moodwatch deepen default --after 2,4 --out runs/deeper
      moodwatch train --start runs/deeper --data posts.csv --out runs/mine
    """
    need_training()
    from training.deriving import deepen as write_deeper

    try:
        layers = [int(layer) for layer in after.split(",")]
    except ValueError:
        raise UserError(f"expected --after 2,4 or the like, found {after!r}") from None
    with told_plainly():
        out.print(f"deepened: {write_deeper(_folder(model), layers, out_dir)}", markup=False)


def _part(told: str) -> tuple[Path, float]:
    name, _, share = told.rpartition("=") if "=" in told else (told, "", "1")
    try:
        value = float(share)
    except ValueError:
        raise UserError(f"expected MODEL or MODEL=SHARE, runs/mine=.2, found {told!r}") from None
    return _folder(name), value


def _folder(model: str) -> Path:
    if not (folder := path_of_model(model)).is_dir():
        raise UserError(f"expected the folder of a run or bundle, or 'default', found {model!r}")
    return folder
