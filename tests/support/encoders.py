"""Random encoders of each family, a few thousand weights, saved as the hub has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from tests.support.tiny import tiny_tokenizer

#: What differs from family to family: the sizes' names.
_SIZES: dict[str, dict[str, Any]] = {
    "bert": {"intermediate_size": 32},
    "distilbert": {"dim": 16, "n_layers": 3, "n_heads": 2, "hidden_dim": 32},
    "roberta": {"intermediate_size": 32, "pad_token_id": 0},
    "albert": {"intermediate_size": 32, "embedding_size": 8, "num_hidden_groups": 1},
    "mobilebert": {
        "intermediate_size": 32,
        "embedding_size": 8,
        "true_hidden_size": 8,
        "intra_bottleneck_size": 8,
        "num_feedforward_networks": 2,
    },
    "mpnet": {"intermediate_size": 32, "pad_token_id": 0},
}
FAMILIES = tuple(_SIZES)


def write_transformer(folder: Path, family: str, **changes: Any) -> Path:
    """Write a random three-layer encoder, 16 wide, with the tiny tokenizer."""
    from transformers import AutoConfig, AutoModel

    tokenizer = tiny_tokenizer()
    common = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2}
    sizes = {
        "vocab_size": tokenizer.get_vocab_size(),
        "max_position_embeddings": 66,
        **({} if family == "distilbert" else common),
        **_SIZES[family],
        **changes,
    }
    torch.manual_seed(3)
    network = AutoModel.from_config(AutoConfig.for_model(family, **sizes))  # type: ignore[no-untyped-call]
    with torch.no_grad():  # wide enough that texts differ
        network.get_input_embeddings().weight.mul_(20)
    network.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder
