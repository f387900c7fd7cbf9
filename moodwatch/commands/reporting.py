"""`moodwatch report`: trends and flagged shifts of what is stored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from moodwatch.commands import options
from moodwatch.console import err
from moodwatch.errors import UserError
from moodwatch.services import open_engine
from moodwatch.settings import load_settings

if TYPE_CHECKING:
    from sqlalchemy import Engine


def register(app: typer.Typer) -> None:
    app.command(rich_help_panel="Read")(report)


def report(
    db: options.Db = None,
    out_dir: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder of the report", file_okay=False)
    ] = None,
    period: Annotated[
        str | None, typer.Option("--period", metavar="day|week|month", help="Bucket of the trends")
    ] = None,
    source: options.Source = None,
    since: options.Since = None,
    until: options.Until = None,
    time_zone: options.TimeZone = None,
    formats: Annotated[
        str,
        typer.Option(
            "--format", "-f", metavar="html,md,json,csv,png", help="What to write, one or several"
        ),
    ] = "html",
    false_alarms: Annotated[
        str | None,
        typer.Option(
            "--false-alarms",
            metavar="N/year|month",
            help="Budget of false alarms for everything monitored together. Default: 1/year",
        ),
    ] = None,
    authors: Annotated[
        str | None,
        typer.Option(
            "--authors",
            metavar="NAMES|all",
            help="Watch these authors apart, comma-separated: names as in the files or pseudonyms. "
            "Default: MOODWATCH_WATCH_AUTHORS",
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Print the trends, list the flagged shifts, write one HTML file that works offline.

    Markdown, JSON, CSV and PNG tell the same; CSV are two files, trends and shifts.

    [bold]Examples[/]

      moodwatch report

      moodwatch report --period week --source support --since 2024-01-01 --out reports

      moodwatch report --format html,md,png --time-zone Europe/Berlin

      moodwatch report --authors jane_doe --false-alarms 2/year

    Authors are shown by pseudonyms: 'moodwatch pseudonym jane_doe' tells hers.
    """
    from moodwatch.authors import split_names, strangers
    from moodwatch.limits import judging_by
    from moodwatch.outcome import output_folder, print_report, report_document
    from moodwatch.times import parse_moment
    from reporting.jobs import build_report
    from reporting.twins import parse_formats

    try:
        wanted = parse_formats(formats)
    except ValueError as error:
        raise UserError(f"--format: {error}") from None
    settings = load_settings(
        db=db,
        report_dir=out_dir,
        report_period=period,
        time_zone=time_zone,
        false_alarms=false_alarms,
        watch_authors=authors,
    )
    zone = settings.time_zone
    with open_engine(settings) as engine:
        _check_source(engine, source)
        for name in strangers(settings, engine, split_names(authors or "")):
            err.print(f"note: there are no messages by {name!r}", markup=False)
        result = build_report(
            engine,
            out_dir=output_folder(settings.report_dir),
            source=source,
            period=settings.report_period,
            time_zone=zone,
            since=None if since is None else parse_moment(since, zone),
            until=None if until is None else parse_moment(until, zone),
            formats=wanted,
            **judging_by(settings, engine),
        )
    if as_json:
        from moodwatch.console import print_json

        print_json(report_document(result))
    else:
        print_report(result, settings.report_period)


def _check_source(engine: Engine, source: str | None) -> None:
    """Refuse a source that is not there: its empty page would take a good one's place."""
    from db.queries import status
    from db.texts import fit_key

    if source is None or fit_key(source) in (known := status(engine).sources):
        return
    some = ", ".join(list(known)[:10]) or "none yet"
    raise UserError(f"expected a source that is stored ({some}), found {source!r}")
