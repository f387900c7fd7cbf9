"""The field's small networks without a pretrained encoder, and the word tokenizer they read by.

Trained from nothing in seconds to minutes: the rows a comparison starts from.

Shapes: B texts, T tokens of the longest, H a width, E emotions.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from torch import Tensor, nn
from torch.nn import functional as F

from model.network import BiLstm

#: Word embeddings start evenly between its negative and it.
EMBEDDING_BOUND: Final = 0.1

_PAD, _UNKNOWN, _START, _END = "[PAD]", "[UNK]", "[CLS]", "[SEP]"


@dataclass(frozen=True, slots=True)
class ScratchConfig:
    """Sizes of both networks."""

    n_emotions: int = 7
    #: At most; words seen once are unknown ones.
    vocabulary_size: int = 20_000
    #: Longest text, marks included; `ann` has weights for each position.
    max_positions: int = 64
    embedding: int = 128
    #: One direction; `lstm` only.
    lstm_hidden: int = 128
    dense: tuple[int, ...] = (64, 32)
    dropout: float = 0.3

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class _Dense(nn.Module):
    """The dense layers above either network: ReLU and dropout between, E logits out."""

    def __init__(self, width: int, config: ScratchConfig) -> None:
        super().__init__()
        widths = (width, *config.dense)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in itertools.pairwise(widths))
        self.classifier = nn.Linear(widths[-1], config.n_emotions)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = self.dropout(F.relu(layer(x)))
        logits: Tensor = self.classifier(x)
        return logits.float()


class AnnNetwork(nn.Module):
    """Embedding, flatten, dense layers.

    Flattening and the first dense layer are one sum over positions, so that a batch need not be
    padded to the longest text of all.
    """

    def __init__(self, config: ScratchConfig) -> None:
        super().__init__()
        self.config = config
        self.words = _embedding(config)
        first, *rest = config.dense
        #: The first dense layer's weights, by position: (max_positions, embedding, first).
        self.flat = nn.Parameter(torch.empty(config.max_positions, config.embedding, first))
        bound = (config.max_positions * config.embedding) ** -0.5
        nn.init.uniform_(self.flat, -bound, bound)
        self.flat_bias = nn.Parameter(torch.zeros(first))
        self.dropout = nn.Dropout(config.dropout)
        self.dense = _Dense(first, _with_dense(config, tuple(rest)))

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Return logits (B, E) for ids int64 (B, T), T up to max_positions, and lengths (B,)."""
        inside = torch.arange(ids.shape[1], device=ids.device) < lengths[:, None]
        x = self.words(ids) * inside[..., None]
        x = torch.einsum("bth,thd->bd", x, self.flat[: ids.shape[1]]) + self.flat_bias
        logits: Tensor = self.dense(self.dropout(F.relu(x)))
        return logits


class LstmNetwork(nn.Module):
    """Embedding, bidirectional LSTM, its two last states, dense layers."""

    def __init__(self, config: ScratchConfig) -> None:
        super().__init__()
        self.config = config
        self.words = _embedding(config)
        self.lstm = BiLstm(config.embedding, config.lstm_hidden)
        self.dropout = nn.Dropout(config.dropout)
        self.dense = _Dense(2 * config.lstm_hidden, config)

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Return logits (B, E) for ids int64 (B, T) and lengths int64 (B,)."""
        x = self.lstm(self.dropout(self.words(ids)), lengths)  # (B, T, 2 * lstm_hidden)
        ahead, back = x.split(self.config.lstm_hidden, dim=-1)
        last = (lengths - 1)[:, None, None].expand(-1, 1, ahead.shape[2])
        states = torch.cat([ahead.gather(1, last).squeeze(1), back[:, 0]], dim=-1)
        logits: Tensor = self.dense(self.dropout(states))
        return logits


def word_tokenizer(texts: Iterable[str], vocabulary_size: int) -> Tokenizer:
    """Return a lower-casing tokenizer of the words that stand at least twice in `texts`."""
    tokenizer = Tokenizer(models.WordLevel(unk_token=_UNKNOWN))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordLevelTrainer(
        vocab_size=vocabulary_size,
        min_frequency=2,
        show_progress=False,
        special_tokens=[_PAD, _UNKNOWN, _START, _END],
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{_START} $A {_END}",
        special_tokens=[(mark, tokenizer.token_to_id(mark)) for mark in (_START, _END)],
    )
    return tokenizer


def load_word_vectors(words: nn.Embedding, tokenizer: Tokenizer, path: Path) -> int:
    """Start the embeddings of known words from vectors in GloVe's text format; return how many.

    Raises:
        ValueError: when the vectors are not as wide as the embeddings.
    """
    vocabulary = tokenizer.get_vocab()
    n_found = 0
    with path.open(encoding="utf-8") as lines, torch.no_grad():
        for line in lines:
            word, *numbers = line.rstrip().split(" ")
            if (row := vocabulary.get(word)) is None:
                continue
            if len(numbers) != words.embedding_dim:
                raise ValueError(
                    f"{path.name}: expected {words.embedding_dim} numbers a word (set the "
                    f"embedding's width to the vectors'), found {len(numbers)}"
                )
            words.weight[row] = torch.from_numpy(np.array(numbers, dtype=np.float32))
            n_found += 1
    return n_found


def _embedding(config: ScratchConfig) -> nn.Embedding:
    # torch starts at a deviation of 1, a thousand steps of the optimiser wide: every word is its
    # own loud noise, and what the texts teach drowns in it. Small ones are soon what is learned.
    words = nn.Embedding(config.vocabulary_size, config.embedding)
    nn.init.uniform_(words.weight, -EMBEDDING_BOUND, EMBEDDING_BOUND)
    return words


def _with_dense(config: ScratchConfig, dense: Sequence[int]) -> ScratchConfig:
    return ScratchConfig(**{**asdict(config), "dense": tuple(dense)})
