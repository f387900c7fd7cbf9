"""Read files into the queue, with or without workers of our own, and wait for what was read.

`run_all` is the main job end to end; `ingest_all` its first half. Both hold no message longer
than its chunk, so memory does not grow with the input.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from ingest.queue import DEFAULT_SWEEP_AGE_S
from moodwatch.console import err, print_json
from moodwatch.errors import ExitCode, UserError
from moodwatch.processes import spawn_workers, stop_on_signals
from moodwatch.progress import RunProgress
from moodwatch.services import Services, agreed_salt, open_engine, open_services
from records import Progress

if TYPE_CHECKING:
    from ingest.open import ReadOptions
    from moodwatch.settings import Settings

#: Seconds between two looks at the ledger.
POLL_S: Final = 0.2
#: Seconds between two sweeps of the ledger for chunks that the queue lost.
SWEEP_EVERY_S: Final = 15.0
#: How a path names standard input.
STDIN: Final = "-"


@dataclass(slots=True)
class _Reading:
    """What became of the files of a command."""

    ingest_ids: list[str] = field(default_factory=list)
    #: Files that are no messages, or of which every row was rejected; None is standard input.
    refused: list[Path | None] = field(default_factory=list)

    def exit_code(self, files: Sequence[str]) -> ExitCode:
        """Return INPUT when a file that the user named was refused; in a folder lies what may."""
        named = {None if name == STDIN else Path(name) for name in files}
        return ExitCode.INPUT if named.intersection(self.refused) else ExitCode.OK


def _nothing() -> None:
    return


def run_all(
    settings: Settings, files: Sequence[str], options: ReadOptions, *, as_json: bool
) -> ExitCode:
    """Ingest, score, store and report `files`; return how it went."""
    from moodwatch.limits import judging_by
    from moodwatch.outcome import output_folder, print_counts, print_report, report_document
    from reporting.jobs import build_report

    paths = _expand(files)
    report_dir = output_folder(settings.report_dir)
    with ExitStack() as stack:
        stop = stack.enter_context(stop_on_signals())
        services = stack.enter_context(open_services(settings))
        workers = stack.enter_context(spawn_workers(settings, services))
        progress = stack.enter_context(RunProgress(services.ledger))
        # What an earlier run left in the ledger and the queue has lost since.
        sweep_ledger(services, older_than_s=0)
        reading = _ingest_paths(
            services, paths, options, stop=stop, progress=progress, check=workers.check
        )
        wait_until_stored(services, reading.ingest_ids, stop, workers.check)
        counts = services.ledger.counts(reading.ingest_ids)
    if not as_json:
        print_counts(counts)
    if stop.is_set():
        return _stopped()
    with open_engine(settings) as engine:
        result = build_report(
            engine,
            out_dir=report_dir,
            period=settings.report_period,
            time_zone=settings.time_zone,
            **judging_by(settings, engine),
        )
    if as_json:
        print_json({"counts": asdict(counts), **report_document(result)})
    else:
        print_report(result, settings.report_period)
    if counts.failed:
        err.print(
            f"{counts.failed:,} messages were given up after their last retry: 'moodwatch retry' "
            "opens them again"
        )
        return ExitCode.INCOMPLETE
    return reading.exit_code(files)


def ingest_all(
    settings: Settings,
    files: Sequence[str],
    options: ReadOptions,
    *,
    follow: bool,
    as_json: bool,
) -> ExitCode:
    """Read `files` into the queue; with `follow`, go on until told to stop."""
    from moodwatch.outcome import print_counts

    if follow:
        return _follow(settings, files, options)
    paths = _expand(files)
    with ExitStack() as stack:
        stop = stack.enter_context(stop_on_signals())
        services = stack.enter_context(open_services(settings))
        progress = stack.enter_context(RunProgress(services.ledger))
        reading = _ingest_paths(services, paths, options, stop=stop, progress=progress)
        counts = services.ledger.counts(reading.ingest_ids)
    if as_json:
        print_json(asdict(counts))
    else:
        print_counts(counts)
    return _stopped() if stop.is_set() else reading.exit_code(files)


def _follow(settings: Settings, files: Sequence[str], options: ReadOptions) -> ExitCode:
    from ingest.follow import follow
    from moodwatch.outcome import print_counts

    with ExitStack() as stack:
        stop = stack.enter_context(stop_on_signals())
        services = stack.enter_context(open_services(settings))
        progress = stack.enter_context(RunProgress(services.ledger))
        progress.expect(None)
        ingest_ids = follow(
            [None if name == STDIN else Path(name) for name in files],
            options,
            ledger=services.ledger,
            queue=services.queue,
            salt=agreed_salt(settings, services.engine),
            keep_raw=options.keep_raw,
            chunk_size=settings.chunk_size,
            on_begin=progress.watch,
            on_progress=progress.read,
            on_note=lambda note: _say([note]),
            cancelled=stop.is_set,
        )
        counts = services.ledger.counts(ingest_ids)
    print_counts(counts)
    return ExitCode.OK


def _expand(files: Sequence[str]) -> list[Path | None]:
    """Return the files to read, folders opened; None stands for standard input.

    Raises:
        UserError: when one does not exist: better told before any is read.
    """
    from ingest.open import expand

    paths: list[Path | None] = []
    for name in files:
        if name == STDIN:
            paths.append(None)
            continue
        path = Path(name)
        if not path.exists():
            raise UserError(f"no file or folder {name!r}", ExitCode.INPUT)
        notes: list[str] = []
        paths.extend(expand(path, notes))
        _say(notes)
    return paths


def _ingest_paths(
    services: Services,
    paths: Sequence[Path | None],
    options: ReadOptions,
    *,
    stop: threading.Event,
    progress: RunProgress,
    check: Callable[[], None] = _nothing,
) -> _Reading:
    """Read one file after another; a file that is no messages is told and passed over.

    Raises:
        ReadError: when there is one file only and it cannot be read.
    """
    from ingest.errors import ReadError
    from ingest.open import open_messages
    from ingest.reading import ingest_file

    settings = services.settings
    salt = agreed_salt(settings, services.engine)
    sizes = [None if path is None else path.stat().st_size for path in paths]
    progress.expect(None if None in sizes else sum(size for size in sizes if size is not None))
    reading = _Reading()

    def begun(ingest_id: str) -> None:
        reading.ingest_ids.append(ingest_id)
        progress.watch(ingest_id)

    def cancelled() -> bool:
        check()
        return stop.is_set()

    last = Progress()

    def reached(position: Progress) -> None:
        nonlocal last
        last = position
        progress.read(position)

    said: set[str] = set()
    for path in paths:
        if stop.is_set():
            break
        stream = None if path is not None else _standard_input(stop)
        last = Progress()
        try:
            with open_messages(path, options, stream=stream) as opened:
                ingest_file(
                    opened,
                    ledger=services.ledger,
                    queue=services.queue,
                    salt=salt,
                    keep_raw=options.keep_raw,
                    chunk_size=settings.chunk_size,
                    on_begin=begun,
                    on_progress=reached,
                    cancelled=cancelled,
                )
                _say(note for note in opened.notes if note not in said)
                said.update(opened.notes)
        except ReadError as error:
            if len(paths) == 1:
                raise
            err.print(f"passed over: {error}", markup=False)
            reading.refused.append(path)
        if 0 < last.rows_read == last.n_rejected and not stop.is_set():
            name = "standard input" if path is None else path.name
            err.print(f"no row of {name} could be read as a message", markup=False)
            reading.refused.append(path)
        progress.file_done()
    progress.reading_done()
    return reading


def _standard_input(stop: threading.Event) -> BinaryIO:
    """Return a stream that Ctrl-C ends at its last complete line, also while nothing comes."""
    from ingest.growing import LivePipe

    return cast(BinaryIO, LivePipe(sys.stdin.fileno(), cancelled=stop.is_set))


def wait_until_stored(
    services: Services,
    ingest_ids: Sequence[str],
    stop: threading.Event,
    check: Callable[[], None],
) -> None:
    """Return when no chunk of these ingests is open any more, or on `stop`."""
    next_sweep = time.monotonic() + SWEEP_EVERY_S
    while services.ledger.counts(ingest_ids).pending and not stop.wait(POLL_S):
        check()
        if time.monotonic() >= next_sweep:
            sweep_ledger(services)
            next_sweep = time.monotonic() + SWEEP_EVERY_S


def sweep_ledger(services: Services, *, older_than_s: float = DEFAULT_SWEEP_AGE_S) -> None:
    """Enqueue the open chunks that the queue has lost."""
    from db.store import mark_failed
    from ingest.queue import sweep

    give_up = partial(mark_failed, services.engine)
    sweep(services.ledger, services.queue, older_than_s=older_than_s, give_up=give_up)


def _say(notes: Iterable[str]) -> None:
    for note in notes:
        err.print(f"note: {note}", markup=False)


def _stopped() -> ExitCode:
    err.print("stopped; the same command goes on where it stopped")
    return ExitCode.INTERRUPTED
