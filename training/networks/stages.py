"""The parts of a network that learn at their own rates: which are pretrained, in which order.

Freezing and layer-wise learning rates work on *stages*: the embeddings, then the encoder's layers
from the bottom. What belongs to no stage is new and learns at the head's rate.
"""

from __future__ import annotations

from typing import Any

from torch import nn

from model.network import MoodNetwork
from training.config import TrainConfig, TrainError
from training.networks.scratch import AnnNetwork, LstmNetwork
from training.networks.transformer import PlainTransformer, TransformerHybrid, layer_stack


def stages(network: nn.Module) -> list[list[nn.Parameter]]:
    """Return the pretrained parameters, embeddings first; empty where nothing is pretrained."""
    if isinstance(network, MoodNetwork):
        return [list(part.parameters()) for part in (network.embeddings, *network.encoder)]
    if isinstance(network, PlainTransformer | TransformerHybrid):
        inner: Any = network.encoder.inner
        layers = [list(layer.parameters()) for layer in layer_stack(inner) or ()]
        in_layers = {id(parameter) for layer in layers for parameter in layer}
        # What all layers share (MPNet's relative positions, ALBERT's only layer) stands below.
        shared = [p for p in inner.parameters() if id(p) not in in_layers]
        return [shared, *layers]
    return []


def word_embedding(network: nn.Module) -> nn.Embedding:
    """Return the embedding of the words."""
    if isinstance(network, MoodNetwork):
        return network.embeddings.words
    if isinstance(network, AnnNetwork | LstmNetwork):
        return network.words
    found: nn.Embedding = network.encoder.inner.get_input_embeddings()  # type: ignore[union-attr,operator]
    return found


def freeze(network: nn.Module, config: TrainConfig) -> None:
    """Take the embeddings and the lowest layers out of training, as configured.

    Raises:
        TrainError: when there are fewer layers than are to be frozen.
    """
    if not (config.freeze_embeddings or config.freeze_layers):
        return
    embeddings, *layers = stages(network) or [list(word_embedding(network).parameters())]
    if config.freeze_layers > len(layers):
        raise TrainError(
            f"expected at most {len(layers)} layers to freeze, found {config.freeze_layers}"
        )
    if config.freeze_embeddings:
        in_words = {id(p) for p in _embedding_parameters(network)}
        embeddings = [p for p in embeddings if not in_words or id(p) in in_words]
    else:
        embeddings = []
    for stage in (embeddings, *layers[: config.freeze_layers]):
        for parameter in stage:
            parameter.requires_grad_(False)


def parameter_groups(network: nn.Module, config: TrainConfig) -> list[dict[str, Any]]:
    """Return AdamW's groups: each stage at its rate, what is new at the head's."""
    pretrained = stages(network)
    groups = []
    for index, stage in enumerate(pretrained):
        rate = config.encoder_lr * config.layer_lr_decay ** (len(pretrained) - 1 - index)
        groups.append({"params": [p for p in stage if p.requires_grad], "lr": rate})
    known = {id(parameter) for stage in pretrained for parameter in stage}
    new = [p for p in network.parameters() if id(p) not in known and p.requires_grad]
    groups.append({"params": new, "lr": config.new_layers_lr})
    return [group for group in groups if group["params"]]


def _embedding_parameters(network: nn.Module) -> list[nn.Parameter]:
    """Return the embedding module's parameters, without what else stands in the lowest stage."""
    if isinstance(network, PlainTransformer | TransformerHybrid):
        inner: Any = network.encoder.inner
        return list(inner.embeddings.parameters())
    if isinstance(network, MoodNetwork):
        return list(network.embeddings.parameters())
    return list(word_embedding(network).parameters())
