"""A bounded random search of learning rate, epochs and dropout, that goes on after a kill.

Each trial is a run in a folder of its own, `trial-01` and so on; the table `search.json` says
what was tried and how it did, and `best` names the winner. Trials are drawn once, from the seed,
so that the search called again finds its own trials and finishes the one under way.
"""

from __future__ import annotations

import json
import math
import random
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import structlog

from training.config import TrainConfig, TrainError
from training.state import STATE, write_json
from training.train import train

log = structlog.get_logger(__name__)

TABLE = "search.json"


@dataclass(frozen=True, slots=True)
class SearchSpace:
    """What is drawn from; both ends included."""

    #: Factor on the configuration's learning rates, drawn evenly by its logarithm.
    rate_factor: tuple[float, float] = (1 / 3, 3.0)
    epochs: tuple[int, int] = (2, 5)
    dropout: tuple[float, float] = (0.1, 0.5)


@dataclass(frozen=True, slots=True)
class Trial:
    """One drawn configuration, and its best epoch's validation score once it has run."""

    number: int
    encoder_lr: float
    head_lr: float
    epochs: int
    dropout: float
    score: float | None = None
    seconds: float | None = None

    @property
    def folder(self) -> str:
        return f"trial-{self.number:02}"

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__} | {"folder": self.folder}


def search(config: TrainConfig, n_trials: int, space: SearchSpace | None = None) -> list[Trial]:
    """Run the trials that are left and return all, best first.

    The first trial is the configuration itself. Only the winner keeps the state it could be
    trained on from.

    Raises:
        TrainError: when there are no trials to run, or `out_dir` holds another search.
    """
    if n_trials < 1:
        raise TrainError(f"expected at least one trial, found {n_trials}")
    out = config.out_dir
    out.mkdir(parents=True, exist_ok=True)
    if (out / "train.json").exists():
        raise TrainError(f"expected a folder for the search in {str(out)!r}, found a single run")
    trials = draw_trials(config, n_trials, space or SearchSpace())
    known = _known(config, out)
    done: list[Trial] = []
    for trial in trials:
        # A loser's state is gone: it must not be trained again.
        found = known.get(trial.folder) or _finished(trial, train(_configured(config, trial, out)))
        done.append(found)
        log.info("trial_ended", **found.to_json())
        best = max(done, key=lambda each: each.score or 0.0)
        for each in done:
            if each is not best:
                (out / each.folder / STATE).unlink(missing_ok=True)
        write_json(
            out / TABLE,
            {
                "config": config.to_json(),
                "best": best.folder,
                "trials": [each.to_json() for each in (*done, *trials[len(done) :])],
            },
        )
    return sorted(done, key=lambda each: -(each.score or 0.0))


def draw_trials(config: TrainConfig, n_trials: int, space: SearchSpace) -> list[Trial]:
    """Return the trials of a seed; more of them begin with the same ones."""
    order = random.Random(config.seed)  # noqa: S311 (a seedable order)
    is_scratch = config.architecture in {"ann", "lstm"}
    dropout = (config.scratch if is_scratch else config.network).dropout
    trials = [Trial(1, config.encoder_lr, config.new_layers_lr, config.epochs, dropout)]
    low, high = (math.log(end) for end in space.rate_factor)
    while len(trials) < n_trials:
        factor = math.exp(order.uniform(low, high))
        trials.append(
            Trial(
                len(trials) + 1,
                encoder_lr=_rounded(config.encoder_lr * factor),
                head_lr=_rounded(config.new_layers_lr * factor),
                epochs=order.randint(*space.epochs),
                dropout=round(order.uniform(*space.dropout), 2),
            )
        )
    return trials


def _known(config: TrainConfig, out: Path) -> dict[str, Trial]:
    """Return the finished trials of an earlier call, by folder."""
    try:
        table = json.loads((out / TABLE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    if table["config"] != json.loads(json.dumps(config.to_json())):
        raise TrainError(
            f"expected a search of the same configuration in {str(out)!r}, found another: choose "
            "another folder"
        )
    rows = [{k: v for k, v in row.items() if k != "folder"} for row in table["trials"]]
    trials = [Trial(**row) for row in rows if row["score"] is not None]
    return {trial.folder: trial for trial in trials}


def _configured(config: TrainConfig, trial: Trial, out: Path) -> TrainConfig:
    return replace(
        config,
        out_dir=out / trial.folder,
        encoder_lr=trial.encoder_lr,
        head_lr=trial.head_lr,
        epochs=trial.epochs,
        network=replace(config.network, dropout=trial.dropout),
        scratch=replace(config.scratch, dropout=trial.dropout),
    )


def _finished(trial: Trial, folder: Path) -> Trial:
    history = json.loads((folder / "history.json").read_text(encoding="utf-8"))
    return replace(
        trial,
        score=max(record["score"] for record in history),
        seconds=history[-1]["seconds"],
    )


def _rounded(rate: float) -> float:
    return float(f"{rate:.3g}")
