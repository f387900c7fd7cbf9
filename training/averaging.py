"""Average the weights of networks that began alike: one network, no slower than any of them.

Runs that went on from the same model, or began from the same encoder and seed, lie close enough to
one another for the mean of their weights to be a network of its own, often better on texts like
those none of them saw. Where they did not, the mean answers at random: judge it before use.

Source: Wortsman et al. 2022, "Model soups: averaging weights of multiple fine-tuned models
improves accuracy without increasing inference time".
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from training.config import TrainError
from training.predict import Run, open_model
from training.state import WEIGHTS, save_weights, write_json


def average(parts: Sequence[tuple[Path, float]], out: Path) -> Path:
    """Write the weighted mean of runs' or bundles' weights as a run, and return its folder.

    Args:
        parts: Folders and their shares, two or more, each above 0; they are made to add to 1.
            What stands in `train.json` beside the averaging is that of the first run among them.
        out: Folder of the result: new, or holding no run.

    Raises:
        BundleError: when a bundle is refused.
        TrainError: when a folder holds neither, or the networks, their words or their emotions
            differ, or `out` holds a run.
    """
    if len(parts) < 2 or any(share <= 0 for _, share in parts):
        raise TrainError("expected two or more models, each with a share above 0")
    if (out / WEIGHTS).exists():
        raise TrainError(f"expected an empty folder, found a run in {str(out)!r}")
    runs = [open_model(folder) for folder, _ in parts]
    total = sum(share for _, share in parts)
    shares = [share / total for _, share in parts]
    for run in runs[1:]:
        _check_alike(runs[0], run)
    mean: dict[str, Tensor] = {}
    for name, tensor in runs[0].network.state_dict().items():
        each = [run.network.state_dict()[name].double() for run in runs]
        mixed = sum((share * one for share, one in zip(shares, each, strict=True)), torch.zeros(()))
        mean[name] = mixed.to(tensor.dtype)
    base = next((run for run in runs if (run.folder / "train.json").exists()), runs[0])
    sources = [name for run in runs for name in run.config.get("learned_from", [])]
    facts = {
        **base.config,
        "learned_from": list(dict.fromkeys(sources)),
        "averaged": [
            {"model": run.folder.name, "share": round(share, 4)}
            for run, share in zip(runs, shares, strict=True)
        ],
    }
    history = base.folder / "history.json"
    out.mkdir(parents=True, exist_ok=True)
    write_json(out / "network.json", base.description)
    write_json(out / "train.json", facts)
    write_json(out / "history.json", json.loads(history.read_text()) if history.exists() else [])
    base.tokenizer.save(str(out / "tokenizer.json"))
    save_weights(out, mean)
    return out


def _check_alike(one: Run, other: Run) -> None:
    """Refuse networks whose numbers do not mean the same.

    Raises:
        TrainError: naming what differs.
    """
    shapes = [{k: v.shape for k, v in run.network.state_dict().items()} for run in (one, other)]
    words = [run.tokenizer.get_vocab() for run in (one, other)]
    for what, differs in (
        ("networks", one.architecture != other.architecture or shapes[0] != shapes[1]),
        ("words", words[0] != words[1]),
        ("emotions", one.emotions != other.emotions),
        ("lengths of text", one.max_tokens != other.max_tokens),
    ):
        if differs:
            raise TrainError(
                f"expected models alike, found other {what} in {other.folder.name!r} than in "
                f"{one.folder.name!r}: average runs that began from the same model or encoder"
            )
