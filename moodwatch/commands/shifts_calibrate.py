"""`moodwatch shifts calibrate` and `history`: what the alarms cost, and an archive in hindsight."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from moodwatch.commands import options
from moodwatch.console import err, out, print_json, print_table
from moodwatch.errors import UserError
from moodwatch.services import open_engine
from moodwatch.settings import load_settings

if TYPE_CHECKING:
    from moodwatch.settings import Settings
    from reporting.history import Stretch
    from reporting.series import Series, ShiftSettings
    from reporting.tuning import Tuned

Resolution = Literal["hourly", "daily", "weekly"]

FalseAlarms = Annotated[
    str | None,
    typer.Option(
        "--false-alarms",
        metavar="N/year|month",
        help="Budget of false alarms for everything monitored together. "
        "Default: MOODWATCH_FALSE_ALARMS, 1/year",
    ),
]
At = Annotated[Resolution, typer.Option("--resolution", help="Length of a bucket")]
Author = Annotated[
    str | None,
    typer.Option(help="One author, by name or pseudonym: a journal of one entry a day will do"),
]


def register(group: typer.Typer) -> None:
    """Add both to the group that `moodwatch.commands.shifts` makes."""
    group.command()(calibrate)
    group.command()(history)


def calibrate(
    db: options.Db = None,
    false_alarms: FalseAlarms = None,
    resolution: At = "daily",
    source: options.Source = None,
    author: Author = None,
    time_zone: options.TimeZone = None,
    runs: Annotated[int, typer.Option(min=20, max=20_000, help="Simulated years a source")] = 200,
    as_json: options.Json = False,
) -> None:
    """Simulate sources like yours: how many false alarms, and which changes are found how fast.

    The whole detector runs in quiet series of your own volumes, shares, rhythm and lumpiness. The
    limits found are kept beside the database and used from then on; Ctrl-C keeps what is done.

    [bold]Examples[/]

      moodwatch shifts calibrate

      moodwatch shifts calibrate --false-alarms 2/month --source support --json
    """
    from rich.progress import Progress

    from moodwatch.limits import limits_file, save_offset
    from reporting.calibration import traits_of
    from reporting.limits import parse_budget, shipped
    from reporting.series import ShiftSettings
    from reporting.tuning import tune

    settings = load_settings(db=db, time_zone=time_zone, false_alarms=false_alarms)
    budget = parse_budget(settings.false_alarms)
    chosen = ShiftSettings(false_alarms_a_year=budget, resolution=resolution)
    everything, n_series = _series(settings, chosen, author=author)
    wanted = [one for one in everything if source is None or one.source == source]
    if not wanted:
        raise UserError("expected sources with scored, dated messages, found none")
    plan = chosen.plan
    path = limits_file(settings.db)
    done: list[tuple[Series, Tuned]] = []
    try:
        with Progress(console=err, transient=True, disable=as_json) as bar:
            for one in wanted:
                task = bar.add_task(_scope(one), total=1.0)
                tuned = tune(
                    traits_of(one, plan),
                    plan,
                    shipped(),
                    resolution=resolution,
                    alarms_a_year=budget / n_series,
                    runs=runs,
                    progress=lambda part, task=task: bar.update(task, completed=part),  # type: ignore[misc]
                )
                save_offset(path, tuned.key, tuned.allowed_a_year, tuned.offset)
                done.append((one, tuned))
    except KeyboardInterrupt:
        if not done:
            raise
        err.print(f"stopped after {len(done)} of {len(wanted)}; what is done is kept")
    if as_json:
        print_json(
            {
                "budget_a_year": budget,
                "n_series": n_series,
                "limits_file": str(path),
                "sources": [
                    {"source": one.source, "author": one.author, **asdict(tuned)}
                    for one, tuned in done
                ],
            }
        )
        return
    _print(done, plan_unit={"hourly": "hours", "daily": "days", "weekly": "weeks"}[resolution])
    out.print(
        "\nSmallest found: of the changes tried, the least flagged within four weeks in 8 of "
        "10 cases, and the median time that takes."
    )
    out.print(
        f"{budget:.3g} false alarm{'' if budget == 1 else 's'} a year allowed for {n_series} "
        f"series together. Limits kept in {path}."
    )


def _scope(of: Series | Stretch) -> str:
    return of.source if of.author is None else f"{of.source} {of.author[:8]}"


def _print(done: list[tuple[Series, Tuned]], *, plan_unit: str) -> None:
    rows = []
    for one, tuned in done:
        smallest = tuned.smallest_found()
        rows.append(
            (
                _scope(one),
                tuned.allowed_a_year,
                tuned.shipped_a_year,
                tuned.offset,
                "none tried" if smallest is None else f"odds x {smallest.odds_ratio:g}",
                None if smallest is None else smallest.median_delay,
            )
        )
    print_table(
        (
            "source",
            "allowed a year",
            "uncalibrated",
            "nats added",
            "smallest found",
            plan_unit,
        ),
        rows,
    )


def history(
    db: options.Db = None,
    source: options.Source = None,
    author: Author = None,
    resolution: At = "daily",
    time_zone: options.TimeZone = None,
    as_json: options.Json = False,
) -> None:
    """Cut the whole archive into stretches of like mood, in hindsight: no alarms, an explanation.

    [bold]Examples[/]

      moodwatch shifts history

      moodwatch shifts history --source support --resolution weekly --json
    """
    from reporting.history import stretches
    from reporting.series import ShiftSettings

    settings = load_settings(db=db, time_zone=time_zone)
    if resolution == "hourly":
        raise UserError("--resolution: expected daily or weekly, found 'hourly'")
    found = [
        stretch
        for one in _series(settings, ShiftSettings(resolution=resolution), author=author)[0]
        if source is None or one.source == source
        for stretch in stretches(one)
    ]
    if as_json:
        print_json([asdict(stretch) for stretch in found])
        return
    if not found:
        out.print("no scored, dated messages")
        return
    print_table(
        ("source", "from", "to", "messages", "changed most", "odds", "share"),
        [
            (
                _scope(stretch),
                stretch.started_at.isoformat(),
                stretch.ended_at.isoformat(),
                stretch.n,
                stretch.changed,
                None if stretch.odds_ratio is None else f"x {stretch.odds_ratio:.2g}",
                None if stretch.changed is None else f"{stretch.shares[stretch.changed]:.0%}",
            )
            for stretch in found
        ],
    )


def _series(
    settings: Settings, chosen: ShiftSettings, *, author: str | None
) -> tuple[list[Series], int]:
    """Return every series that is watched, of full days before today, and how many share a budget.

    With `author` (a name or a pseudonym) only that author's, who is watched besides the others.
    """
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    from db.queries import hourly
    from moodwatch.authors import author_ids, split_names
    from records import EMOTIONS
    from reporting.monitored import monitored
    from reporting.shifts import series_of

    with open_engine(settings) as engine:
        ids = author_ids(settings, engine, [] if author is None else [author])
        names = (*split_names(settings.watch_authors), *([] if author is None else [author]))
        watched = monitored(
            engine,
            hourly(engine),
            authors=author_ids(settings, engine, names),
            time_zone=settings.time_zone,
            before=datetime.now(UTC).astimezone(ZoneInfo(settings.time_zone)).date(),
            settings=chosen,
        )
    if author is not None and watched.notes and watched.authors.empty:
        raise UserError("; ".join(watched.notes))
    found: list[Series] = []
    for frame in (watched.sources, watched.authors):
        emotions = tuple(e for e in EMOTIONS if f"n_{e}" in frame.columns)
        if not frame.empty and len(emotions) > 1:
            found += series_of(frame, emotions, chosen)
    if author is not None:
        found = [one for one in found if one.author in ids]
    return found, watched.n_series
