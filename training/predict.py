"""Logits of many texts from a run's network, whatever its architecture, or from its graph.

`load_run` opens the folder of `training.train`, `open_model` a bundle as well; evaluating,
comparing, distilling and going on from an earlier model build on them. Texts longer than the run's
`max_tokens` keep their beginning, as in training.

Shapes: N texts, B texts in a batch, T tokens of the longest, E emotions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import nn

from model.bundle import CHECKSUMS, WEIGHTS, load_bundle
from model.labels import as_emotions
from model.network import MoodNetwork, NetworkConfig
from model.text import prepare_tokenizer
from model.weights import read_state
from records import Emotion
from training.batches import encode, pad
from training.config import TrainError
from training.data import Example
from training.metrics import FloatArray
from training.networks.build import rebuild

if TYPE_CHECKING:
    import onnxruntime as ort

#: Token ids of one text a row; float32 logits (N, E) out.
Predict = Callable[[Sequence[Sequence[int]]], FloatArray]

#: Texts predicted together; more costs memory and gains nothing on a processor.
BATCH_SIZE = 32


@dataclass(frozen=True, slots=True)
class Run:
    """A trained network with all that is needed to ask it."""

    folder: Path
    #: `hybrid`, `plain`, `ann` or `lstm`.
    architecture: str
    network: nn.Module
    tokenizer: Tokenizer
    emotions: tuple[Emotion, ...]
    max_tokens: int
    #: network.json and train.json, as they stand in the folder.
    description: dict[str, Any]
    config: dict[str, Any]
    #: Matmuls in bfloat16: faster, and its logits differ in the third digit.
    bfloat16: bool = False
    #: Name and version where it was opened from a bundle.
    model_id: str | None = None

    @property
    def name(self) -> str:
        """What later runs call it: a bundle's name and version, a run's folder."""
        return self.folder.name if self.model_id is None else self.model_id

    def rows(self, texts: Sequence[str]) -> list[tuple[int, ...]]:
        """Return the texts' token ids, cut at `max_tokens`."""
        examples = [Example(text, ()) for text in texts]
        encoded = encode(
            examples, self.tokenizer, emotions=self.emotions, max_tokens=self.max_tokens
        )
        return [row.ids for row in encoded]

    def logits(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32 (N, E), in the order of `emotions`; at least one text is expected."""
        predict = with_network(self.network, bfloat16=self.bfloat16)
        return np.asarray(in_batches(predict, self.rows(texts)), dtype=np.float32)


def load_run(folder: Path, *, device: str = "cpu", bfloat16: bool = False) -> Run:
    """Open the folder of a finished or still growing run; its best weights so far.

    Raises:
        TrainError: when `folder` is none, or its weights do not fit its network.json.
    """
    if (table := folder / "search.json").exists():
        best = json.loads(table.read_text(encoding="utf-8")).get("best")
        raise TrainError(
            f"expected the folder of a run, found a search in {str(folder)!r}: name one of its "
            f"runs, the best is {best!r}"
        )
    try:
        description = json.loads((folder / "network.json").read_text(encoding="utf-8"))
        config = json.loads((folder / "train.json").read_text(encoding="utf-8"))
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        weights = load_file(folder / "model.safetensors", device=device)
    except Exception as error:  # tokenizers and safetensors raise classes of their own
        raise TrainError(
            f"expected the folder of a run with at least one epoch in {str(folder)!r}: "
            f"{error!s:.200}"
        ) from error
    network = rebuild(description)
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise TrainError(
            f"expected weights in {str(folder)!r} that fit its network.json: {error!s:.200}"
        ) from error
    return Run(
        folder=folder,
        architecture=str(description["architecture"]),
        network=network.to(device).eval(),
        tokenizer=prepare_tokenizer(tokenizer),
        emotions=as_emotions(config["emotions"]),
        max_tokens=int(config["max_tokens"]),
        description=description,
        config=config,
        bfloat16=bfloat16,
    )


def open_model(folder: Path, *, device: str = "cpu", bfloat16: bool = False) -> Run:
    """Open a run, or a bundle of the hybrid, whose network is rebuilt from its eight-bit weights.

    A bundle's own calibration, windows and language check stay out: what is opened are its logits.

    Raises:
        BundleError: when the bundle is refused.
        TrainError: when `folder` is neither, or the bundle's network is not the hybrid over BERT.
    """
    if not (folder / CHECKSUMS).exists():
        return load_run(folder, device=device, bfloat16=bfloat16)
    bundle = load_bundle(folder)
    if (kind := bundle.config.network.get("kind")) is not None:
        raise TrainError(
            f"expected the bundle of a hybrid network in {str(folder)!r}, found {kind!r}: name the "
            "run that it was exported from"
        )
    try:
        network = MoodNetwork(NetworkConfig(**bundle.config.network))
        state = read_state(bundle.read(WEIGHTS))
        network.load_state_dict({name: torch.from_numpy(array) for name, array in state.items()})
    except (TypeError, RuntimeError) as error:
        raise TrainError(
            f"expected the bundle of a hybrid network, found {error!s:.200}"
        ) from error
    return Run(
        folder=folder,
        architecture="hybrid",
        network=network.to(device).eval(),
        tokenizer=prepare_tokenizer(Tokenizer.from_str(bundle.read("tokenizer.json").decode())),
        emotions=bundle.emotions,
        max_tokens=bundle.config.max_tokens,
        description={
            "architecture": "hybrid",
            "kind": "mood",
            "network": bundle.config.network,
            "max_positions": bundle.config.network["max_positions"],
        },
        config=bundle.metrics().get("training", {}).get("config", {}),
        bfloat16=bfloat16,
        model_id=bundle.model_id,
    )


def weights_file(folder: Path) -> Path:
    """Return the file of a run's or a bundle's weights.

    Raises:
        TrainError: when there is none.
    """
    for name in (WEIGHTS, "model.safetensors"):
        if (folder / name).exists():
            return folder / name
    raise TrainError(f"expected a bundle or a finished run in {str(folder)!r}, found no weights")


def with_network(network: nn.Module, *, bfloat16: bool = False) -> Predict:
    """Return a predictor that runs the network where it lies, without dropout."""

    def run(rows: Sequence[Sequence[int]]) -> FloatArray:
        network.eval()
        device = next(network.parameters()).device
        ids, lengths = (tensor.to(device) for tensor in pad(rows))
        with (
            torch.inference_mode(),
            torch.autocast(device.type, torch.bfloat16, enabled=bfloat16),
        ):
            logits: FloatArray = network(ids, lengths).float().cpu().numpy()
        return logits

    return run


def with_graph(session: ort.InferenceSession) -> Predict:
    """Return a predictor that runs an exported graph."""

    def run(rows: Sequence[Sequence[int]]) -> FloatArray:
        ids, lengths = pad(rows)
        inputs = {"ids": ids.numpy(), "lengths": lengths.numpy().astype(np.int32)}
        (logits,) = session.run(["logits"], inputs)
        return np.asarray(logits)

    return run


def in_batches(
    predict: Predict, rows: Sequence[Sequence[int]], *, batch_size: int = BATCH_SIZE
) -> FloatArray:
    """Predict texts of like length together; at least one text is expected."""
    order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
    logits = [
        predict([rows[index] for index in order[start : start + batch_size]])
        for start in range(0, len(order), batch_size)
    ]
    result: FloatArray = np.concatenate(logits)[np.argsort(order)]
    return result
