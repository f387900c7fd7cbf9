"""What turns an utterance's tokens into states: a transformer, a bundle's network, or an LSTM.

Each gives one state a token; the dialogue network pools them. An encoder may learn with its top
layers only (`trained_layers`): what lies beneath never changes then, and is computed once.

Shapes: B utterances, T tokens of the longest, H the encoder's width.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from model.bundle import WEIGHTS, Bundle, load_bundle
from model.network import MASKED_SCORE, BiLstm, MoodNetwork, NetworkConfig
from model.text import prepare_tokenizer
from model.weights import read_state
from training.networks.files import EncoderError, find_encoder, write_tokenizer
from training.networks.scratch import word_tokenizer
from training.networks.transformer import (
    TransformerEncoder,
    from_sizes,
    layer_stack,
    load_pretrained,
)

#: Words that the encoder without pretraining knows at most.
SCRATCH_VOCABULARY: Final = 10_000


class UtteranceEncoder(nn.Module, ABC):
    """Token ids in, token states out; `lower` is fixed, `upper` learns."""

    #: H, of the states.
    width: int
    #: Longest utterance it can read, marks included.
    max_tokens: int = 512
    #: False: nothing is fixed, so there is nothing to compute beforehand.
    has_lower: bool = True

    def lower(self, ids: Tensor, inside: Tensor) -> Tensor:
        """Return (B, T, ·) of the layers that never learn, for ids int64 and inside bool (B, T)."""
        raise NotImplementedError("an encoder without fixed layers has nothing to compute here")

    @abstractmethod
    def upper(self, states: Tensor, inside: Tensor) -> Tensor:
        """Return the token states (B, T, H) for what `lower` returned."""

    @abstractmethod
    def learning(self) -> Iterator[nn.Parameter]:
        """Yield the parameters of `upper`."""

    @abstractmethod
    def sizes(self) -> dict[str, Any]:
        """Return what `encoder_of` rebuilds it from, without its weights."""

    def forward(self, ids: Tensor, inside: Tensor) -> Tensor:
        if not self.has_lower:
            return self.upper(ids, inside)
        with torch.no_grad():
            states = self.lower(ids, inside)
        return self.upper(states, inside)


class ScratchEncoder(UtteranceEncoder):
    """Word embedding and bidirectional LSTM, trained from nothing."""

    has_lower = False

    def __init__(self, vocabulary_size: int, embedding: int = 128, hidden: int = 128) -> None:
        super().__init__()
        self.width = 2 * hidden
        self.words = nn.Embedding(vocabulary_size, embedding)
        self.lstm = BiLstm(embedding, hidden)
        self.dropout = nn.Dropout(0.3)

    def upper(self, states: Tensor, inside: Tensor) -> Tensor:
        return cast(Tensor, self.lstm(self.dropout(self.words(states)), inside.sum(dim=1)))

    def learning(self) -> Iterator[nn.Parameter]:
        yield from self.parameters()

    def sizes(self) -> dict[str, Any]:
        return {
            "kind": "scratch",
            "vocabulary_size": self.words.num_embeddings,
            "embedding": self.words.embedding_dim,
            "hidden": self.width // 2,
        }


class PretrainedEncoder(UtteranceEncoder):
    """A transformer of the `transformers` library; all of it learns, or its top layers."""

    def __init__(self, transformer: TransformerEncoder, trained_layers: int | None) -> None:
        super().__init__()
        self.transformer = transformer
        self.trained_layers = trained_layers
        self.width = int(transformer.config.hidden_size)
        self.max_tokens = transformer.max_positions
        self.has_lower = trained_layers is not None
        #: In a list, so that layers it shares with `transformer` are not registered twice.
        self._top: list[Any] = []
        if trained_layers is not None:
            n_layers = int(transformer.config.num_hidden_layers)
            if not 0 <= trained_layers <= n_layers:
                raise EncoderError(
                    f"expected 0 to {n_layers} trained layers, found {trained_layers}"
                )
            if trained_layers:
                self._top = [_top_of(transformer.inner, trained_layers)]
            transformer.requires_grad_(False)
            for parameter in self.learning():
                parameter.requires_grad_(True)

    def lower(self, ids: Tensor, inside: Tensor) -> Tensor:
        ids = ids.masked_fill(~inside, self.transformer.pad_id)
        was_training = self.training
        self.transformer.eval()  # what is fixed has no dropout
        found = self.transformer.inner(
            input_ids=ids, attention_mask=inside.to(torch.int64), output_hidden_states=True
        )
        self.transformer.train(was_training)
        states: Tensor = found.hidden_states[-1 - (self.trained_layers or 0)]
        return states

    def upper(self, states: Tensor, inside: Tensor) -> Tensor:
        if not self.has_lower:
            return cast(Tensor, self.transformer(states, inside))
        if not self._top:
            return states
        found = self._top[0](inputs_embeds=states, attention_mask=inside.to(torch.int64))
        return cast(Tensor, found.last_hidden_state)

    def learning(self) -> Iterator[nn.Parameter]:
        if self.trained_layers is None:
            yield from self.transformer.parameters()
        elif self.trained_layers:
            stack = cast(Sequence[nn.Module], layer_stack(self.transformer.inner))
            for layer in stack[-self.trained_layers :]:
                yield from layer.parameters()

    def sizes(self) -> dict[str, Any]:
        config = self.transformer.config.to_dict()
        return {"kind": "pretrained", "trained_layers": self.trained_layers, "config": config}


class BundleEncoder(UtteranceEncoder):
    """The transformer layers of a bundle's network: they have read for emotions before.

    Its own BiLSTM and attention are left out: they keep little but the bundle's emotions.
    """

    def __init__(self, network: MoodNetwork, trained_layers: int | None) -> None:
        super().__init__()
        n_layers = len(network.encoder)
        self.config = network.config
        self.embeddings = network.embeddings
        self.layers = network.encoder
        self.trained_layers = n_layers if trained_layers is None else trained_layers
        if not 0 <= self.trained_layers <= n_layers:
            raise EncoderError(f"expected 0 to {n_layers} trained layers, found {trained_layers}")
        self.width = network.config.hidden
        self.max_tokens = network.config.max_positions
        self.requires_grad_(False)
        for parameter in self.learning():
            parameter.requires_grad_(True)

    def lower(self, ids: Tensor, inside: Tensor) -> Tensor:
        was_training = self.training
        self.eval()  # what is fixed has no dropout
        states = self._through(self._fixed(), self.embeddings(ids), inside)
        self.train(was_training)
        return states

    def upper(self, states: Tensor, inside: Tensor) -> Tensor:
        return self._through(self._top(), states, inside)

    def learning(self) -> Iterator[nn.Parameter]:
        for layer in self._top():
            yield from layer.parameters()

    def sizes(self) -> dict[str, Any]:
        config = self.config.to_json()
        return {"kind": "bundle", "trained_layers": self.trained_layers, "config": config}

    def _fixed(self) -> list[nn.Module]:
        return list(self.layers)[: len(self.layers) - self.trained_layers]

    def _top(self) -> list[nn.Module]:
        return list(self.layers)[len(self.layers) - self.trained_layers :]

    @staticmethod
    def _through(layers: Sequence[nn.Module], states: Tensor, inside: Tensor) -> Tensor:
        penalty = torch.where(inside, 0.0, MASKED_SCORE)
        for layer in layers:
            states = layer(states, penalty)
        return states


def start_encoder(
    encoder: str | Path | None,
    *,
    trained_layers: int | None,
    texts: Sequence[str],
    tokenizer_file: Path,
) -> UtteranceEncoder:
    """Return an encoder to train from, and write its tokenizer to `tokenizer_file`.

    Args:
        encoder: a folder in the layout of `transformers` or its hub id, a bundle's folder, or
            None for one without pretraining.
        trained_layers: how many layers at the top learn; None: all of it.
        texts: what the vocabulary of an encoder without pretraining is taken from.

    Raises:
        EncoderError: when there is no such encoder, or it cannot be cut there.
    """
    if encoder is None:
        if trained_layers is not None:
            raise EncoderError("an encoder without pretraining has no layers to keep fixed")
        tokenizer = word_tokenizer(texts, SCRATCH_VOCABULARY)
        tokenizer.save(str(tokenizer_file))
        return ScratchEncoder(tokenizer.get_vocab_size())
    folder = find_encoder(encoder)
    if (folder / WEIGHTS).exists():
        bundle = load_bundle(folder)
        tokenizer_file.write_bytes(bundle.read("tokenizer.json"))
        return BundleEncoder(_network_of(bundle), trained_layers)
    write_tokenizer(folder, tokenizer_file)
    return PretrainedEncoder(load_pretrained(folder, layers=None), trained_layers)


def encoder_of(sizes: Mapping[str, Any]) -> UtteranceEncoder:
    """Rebuild an encoder from what `sizes()` said of it; its weights are loaded by the caller."""
    if sizes["kind"] == "scratch":
        return ScratchEncoder(sizes["vocabulary_size"], sizes["embedding"], sizes["hidden"])
    if sizes["kind"] == "bundle":
        network = MoodNetwork(NetworkConfig(**sizes["config"]))
        return BundleEncoder(network, sizes["trained_layers"])
    return PretrainedEncoder(from_sizes(dict(sizes["config"])), sizes["trained_layers"])


def load_tokenizer(file: Path) -> Tokenizer:
    """Read a tokenizer's file, its own padding and truncation switched off."""
    return prepare_tokenizer(Tokenizer.from_file(str(file)))


def _network_of(bundle: Bundle) -> MoodNetwork:
    network = MoodNetwork(NetworkConfig(**bundle.config.network))
    state = read_state(bundle.read(WEIGHTS))
    network.load_state_dict({name: torch.from_numpy(array) for name, array in state.items()})
    return network


def _top_of(model: nn.Module, n_layers: int) -> Any:
    """Return a model that shares the top layers of `model` and takes their input for embeddings.

    Everything between (masks, relative positions) stays the model's own affair.
    """
    stack = layer_stack(model)
    if stack is None:
        raise EncoderError("layers that an encoder shares cannot be kept fixed one by one")
    top = _shallow(model, stack, nn.ModuleList(list(stack)[-n_layers:]))
    if "embeddings" not in top._modules:
        kind = type(model).__name__
        raise EncoderError(f"expected an encoder with 'embeddings' to cut above, found {kind}")
    top._modules["embeddings"] = _Passing()
    return top


def _shallow(model: nn.Module, old: nn.Module, new: nn.Module) -> nn.Module:
    """Copy the modules on the way to `old`, put `new` in its place, share all the others."""
    copied = copy.copy(model)
    copied._modules = dict(model._modules)
    for name, child in model._modules.items():
        if child is old:
            copied._modules[name] = new
        elif child is not None and any(module is old for module in child.modules()):
            copied._modules[name] = _shallow(child, old, new)
    return copied


class _Passing(nn.Module):
    """Stands for the embeddings where their output is given."""

    def forward(self, *args: Tensor | None, **kwargs: Tensor | None) -> Tensor:
        for value in (*args, *kwargs.values()):
            if isinstance(value, Tensor) and value.is_floating_point():
                return value
        raise ValueError("expected the states of a lower layer, found none")
