"""Where a network with attention looks in a text: a heat map a layer.

Shows what each token's new state is mixed from, not why a score came out: see model.attribution.

Shapes: B texts (here one), T tokens of it, H a width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model.network import SelfAttention
from training.drawing.charts import Spec, framed, inline, titled
from training.predict import Run


@dataclass(frozen=True, slots=True)
class AttentionMap:
    """How much each token looks at each other one, averaged over heads, by layer."""

    tokens: tuple[str, ...]
    #: Layer's name → float (T, T), rows sum to 1.
    layers: dict[str, NDArray[np.float64]]


def attention_map(run: Run, text: str) -> AttentionMap | None:
    """Return where each layer looks in a text; None for a network without attention."""
    (ids,) = run.rows([text])
    tokens = tuple(str(run.tokenizer.id_to_token(token)) for token in ids)
    batch, lengths = torch.tensor([ids]), torch.tensor([len(ids)])
    layers = _own_attention(run.network, batch, lengths)
    inner = getattr(getattr(run.network, "encoder", None), "inner", None)
    if inner is not None:
        layers = _transformers_attention(inner, batch) | layers
    return AttentionMap(tokens, layers) if layers else None


def attention_chart(found: AttentionMap, *, title: str) -> Spec:
    """Return a heat map a layer: rows look at columns."""
    charts = []
    for name, weights in found.layers.items():
        values = [
            {"from": i, "to": j, "weight": round(float(weights[i, j]), 4)}
            for i in range(len(found.tokens))
            for j in range(len(found.tokens))
        ]
        labels = alt.Axis(labelExpr=_labels(found.tokens), labelOverlap=False, labelLimit=90)
        charts.append(
            alt.Chart(inline(values), title=name)
            .mark_rect()
            .encode(
                x=alt.X("to:O", title="looks at", axis=labels),
                y=alt.Y("from:O", title=None, axis=labels),
                color=alt.Color("weight:Q", title="weight", scale=alt.Scale(scheme="blues")),
            )
            .properties(width=alt.Step(22), height=alt.Step(18))
        )
    joined = alt.concat(*charts, columns=2).resolve_scale(color="independent")
    return framed(titled(joined, title, "mean of the heads"))


def _labels(tokens: tuple[str, ...]) -> str:
    """Return a Vega expression that names a token by its place: tokens may stand twice."""
    quoted = ", ".join("'" + _plain(token) + "'" for token in tokens)
    return f"[{quoted}][datum.value]"


def _plain(token: str) -> str:
    return "".join(c for c in token if c.isalnum() or c in "#[]!?.,:;-_@ ")


def _own_attention(
    network: nn.Module, ids: Tensor, lengths: Tensor
) -> dict[str, NDArray[np.float64]]:
    """Run the network once and work out the weights of our own attention from its inputs."""
    found: dict[str, NDArray[np.float64]] = {}
    hooks = []
    for name, module in network.named_modules():
        if isinstance(module, SelfAttention):
            title = _title(name)

            def note(layer: nn.Module, inputs: Any, _: Any, title: str = title) -> None:
                found[title] = _weights(layer, *inputs)

            hooks.append(module.register_forward_hook(note))
    try:
        with torch.inference_mode():
            network.eval()(ids, lengths)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def _weights(layer: Any, x: Tensor, penalty: Tensor) -> NDArray[np.float64]:
    """Return the mean over heads (T, T) of what `SelfAttention.forward` weighs by."""
    _, T, H = x.shape
    qkv = layer.qkv(x).view(1, T, 3, layer.heads, H // layer.heads).permute(2, 0, 3, 1, 4)
    q, k, _ = qkv.unbind(0)
    scores = (q @ k.transpose(-1, -2)).float() / (H // layer.heads) ** 0.5
    scores = scores + penalty[:, None, None, :]
    return np.asarray(torch.softmax(scores, dim=-1).mean(dim=1)[0].double().numpy())


def _transformers_attention(inner: Any, ids: Tensor) -> dict[str, NDArray[np.float64]]:
    """Ask an encoder of `transformers` for its weights; fused attention does not keep them."""
    before = inner.config._attn_implementation
    inner.set_attn_implementation("eager")
    try:
        with torch.inference_mode():
            outcome = inner.eval()(input_ids=ids, output_attentions=True)
    finally:
        inner.set_attn_implementation(before)
    return {
        f"encoder layer {number}": np.asarray(weights.mean(dim=1)[0].double().numpy())
        for number, weights in enumerate(outcome.attentions or (), start=1)
    }


def _title(name: str) -> str:
    parts = name.split(".")
    if parts[0] == "encoder" and len(parts) > 1 and parts[1].isdigit():
        return f"encoder layer {int(parts[1]) + 1}"
    return "head's attention"
