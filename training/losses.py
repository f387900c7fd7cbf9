"""The losses a network can be trained with, on soft targets.

A target row holds a probability for each emotion (a text with two labels has two halves), so that
multi-label rows teach without a second head.
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
) -> Tensor:
    """Return the mean loss over the batch, a scalar.

    Args:
        logits: float32 (B, E).
        targets: float32 (B, E), rows sum to 1.
        name: `cross_entropy`, or `focal` which plays down what is already learned.
        focal_gamma: how strongly; 0 equals cross-entropy.
        label_smoothing: share of each target spread evenly over all emotions, 0..1.

    Source: Lin et al. 2017, "Focal Loss for Dense Object Detection", equation 4, without alpha.
    """
    if name not in ("cross_entropy", "focal"):
        raise ValueError(f"expected loss 'cross_entropy' or 'focal', found {name!r}")
    log_p = torch.log_softmax(logits, dim=-1)
    if label_smoothing:
        targets = targets * (1 - label_smoothing) + label_smoothing / targets.shape[-1]
    terms = -targets * log_p
    if name == "focal":
        terms = terms * (1 - log_p.exp()) ** focal_gamma
    return terms.sum(dim=-1).mean()
