"""What a network is made of: its layers as text and as a picture.

For people who read about a model before they use it; nothing here is needed to run one.

Shapes: B texts, T tokens of the longest.
"""

from __future__ import annotations

from html import escape
from typing import Any, Final

import torch
import vl_convert
from torch import Tensor, nn
from torchinfo import summary as torchinfo_summary

from model.network import MoodNetwork
from training.networks.scratch import AnnNetwork

_BOX_WIDTH, _BOX_HEIGHT, _GAP = 430, 46, 18
#: Tokens of the text that shapes are shown for.
_N_TOKENS: Final = 16


def layer_summary(network: nn.Module) -> str:
    """Return each layer's name, output shape and parameters, for one text of 16 tokens."""
    found = torchinfo_summary(
        network,
        input_data=_example(network),
        depth=3,
        col_names=("output_size", "num_params"),
        row_settings=("var_names",),
        verbose=0,
        device="cpu",
    )
    return str(found)


def diagram_svg(name: str, network: nn.Module) -> str:
    """Draw the network's parts from input to output, each with its size, as SVG."""
    boxes = [("text", "cleaned, tokenised: ids (B, T)", ""), *_parts(network)]
    boxes.append(("softmax", "one probability an emotion", ""))
    height = len(boxes) * (_BOX_HEIGHT + _GAP) + 60
    width = _BOX_WIDTH + 40
    n = sum(p.numel() for p in network.parameters())
    lines = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" font-family="sans-serif">'
        ),
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="20" y="32" font-size="18" font-weight="bold">{escape(name)}</text>',
        (
            f'<text x="{width - 20}" y="32" font-size="13" text-anchor="end" fill="#555">'
            f"{n:,} parameters</text>"
        ),
    ]
    for index, (title, words, count) in enumerate(boxes):
        y = 50 + index * (_BOX_HEIGHT + _GAP)
        if index:
            middle = width / 2
            lines.append(
                f'<path d="M{middle} {y - _GAP} V{y - 2} m-4 -5 l4 5 l4 -5" stroke="#555" '
                'fill="none" stroke-width="1.5"/>'
            )
        fill = "#f2f2f2" if index in (0, len(boxes) - 1) else "#dcebf7"
        lines += [
            (
                f'<rect x="20" y="{y}" width="{_BOX_WIDTH}" height="{_BOX_HEIGHT}" rx="6" '
                f'fill="{fill}" stroke="#4a7fa5"/>'
            ),
            f'<text x="32" y="{y + 19}" font-size="14" font-weight="bold">{escape(title)}</text>',
            f'<text x="32" y="{y + 37}" font-size="12" fill="#333">{escape(words)}</text>',
            (
                f'<text x="{_BOX_WIDTH + 8}" y="{y + 19}" font-size="12" text-anchor="end" '
                f'fill="#555">{count}</text>'
            ),
        ]
    return "\n".join([*lines, "</svg>"])


def diagram_png(name: str, network: nn.Module) -> bytes:
    """Draw `diagram_svg` into a PNG."""
    return bytes(vl_convert.svg_to_png(diagram_svg(name, network), scale=2.0))


def _parts(network: nn.Module) -> list[tuple[str, str, str]]:
    """Name the network's children in the order they run, with what each puts out."""
    found: list[tuple[str, str, str]] = []
    with torch.inference_mode():
        hooks = []
        for name, child in _children(network):

            def note(module: nn.Module, _: Any, output: Any, name: str = name) -> None:
                n = sum(p.numel() for p in module.parameters())
                words = f"{type(module).__name__.lstrip('_')}, output {_shape(output)}"
                if all(title != name for title, _, _ in found):
                    found.append((name, words, f"{n:,}" if n else ""))

            hooks.append(child.register_forward_hook(note))
        try:
            network.eval()(*_example(network))
        finally:
            for hook in hooks:
                hook.remove()
    if isinstance(network, AnnNetwork):  # its first dense layer is no module of its own
        first = f"sum over positions, ReLU, output (B, {network.flat.shape[2]})"
        n = network.flat.numel() + network.flat_bias.numel()
        found.insert(1, ("flatten and first dense", first, f"{n:,}"))
    return found


def _children(network: nn.Module) -> list[tuple[str, nn.Module]]:
    """Return the parts worth a box: children, lists opened, dropout left out."""
    found: list[tuple[str, nn.Module]] = []
    for name, child in network.named_children():
        if isinstance(child, nn.Dropout):
            continue
        if isinstance(child, nn.ModuleList):
            found += [(f"{name} {i}", part) for i, part in enumerate(child, start=1)]
        else:
            found.append((name, child))
    return found


def _shape(output: Any) -> str:
    while isinstance(output, tuple | list):
        output = output[0]
    if not isinstance(output, Tensor):
        return ""
    sizes = ["B", *map(str, output.shape[1:])]
    if len(sizes) == 3:
        sizes[1] = "T"
    return "(" + ", ".join(sizes) + ")"


def _example(network: nn.Module) -> tuple[Tensor, Tensor]:
    """Return ids (1, 16) and lengths (1,) that any of our networks can read."""
    n = _N_TOKENS
    if isinstance(network, MoodNetwork):
        n = min(n, network.config.max_positions)
    return torch.full((1, n), 4), torch.tensor([n])
