"""What `worker`, `control` and `up` do, and how `run` starts workers of its own."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType, MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from moodwatch.errors import ExitCode
from moodwatch.services import SERVICE_PATIENCE_S, Services, agreed_salt, open_services
from moodwatch.supervisor import Program, Supervisor

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from moodwatch.settings import Settings
    from worker.scorer import Scorer

#: Names of the scheduled work on the workers' allow-list.
CARRY_OUT: Final = "reporting.slots.carry_out"
RETAIN: Final = "db.forget.retain"


def work(
    settings: Settings, *, burst: bool, name: str | None = None, parent_pid: int | None = None
) -> int:
    """Score chunks until told to stop; return the process's exit code."""
    from moodwatch.scorers import load_scorer
    from worker.jobs import SCORE_CHUNK, JobContext, give_up_chunk, score_chunk
    from worker.process import new_worker_name, run_worker

    name = name or new_worker_name()
    scorer = load_scorer(settings)
    with open_services(settings, patience_s=SERVICE_PATIENCE_S) as services:
        context = JobContext(
            engine=services.engine,
            scorer=scorer,
            model_id=registered(services.engine, scorer),
            text_mode=settings.text_mode,
            salt=agreed_salt(settings, services.engine),
            worker_name=name,
        )
        scorer.warm_up()
        return run_worker(
            redis_url=services.redis_url,
            database_id=services.ledger.database_id,
            functions={
                SCORE_CHUNK: partial(score_chunk, context),
                CARRY_OUT: partial(_carry_out, services),
                RETAIN: partial(_retain, services),
            },
            name=name,
            burst=burst,
            on_failed=partial(give_up_chunk, context),
            parent_pid=parent_pid,
        )


def registered(engine: Engine, scorer: Scorer) -> int:
    """Return the id of the scorer's model, written down with what its bundle knows of mistakes."""
    from db.models import keep_confusions, register_model
    from model.bundle import CONFUSIONS
    from worker.scorer import BundleScorer

    model_id = register_model(engine, scorer.model_name, scorer.emotions)
    if isinstance(scorer, BundleScorer) and CONFUSIONS in scorer.bundle.checksums:
        keep_confusions(engine, model_id, scorer.bundle.read(CONFUSIONS).decode("utf-8"))
    return model_id


def _carry_out(services: Services, name: str, schedule: dict[str, Any], slot: str) -> None:
    """Write the report due at `slot` (ISO 8601) into the report folder, and its outbox."""
    from moodwatch.limits import judging_by
    from reporting.slots import carry_out

    judging = judging_by(services.settings, services.engine, authors=schedule.get("authors"))
    carry_out(
        services.engine,
        name,
        schedule,
        slot,
        out_dir=services.settings.report_dir,
        database_id=services.ledger.database_id,
        **judging,
    )


def _retain(services: Services, retention: dict[str, Any], slot: str) -> None:
    """Forget what is older at `slot` (ISO 8601) than it is to be kept."""
    from moodwatch.schedules import retain
    from reporting.schedules import Retention

    retain(services.engine, Retention.model_validate(retention), slot)


@contextmanager
def spawn_workers(settings: Settings, services: Services) -> Iterator[Supervisor]:
    """Run `settings.workers` worker processes for the block's length."""
    quiet = {"MOODWATCH_LOG_LEVEL": "warning"}  # beside a progress bar; one that is asked for wins
    with _supervise([_WORKER] * settings.workers, settings, services, quiet) as supervisor:
        yield supervisor


def control(settings: Settings, *, parent_pid: int | None = None) -> int:
    """Keep the queue whole, ask for what is scheduled and send it, until told to stop."""
    from db.store import mark_failed
    from ingest.queue import sweep
    from moodwatch.schedules import courier, cron_entries, read_schedules, with_pseudonyms
    from reporting.schedule import run_control

    schedules = read_schedules(settings)
    with open_services(settings, patience_s=SERVICE_PATIENCE_S) as services:
        return run_control(
            redis_url=services.redis_url,
            database_id=services.ledger.database_id,
            cron_entries=cron_entries(
                services.engine, with_pseudonyms(settings, services.engine, schedules)
            ),
            sweep=partial(
                sweep,
                services.ledger,
                services.queue,
                give_up=partial(mark_failed, services.engine),
            ),
            deliver=courier(settings, services.engine).step,
            parent_pid=parent_pid,
        )


def up(settings: Settings) -> ExitCode:
    """Run workers and control until Ctrl-C."""
    with stop_on_signals() as stop, open_services(settings) as services:
        programs = [_WORKER] * settings.workers + [_CONTROL]
        with _supervise(programs, settings, services) as supervisor:
            while not stop.wait(0.5):
                supervisor.check()
    return ExitCode.OK


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """Yield an event that the first Ctrl-C or SIGTERM sets; a second one ends the process."""
    stop = threading.Event()

    def handle(signum: int, frame: FrameType | None) -> None:
        if stop.is_set():
            # Children notice by --parent-pid; what is stored is stored.
            os._exit(ExitCode.INTERRUPTED)
        stop.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _supervise(
    programs: Sequence[Program],
    settings: Settings,
    services: Services,
    env: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Supervisor]:
    from redis import Redis

    from worker.lost import return_lost_jobs

    connection = Redis.from_url(services.redis_url)

    def return_jobs(name: str) -> None:
        return_lost_jobs(connection, services.ledger.database_id, dead_workers=[name])

    try:
        with Supervisor(
            programs,
            # Leases run out by themselves, but the supervisor knows at once.
            on_death=return_jobs,
            env={**env, **os.environ, **_as_environment(settings, services.redis_url)},
        ) as supervisor:
            yield supervisor
    finally:
        connection.close()


def _moodwatch(*arguments: str) -> list[str]:
    # The script, not `python -m`, so that ps shows `moodwatch worker`.
    script = Path(sys.executable).with_name("moodwatch")
    start = [str(script)] if script.exists() else [sys.executable, "-m", "moodwatch"]
    return [*start, *arguments, "--parent-pid", str(os.getpid())]


_WORKER: Final = Program("worker", lambda name: _moodwatch("worker", "--name", name))
_CONTROL: Final = Program("control", lambda _: _moodwatch("control"))


def _as_environment(settings: Settings, redis_url: str) -> dict[str, str]:
    """Return the settings as variables: arguments would show passwords in `ps`."""
    given = settings.model_dump(exclude_unset=True)
    if settings.salt is not None:
        given["salt"] = settings.salt.get_secret_value()
    given["redis_url"] = redis_url
    return {f"MOODWATCH_{name.upper()}": str(value) for name, value in given.items()}
