"""Networks made of others without a lesson: the mean of several, or one with more layers.

`average`: one network, no slower than any of those it is made of. Runs that went on from the same
model, or began from the same encoder and seed, lie close enough to one another for the mean of
their weights to be a network of its own, often better on texts like those none of them saw. Where
they did not, the mean answers at random: judge it before use.

Source: Wortsman et al. 2022, "Model soups: averaging weights of multiple fine-tuned models
improves accuracy without increasing inference time".

`deepen`: a hybrid with more layers in its encoder, which answers nearly as before: what it has
learned is where it goes on from. The result is a run like any other.

Source: Chen, Goodfellow and Shlens 2016, "Net2Net: Accelerating Learning via Knowledge Transfer",
section 2.3 (deeper by layers that change nothing).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from model.network import MoodNetwork
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
    _check_free(out)
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
            {"model": run.name, "share": round(share, 4)}
            for run, share in zip(runs, shares, strict=True)
        ],
    }
    return _write(base, out, facts, mean)


def deepen(model: Path, after: Sequence[int], out: Path) -> Path:
    """Write a hybrid with new layers in its encoder as a run, and return its folder.

    A new layer has the weights of the one it stands behind, but adds nothing to what it reads: the
    last matrix of each of its two halves is zero. Its norms undo what the norm before them did to
    the spread of a token, as well as one number for all tokens can.

    Args:
        model: A run or a bundle of the hybrid over BERT.
        after: Layers, from 1 at the bottom, each with a new one behind it.
        out: Folder of the result: new, or holding no run.

    Raises:
        BundleError: when the bundle is refused.
        TrainError: when `model` is no such network or has no such layer, or `out` holds a run.
    """
    _check_free(out)
    run = open_model(model)
    if not isinstance(run.network, MoodNetwork):
        raise TrainError(
            f"expected a hybrid over a BERT encoder, found {run.architecture!r} of another kind in "
            f"{model.name!r}"
        )
    n_layers = run.network.config.encoder_layers
    if not after or len(set(after)) < len(after) or not set(after) <= set(range(1, n_layers + 1)):
        raise TrainError(f"expected layers out of 1 to {n_layers}, each once, found {list(after)}")
    old = run.network.state_dict()
    weights = {name: tensor for name, tensor in old.items() if not name.startswith("encoder.")}
    place = 0
    for layer in range(n_layers):
        own = _layer(old, layer)
        for part in (own, _changing_nothing(own)) if layer + 1 in after else (own,):
            weights |= {f"encoder.{place}.{name}": tensor for name, tensor in part.items()}
            place += 1
    sizes = {**run.description["network"], "encoder_layers": place}
    facts = {**run.config, "deepened": {"model": run.name, "after": sorted(after)}}
    return _write(replace(run, description={**run.description, "network": sizes}), out, facts,
                  weights)  # fmt: skip


def _layer(weights: Mapping[str, Tensor], layer: int) -> dict[str, Tensor]:
    start = f"encoder.{layer}."
    return {k.removeprefix(start): tensor for k, tensor in weights.items() if k.startswith(start)}


def _changing_nothing(layer: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return a copy of a layer that gives what it reads, where it reads what `layer` gives."""
    scale, shift = layer["output_norm.weight"], layer["output_norm.bias"]
    # What a norm gives has this mean and spread over its width, if its parts are independent.
    spread = (scale.square().mean() + shift.var(unbiased=False)).sqrt()
    made = {name: tensor.clone() for name, tensor in layer.items()}
    for matrix in ("attention.out", "narrow"):
        made[f"{matrix}.weight"].zero_()
        made[f"{matrix}.bias"].zero_()
    for norm in ("attention_norm", "output_norm"):
        made[f"{norm}.weight"].fill_(float(spread))
        made[f"{norm}.bias"].fill_(float(shift.mean()))
    return made


def _check_free(out: Path) -> None:
    if (out / WEIGHTS).exists():
        raise TrainError(f"expected an empty folder, found a run in {str(out)!r}")


def _write(base: Run, out: Path, facts: Mapping[str, Any], weights: dict[str, Tensor]) -> Path:
    """Write a run: `base` with other weights and other facts in train.json."""
    history = base.folder / "history.json"
    out.mkdir(parents=True, exist_ok=True)
    write_json(out / "network.json", base.description)
    write_json(out / "train.json", facts)
    write_json(out / "history.json", json.loads(history.read_text()) if history.exists() else [])
    base.tokenizer.save(str(out / "tokenizer.json"))
    save_weights(out, weights)
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
