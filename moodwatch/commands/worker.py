"""Commands that run processes: `worker`, `control`, `up`."""

from __future__ import annotations

from typing import Annotated

import typer

from moodwatch.commands import options
from moodwatch.settings import load_settings

ParentPid = Annotated[
    int | None,
    typer.Option("--parent-pid", hidden=True, help="End when this process has gone"),
]
Name = Annotated[str | None, typer.Option("--name", hidden=True, help="Name in the queue; unique")]


def register(app: typer.Typer) -> None:
    app.command(rich_help_panel="Services")(worker)
    app.command(rich_help_panel="Services")(control)
    app.command(rich_help_panel="Services")(up)


def worker(
    db: options.Db = None,
    redis_url: options.RedisUrl = None,
    bundle: options.Bundle = None,
    device: options.Device = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads of the scorer")] = None,
    burst: Annotated[bool, typer.Option("--burst", help="End when the queue is empty")] = False,
    name: Name = None,
    parent_pid: ParentPid = None,
) -> None:
    """Score queued chunks until told to stop: one process a core, or one a GPU.

    SIGTERM or Ctrl-C: the running chunk is finished first; a second one ends at once. Nothing is
    lost either way.

    [bold]Examples[/]

      moodwatch worker

      moodwatch worker --db postgresql://moodwatch@db/moodwatch --redis-url redis://queue:6379/0
    """
    from moodwatch.processes import work

    settings = load_settings(
        db=db, redis_url=redis_url, bundle=bundle, device=device, threads=threads
    )
    raise typer.Exit(work(settings, burst=burst, name=name, parent_pid=parent_pid))


def control(
    db: options.Db = None,
    redis_url: options.RedisUrl = None,
    report_cron: Annotated[
        str | None,
        typer.Option("--report-cron", metavar="CRON", help="When to report, '0 7 * * MON'"),
    ] = None,
    time_zone: options.TimeZone = None,
    parent_pid: ParentPid = None,
) -> None:
    """Keep the queue whole: retries, lost chunks, the scheduled report. Safe to run twice.

    [bold]Examples[/]

      moodwatch control

      moodwatch control --report-cron "0 7 * * MON" --time-zone Europe/Berlin
    """
    from moodwatch.processes import control as run_control

    settings = load_settings(
        db=db, redis_url=redis_url, report_cron=report_cron, time_zone=time_zone
    )
    raise typer.Exit(run_control(settings, parent_pid=parent_pid))


def up(
    db: options.Db = None,
    redis_url: options.RedisUrl = None,
    workers: options.Workers = None,
    bundle: options.Bundle = None,
    device: options.Device = None,
    report_cron: Annotated[
        str | None,
        typer.Option("--report-cron", metavar="CRON", help="When to report, '0 7 * * MON'"),
    ] = None,
    time_zone: options.TimeZone = None,
) -> None:
    """Run workers and control on this machine until Ctrl-C; ingest from another terminal.

    [bold]Example[/]

      moodwatch up --workers 4 --report-cron "0 7 * * *"
    """
    from moodwatch.processes import up as run_up

    settings = load_settings(
        db=db,
        redis_url=redis_url,
        workers=workers,
        bundle=bundle,
        device=device,
        report_cron=report_cron,
        time_zone=time_zone,
    )
    raise typer.Exit(run_up(settings))
