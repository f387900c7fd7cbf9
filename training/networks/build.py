"""Make the network of a configuration, and build it again from a run's network.json.

network.json: `architecture`, `kind` (which class), `network` (its sizes) and, for the encoders of
`transformers`, `encoder` (their config.json) and `pooling`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import nn

from model.network import MoodNetwork, NetworkConfig
from training.config import DEFAULT_ENCODER, DEFAULT_HYBRID_LAYERS, TrainConfig, TrainError
from training.networks.bert import encoder_config, fits_mood_network, load_encoder
from training.networks.files import find_encoder, read_encoder_config
from training.networks.scratch import AnnNetwork, LstmNetwork, ScratchConfig
from training.networks.transformer import (
    PlainTransformer,
    TransformerEncoder,
    TransformerHybrid,
    from_sizes,
    load_pretrained,
)


@dataclass(frozen=True, slots=True)
class Built:
    """A network and what network.json says of it."""

    network: nn.Module
    description: dict[str, Any]

    @property
    def max_positions(self) -> int:
        """Longest text it can read, in tokens."""
        return int(self.description["max_positions"])


def encoder_folder(config: TrainConfig) -> Path | None:
    """Return the local folder of the configuration's encoder; None for `ann` and `lstm`.

    Raises:
        EncoderError: when it cannot be found.
    """
    if config.architecture in {"ann", "lstm"}:
        return None
    return find_encoder(DEFAULT_ENCODER if config.encoder is None else config.encoder)


def new_network(
    config: TrainConfig, folder: Path | None, *, n_emotions: int, vocabulary_size: int
) -> Built:
    """Return the network to train, its encoder pretrained and the rest random.

    Raises:
        EncoderError: when `folder` holds no encoder that fits.
        TrainError: when an option does not fit the architecture.
    """
    if folder is None:
        if config.layers is not None or config.freeze_layers:
            raise TrainError(f"expected no layers to choose in {config.architecture!r}")
        # A vocabulary's bound is a promise of the tokenizer's, its size a fact.
        sizes = replace(
            config.scratch,
            n_emotions=n_emotions,
            vocabulary_size=vocabulary_size,
            max_positions=config.max_tokens,
        )
        return _scratch(config.architecture, sizes)
    head = replace(config.network, n_emotions=n_emotions)
    if config.architecture == "hybrid" and fits_mood_network(read_encoder_config(folder)):
        return _mood(config, folder, head)
    encoder = load_pretrained(folder, layers=config.layers)
    if config.architecture == "hybrid":
        return _described(TransformerHybrid(encoder, head), encoder, "hybrid")
    plain = PlainTransformer(
        encoder, n_emotions=n_emotions, pooling=config.pooling, dropout=head.dropout
    )
    return _described(plain, encoder, "plain")


def rebuild(description: dict[str, Any]) -> nn.Module:
    """Return the network that network.json describes, its weights random.

    Raises:
        TrainError: when no architecture of ours is described.
    """
    kind, sizes = description.get("kind"), description.get("network", {})
    if kind == "mood":
        return MoodNetwork(NetworkConfig(**sizes))
    if kind == "transformer-hybrid":
        return TransformerHybrid(from_sizes(description["encoder"]), NetworkConfig(**sizes))
    if kind == "transformer-plain":
        return PlainTransformer(from_sizes(description["encoder"]), **sizes)
    if kind in {"ann", "lstm"}:
        return _scratch(kind, ScratchConfig(**{**sizes, "dense": tuple(sizes["dense"])})).network
    raise TrainError(f"expected a kind of network of ours in network.json, found {kind!r}")


def _mood(config: TrainConfig, folder: Path, head: NetworkConfig) -> Built:
    layers = config.layers
    if layers is None:
        n_there = int(read_encoder_config(folder).get("num_hidden_layers", DEFAULT_HYBRID_LAYERS))
        layers = min(DEFAULT_HYBRID_LAYERS, n_there)
    n_layers = layers if isinstance(layers, int) else len(layers)
    sizes = encoder_config(folder, replace(head, encoder_layers=n_layers))
    network = MoodNetwork(sizes)
    load_encoder(network, folder, layers=None if isinstance(layers, int) else layers)
    description = {
        "architecture": "hybrid",
        "kind": "mood",
        "network": sizes.to_json(),
        "max_positions": sizes.max_positions,
    }
    return Built(network, description)


def _scratch(architecture: str, sizes: ScratchConfig) -> Built:
    network = AnnNetwork(sizes) if architecture == "ann" else LstmNetwork(sizes)
    description = {
        "architecture": architecture,
        "kind": architecture,
        "network": sizes.to_json(),
        "max_positions": sizes.max_positions,
    }
    return Built(network, description)


def _described(
    network: TransformerHybrid | PlainTransformer, encoder: TransformerEncoder, name: str
) -> Built:
    if isinstance(network, TransformerHybrid):
        sizes = network.config.to_json()
    else:
        sizes = {
            "n_emotions": network.classifier.out_features,
            "pooling": network.pooling,
            "dropout": network.dropout.p,
        }
    # Through JSON and back: transformers' own way to write what a config holds.
    config = json.loads(encoder.config.to_json_string(use_diff=False))
    config.pop("dtype", None)
    description = {
        "architecture": name,
        "kind": f"transformer-{name}",
        "network": sizes,
        "encoder": config,
        "max_positions": encoder.max_positions,
    }
    return Built(network, description)
