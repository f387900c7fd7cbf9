"""What training, averaging and exporting share: options that name data, how it is loaded, faults.

Imported by `moodwatch.commands.training`, `deriving` and `exporting`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from moodwatch.errors import ExitCode, UserError

if TYPE_CHECKING:
    from records import Emotion
    from training.data import Corpus

#: Names that stand for the field's data sets where no such folder is.
_KNOWN_DATA: Final = {
    "benchmark": "dair-ai/emotion",
    "goemotions": "google-research-datasets/go_emotions",
}

Data = Annotated[
    list[str] | None,
    typer.Option(
        "--data",
        help="Labelled texts: a folder (dair-emotion-split, goemotions, both of them, or "
        "train/validation/test files), a csv, tsv, jsonl, parquet or txt file, a hub id, or "
        "'benchmark' or 'goemotions' for those two from the hub. Repeatable",
        show_default="benchmark and goemotions",
    ),
]
TextColumn = Annotated[
    str | None,
    typer.Option(help="Column of the text, where not found by name", rich_help_panel="Data"),
]
LabelColumn = Annotated[
    str | None, typer.Option(help="Column of the label, likewise", rich_help_panel="Data")
]
Labels = Annotated[
    list[str] | None,
    typer.Option(
        "--label",
        metavar="NAME=EMOTION",
        help="What a label of the data means, calm=joy; 'calm=' leaves its texts out. Repeatable",
        rich_help_panel="Data",
    ),
]


def load_data(
    data: Sequence[str] | None,
    text_column: str | None,
    label_column: str | None,
    label_map: Mapping[str, Emotion | None],
    seed: int,
) -> tuple[Corpus, ...]:
    from training.sources import load_corpora, load_several

    def load(spec: str, its_map: Mapping[str, Emotion | None] | None) -> list[Corpus]:
        known = None if Path(spec).exists() else _KNOWN_DATA.get(spec)
        return load_corpora(
            known or spec,
            text_column=text_column,
            label_column=label_column,
            label_map=its_map,
            seed=seed,
        )

    return tuple(load_several(data or list(_KNOWN_DATA), load, label_map))


def path_of_model(name: str) -> Path:
    """Return where a model lies that a user names; `default` is the shipped bundle."""
    if name == "default":
        from model.bundle import default_bundle_path

        return default_bundle_path()
    return Path(name)


@contextmanager
def told_plainly() -> Iterator[None]:
    """Turn what the room of training says of a user's files into a line."""
    from training.bundling.parity import ParityError
    from training.config import TrainError
    from training.data import DataError
    from training.networks.files import EncoderError

    try:
        yield
    except (DataError, EncoderError, TrainError) as error:
        raise UserError(str(error), ExitCode.INPUT) from None
    except ParityError as error:
        raise UserError(str(error), ExitCode.BUNDLE) from None


def need_training() -> None:
    """Say how to get the extra where it is not installed."""
    if any(find_spec(name) is None for name in ("torch", "onnx", "datasets")):
        raise UserError("training needs more packages: pip install '.[train]'")
