"""How a training shows how far it is: a line that moves on a terminal, log lines elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

import structlog
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

log = structlog.get_logger(__name__)

#: Seconds between two log lines.
LOG_EVERY_S = 60.0
#: Steps between two looks at the loss: reading it waits for a GPU.
SHOW_EVERY = 10


class TrainingProgress:
    """Shows the steps of all epochs; use as a context manager."""

    def __init__(self, n_steps: int, *, done: int = 0, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._n_steps, self._done, self._first = n_steps, done, done
        self._started = self._last_log = time.monotonic()
        self._bar: Progress | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bar = Progress(
                TextColumn("epoch {task.fields[epoch]}"),
                BarColumn(bar_width=30),
                TextColumn("{task.completed}/{task.total} steps"),
                TextColumn("loss {task.fields[loss]:.4f}"),
                TextColumn("rate {task.fields[rate]:.2e}"),
                TimeRemainingColumn(elapsed_when_finished=True),
                console=self._console,
                transient=True,
            )
            self._bar.start()
            self._task = self._bar.add_task(
                "train", total=self._n_steps, completed=self._done, epoch=1, loss=0.0, rate=0.0
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def wants_loss(self) -> bool:
        """Tell whether the step that ends now is shown."""
        return (self._done + 1) % SHOW_EVERY == 0

    def step(self, epoch: int, loss: float | None, rate: float) -> None:
        """Count a step; `loss` is its epoch's mean so far, None where it was not read."""
        self._done += 1
        if loss is None:
            return
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done, epoch=epoch, loss=loss, rate=rate)
            return
        now = time.monotonic()
        if now - self._last_log < LOG_EVERY_S:
            return
        self._last_log = now
        pace = (now - self._started) / (self._done - self._first)
        log.info(
            "steps_trained",
            epoch=epoch,
            step=self._done,
            of=self._n_steps,
            loss=round(loss, 4),
            rate=float(f"{rate:.3g}"),
            minutes_left=round(pace * (self._n_steps - self._done) / 60, 1),
        )
