"""Utterances tokenised, and what an encoder's fixed layers make of them, computed once.

The result can be kept in a folder: other seeds and other heads over the same encoder then start
at once. It holds no text, but states of one; treat it as you treat the corpus.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import structlog
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor

from model.text import clean
from training.dialogue.encoders import UtteranceEncoder
from training.dialogue.network import TokenRow

log = structlog.get_logger(__name__)

#: Utterances in one pass of the fixed layers.
BATCH_SIZE: Final = 64


def token_rows(texts: Sequence[str], tokenizer: Tokenizer, max_tokens: int) -> list[TokenRow]:
    """Clean and tokenise; an utterance longer than `max_tokens` keeps its beginning."""
    rows = []
    for encoding in tokenizer.encode_batch([clean(text) for text in texts]):
        ids = encoding.ids
        if len(ids) > max_tokens:
            ids = [*ids[: max_tokens - 1], ids[-1]]
        rows.append(TokenRow(tuple(ids)))
    return rows


def with_states(
    encoder: UtteranceEncoder,
    rows: Sequence[TokenRow],
    *,
    cache_dir: Path | None,
    bfloat16: bool = True,
) -> list[TokenRow]:
    """Return the rows with the states of the encoder's fixed layers, in bfloat16."""
    distinct = sorted({row.ids for row in rows}, key=lambda ids: (len(ids), ids))
    file = None
    if cache_dir is not None:
        file = cache_dir / f"{_key(encoder, distinct, bfloat16)}.safetensors"
    if file is not None and file.exists():
        joined = load_file(file)["states"]
    else:
        joined = torch.cat(_compute(encoder, distinct, bfloat16=bfloat16))
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            partial = file.with_suffix(".new")
            save_file({"states": joined}, partial)
            partial.replace(file)
    states = dict(zip(distinct, torch.split(joined, [len(ids) for ids in distinct]), strict=True))
    return [TokenRow(row.ids, states[row.ids]) for row in rows]


def _compute(
    encoder: UtteranceEncoder, distinct: Sequence[tuple[int, ...]], *, bfloat16: bool
) -> list[Tensor]:
    states: list[Tensor] = []
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
        for start in range(0, len(distinct), BATCH_SIZE):
            batch = distinct[start : start + BATCH_SIZE]
            lengths = torch.tensor([len(ids) for ids in batch])
            inside = torch.arange(int(lengths.max())) < lengths[:, None]
            ids = torch.zeros(inside.shape, dtype=torch.int64)
            ids[inside] = torch.tensor([i for row in batch for i in row])
            found = encoder.lower(ids, inside).to(torch.bfloat16)
            states += [found[n, : len(row)].clone() for n, row in enumerate(batch)]
            if start // BATCH_SIZE % 50 == 49:
                log.info("states_computed", utterances=len(states), of=len(distinct))
    return states


def _key(encoder: UtteranceEncoder, distinct: Sequence[tuple[int, ...]], bfloat16: bool) -> str:
    """Name a cache by everything its contents depend on."""
    digest = hashlib.sha256(f"{encoder.sizes()!r} {bfloat16}".encode())
    for name, parameter in encoder.state_dict().items():
        digest.update(name.encode())
        digest.update(parameter.detach().float().numpy().tobytes())
    digest.update(repr(distinct).encode())
    return digest.hexdigest()[:32]
