"""The dialogue network: token states pooled to utterances, utterances read in their context.

Utterance encoder → attention pooling of its tokens → speaker features → LSTM over the view
(both ways over a whole dialogue, forward only over the past) → multi-head attention over the
view → one logit a label. Without context the very same layers read views of one utterance.

Shapes: N utterances, T tokens of the longest, V views, W utterances of the longest view, H a
width, C labels. A score never depends on the batch: attention masks what lies behind a view's
end, and each LSTM direction runs over a view's own utterances first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.network import MASKED_SCORE, BiLstm, SelfAttention
from training.dialogue.encoders import UtteranceEncoder
from training.dialogue.views import N_SPEAKERS, Context, Views

#: Utterances encoded together: they are sorted by length first, so that few tokens are padding.
GROUP_SIZE: Final = 32


@dataclass(frozen=True, slots=True)
class DialogueConfig:
    """Sizes of everything above the utterance encoder; stands in a run's network.json."""

    n_labels: int = 7
    context: Context = "dialogue"
    #: Utterances of a view in past-only mode.
    window: int = 10
    #: Width of an utterance's vector.
    utterance: int = 256
    #: Width of each speaker feature.
    speaker: int = 16
    #: Width of the dialogue LSTM, both directions together.
    hidden: int = 256
    attention_heads: int = 4
    dropout: float = 0.3

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class TokenRow:
    """One utterance as the encoder reads it: token ids, or what its fixed layers made of them."""

    ids: tuple[int, ...]
    #: (T, H), any float type; None: not computed beforehand.
    states: Tensor | None = None


class DialogueNetwork(nn.Module):
    """Utterances and their views in, one logit a label for each utterance out."""

    def __init__(self, config: DialogueConfig, encoder: UtteranceEncoder) -> None:
        super().__init__()
        self.config = config
        self.encoder = encoder
        self.pool = nn.Linear(encoder.width, 1)
        self.utterance = nn.Linear(encoder.width, config.utterance)
        self.utterance_norm = nn.LayerNorm(config.utterance)
        self.speakers = nn.Embedding(N_SPEAKERS, config.speaker)
        self.turns = nn.Embedding(3, config.speaker)
        width = config.utterance + 2 * config.speaker
        self.lstm: BiLstm | nn.LSTM
        if config.context == "past":
            self.lstm = nn.LSTM(width, config.hidden, batch_first=True)
        else:
            self.lstm = BiLstm(width, config.hidden // 2)
        self.attention = SelfAttention(config.hidden, config.attention_heads)
        self.attention_norm = nn.LayerNorm(config.hidden)
        self.classifier = nn.Linear(config.utterance + config.hidden, config.n_labels)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, rows: Sequence[TokenRow], views: Views) -> Tensor:
        """Return logits: float32 (N, C)."""
        spoken = self.encode(rows)  # (N, utterance)
        features = [spoken[views.rows], self.speakers(views.speakers), self.turns(views.turns)]
        x = torch.cat(features, dim=-1)  # (V, W, utterance + 2 * speaker)
        inside = torch.arange(x.shape[1]) < views.lengths[:, None]
        penalty = torch.where(inside, 0.0, MASKED_SCORE)  # (V, W)
        if isinstance(self.lstm, BiLstm):
            x = self.lstm(x, views.lengths)
        else:
            x, _ = self.lstm(x)
        x = self.attention_norm(x + self.dropout(self.attention(self.dropout(x), penalty)))
        context = x[views.read_view, views.read_place]  # (N, hidden)
        logits: Tensor = self.classifier(self.dropout(torch.cat([spoken, context], dim=-1)))
        return logits.float()

    def encode(self, rows: Sequence[TokenRow]) -> Tensor:
        """Return the utterances' vectors (N, utterance), each from its own tokens alone."""
        order = sorted(range(len(rows)), key=lambda n: len(rows[n].ids))
        pooled = []
        for start in range(0, len(order), GROUP_SIZE):
            group = [rows[n] for n in order[start : start + GROUP_SIZE]]
            states, inside = self._token_states(group)
            scores = self.pool(states).squeeze(-1).float()
            weights = torch.softmax(torch.where(inside, scores, MASKED_SCORE), dim=-1)  # (B, T)
            pooled.append(torch.einsum("bt,bth->bh", weights, states.float()))
        back = torch.tensor(order).argsort()
        x = self.dropout(torch.cat(pooled)[back])
        vectors: Tensor = self.dropout(F.gelu(self.utterance_norm(self.utterance(x))))
        return vectors

    def _token_states(self, group: Sequence[TokenRow]) -> tuple[Tensor, Tensor]:
        """Return states (B, T, H) and where they are a row's own, bool (B, T)."""
        lengths = torch.tensor([len(row.ids) for row in group])
        inside = torch.arange(int(lengths.max())) < lengths[:, None]
        states = [row.states for row in group if row.states is not None]
        if len(states) == len(group):
            lower = nn.utils.rnn.pad_sequence(states, batch_first=True).float()
            return self.encoder.upper(lower, inside), inside
        ids = torch.zeros(inside.shape, dtype=torch.int64)
        ids[inside] = torch.tensor([i for row in group for i in row.ids])
        return self.encoder(ids, inside), inside
