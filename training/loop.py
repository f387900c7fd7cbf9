"""The moving parts of one training: network, optimiser, order, and how far it is.

Everything that a step depends on is in the state: weights, their average, the optimiser, the
rates, the dropout's random numbers, the place in the epoch. A run that goes on from it takes the
same steps as one that never stopped, to the last bit, on one processor with as many threads.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from training.batches import shuffled_batches
from training.config import TrainConfig
from training.inputs import Batch, TrainingSet
from training.losses import classification_loss, disagreement, distillation_loss
from training.networks.stages import freeze, parameter_groups, word_embedding
from training.noise import add_random_noise, against_gradient
from training.progress import TrainingProgress

#: Steps between two looks at the weights for their moving average: a twentieth of a step's cost.
AVERAGE_EVERY = 4


class Loop:
    """Takes steps; knows nothing of files."""

    def __init__(
        self,
        config: TrainConfig,
        network: nn.Module,
        training_set: TrainingSet,
        *,
        device: torch.device,
        bfloat16: bool,
        class_weights: Tensor | None = None,
    ) -> None:
        self.config = config
        self.device = device
        self.bfloat16 = bfloat16
        self.training_set = training_set
        self.network = network.to(device)
        freeze(network, config)
        if config.adversary == "neftune":
            add_random_noise(word_embedding(network), config.adversary_strength)
        self._class_weights = None if class_weights is None else class_weights.to(device)
        self._averaged = None
        if config.average_decay:
            average = get_ema_multi_avg_fn(config.average_decay)  # type: ignore[no-untyped-call]
            self._averaged = AveragedModel(network, multi_avg_fn=average)
        self.optimizer = torch.optim.AdamW(
            parameter_groups(network, config), weight_decay=config.weight_decay, fused=True
        )
        self._trained = [p for group in self.optimizer.param_groups for p in group["params"]]
        self.steps_an_epoch = math.ceil(len(training_set) / config.batch_size)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer,
            WarmupThenLinear(self.steps_an_epoch * config.epochs, config.warmup_share),
        )
        self.history: list[dict[str, float]] = []
        #: Steps taken in the epoch under way, and its sums over texts so far.
        self.step_in_epoch = 0
        self._sums = self._no_sums()
        self.seconds = 0.0

    @property
    def n_steps_done(self) -> int:
        return len(self.history) * self.steps_an_epoch + self.step_in_epoch

    @property
    def result(self) -> nn.Module:
        """The network as it would be kept now: the average of its weights, where there is one."""
        return self.network if self._averaged is None else self._averaged.module

    def train_epoch(
        self, progress: TrainingProgress, after_step: Callable[[], None]
    ) -> dict[str, float]:
        """Train on every text once, or on those that are left; return the epoch's figures.

        `after_step` runs between two steps, where the state is whole: it may save it or raise.
        """
        config, epoch = self.config, len(self.history)
        seed = config.seed * 1_000 + epoch
        texts = self.training_set.of_epoch(epoch)
        places = shuffled_batches(
            [self.training_set.lengths[index] for index in texts],
            config.batch_size,
            random.Random(seed),  # noqa: S311 (a seedable order)
        )
        batches = [[texts[place] for place in batch] for batch in places]
        if self.step_in_epoch == 0:
            torch.manual_seed(seed)  # dropout
        self.network.train()
        while self.step_in_epoch < len(batches):
            started = time.monotonic()
            rate = self.optimizer.param_groups[-1]["lr"]
            self._step(self.training_set.batch(batches[self.step_in_epoch], self.device))
            self.step_in_epoch += 1
            if self._averaged is not None and (
                self.step_in_epoch % AVERAGE_EVERY == 0 or self.step_in_epoch == len(batches)
            ):
                self._averaged.update_parameters(self.network)
            loss = self._mean_loss() if progress.wants_loss() else None
            self.seconds += time.monotonic() - started
            progress.step(epoch + 1, loss, rate)
            after_step()
        hits, n_labelled = self._sums[1].item(), self._sums[2].item()
        return {
            "loss": round(self._mean_loss(), 5),
            # While learning, with dropout: a lower bound of what the finished network knows.
            "train_accuracy": round(hits / max(1.0, n_labelled), 5),
        }

    def finish_epoch(self, record: dict[str, float]) -> None:
        """Note the epoch's figures and stand before the next."""
        self.history.append(record)
        self.step_in_epoch = 0
        self._sums = self._no_sums()

    def state(self) -> dict[str, Any]:
        """Return all that the next step depends on."""
        state = {
            "network": self.network.state_dict(),
            "averaged": None if self._averaged is None else self._averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "history": self.history,
            "step_in_epoch": self.step_in_epoch,
            "sums": self._sums,
            "seconds": self.seconds,
            "random": torch.get_rng_state(),
        }
        if self.device.type == "cuda":
            state["random_cuda"] = torch.cuda.get_rng_state(self.device)
        return state

    def load(self, state: dict[str, Any]) -> None:
        """Stand where `state` was taken."""
        self.network.load_state_dict(state["network"])
        if self._averaged is not None:
            self._averaged.load_state_dict(state["averaged"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        self.history = state["history"]
        self.step_in_epoch = state["step_in_epoch"]
        self._sums = state["sums"].to(self.device)
        self.seconds = state["seconds"]
        torch.set_rng_state(state["random"])
        if self.device.type == "cuda" and "random_cuda" in state:
            torch.cuda.set_rng_state(state["random_cuda"], self.device)

    def _step(self, batch: Batch) -> None:
        config = self.config
        logits, loss = self._forward(batch)
        loss.backward()  # type: ignore[no-untyped-call]
        if config.adversary == "fgm":
            with against_gradient(word_embedding(self.network), config.adversary_strength):
                self._forward(batch)[1].backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._trained, config.max_gradient_norm)
        self.optimizer.step()
        self.schedule.step()
        self.optimizer.zero_grad(set_to_none=True)
        labelled = batch.targets.sum(dim=1) > 0
        hit = (logits.argmax(dim=1) == batch.targets.argmax(dim=1)) & labelled
        self._sums += torch.stack(
            [loss.detach().double(), hit.sum().double(), labelled.sum().double()]
        )

    def _forward(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return logits (B, E) and the loss; two passes of other dropout for R-drop."""
        passes = 2 if self.config.r_drop else 1
        ids, lengths = batch.ids.repeat(passes, 1), batch.lengths.repeat(passes)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            logits = self.network(ids, lengths)
        parts = logits.float().chunk(passes)
        loss = torch.stack([self._loss(part, batch) for part in parts]).mean()
        if passes == 2:
            loss = loss + self.config.r_drop * disagreement(*parts)
        return parts[0].detach(), loss

    def _loss(self, logits: Tensor, batch: Batch) -> Tensor:
        config, is_taught = self.config, self.training_set.is_taught
        loss = classification_loss(
            logits,
            batch.targets,
            name=config.loss,
            focal_gamma=config.focal_gamma,
            label_smoothing=config.label_smoothing,
            class_weights=self._class_weights,
            row_weights=batch.label_weights if is_taught else None,
        )
        if is_taught:
            loss = loss + distillation_loss(
                logits,
                batch.soft_targets,
                batch.soft_weights,
                temperature=config.teacher_temperature,
            )
        return loss

    def _mean_loss(self) -> float:
        return float(self._sums[0]) / max(1, self.step_in_epoch)

    def _no_sums(self) -> Tensor:
        #: Sum of the steps' losses; texts hit; texts with a label.
        return torch.zeros(3, dtype=torch.float64, device=self.device)


class WarmupThenLinear:
    """Factor of the learning rate at a step: up to 1, then linear to 0 at the last step."""

    def __init__(self, n_steps: int, warmup_share: float) -> None:
        self.n_steps = n_steps
        self.n_warmup = max(1, round(n_steps * warmup_share))

    def __call__(self, step: int) -> float:
        if step < self.n_warmup:
            return (step + 1) / self.n_warmup
        return max(0.0, (self.n_steps - step) / max(1, self.n_steps - self.n_warmup))
