"""Texts to padded id tensors: encoded once, cut into batches of like length.

Shapes: B texts in the batch, T tokens of the longest, E emotions.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor

from model.text import clean
from records import Emotion
from training.data import Example

#: Batches sorted by length together: more means less padding, fewer a better shuffle.
POOL_BATCHES = 50


@dataclass(frozen=True, slots=True)
class EncodedExample:
    ids: tuple[int, ...]
    #: One probability an emotion, sums to 1; zeros for a text without a label.
    target: tuple[float, ...]


def encode(
    examples: Sequence[Example],
    tokenizer: Tokenizer,
    *,
    emotions: Sequence[Emotion],
    max_tokens: int,
) -> list[EncodedExample]:
    """Clean and tokenise; a text longer than `max_tokens` keeps its beginning.

    Raises:
        ValueError: when an example has an emotion the network does not score.
    """
    encodings = tokenizer.encode_batch([clean(example.text) for example in examples])
    encoded = []
    for encoding, example in zip(encodings, examples, strict=True):
        if missing := set(example.emotions) - set(emotions):
            raise ValueError(f"expected emotions out of {list(emotions)!r}, found {missing!r}")
        ids = encoding.ids
        if len(ids) > max_tokens:
            ids = [*ids[: max_tokens - 1], ids[-1]]
        share = 1 / max(1, len(example.emotions))
        target = tuple(share if emotion in example.emotions else 0.0 for emotion in emotions)
        encoded.append(EncodedExample(tuple(ids), target))
    return encoded


def shuffled_batches(
    lengths: Sequence[int], batch_size: int, random_order: random.Random
) -> list[list[int]]:
    """Return batches of indices: each of like length, in random order, every index once."""
    order = list(range(len(lengths)))
    random_order.shuffle(order)
    pool_size = batch_size * POOL_BATCHES
    batches = []
    for start in range(0, len(order), pool_size):
        pool = sorted(order[start : start + pool_size], key=lambda index: lengths[index])
        batches += [pool[i : i + batch_size] for i in range(0, len(pool), batch_size)]
    random_order.shuffle(batches)
    return batches


def pad(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Return ids: int64 (B, T) padded with 0, and lengths: int64 (B,)."""
    lengths = [len(row) for row in rows]
    ids = torch.zeros(len(rows), max(lengths), dtype=torch.int64)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = torch.tensor(row)
    return ids, torch.tensor(lengths)
