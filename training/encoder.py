"""Start a network from a pretrained BERT encoder in a local directory.

Reads `config.json` and `model.safetensors` as Hugging Face writes them, without `transformers`:
the names are stable and the first layers are all that is wanted. Nothing is downloaded.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from model.network import MoodNetwork, NetworkConfig


class EncoderError(ValueError):
    """The directory holds no BERT encoder that the network can start from."""


def encoder_config(folder: Path, config: NetworkConfig) -> NetworkConfig:
    """Return `config` with the sizes of the encoder in `folder`."""
    try:
        found = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except OSError as error:
        raise EncoderError(f"expected an encoder in {str(folder)!r}: no config.json") from error
    if found.get("model_type") != "bert" or found.get("hidden_act") != "gelu":
        raise EncoderError(f"expected a BERT encoder with GELU, found {found.get('model_type')!r}")
    if found["num_hidden_layers"] < config.encoder_layers:
        raise EncoderError(
            f"expected at least {config.encoder_layers} layers, found {found['num_hidden_layers']}"
        )
    return replace(
        config,
        vocabulary_size=found["vocab_size"],
        max_positions=found["max_position_embeddings"],
        hidden=found["hidden_size"],
        intermediate=found["intermediate_size"],
        encoder_heads=found["num_attention_heads"],
        layer_norm_eps=found["layer_norm_eps"],
    )


def load_encoder(network: MoodNetwork, folder: Path) -> None:
    """Copy the embeddings and the first layers of the encoder in `folder` into `network`."""
    weights = load_file(folder / "model.safetensors")
    weights = {name.removeprefix("bert."): tensor.float() for name, tensor in weights.items()}
    state = {
        "embeddings.words.weight": weights["embeddings.word_embeddings.weight"],
        # A text has one type of token: its embedding is the same everywhere.
        "embeddings.positions.weight": weights["embeddings.position_embeddings.weight"]
        + weights["embeddings.token_type_embeddings.weight"][0],
        "embeddings.norm.weight": weights["embeddings.LayerNorm.weight"],
        "embeddings.norm.bias": weights["embeddings.LayerNorm.bias"],
    }
    for index in range(network.config.encoder_layers):
        state |= _layer(weights, f"encoder.layer.{index}.", f"encoder.{index}.")
    outcome = network.load_state_dict(state, strict=False)
    left = [name for name in outcome.missing_keys if name.startswith(("embeddings", "encoder"))]
    if left or outcome.unexpected_keys:
        raise EncoderError(f"expected every encoder weight, found none for {left!r}")


def _layer(weights: dict[str, Tensor], old: str, new: str) -> dict[str, Tensor]:
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
