"""Score stored messages again with another bundle, then let the views show it.

The messages go the way of new ones: through the ledger into the queue, from workers back into the
database. So a kill at any moment loses nothing and counts nothing twice, and the same command
goes on where it stopped. Stored shifts belong to the model that saw them and stay; what people
decided about them goes along to the same changes as the new model sees them (`db.shifts`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from moodwatch.console import err, print_facts, print_json
from moodwatch.errors import ExitCode
from moodwatch.processes import spawn_workers, stop_on_signals
from moodwatch.progress import RescoreProgress
from moodwatch.run import sweep_ledger, wait_until_stored
from moodwatch.services import Services, open_services

if TYPE_CHECKING:
    from db.rescore import Coverage
    from moodwatch.settings import Settings
    from records import Emotion


@dataclass(frozen=True, slots=True)
class Rescored:
    """What a run found and did."""

    model: str
    messages: int
    #: By this model, earlier runs and newly read messages included.
    scored: int
    #: Not scored, although their text is there: given up, or the run was stopped.
    left: int
    #: Cannot be scored: text mode `drop` kept no text.
    without_text: int
    #: Scored in this run as they are stored, with links and names replaced (text mode `redact`).
    redacted: int
    #: Messages in chunks that were given up after their last retry.
    failed: int
    #: Whether the views show this model now.
    current: bool


def rescore(
    settings: Settings, *, make_current: bool | None, with_workers: bool, as_json: bool
) -> ExitCode:
    """Score what the bundle has not scored yet; return how it went.

    Args:
        make_current: True shows the model once all that can be scored is, False never does; None
            does unless messages without a text would vanish from the views.
        with_workers: Start workers of our own; else those that run elsewhere do the work.
    """
    from model.bundle import load_bundle

    bundle = load_bundle(settings.bundle)
    with ExitStack() as stack:
        stop = stack.enter_context(stop_on_signals())
        services = stack.enter_context(open_services(settings))
        check: Callable[[], None] = _nothing
        if with_workers:
            check = stack.enter_context(spawn_workers(settings, services)).check
        run = RescoreRun(services, bundle.model_id, bundle.emotions, stop, check)
        result = run.to_the_end(make_current=make_current)
    if as_json:
        print_json(asdict(result))
    else:
        print_facts(asdict(result))
    return tell(result, stopped=stop.is_set())


def tell(result: Rescored, *, stopped: bool) -> ExitCode:
    """Say on standard error what was left and why; return the exit code for it."""
    if result.without_text:
        err.print(
            f"{result.without_text:,} messages were stored without their text and cannot be "
            "scored again; only the model that scored them shows them"
        )
    if result.redacted:
        err.print(
            f"{result.redacted:,} texts had links or names replaced before they were stored, and "
            "were scored so"
        )
    if stopped:
        err.print("stopped; the same command goes on where it stopped")
        return ExitCode.INTERRUPTED
    if result.left:
        err.print(
            f"{result.left:,} messages are left: 'moodwatch retry' opens given-up chunks again, "
            "then run this again"
        )
        return ExitCode.INCOMPLETE
    if not result.current:
        err.print("the views still show the other model: --make-current switches them")
    return ExitCode.OK


def _nothing() -> None:
    return


class RescoreRun:
    """One run of the command."""

    def __init__(
        self,
        services: Services,
        model: str,
        emotions: Sequence[Emotion],
        stop: threading.Event,
        check: Callable[[], None],
    ) -> None:
        from db.models import register_model
        from db.rescore import rescore_ids

        self._services = services
        self._model = model
        self._emotions = emotions
        self._model_id = register_model(services.engine, model, emotions)
        self._stop = stop
        self._check = check
        self._ids = rescore_ids(services.engine, model)
        self._n_redacted = 0

    def to_the_end(self, *, make_current: bool | None) -> Rescored:
        """Enqueue and wait until nothing is left that can be scored, then switch the views."""
        before = self._coverage()
        with RescoreProgress(self._services.ledger, self._ids, before.n_left) as bar:
            self._bar = bar
            # What a run that was killed has left in the ledger.
            sweep_ledger(self._services, older_than_s=0)
            while True:
                self._pass()
                wait_until_stored(self._services, self._ids, self._stop, self._look)
                after = self._coverage()
                # Again for those that workers with another bundle have stored meanwhile.
                if self._stop.is_set() or not 0 < after.n_left < before.n_left:
                    break
                before = after
        switch = make_current or (make_current is None and not after.n_without_text)
        if switch and not after.n_left and not self._stop.is_set():
            self._switch()
        return self._result(after)

    def _pass(self) -> None:
        """Enqueue once all that is not scored, from where an interrupted pass stopped."""
        from db.rescore import RESCORE_NAME, unscored
        from ingest.chunks import Cutter, pack
        from records import Origin
        from records import Progress as Read

        ledger, queue, size = (
            self._services.ledger, self._services.queue, self._services.settings.chunk_size,
        )  # fmt: skip
        state = ledger.begin(Origin(RESCORE_NAME + self._model, "", None, ""))
        if state.ingest_id not in self._ids:
            # Earlier passes are through: what they sent is not sent again while it waits.
            wait_until_stored(self._services, self._ids, self._stop, self._look)
            self._ids.append(state.ingest_id)
        read, ordinal = state.progress, state.next_chunk
        while not self._cancelled():
            # `bytes_read` holds the id of the last message sent: ids ascend as bytes do.
            page = unscored(
                self._services.engine, self._model_id, after_id=read.bytes_read, limit=size
            )
            if not page.ids:
                ledger.finish(state.ingest_id, read)
                return
            cutter = Cutter(size)
            for message in page.messages:
                if cutter.is_full:
                    break
                cutter.add(message)
            taken = cutter.take()
            queue.wait_for_room(cancelled=self._cancelled)
            chunk = pack(ledger.database_id, taken, model=self._model)
            read = Read(rows_read=read.rows_read + len(taken), bytes_read=page.ids[len(taken) - 1])
            ledger.open_chunk(state.ingest_id, ordinal, chunk, len(taken), [], read)
            ordinal += 1
            self._n_redacted += sum(page.redacted[: len(taken)])
            queue.put(chunk, cancelled=self._cancelled)
            ledger.mark_enqueued([chunk.chunk_id])

    def _cancelled(self) -> bool:
        self._look()
        return self._stop.is_set()

    def _look(self) -> None:
        self._check()
        self._bar.look()

    def _coverage(self) -> Coverage:
        from db.rescore import coverage

        return coverage(self._services.engine, self._model_id)

    def _switch(self) -> None:
        from db.models import register_model

        register_model(self._services.engine, self._model, self._emotions, make_current=True)

    def _result(self, covered: Coverage) -> Rescored:
        from db.queries import status

        models = status(self._services.engine).models
        return Rescored(
            model=self._model,
            messages=covered.n_messages,
            scored=covered.n_scored,
            left=covered.n_left,
            without_text=covered.n_without_text,
            redacted=self._n_redacted,
            failed=self._services.ledger.counts(self._ids).failed,
            current=any(model.is_current and model.name == self._model for model in models),
        )
