"""Start the shipped kind of hybrid (`model.network.MoodNetwork`) from a BERT encoder's files.

Reads `config.json` and `model.safetensors` as Hugging Face writes them, without `transformers`:
the names are stable and some of the layers are all that is wanted. Nothing is downloaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from model.network import MoodNetwork, NetworkConfig
from training.networks.files import EncoderError, read_encoder_config


def fits_mood_network(found: Mapping[str, Any]) -> bool:
    """Tell whether `model.network` computes the encoder of this config.json, digit for digit."""
    return (
        found.get("model_type") == "bert"
        and found.get("hidden_act") == "gelu"
        and found.get("position_embedding_type", "absolute") == "absolute"
        and not found.get("is_decoder", False)
    )


def encoder_config(folder: Path, config: NetworkConfig) -> NetworkConfig:
    """Return `config` with the sizes of the encoder in `folder`.

    Raises:
        EncoderError: when `folder` holds no such encoder, or one of fewer layers.
    """
    found = read_encoder_config(folder)
    if not fits_mood_network(found):
        raise EncoderError(f"expected a BERT encoder with GELU, found {found.get('model_type')!r}")
    if found["num_hidden_layers"] < config.encoder_layers:
        raise EncoderError(
            f"expected an encoder of at least {config.encoder_layers} layers, found "
            f"{found['num_hidden_layers']} in {folder.name!r}"
        )
    return replace(
        config,
        vocabulary_size=found["vocab_size"],
        max_positions=found["max_position_embeddings"],
        hidden=found["hidden_size"],
        intermediate=found["intermediate_size"],
        encoder_heads=found["num_attention_heads"],
        layer_norm_eps=found.get("layer_norm_eps", 1e-12),
    )


def load_encoder(
    network: MoodNetwork, folder: Path, *, layers: Sequence[int] | None = None
) -> None:
    """Copy the embeddings and as many layers as `network` has from the encoder in `folder`.

    `layers` names them by their place in the encoder, from 0 at the bottom; None: the first.

    Raises:
        EncoderError: when a weight is missing.
    """
    try:
        weights = load_file(folder / "model.safetensors")
    except OSError as error:
        raise EncoderError(
            f"expected weights in {str(folder)!r}: no model.safetensors (pickled weights, .bin, "
            "are not read; save them with save_pretrained(safe_serialization=True))"
        ) from error
    weights = {name.removeprefix("bert."): tensor.float() for name, tensor in weights.items()}
    chosen = range(network.config.encoder_layers) if layers is None else layers
    try:
        state = _embeddings(weights)
        for index, old in enumerate(chosen):
            state |= _layer(weights, f"encoder.layer.{old}.", f"encoder.{index}.")
    except KeyError as error:
        raise EncoderError(f"expected every encoder weight, found no {error}") from error
    outcome = network.load_state_dict(state, strict=False)
    left = [name for name in outcome.missing_keys if name.startswith(("embeddings", "encoder"))]
    if left or outcome.unexpected_keys:
        raise EncoderError(f"expected every encoder weight, found none for {left!r}")


def _embeddings(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    positions = weights["embeddings.position_embeddings.weight"]
    # A text has one type of token: its embedding is the same everywhere.
    if (types := weights.get("embeddings.token_type_embeddings.weight")) is not None:
        positions = positions + types[0]
    return {
        "embeddings.words.weight": weights["embeddings.word_embeddings.weight"],
        "embeddings.positions.weight": positions,
        "embeddings.norm.weight": weights["embeddings.LayerNorm.weight"],
        "embeddings.norm.bias": weights["embeddings.LayerNorm.bias"],
    }


def _layer(weights: Mapping[str, Tensor], old: str, new: str) -> dict[str, Tensor]:
    state: dict[str, Tensor] = {}
    for kind in ("weight", "bias"):
        state[f"{new}attention.qkv.{kind}"] = torch.cat(
            [weights[f"{old}attention.self.{part}.{kind}"] for part in ("query", "key", "value")]
        )
        for ours, theirs in (
            ("attention.out", "attention.output.dense"),
            ("attention_norm", "attention.output.LayerNorm"),
            ("wide", "intermediate.dense"),
            ("narrow", "output.dense"),
            ("output_norm", "output.LayerNorm"),
        ):
            state[f"{new}{ours}.{kind}"] = weights[f"{old}{theirs}.{kind}"]
    return state
