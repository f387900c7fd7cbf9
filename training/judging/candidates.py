"""What can stand in a comparison: systems trained here, runs and bundles that exist."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import torch

from training.config import TrainConfig, TrainError
from training.data import Corpus, training_examples
from training.judging.compare import Candidate, file_name
from training.judging.evaluate import ScoresTexts
from training.judging.linear import LinearModel
from training.judging.scorers import RunScorer
from training.predict import weights_file
from training.train import train

#: Trained by name; the encoders' systems need one.
SYSTEMS: Final = ("tfidf", "ann", "lstm", "plain", "hybrid")
#: Those of them that read an encoder.
ON_ENCODERS: Final = ("plain", "hybrid")
#: From nothing: more passes, one rate for all, texts of at most 64 tokens.
_FROM_SCRATCH: Final[dict[str, Any]] = {
    "epochs": 8,
    "head_lr": 1e-3,
    "max_tokens": 64,
    "patience": 2,
}


def system(
    name: str,
    corpus: Corpus,
    runs_dir: Path,
    *,
    encoder: str | Path | None = None,
    layers: int | None = None,
    changes: dict[str, Any] | None = None,
) -> Candidate:
    """Return a system of SYSTEMS to be trained on the corpus.

    Args:
        name: which one.
        corpus: what it is trained and judged on.
        runs_dir: its run is a folder in here; a broken one goes on.
        encoder: for `plain` and `hybrid`, whose row then names it; None: the default one.
        layers: how many of the encoder's, likewise; None: each system's own.
        changes: other fields of TrainConfig.

    Raises:
        TrainError: when there is no such system.
    """
    if name not in SYSTEMS:
        raise TrainError(f"expected a system of {', '.join(SYSTEMS)}, found {name!r}")
    title = name if name not in ON_ENCODERS else _title(name, encoder, layers)
    folder = runs_dir / file_name(title, corpus.name)
    seed = int((changes or {}).get("seed", 13))
    if name == "tfidf":
        recipe: dict[str, Any] = {"system": name, "seed": seed}
        return Candidate(name, "trained", recipe, lambda: _fit_linear(corpus, folder, seed))
    config = TrainConfig((corpus,), folder, architecture=name)  # type: ignore[arg-type]
    if name in {"ann", "lstm"}:
        config = replace(config, **_FROM_SCRATCH)
    else:
        config = replace(config, encoder=encoder, layers=layers)
    config = replace(config, **(changes or {}))
    recipe = {"system": name, **config.to_json()}
    return Candidate(title, "trained", recipe, lambda: _train(config))


def existing(folder: Path, scorer: ScoresTexts) -> Candidate:
    """Return a run or bundle that is there, by its folder and loaded scorer."""
    name = scorer.model_name
    weights = weights_file(folder)
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()[:16]
    recipe = {"model": name, "weights": digest}
    seconds = _seconds(folder)

    def make() -> tuple[ScoresTexts, int, int, float | None]:
        torch.set_num_threads(1)  # its speed is measured on one
        return scorer, _n_parameters(folder, scorer), weights.stat().st_size, seconds

    return Candidate(name, "read", recipe, make)


def _title(name: str, encoder: str | Path | None, layers: int | None) -> str:
    """Name a row by what tells it from another of its system: `plain (gte-small, 6 layers)`."""
    parts = [] if encoder is None else [Path(encoder).name]
    parts += [] if layers is None else [f"{layers} layer{'s' if layers > 1 else ''}"]
    return f"{name} ({', '.join(parts)})" if parts else name


def _train(config: TrainConfig) -> tuple[ScoresTexts, int, int, float | None]:
    folder = train(config)
    torch.set_num_threads(1)  # its speed is measured on one
    scorer = RunScorer.load(folder)
    return (
        scorer,
        _n_parameters(folder, scorer),
        weights_file(folder).stat().st_size,
        _seconds(folder),
    )


def _fit_linear(
    corpus: Corpus, folder: Path, seed: int
) -> tuple[ScoresTexts, int, int, float | None]:
    started = perf_counter()
    model = LinearModel.fit(training_examples([corpus]), seed=seed)
    seconds = perf_counter() - started
    return model, model.n_parameters, model.save(folder), round(seconds, 1)


def _n_parameters(folder: Path, scorer: ScoresTexts) -> int:
    if isinstance(scorer, RunScorer):
        return sum(p.numel() for p in scorer.run.network.parameters())
    from model.weights import read_state

    return sum(array.size for array in read_state((folder / "model.onnx").read_bytes()).values())


def _seconds(folder: Path) -> float | None:
    """Return the seconds that training took; None where the history does not tell."""
    history: Sequence[dict[str, float]] = []
    if (folder / "history.json").exists():
        history = json.loads((folder / "history.json").read_text(encoding="utf-8"))
    elif (folder / "metrics.json").exists():
        metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        history = metrics.get("training", {}).get("history", [])
    return history[-1].get("seconds") if history else None  # they are counted from the start
