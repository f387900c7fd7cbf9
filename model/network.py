"""The hybrid network in torch: transformer encoder, BiLSTM, self-attention, attention pooling.

Trained by `training.train`, exported by `training.bundling.export` (which writes the same
computation as an ONNX graph: change both together), rebuilt from a bundle by `worker.torch_scorer`.

Shapes: B texts in the batch, T tokens of the longest, H a width, E emotions. A text's logits
never depend on its neighbours: attention masks padding, and each LSTM direction runs over the
text's own tokens first, so that padding comes after everything it could influence.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

#: Added to the attention score of a padded token: exp() of it is exactly 0 in float32.
MASKED_SCORE = -10_000.0


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Sizes of the network; stands in a bundle's config.json under `network`."""

    n_emotions: int = 7
    vocabulary_size: int = 30522
    #: Learned positions of the encoder: no window may be longer.
    max_positions: int = 512
    #: Width of the encoder.
    hidden: int = 384
    intermediate: int = 1536
    encoder_layers: int = 3
    encoder_heads: int = 12
    layer_norm_eps: float = 1e-12
    #: Width of one LSTM direction; everything above the LSTM is twice as wide.
    lstm_hidden: int = 256
    lstm_layers: int = 2
    attention_heads: int = 4
    #: Before each part of the head, and on the pooled text.
    dropout: float = 0.3
    encoder_dropout: float = 0.1

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class HybridHead(nn.Module):
    """What reads an encoder's output: BiLSTM, self-attention, attention pooling, one linear layer.

    A base class and not a part, so that its parameters keep their names in every bundle.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        width = 2 * config.lstm_hidden
        self.lstm = nn.ModuleList(
            BiLstm(config.hidden if index == 0 else width, config.lstm_hidden)
            for index in range(config.lstm_layers)
        )
        self.attention = SelfAttention(width, config.attention_heads)
        self.attention_norm = nn.LayerNorm(width)
        self.pool = nn.Linear(width, 1)
        self.classifier = nn.Linear(width, config.n_emotions)
        self.dropout = nn.Dropout(config.dropout)

    def read(self, x: Tensor, lengths: Tensor, penalty: Tensor) -> Tensor:
        """Return logits (B, E) for an encoder's output (B, T, H).

        `penalty`: float32 (B, T), 0 inside a text and MASKED_SCORE behind it.
        """
        x = self.dropout(x)
        for lstm_layer in self.lstm:
            x = self.dropout(lstm_layer(x, lengths))  # (B, T, 2 * lstm_hidden)
        x = self.attention_norm(x + self.dropout(self.attention(x, penalty)))
        weights = torch.softmax(self.pool(x).squeeze(-1).float() + penalty, dim=-1)  # (B, T)
        pooled = torch.einsum("bt,bth->bh", weights, x.float())
        logits: Tensor = self.classifier(self.dropout(pooled))
        return logits.float()


class MoodNetwork(HybridHead):
    """Token ids and lengths in, one logit an emotion out."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(config)
        self.embeddings = Embeddings(config)
        self.encoder = nn.ModuleList(EncoderLayer(config) for _ in range(config.encoder_layers))

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Return logits (B, E) for `ids`: int64 (B, T), and `lengths`: int64 (B,), 1..T.

        What stands in `ids` behind a row's length is never read.
        """
        inside = torch.arange(ids.shape[1], device=ids.device) < lengths[:, None]  # (B, T)
        penalty = torch.where(inside, 0.0, MASKED_SCORE)  # (B, T)
        x = self.embeddings(ids)
        for encoder_layer in self.encoder:
            x = encoder_layer(x, penalty)
        return self.read(x, lengths, penalty)


class Embeddings(nn.Module):
    """Word and position embeddings, normalised; the only token type is folded into positions."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.words = nn.Embedding(config.vocabulary_size, config.hidden)
        self.positions = nn.Embedding(config.max_positions, config.hidden)
        self.norm = nn.LayerNorm(config.hidden, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.encoder_dropout)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.words(ids) + self.positions.weight[: ids.shape[1]]
        return self.dropout(self.norm(x))  # type: ignore[no-any-return]


class EncoderLayer(nn.Module):
    """A post-norm transformer layer, as in BERT (Devlin et al. 2019, section 3)."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.attention = SelfAttention(config.hidden, config.encoder_heads)
        self.attention_norm = nn.LayerNorm(config.hidden, eps=config.layer_norm_eps)
        self.wide = nn.Linear(config.hidden, config.intermediate)
        self.narrow = nn.Linear(config.intermediate, config.hidden)
        self.output_norm = nn.LayerNorm(config.hidden, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.encoder_dropout)

    def forward(self, x: Tensor, penalty: Tensor) -> Tensor:
        x = self.attention_norm(x + self.dropout(self.attention(x, penalty)))
        y = self.narrow(F.gelu(self.wide(x)))
        return self.output_norm(x + self.dropout(y))  # type: ignore[no-any-return]


class SelfAttention(nn.Module):
    """Multi-head self-attention in plain matmuls: nn.MultiheadAttention bakes T into an export."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"expected a width divisible by {heads} heads, found {width}")
        self.heads = heads
        #: Query, key and value in one matmul, in this order.
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, penalty: Tensor) -> Tensor:
        """Attend within (B, T, H); `penalty`: float32 (B, T), 0 or MASKED_SCORE.

        Source: Vaswani et al. 2017, equation 1.
        """
        B, T, H = x.shape
        qkv = self.qkv(x).view(B, T, 3, self.heads, H // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.unbind(0)  # (B, heads, T, H / heads)
        scores = q @ k.transpose(-1, -2) / math.sqrt(H // self.heads)
        scores = scores.float() + penalty[:, None, None, :]
        y = torch.softmax(scores, dim=-1).to(v.dtype) @ v
        return self.out(y.transpose(1, 2).reshape(B, T, H))  # type: ignore[no-any-return]


class BiLstm(nn.Module):
    """One bidirectional LSTM layer that reads each row's own tokens only.

    The backward direction runs forward over the row reversed *within its length*, which equals
    packing, keeps the fast whole-batch kernel and is what ONNX's `sequence_lens` does.
    """

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.forwards = nn.LSTM(width, hidden, batch_first=True)
        self.backwards = nn.LSTM(width, hidden, batch_first=True)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return (B, T, 2 * hidden) for x (B, T, width)."""
        steps = torch.arange(x.shape[1], device=x.device)
        mirror = lengths[:, None] - 1 - steps
        mirror = torch.where(mirror < 0, steps, mirror)[..., None]  # padding stays in place
        ahead, _ = self.forwards(x)
        back, _ = self.backwards(x.gather(1, mirror.expand(-1, -1, x.shape[2])))
        back = back.gather(1, mirror.expand(-1, -1, back.shape[2]))
        return torch.cat([ahead, back], dim=-1)
