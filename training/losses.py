"""The losses a network can be trained with, on soft targets.

A target row holds a probability for each emotion (a text with two labels has two halves), so that
multi-label rows teach without a second head.

Shapes: B texts, E emotions.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

LossName = Literal["cross_entropy", "focal"]


def classification_loss(
    logits: Tensor,
    targets: Tensor,
    *,
    name: LossName = "cross_entropy",
    focal_gamma: float = 2.0,
    label_smoothing: float = 0.0,
    class_weights: Tensor | None = None,
    row_weights: Tensor | None = None,
) -> Tensor:
    """Return the mean loss over the batch, a scalar.

    Args:
        logits: float32 (B, E).
        targets: float32 (B, E), rows sum to 1.
        name: `cross_entropy`, or `focal` which plays down what is already learned.
        focal_gamma: how strongly; 0 equals cross-entropy.
        label_smoothing: share of each target spread evenly over all emotions, 0..1.
        class_weights: float32 (E,), how much each emotion's texts count.
        row_weights: float32 (B,), how much each text counts.

    Source: Lin et al. 2017, "Focal Loss for Dense Object Detection", equation 4, without alpha.
    """
    if name not in ("cross_entropy", "focal"):
        raise ValueError(f"expected loss 'cross_entropy' or 'focal', found {name!r}")
    log_p = torch.log_softmax(logits, dim=-1)
    weights = targets if class_weights is None else targets * class_weights
    if label_smoothing:
        targets = targets * (1 - label_smoothing) + label_smoothing / targets.shape[-1]
    terms = -targets * log_p
    if name == "focal":
        terms = terms * (1 - log_p.exp()) ** focal_gamma
    if class_weights is not None:
        terms = terms * class_weights
    rows = terms.sum(dim=-1)
    if row_weights is not None:
        rows = rows * row_weights
    if class_weights is None:
        return rows.mean()
    # The mean of weighted texts, as torch's own weighted cross-entropy has it.
    return rows.sum() / weights.sum().clamp(min=1e-12)


def distillation_loss(
    logits: Tensor, teacher: Tensor, weights: Tensor, *, temperature: float
) -> Tensor:
    """Return the mean cross-entropy against the teachers, a scalar; 0 at weights of 0.

    Args:
        logits: float32 (B, E).
        teacher: float32 (B, E), the teachers' mean probabilities at `temperature`.
        weights: float32 (B,), how much of each text's loss is the teachers'.
        temperature: softens both sides; its square keeps the gradients' size.

    Source: Hinton et al. 2015, "Distilling the Knowledge in a Neural Network", section 2.
    """
    log_p = torch.log_softmax(logits / temperature, dim=-1)
    rows = -(teacher * log_p).sum(dim=-1)
    return (rows * weights).mean() * temperature**2


def disagreement(one: Tensor, other: Tensor) -> Tensor:
    """Return the mean symmetric Kullback-Leibler divergence of two passes' logits, a scalar.

    Source: Wu et al. 2021, "R-Drop: Regularized Dropout for Neural Networks", equation 2.
    """
    log_p, log_q = torch.log_softmax(one, dim=-1), torch.log_softmax(other, dim=-1)
    return ((log_p.exp() - log_q.exp()) * (log_p - log_q)).sum(dim=-1).mean() / 2
