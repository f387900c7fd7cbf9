"""Train a dialogue network, whole dialogues a batch, and go on after a kill.

`train(DialogueTraining(...))` returns a run folder: the best epoch's weights (safetensors), the
network's sizes and labels, the tokenizer, the history, and the state of the last finished epoch.
Called again with the same configuration it goes on there and ends with the same weights as an
unbroken run, because every epoch seeds its own order and dropout.
"""

from __future__ import annotations

import json
import math
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import structlog
import torch
from torch import Tensor
from torch.nn import functional as F

from training.config import TrainError
from training.dialogue.corpus import Dialogue, DialogueCorpus
from training.dialogue.encoders import load_tokenizer, start_encoder
from training.dialogue.figures import DialogueFigures, judge
from training.dialogue.network import DialogueConfig, DialogueNetwork, TokenRow
from training.dialogue.states import token_rows, with_states
from training.dialogue.views import make_views
from training.loop import WarmupThenLinear
from training.machine import uses_bfloat16
from training.state import load_state, save_state, save_weights, write_json

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DialogueTraining:
    """Everything that decides the weights of a run, and where it writes."""

    corpus: DialogueCorpus
    #: Created; holds the result and the state to go on from.
    out_dir: Path
    #: A transformer's folder or hub id, a bundle's folder; None: word embedding and BiLSTM.
    encoder: str | Path | None = None
    #: Layers at the encoder's top that learn; 0: none, None: all of it.
    trained_layers: int | None = None
    #: `n_labels` is taken from the corpus.
    network: DialogueConfig = field(default_factory=DialogueConfig)
    epochs: int = 8
    #: Dialogues in a batch.
    batch_size: int = 16
    #: Peak learning rates of the pretrained layers and of everything above them.
    encoder_lr: float = 5e-5
    head_lr: float = 1e-3
    #: Share of all steps in which the learning rate climbs; after it, linear to zero.
    warmup_share: float = 0.06
    weight_decay: float = 0.01
    #: Gradients are scaled down to this norm.
    max_gradient_norm: float = 1.0
    #: A label weighs by its frequency to the power of minus this: 0 not at all, 1 in full.
    class_weights: float = 0.0
    label_smoothing: float = 0.0
    #: Longer utterances keep their beginning.
    max_tokens: int = 64
    #: Where states of fixed layers are kept for other runs; None: nowhere.
    cache_dir: Path | None = None
    #: Mixed precision: bfloat16 matmuls, float32 weights.
    bfloat16: bool = True
    seed: int = 13
    threads: int = 2

    def to_json(self) -> dict[str, Any]:
        """What a result must have in common with a run that goes on: no folders."""
        left_out = ("corpus", "out_dir", "cache_dir", "threads", "encoder")
        values = {
            name: value
            for name, value in asdict(replace(self, corpus=_NOTHING)).items()
            if name not in left_out
        }
        values["encoder"] = None if self.encoder is None else Path(self.encoder).name
        values["corpus"] = self.corpus.name
        values["labels"] = list(self.corpus.labels)
        values["n_dialogues"] = len(self.corpus.train)
        return values


_NOTHING = DialogueCorpus("", (), (), (), ())


def train(config: DialogueTraining) -> Path:
    """Train, or go on, and return the run folder.

    Raises:
        TrainError: when `out_dir` holds a run of another configuration, or a damaged one.
        EncoderError: when there is no such encoder.
    """
    torch.set_num_threads(config.threads)
    run = _Run(config)
    for epoch in range(run.n_epochs_done, config.epochs):
        started = time.monotonic()
        loss = run.train_epoch(epoch)
        found = run.judge(run.validation)
        run.finish_epoch(
            {
                "epoch": epoch + 1,
                "loss": round(loss, 5),
                "weighted_f1": round(found.weighted_f1, 5),
                "macro_f1": round(found.macro_f1, 5),
                "accuracy": round(found.accuracy, 5),
            }
        )
        log.info(
            "epoch_trained",
            seconds=round(time.monotonic() - started, 1),
            of=config.epochs,
            **run.history[-1],
        )
    return config.out_dir


@dataclass(frozen=True, slots=True)
class _Encoded:
    """A dialogue as the network reads it; label -1 where it has none."""

    rows: list[TokenRow]
    speakers: list[str]
    labels: list[int]


class _Run:
    """The moving parts of one training: network, optimiser, and how far it is."""

    def __init__(self, config: DialogueTraining) -> None:
        self.config = config
        config.out_dir.mkdir(parents=True, exist_ok=True)
        corpus = config.corpus
        self.bfloat16 = config.bfloat16 and uses_bfloat16(config.out_dir, torch.device("cpu"))
        self._refuse_another_configuration()
        torch.manual_seed(config.seed)
        tokenizer_file = config.out_dir / "tokenizer.json"
        encoder = start_encoder(
            config.encoder,
            trained_layers=config.trained_layers,
            texts=[u.text for dialogue in corpus.train for u in dialogue.utterances],
            tokenizer_file=tokenizer_file,
        )
        self.max_tokens = min(config.max_tokens, encoder.max_tokens)
        network_config = replace(config.network, n_labels=len(corpus.labels))
        # Seeded again: what the encoder drew must not decide how the head starts.
        torch.manual_seed(config.seed)
        self.network = DialogueNetwork(network_config, encoder)
        self.tokenizer = load_tokenizer(tokenizer_file)
        self.train, self.validation = self._encoded(corpus.train, corpus.validation)
        self.weights = label_weights(
            [label for dialogue in self.train for label in dialogue.labels if label >= 0],
            len(corpus.labels),
            config.class_weights,
        )
        pretrained = set() if config.encoder is None else set(map(id, encoder.learning()))
        groups = [
            {
                "params": [
                    p
                    for p in self.network.parameters()
                    if p.requires_grad and (id(p) in pretrained) == is_pretrained
                ],
                "lr": config.encoder_lr if is_pretrained else config.head_lr,
            }
            for is_pretrained in (True, False)
        ]
        self.optimizer = torch.optim.AdamW(
            [group for group in groups if group["params"]],
            weight_decay=config.weight_decay,
            fused=True,
        )
        n_steps = math.ceil(len(self.train) / config.batch_size) * config.epochs
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer, WarmupThenLinear(n_steps, config.warmup_share)
        )
        self.history: list[dict[str, float]] = []
        self._write_sizes(network_config)
        self._go_on()

    @property
    def n_epochs_done(self) -> int:
        return len(self.history)

    def train_epoch(self, epoch: int) -> float:
        """Train on every dialogue once and return the mean loss."""
        config = self.config
        torch.manual_seed(config.seed * 1_000 + epoch)  # dropout
        order = list(range(len(self.train)))
        random.Random(config.seed * 1_000 + epoch).shuffle(order)  # noqa: S311 (a seedable order)
        self.network.train()
        losses = [
            self._step([self.train[n] for n in order[start : start + config.batch_size]])
            for start in range(0, len(order), config.batch_size)
        ]
        return sum(losses) / len(losses)

    def _step(self, batch: Sequence[_Encoded]) -> float:
        config = self.config
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
            logits = self._logits(batch)
        loss = F.cross_entropy(
            logits,
            _labels(batch),
            weight=self.weights,
            ignore_index=-1,
            label_smoothing=config.label_smoothing,
        )
        if torch.isnan(loss):  # a batch without a label
            return 0.0
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), config.max_gradient_norm)
        self.optimizer.step()
        self.schedule.step()
        self.optimizer.zero_grad(set_to_none=True)
        return float(loss.detach())

    def _logits(self, batch: Sequence[_Encoded]) -> Tensor:
        config = self.network.config
        views = make_views([x.speakers for x in batch], config.context, window=config.window)
        logits: Tensor = self.network([row for x in batch for row in x.rows], views)
        return logits

    def judge(self, part: Sequence[_Encoded]) -> DialogueFigures:
        """Return the figures of a part's labelled utterances."""
        self.network.eval()
        with torch.inference_mode():
            found = [
                self._logits(part[start : start + 32]).argmax(dim=-1)
                for start in range(0, len(part), 32)
            ]
        return judge(_labels(part).numpy(), torch.cat(found).numpy(), self.config.corpus.labels)

    def finish_epoch(self, record: dict[str, float]) -> None:
        """Write the weights if they are the best so far, then the state to go on from."""
        out = self.config.out_dir
        if all(record["weighted_f1"] > past["weighted_f1"] for past in self.history):
            save_weights(out, self.network.state_dict())
        self.history.append(record)
        learned = {name for name, p in self.network.named_parameters() if p.requires_grad}
        state = {
            # What never changes comes from the encoder's own files again.
            "network": {k: v for k, v in self.network.state_dict().items() if k in learned},
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "history": self.history,
        }
        save_state(out, state)
        write_json(out / "history.json", self.history)

    def _encoded(self, *parts: Sequence[Dialogue]) -> list[list[_Encoded]]:
        """Tokenise all parts together, so that one cache serves them all."""
        everything = [dialogue for part in parts for dialogue in part]
        texts = [u.text for dialogue in everything for u in dialogue.utterances]
        rows = token_rows(texts, self.tokenizer, self.max_tokens)
        config = self.config
        if self.network.encoder.has_lower:
            rows = with_states(
                self.network.encoder, rows, cache_dir=config.cache_dir, bfloat16=self.bfloat16
            )
        numbers = {label: number for number, label in enumerate(config.corpus.labels)}
        encoded = []
        start = 0
        for dialogue in everything:
            spoken = dialogue.utterances
            encoded.append(
                _Encoded(
                    rows[start : start + len(spoken)],
                    [u.speaker for u in spoken],
                    [-1 if u.label is None else numbers[u.label] for u in spoken],
                )
            )
            start += len(spoken)
        bounds = [0, *(sum(map(len, parts[: n + 1])) for n in range(len(parts)))]
        return [encoded[a:b] for a, b in pairwise(bounds)]

    def _refuse_another_configuration(self) -> None:
        file = self.config.out_dir / "train.json"
        wanted = json.loads(json.dumps(self.config.to_json()))
        wanted["matmuls"] = "bfloat16" if self.bfloat16 else "float32"
        if file.exists():
            found = json.loads(file.read_text(encoding="utf-8"))
            if found != wanted:
                other = sorted(name for name in wanted if wanted[name] != found.get(name))
                raise TrainError(
                    f"expected a run of the same configuration in "
                    f"{str(self.config.out_dir)!r}, found other {', '.join(other)}"
                )
        write_json(file, wanted)

    def _write_sizes(self, network_config: DialogueConfig) -> None:
        write_json(
            self.config.out_dir / "network.json",
            {
                "architecture": "dialogue",
                "corpus": self.config.corpus.name,
                "labels": list(self.config.corpus.labels),
                "max_tokens": self.max_tokens,
                "network": network_config.to_json(),
                "encoder": self.network.encoder.sizes(),
            },
        )

    def _go_on(self) -> None:
        state = load_state(self.config.out_dir)
        if state is not None:
            self.network.load_state_dict(state["network"], strict=False)
            self.optimizer.load_state_dict(state["optimizer"])
            self.schedule.load_state_dict(state["schedule"])
            self.history = state["history"]


def label_weights(labels: Sequence[int], n_labels: int, power: float) -> Tensor:
    """Return one weight a label, float32 (C,): (mean count / its count) ** power."""
    counts = Counter(labels)
    mean = len(labels) / n_labels
    return torch.tensor([(mean / max(counts[label], 1)) ** power for label in range(n_labels)])


def _labels(batch: Sequence[_Encoded]) -> Tensor:
    return torch.tensor([label for dialogue in batch for label in dialogue.labels])
