"""Train a network on the benchmark and GoEmotions, on a CPU, and go on after a kill.

`train(TrainConfig(...))` returns a folder with the best epoch's weights (safetensors), the
network's sizes, the tokenizer and the history; `training.export` makes a bundle of it. The
folder also keeps the state of the last finished epoch: called again with the same
configuration, training goes on there and ends with the same weights as an unbroken run, because
every epoch seeds its own order and dropout.
"""

from __future__ import annotations

import json
import math
import os
import random
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

import structlog
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from model.labels import DEFAULT_EMOTIONS
from model.network import MoodNetwork, NetworkConfig
from model.text import prepare_tokenizer
from records import Emotion
from training.batches import EncodedExample, encode, pad, shuffled_batches
from training.data import Example, load_benchmark, load_goemotions, training_examples
from training.encoder import encoder_config, load_encoder
from training.losses import LossName, classification_loss
from training.measure import Part, judge, load_parts
from training.predict import with_network

log = structlog.get_logger(__name__)

#: Steps between two looks at the weights for their moving average: a twentieth of a step's cost.
AVERAGE_EVERY = 4


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """Everything that decides the weights of a run, and where it writes."""

    #: Holds `dair-emotion-split` and `goemotions`.
    data_dir: Path
    #: A pretrained BERT encoder: config.json, model.safetensors, tokenizer.json.
    encoder_dir: Path
    #: Created; holds the result and the state to go on from.
    out_dir: Path
    #: An earlier run's folder whose weights this one starts from, in place of the encoder's.
    start_dir: Path | None = None
    emotions: tuple[Emotion, ...] = DEFAULT_EMOTIONS
    #: Depth and head; the encoder's own sizes are read from `encoder_dir`.
    network: NetworkConfig = field(default_factory=NetworkConfig)
    epochs: int = 3
    batch_size: int = 32
    #: Peak learning rates of the pretrained encoder and of the new layers above it.
    encoder_lr: float = 1.2e-4
    head_lr: float = 1e-3
    #: Share of all steps in which the learning rate climbs; after it, linear to zero.
    warmup_share: float = 0.06
    weight_decay: float = 0.01
    #: Gradients are scaled down to this norm.
    max_gradient_norm: float = 1.0
    loss: LossName = "cross_entropy"
    focal_gamma: float = 2.0
    label_smoothing: float = 0.0
    #: What is kept is a moving average of the weights, renewed every AVERAGE_EVERY steps by one
    #: part in 1 / (1 - decay); 0 keeps the last weights themselves.
    average_decay: float = 0.0
    #: Longer training texts keep their beginning.
    max_tokens: int = 128
    #: Mixed precision: bfloat16 matmuls, float32 weights.
    bfloat16: bool = True
    seed: int = 13
    threads: int = 2

    def to_json(self) -> dict[str, Any]:
        """What a result must have in common with a run that goes on: all but the folders."""
        values = asdict(self)
        return {name: value for name, value in values.items() if not name.endswith("_dir")}


class TrainError(ValueError):
    """The run cannot start or go on as configured."""


def train(config: TrainConfig) -> Path:
    """Train, or go on, and return the folder of the result.

    Raises:
        TrainError: when `out_dir` holds a run of another configuration.
        DataError: when a data file is missing or broken.
        EncoderError: when `encoder_dir` holds no BERT encoder.
    """
    torch.set_num_threads(config.threads)
    corpora = [
        load_benchmark(config.data_dir / "dair-emotion-split"),
        load_goemotions(config.data_dir / "goemotions"),
    ]
    run = _Run(config, training_examples(corpora))
    validation, _ = load_parts(config.data_dir, run.tokenizer, config.emotions, config.max_tokens)
    for epoch in range(run.n_epochs_done, config.epochs):
        started = time.monotonic()
        loss = run.train_epoch(epoch)
        found = validation_quality(run.result, validation, config.emotions)
        run.finish_epoch({"epoch": epoch + 1, "loss": round(loss, 5), **found})
        log.info(
            "epoch_trained", epoch=epoch + 1, loss=loss, seconds=time.monotonic() - started, **found
        )
    return config.out_dir


def validation_quality(
    network: MoodNetwork, validation: Sequence[Part], emotions: Sequence[Emotion]
) -> dict[str, float]:
    """Return both sets' validation figures and `score`, their mean, by which epochs compete."""
    benchmark, natural = (judge(with_network(network), part, emotions)[1] for part in validation)
    return {
        "benchmark_accuracy": round(benchmark.accuracy, 5),
        "goemotions_macro_f1": round(natural.macro_f1, 5),
        "score": round((benchmark.accuracy + natural.macro_f1) / 2, 5),
    }


class _Run:
    """The moving parts of one training: network, optimiser, and how far it is."""

    def __init__(self, config: TrainConfig, examples: Sequence[Example]) -> None:
        self.config = config
        self.tokenizer = prepare_tokenizer(
            Tokenizer.from_file(str(config.encoder_dir / "tokenizer.json"))
        )
        self.examples: list[EncodedExample] = encode(
            examples, self.tokenizer, emotions=config.emotions, max_tokens=config.max_tokens
        )
        torch.manual_seed(config.seed)
        network_config = encoder_config(config.encoder_dir, config.network)
        self.network = MoodNetwork(network_config)
        if config.start_dir is None:
            load_encoder(self.network, config.encoder_dir)
        else:
            self.network.load_state_dict(load_file(config.start_dir / "model.safetensors"))
        average = get_ema_multi_avg_fn(config.average_decay)  # type: ignore[no-untyped-call]
        self.averaged = AveragedModel(self.network, multi_avg_fn=average)
        self.optimizer = torch.optim.AdamW(
            _parameter_groups(self.network, config), weight_decay=config.weight_decay, fused=True
        )
        steps_an_epoch = math.ceil(len(self.examples) / config.batch_size)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer, _WarmupThenLinear(steps_an_epoch * config.epochs, config.warmup_share)
        )
        self.history: list[dict[str, float]] = []
        self._go_on_or_start(network_config)

    @property
    def n_epochs_done(self) -> int:
        return len(self.history)

    @property
    def result(self) -> MoodNetwork:
        """The network as it would be kept now: the average of its weights."""
        return cast(MoodNetwork, self.averaged.module)

    def train_epoch(self, epoch: int) -> float:
        """Train on every example once and return the mean loss."""
        config = self.config
        torch.manual_seed(config.seed * 1_000 + epoch)  # dropout
        batches = shuffled_batches(
            [len(example.ids) for example in self.examples],
            config.batch_size,
            random.Random(config.seed * 1_000 + epoch),  # noqa: S311 (a seedable order)
        )
        total = 0.0
        self.network.train()
        for step, batch in enumerate(batches, start=1):
            total += self._step([self.examples[index] for index in batch])
            if step % AVERAGE_EVERY == 0 or step == len(batches):
                self.averaged.update_parameters(self.network)
            if step % 200 == 0:
                log.info(
                    "steps_trained",
                    epoch=epoch + 1,
                    step=step,
                    of=len(batches),
                    loss=round(total / step, 4),
                )
        return total / len(batches)

    def _step(self, batch: Sequence[EncodedExample]) -> float:
        config = self.config
        ids, lengths = pad([example.ids for example in batch])
        targets = torch.tensor([example.target for example in batch])
        with torch.autocast("cpu", torch.bfloat16, enabled=config.bfloat16):
            logits = self.network(ids, lengths)
        loss: Tensor = classification_loss(
            logits,
            targets,
            name=config.loss,
            focal_gamma=config.focal_gamma,
            label_smoothing=config.label_smoothing,
        )
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), config.max_gradient_norm)
        self.optimizer.step()
        self.schedule.step()
        self.optimizer.zero_grad(set_to_none=True)
        return float(loss.detach())

    def finish_epoch(self, record: dict[str, float]) -> None:
        """Write the weights if they are the best so far, then the state to go on from."""
        out = self.config.out_dir
        if all(record["score"] > past["score"] for past in self.history):
            weights = {k: v.contiguous() for k, v in self.result.state_dict().items()}
            save_file(weights, out / "model.safetensors.new")
            os.replace(out / "model.safetensors.new", out / "model.safetensors")
        self.history.append(record)
        state = {
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "history": self.history,
        }
        torch.save(state, out / "state.pt.new")
        os.replace(out / "state.pt.new", out / "state.pt")
        _write_json(out / "history.json", self.history)

    def _go_on_or_start(self, network_config: NetworkConfig) -> None:
        out = self.config.out_dir
        wanted = json.loads(json.dumps(self.config.to_json()))
        if (out / "train.json").exists():
            found = json.loads((out / "train.json").read_text(encoding="utf-8"))
            if found != wanted:
                other = sorted(name for name in wanted if wanted[name] != found.get(name))
                raise TrainError(f"expected a run of the same configuration, found other {other}")
        out.mkdir(parents=True, exist_ok=True)
        _write_json(out / "train.json", wanted)
        _write_json(out / "network.json", network_config.to_json())
        shutil.copyfile(self.config.encoder_dir / "tokenizer.json", out / "tokenizer.json")
        if (out / "state.pt").exists():
            state = torch.load(out / "state.pt", weights_only=True)
            self.network.load_state_dict(state["network"])
            self.averaged.load_state_dict(state["averaged"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.schedule.load_state_dict(state["schedule"])
            self.history = state["history"]


def _parameter_groups(network: MoodNetwork, config: TrainConfig) -> list[dict[str, Any]]:
    pretrained: list[torch.nn.Parameter] = []
    new: list[torch.nn.Parameter] = []
    for name, parameter in network.named_parameters():
        (pretrained if name.startswith(("embeddings.", "encoder.")) else new).append(parameter)
    return [{"params": pretrained, "lr": config.encoder_lr}, {"params": new, "lr": config.head_lr}]


class _WarmupThenLinear:
    """Factor of the learning rate at a step: up to 1, then linear to 0 at the last step."""

    def __init__(self, n_steps: int, warmup_share: float) -> None:
        self.n_steps = n_steps
        self.n_warmup = max(1, round(n_steps * warmup_share))

    def __call__(self, step: int) -> float:
        if step < self.n_warmup:
            return (step + 1) / self.n_warmup
        return max(0.0, (self.n_steps - step) / (self.n_steps - self.n_warmup))


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
