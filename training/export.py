"""Make a bundle of a trained network: eight-bit ONNX, calibration, figures, card, checksums.

Nothing is left behind when the graph fails the gate of `training.parity`: a bundle that exists
has passed it, and its metrics.json says by how much.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

from model.bundle import BUNDLE_SCHEMA, WEIGHTS, load_bundle, write_checksums
from model.labels import as_emotions
from model.network import MoodNetwork, NetworkConfig
from model.session import open_session
from model.text import prepare_tokenizer
from records import Emotion
from training.card import licence_text, model_card
from training.measure import compare_on, load_parts, temperature_on
from training.onnx_graph import build_graph
from training.parity import check
from training.predict import with_graph, with_network
from training.quantise import input_moments

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ExportConfig:
    """What a bundle says about itself, besides what training decided."""

    name: str = "default"
    #: Top score below which a score counts as of low confidence.
    low_confidence: float = 0.4
    #: Longest window in tokens; training cut its texts at this length, too.
    max_tokens: int = 128
    #: Tokens two windows of a long text share.
    overlap: int = 16
    #: Keep the float32 weights beside the graph: for training on, four times its size.
    keep_safetensors: bool = False
    #: Validation texts of each data set that show the rounding what the layers read.
    n_typical: int = 500
    threads: int = 2


def export(
    checkpoint: Path, out: Path, *, data_dir: Path, config: ExportConfig | None = None
) -> Path:
    """Write the bundle of the network in `checkpoint` (what `training.train` returns) to `out`.

    An older bundle in `out` is replaced, and only once the new one has passed.

    Raises:
        ParityError: when the graph is not equal enough to the network.
        DataError: when `data_dir` lacks a data set.
    """
    config = config or ExportConfig()
    torch.set_num_threads(config.threads)
    network, emotions = _load_network(checkpoint)
    tokenizer = prepare_tokenizer(Tokenizer.from_file(str(checkpoint / "tokenizer.json")))
    state = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    validation, test = load_parts(data_dir, tokenizer, emotions, config.max_tokens)
    typical = [row for part in validation for row in part.rows[: config.n_typical]]
    moments = input_moments(network, typical)
    graph = build_graph(state, network.config, moments).SerializeToString()
    session = open_session(graph, threads=config.threads)

    by_network, by_graph = with_network(network), with_graph(session)
    temperature = temperature_on(by_graph, validation, emotions)
    figures, parity, effect = compare_on(test, by_network, by_graph, emotions, temperature)
    log.info("graph_compared", **parity.to_json(), batch=effect.to_json())
    check(parity, effect)

    metrics = {
        "test": figures,
        "parity": parity.to_json(),
        "batch_effect": effect.to_json(),
        "training": {
            "config": _read_json(checkpoint / "train.json"),
            "history": _read_json(checkpoint / "history.json"),
        },
    }
    documents = {
        "config.json": {
            "schema": BUNDLE_SCHEMA,
            "name": config.name,
            "emotions": list(emotions),
            "max_tokens": config.max_tokens,
            "overlap": config.overlap,
            "low_confidence": config.low_confidence,
            "languages": ["en"],
            "network": network.config.to_json(),
        },
        "calibration.json": {
            "labels": list(emotions),
            "temperature": temperature,
            "fitted_on": [part.name for part in validation],
        },
        "metrics.json": metrics,
    }
    staging = out.with_name(out.name + ".new")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    (staging / WEIGHTS).write_bytes(graph)
    shutil.copyfile(checkpoint / "tokenizer.json", staging / "tokenizer.json")
    if config.keep_safetensors:
        shutil.copyfile(checkpoint / "model.safetensors", staging / "model.safetensors")
    for name, document in documents.items():
        text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
        (staging / name).write_text(text, encoding="utf-8")
    card = model_card(config.name, emotions, network.config, metrics, n_bytes=len(graph))
    (staging / "MODEL_CARD.md").write_text(card, encoding="utf-8")
    (staging / "LICENSE").write_text(licence_text(), encoding="utf-8")
    write_checksums(staging)
    load_bundle(staging)
    if out.exists():
        shutil.rmtree(out)
    staging.rename(out)
    return out


def _load_network(checkpoint: Path) -> tuple[MoodNetwork, tuple[Emotion, ...]]:
    network = MoodNetwork(NetworkConfig(**_read_json(checkpoint / "network.json")["network"]))
    network.load_state_dict(load_file(checkpoint / "model.safetensors"))
    emotions = as_emotions(_read_json(checkpoint / "train.json")["emotions"])
    return network.eval(), emotions


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
