"""Noise on the word embeddings while training: random, or the worst there is nearby.

Shapes: B texts, T tokens, H the embedding's width, V words.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


def add_random_noise(words: nn.Embedding, alpha: float) -> None:
    """Add uniform noise to what the embedding gives (B, T, H), in training only.

    Source: Jain et al. 2023, "NEFTune: Noisy Embeddings Improve Instruction Finetuning",
    algorithm 1: uniform in ±alpha / sqrt(T H).
    """

    def disturb(module: nn.Module, _: tuple[Tensor, ...], output: Tensor) -> Tensor:
        if not module.training:
            return output
        bound = alpha / (output.shape[-2] * output.shape[-1]) ** 0.5
        return output + torch.empty_like(output).uniform_(-bound, bound)

    words.register_forward_hook(disturb)


@contextmanager
def against_gradient(words: nn.Embedding, epsilon: float) -> Iterator[None]:
    """Within the block, the embeddings (V, H) stand a step of `epsilon` up their own gradient.

    Source: Miyato et al. 2017, "Adversarial Training Methods for Semi-Supervised Text
    Classification", equation 5; on the table as a whole, as "FGM" is usually written.
    """
    gradient = words.weight.grad
    if gradient is None:
        raise ValueError("expected word embeddings with a gradient: they must not be frozen")
    norm = gradient.norm()
    kept = words.weight.detach().clone()
    with torch.no_grad():
        if norm > 0:
            words.weight.add_(gradient, alpha=float(epsilon / norm))
    try:
        yield
    finally:
        with torch.no_grad():
            words.weight.copy_(kept)
