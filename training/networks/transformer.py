"""Any encoder of `transformers` with a plain head, or with the hybrid's head above it.

For BERT with GELU the hybrid is `model.network.MoodNetwork` itself; this is for the others
(DistilBERT, RoBERTa, ALBERT, MobileBERT, MPNet, ...) and for the plain baselines of all.

Shapes: B texts, T tokens of the longest, H the encoder's width, E emotions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn

from model.network import MASKED_SCORE, HybridHead, NetworkConfig
from training.networks.files import EncoderError

Pooling = Literal["mean", "first"]


class TransformerEncoder(nn.Module):
    """An encoder of `transformers`: token ids and lengths in, hidden states (B, T, H) out."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner
        self.pad_id = int(getattr(inner.config, "pad_token_id", None) or 0)

    @property
    def config(self) -> Any:
        """The encoder's own sizes, a `transformers.PretrainedConfig`."""
        return self.inner.config

    @property
    def max_positions(self) -> int:
        """Longest text it can read, its marks included."""
        n = int(self.config.max_position_embeddings)
        # RoBERTa and its kin count positions from behind the padding id.
        family = str(self.config.model_type)
        is_offset = family in {"roberta", "xlm-roberta", "camembert", "mpnet", "longformer"}
        return n - self.pad_id - 1 if is_offset else n

    def forward(self, ids: Tensor, inside: Tensor) -> Tensor:
        """Return (B, T, H); `inside`: bool (B, T). What stands behind a text is never read."""
        ids = ids.masked_fill(~inside, self.pad_id)
        outcome = self.inner(input_ids=ids, attention_mask=inside.to(torch.int64))
        return cast(Tensor, outcome.last_hidden_state)


class PlainTransformer(nn.Module):
    """Encoder, pooling, dropout, one linear layer: the field's usual fine-tuning."""

    def __init__(
        self, encoder: TransformerEncoder, *, n_emotions: int, pooling: Pooling, dropout: float
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.pooling = pooling
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(int(encoder.config.hidden_size), n_emotions)

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Return logits (B, E) for ids int64 (B, T) and lengths int64 (B,)."""
        inside = torch.arange(ids.shape[1], device=ids.device) < lengths[:, None]
        x = self.encoder(ids, inside).float()
        if self.pooling == "first":
            pooled = x[:, 0]
        else:
            kept = torch.where(inside[..., None], x, 0.0)
            pooled = kept.sum(dim=1) / lengths[:, None]
        logits: Tensor = self.classifier(self.dropout(pooled))
        return logits.float()


class TransformerHybrid(HybridHead):
    """Any encoder under the hybrid's BiLSTM, self-attention and attention pooling."""

    def __init__(self, encoder: TransformerEncoder, config: NetworkConfig) -> None:
        super().__init__(replace(config, hidden=int(encoder.config.hidden_size)))
        self.encoder = encoder

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Return logits (B, E) for ids int64 (B, T) and lengths int64 (B,)."""
        inside = torch.arange(ids.shape[1], device=ids.device) < lengths[:, None]
        penalty = torch.where(inside, 0.0, MASKED_SCORE)
        return self.read(self.encoder(ids, inside), lengths, penalty)


def load_pretrained(folder: Path, *, layers: int | Sequence[int] | None) -> TransformerEncoder:
    """Load an encoder's weights (safetensors only), keep `layers`, leave its pooler out.

    Raises:
        EncoderError: when `folder` holds none, or not these layers.
    """
    from transformers import AutoModel

    try:
        with _quiet():
            inner = AutoModel.from_pretrained(
                folder, use_safetensors=True, trust_remote_code=False, dtype=torch.float32
            )
    except (OSError, ValueError, KeyError) as error:
        raise EncoderError(
            f"expected an encoder that transformers can load with safetensors in {str(folder)!r}: "
            f"{error!s:.300}"
        ) from error
    return _prepared(inner, layers)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep off the terminal that a pooler, which is thrown away, had no weights to load."""
    from transformers.utils import logging

    level, had_bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if had_bars:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def from_sizes(config: dict[str, Any]) -> TransformerEncoder:
    """Build the encoder of a run's network.json, without weights."""
    from transformers import AutoConfig, AutoModel

    fields = dict(config)
    sizes = AutoConfig.for_model(fields.pop("model_type"), **fields)
    return _prepared(AutoModel.from_config(sizes), None)  # type: ignore[no-untyped-call]


def _prepared(inner: Any, layers: int | Sequence[int] | None) -> TransformerEncoder:
    if hasattr(inner, "pooler"):
        inner.pooler = None  # reads the first token for another task
    if layers is not None:
        _keep_layers(inner, layers)
    return TransformerEncoder(inner)


def _keep_layers(inner: Any, layers: int | Sequence[int]) -> None:
    n_layers = int(inner.config.num_hidden_layers)
    chosen = list(range(layers)) if isinstance(layers, int) else list(layers)
    if not chosen or min(chosen) < 0 or max(chosen) >= n_layers:
        raise EncoderError(f"expected layers out of 0 to {n_layers - 1}, found {chosen!r}")
    stack = layer_stack(inner)
    if stack is None:
        if chosen != list(range(len(chosen))):
            raise EncoderError(
                f"expected the first layers of an encoder that shares them, found {chosen!r}"
            )
    else:
        kept = [stack[index] for index in chosen]
        del stack[:]
        stack.extend(kept)
    inner.config.num_hidden_layers = len(chosen)


def layer_stack(inner: Any) -> nn.ModuleList | None:
    """Return an encoder's layers, bottom first; None where it has no layer for each step."""
    n_layers = int(inner.config.num_hidden_layers)
    if inner.config.model_type == "albert":  # one layer, run again and again
        return None
    for module in inner.modules():  # the outermost first
        if isinstance(module, nn.ModuleList) and len(module) == n_layers:
            return module
    return None
