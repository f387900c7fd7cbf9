"""Make a bundle of a trained network: ONNX graph, calibration, confusions, card, checksums.

The hybrid over BERT becomes the eight-bit graph of `training.bundling.onnx_graph`; any other
network is exported in float32 by `training.bundling.onnx_float`. Nothing is left behind when the
graph fails the gate of `training.bundling.parity`: a bundle that exists has passed it, and its
metrics.json says by how much.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import structlog
import torch

from model.bundle import BUNDLE_SCHEMA, CONFUSIONS, WEIGHTS, load_bundle, write_checksums
from model.calibration import Calibration
from model.network import MoodNetwork
from model.session import open_session
from records import Emotion
from training.bundling.calibrate import LabelledLogits, fit_calibration
from training.bundling.card import licence_text, model_card
from training.bundling.confusions import measure_confusions
from training.bundling.onnx_graph import build_graph
from training.bundling.parity import BatchEffect, Parity, batch_effect, check, compare
from training.bundling.quantise import input_moments
from training.config import TrainError
from training.data import Corpus
from training.inputs import Part, load_data, parts_of
from training.metrics import FloatArray, quality
from training.predict import Predict, Run, in_batches, load_run, with_graph, with_network

log = structlog.get_logger(__name__)

#: Texts in the check of the batch's influence.
N_BATCH_TEXTS = 500


@dataclass(frozen=True, slots=True)
class ExportConfig:
    """What a bundle says about itself, besides what training decided."""

    name: str = "default"
    #: Top score below which a score counts as of low confidence.
    low_confidence: float = 0.4
    #: Longest window in tokens; None: where training cut its texts.
    max_tokens: int | None = None
    #: Tokens two windows of a long text share.
    overlap: int = 16
    #: Keep the float32 weights beside the graph: for training on, four times its size.
    keep_safetensors: bool = False
    #: Validation texts of each data set that show the rounding what the layers read.
    n_typical: int = 500
    threads: int = 2


def run_seed(checkpoint: Path) -> int:
    """Return the seed of a run, by which data without parts of its own is split.

    Raises:
        TrainError: when `checkpoint` holds no run.
    """
    try:
        return int(_read_json(checkpoint / "train.json")["seed"])
    except (OSError, KeyError, ValueError) as error:
        raise TrainError(f"expected the folder of a run in {str(checkpoint)!r}") from error


def export(
    checkpoint: Path,
    out: Path,
    *,
    data: Sequence[Corpus | str | Path],
    config: ExportConfig | None = None,
) -> Path:
    """Write the bundle of the network in `checkpoint` (what `training.train` returns) to `out`.

    `data` is what the run was trained on: its validation parts calibrate, its test parts judge.
    An older bundle in `out` is replaced, and only once the new one has passed.

    Raises:
        ParityError: when the graph is not equal enough to the network.
        TrainError: when `checkpoint` is no run, or its network cannot be exported.
        DataError: when a data set cannot be read.
    """
    config = config or ExportConfig()
    torch.set_num_threads(config.threads)
    run = load_run(checkpoint)
    corpora, _ = load_data(data, run.emotions, seed=run_seed(checkpoint))
    _warn_of_other_data(run, corpora)
    max_tokens = config.max_tokens or run.max_tokens
    validation, test = (
        parts_of(corpora, name, run.tokenizer, run.emotions, max_tokens)
        for name in ("validation", "test")
    )
    log.info("export_step", step="writing the graph", of=run.architecture)
    graph, sizes = _graph(run, validation, config)
    log.info("export_step", step="calibrating", texts=sum(len(part.rows) for part in validation))
    predict = with_graph(open_session(graph, threads=config.threads))
    labelled = labelled_logits(predict, validation, run.emotions)
    calibration = fit_calibration(labelled)
    confusions = measure_confusions(
        [
            (part.name, calibration.probabilities(each.logits), each.truth)
            for part, each in zip(validation, labelled, strict=True)
        ],
        run.emotions,
    )
    log.info("export_step", step="judging", texts=sum(len(part.rows) for part in test))
    figures, parity, effect = _judge(run, predict, test or validation, calibration)
    log.info("graph_compared", **parity.to_json(), batch=effect.to_json())
    check(parity, effect)

    metrics = {
        "test": figures,
        "parity": parity.to_json(),
        "batch_effect": effect.to_json(),
        "training": {"config": run.config, "history": _read_json(checkpoint / "history.json")},
    }
    documents = {
        "config.json": {
            "schema": BUNDLE_SCHEMA,
            "name": config.name,
            "emotions": list(run.emotions),
            "max_tokens": max_tokens,
            "overlap": min(config.overlap, max(0, max_tokens - 3)),
            "low_confidence": config.low_confidence,
            "languages": ["en"],
            "network": sizes,
        },
        "calibration.json": {
            "labels": list(run.emotions),
            **calibration.to_json(),
            "fitted_on": [part.name for part in validation],
        },
        "metrics.json": metrics,
    }
    card = model_card(
        config.name,
        run.emotions,
        run.description,
        metrics,
        n_bytes=len(graph),
        is_int8=isinstance(run.network, MoodNetwork),
    )
    texts = {"MODEL_CARD.md": card, "LICENSE": licence_text(run.config)}
    staging = out.with_name(out.name + ".new")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    (staging / WEIGHTS).write_bytes(graph)
    shutil.copyfile(checkpoint / "tokenizer.json", staging / "tokenizer.json")
    if config.keep_safetensors:
        shutil.copyfile(checkpoint / "model.safetensors", staging / "model.safetensors")
    for name, document in documents.items():
        texts[name] = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    for name, text in texts.items():
        (staging / name).write_text(text, encoding="utf-8")
    if confusions.sets:  # Pages of numbers: a line each would be thousands.
        told = json.dumps(confusions.to_json(), separators=(",", ":"))
        (staging / CONFUSIONS).write_text(told + "\n", encoding="utf-8")
    write_checksums(staging)
    load_bundle(staging)
    if out.exists():
        shutil.rmtree(out)
    staging.rename(out)
    return out


def labelled_logits(
    predict: Predict, validation: Sequence[Part], emotions: tuple[Emotion, ...]
) -> list[LabelledLogits]:
    """Return the answers on the validation texts of each data set, to calibrate and correct by."""
    return [
        LabelledLogits(
            in_batches(predict, part.rows),
            np.array([emotions.index(example.emotions[0]) for example in part.examples]),
            tuple(emotions.index(emotion) for emotion in part.among),
        )
        for part in validation
    ]


def _warn_of_other_data(run: Run, corpora: Sequence[Corpus]) -> None:
    """Say so where the data is not the run's: its texts may have been trained on."""
    sizes = [(corpus.name, len(corpus.train), len(corpus.validation)) for corpus in corpora]
    trained = [(one["name"], one["train"], one["validation"]) for one in run.config.get("data", ())]
    if sizes != trained:
        log.warning(
            "data_is_not_the_runs",
            trained_on=_told(trained),
            found=_told(sizes),
            consequence="calibration and figures may rest on texts that were trained on",
        )


def _told(sizes: Sequence[tuple[str, int, int]]) -> str:
    return ", ".join(f"{name} ({n:,} + {held_out:,} texts)" for name, n, held_out in sizes)


def _graph(
    run: Run, validation: Sequence[Part], config: ExportConfig
) -> tuple[bytes, dict[str, Any]]:
    """Return the graph and what config.json says of the network."""
    if isinstance(run.network, MoodNetwork):
        state = {name: tensor.numpy() for name, tensor in run.network.state_dict().items()}
        typical = [row for part in validation for row in part.rows[: config.n_typical]]
        moments = input_moments(run.network, typical)
        graph = build_graph(state, run.network.config, moments).SerializeToString()
        return graph, run.network.config.to_json()
    from training.bundling.onnx_float import export_float

    sizes = {
        "kind": run.description["kind"],
        "n_emotions": len(run.emotions),
        "vocabulary_size": run.tokenizer.get_vocab_size(),
        "max_positions": run.description["max_positions"],
    }
    return export_float(run.network), sizes


def _judge(
    run: Run, graph: Predict, parts: Sequence[Part], calibration: Calibration
) -> tuple[dict[str, Any], Parity, BatchEffect]:
    """Judge the graph on each part, and against the network it was made of."""
    figures: dict[str, Any] = {}
    accuracy_loss: dict[str, float] = {}
    references: list[FloatArray] = []
    founds: list[FloatArray] = []
    network = with_network(run.network)
    for part in parts:
        reference, found = (
            calibration.probabilities(in_batches(predict, part.rows))
            for predict in (network, graph)
        )
        by_network, by_graph = (
            quality(each, part.examples, emotions=run.emotions, among=part.among)
            for each in (reference, found)
        )
        references.append(reference)
        founds.append(found)
        accuracy_loss[part.name] = round(by_network.accuracy - by_graph.accuracy, 5)
        figures[part.name] = {**by_graph.to_json(), "float32": by_network.to_json()}
    n_texts = {part.name: len(part.rows) for part in parts}
    parity = compare(np.concatenate(references), np.concatenate(founds), accuracy_loss, n_texts)
    rows = [row for part in parts for row in part.rows[: N_BATCH_TEXTS // len(parts)]]
    effect = batch_effect(lambda batch: calibration.probabilities(graph(batch)), rows)
    return figures, parity, effect


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
