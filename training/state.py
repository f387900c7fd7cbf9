"""The state a run goes on from, written so that a kill leaves the old one or the new one whole."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from training.config import TrainError

STATE = "state.pt"
WEIGHTS = "model.safetensors"


def save_state(folder: Path, state: dict[str, Any]) -> None:
    """Write tensors and plain values; on the disk when this returns."""
    partial = folder / f"{STATE}.new"
    with partial.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, folder / STATE)


def load_state(folder: Path) -> dict[str, Any] | None:
    """Return the state of an interrupted run, None where there is none.

    Raises:
        TrainError: when the file is damaged.
    """
    path = folder / STATE
    if not path.exists():
        return None
    try:
        state: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:  # what damage raises depends on where it is
        raise TrainError(
            f"expected the state of a run in {str(path)!r}, found a damaged file: start anew in "
            "another folder"
        ) from error
    return state


def save_weights(folder: Path, weights: dict[str, Tensor]) -> None:
    """Write the weights to keep, in safetensors."""
    partial = folder / f"{WEIGHTS}.new"
    # Two names of one tensor (an embedding tied to an output) may not stand in one file.
    save_file({name: t.detach().cpu().clone().contiguous() for name, t in weights.items()}, partial)
    os.replace(partial, folder / WEIGHTS)


def write_json(path: Path, value: Any) -> None:
    """Write a JSON document, whole or not at all."""
    partial = path.with_name(path.name + ".new")
    partial.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
    os.replace(partial, path)
