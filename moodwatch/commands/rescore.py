"""`moodwatch rescore`: let another bundle score what is stored."""

from __future__ import annotations

from typing import Annotated

import typer

from moodwatch.commands import options
from moodwatch.settings import load_settings


def register(app: typer.Typer) -> None:
    app.command(rich_help_panel="Look after")(rescore)


def rescore(
    bundle: options.Bundle = None,
    db: options.Db = None,
    redis_url: options.RedisUrl = None,
    device: options.Device = None,
    workers: options.Workers = None,
    no_workers: Annotated[
        bool, typer.Option("--no-workers", help="Leave the scoring to workers that run elsewhere")
    ] = False,
    make_current: Annotated[
        bool | None,
        typer.Option(
            "--make-current/--keep-current",
            help="Show this model when done, or go on showing the other. Default: show it, "
            "unless messages without a text would vanish",
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Score stored messages again with the bundle of --bundle or MOODWATCH_BUNDLE.

    Old scores and stored shifts stay. When every message has its new scores the views and reports
    show the new model, whose own scores over the whole past make its baseline. May be stopped or
    killed at any time: the same command goes on. Start long-running workers with the new bundle
    first; those with another leave these messages to them.

    [bold]Examples[/]

      moodwatch rescore --bundle runs/mine/bundle

      MOODWATCH_BUNDLE=runs/mine/bundle moodwatch rescore --keep-current --json
    """
    from moodwatch.rescore import rescore as run_rescore

    settings = load_settings(
        bundle=bundle, db=db, redis_url=redis_url, device=device, workers=workers
    )
    raise typer.Exit(
        run_rescore(
            settings, make_current=make_current, with_workers=not no_workers, as_json=as_json
        )
    )
