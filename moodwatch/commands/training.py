"""Commands of the researcher: train and export. They need the extra `train`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from moodwatch.console import out
from moodwatch.errors import ExitCode, UserError
from moodwatch.settings import load_settings

Data = Annotated[
    Path,
    typer.Option(
        "--data",
        exists=True,
        file_okay=False,
        help="Folder with dair-emotion-split/ and goemotions/, as docs/experiments.md lays out",
    ),
]


def register(app: typer.Typer) -> None:
    app.command(rich_help_panel="Train")(train)
    app.command(rich_help_panel="Train")(export)


def train(
    data: Data,
    encoder: Annotated[
        Path,
        typer.Option(
            "--encoder",
            exists=True,
            file_okay=False,
            help="Pretrained BERT encoder: config.json, model.safetensors, tokenizer.json",
        ),
    ],
    out_dir: Annotated[Path, typer.Option("--out", help="Folder of the run", file_okay=False)],
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the training texts")] = 3,
    seed: Annotated[int, typer.Option(help="Of order, dropout and new layers")] = 13,
) -> None:
    """Train the hybrid network: a BERT encoder, a BiLSTM and attention on top.

    Killed or stopped, the same command goes on after the last finished epoch and ends with the
    same weights.

    [bold]Example[/]

      moodwatch train --data data --encoder all-MiniLM-L6-v2 --out runs/first
    """
    _need_training()
    from moodwatch.logs import configure_logs
    from training.train import TrainConfig
    from training.train import train as run_training

    settings = load_settings()
    configure_logs(settings.log_level, settings.log_format)
    config = TrainConfig((data,), out_dir, encoder=encoder, epochs=epochs, seed=seed)
    with _told_plainly():
        out.print(f"trained: {run_training(config)}", markup=False)


def export(
    run: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Folder of a run")],
    data: Data,
    out_dir: Annotated[Path, typer.Option("--out", help="Folder of the bundle", file_okay=False)],
    name: Annotated[str, typer.Option(help="Name that scores are stored under")] = "trained",
    safetensors: Annotated[
        bool, typer.Option("--safetensors/--no-safetensors", help="Keep float32 weights beside")
    ] = True,
) -> None:
    """Make a bundle of a trained network; one that eight bits would change is refused.

    [bold]Example[/]

      moodwatch export runs/first --data data --out bundles/first
    """
    _need_training()
    from training.export import ExportConfig
    from training.export import export as run_export

    config = ExportConfig(name=name, keep_safetensors=safetensors)
    with _told_plainly():
        out.print(f"bundle: {run_export(run, out_dir, data_dir=data, config=config)}", markup=False)


@contextmanager
def _told_plainly() -> Iterator[None]:
    """Turn what the room of training says of a user's files into a line."""
    from training.data import DataError
    from training.networks.files import EncoderError
    from training.parity import ParityError
    from training.train import TrainError

    try:
        yield
    except (DataError, EncoderError, TrainError) as error:
        raise UserError(str(error), ExitCode.INPUT) from None
    except ParityError as error:
        raise UserError(str(error), ExitCode.BUNDLE) from None


def _need_training() -> None:
    if find_spec("torch") is None or find_spec("onnx") is None:
        raise UserError("training needs more packages: pip install '.[train]'")
