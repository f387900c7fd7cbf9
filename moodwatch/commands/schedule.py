"""`moodwatch schedule`: when which report is due, and one of them now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from moodwatch.commands import options
from moodwatch.console import out, print_json, print_table
from moodwatch.errors import ExitCode, UserError
from moodwatch.services import open_engine
from moodwatch.settings import load_settings

if TYPE_CHECKING:
    from pathlib import Path

    from reporting.schedules import Schedules

#: Seconds that `run` waits for its deliveries; what takes longer is left to control.
_PATIENCE_S = 90.0

schedule = typer.Typer(no_args_is_help=True, help="Scheduled reports: when they are due, and now")

File = Annotated[
    str | None,
    typer.Option("--schedules", metavar="FILE", help="Default: MOODWATCH_SCHEDULES"),
]


def register(app: typer.Typer) -> None:
    app.add_typer(schedule, name="schedule", rich_help_panel="Services")


@schedule.command("list")
def list_(db: options.Db = None, schedules: File = None, as_json: options.Json = False) -> None:
    """Show each schedule with its next times, and what became of its deliveries.

    [bold]Examples[/]

      moodwatch schedule list

      moodwatch schedule list --schedules examples/schedules.toml --json
    """
    from moodwatch.schedules import read_schedules
    from moodwatch.services import database_path

    settings = load_settings(db=db, schedules=schedules)
    read = read_schedules(settings)
    path = database_path(settings.db)
    slots: dict[str, Any] = {}
    counts: dict[str, Any] = {}
    # The file can be checked before there is a database.
    if path is None or path.exists():
        from db.outbox import delivery_counts, last_slots

        with open_engine(settings) as engine:
            slots, counts = last_slots(engine), delivery_counts(engine)
    rows = _rows(read, slots, counts)
    if as_json:
        print_json(rows)
    elif rows:
        columns = ["name", "next", "last", "recipients", "waiting", "sent", "failed"]
        print_table(columns, [[_cell(row[name]) for name in columns] for row in rows])
    else:
        out.print("no schedules: name a file by MOODWATCH_SCHEDULES, see docs/schedules.md")


@schedule.command()
def run(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As 'moodwatch schedule list' shows")],
    db: options.Db = None,
    schedules: File = None,
    as_json: options.Json = False,
) -> None:
    """Carry out one schedule now: write its report and send it, without queue or workers.

    Ends with exit code 1 when something could not be sent; 'moodwatch control' tries it again.

    [bold]Example[/]

      moodwatch schedule run weekly
    """
    from datetime import UTC, datetime

    from db.engine import database_id
    from db.outbox import states_of
    from moodwatch.limits import judging_by
    from moodwatch.outcome import output_folder
    from moodwatch.schedules import RETENTION, courier, read_schedules, retain
    from reporting.slots import carry_out

    settings = load_settings(db=db, schedules=schedules)
    read = read_schedules(settings)
    now = datetime.now(UTC).replace(microsecond=0)
    if name == RETENTION and read.retention is not None:
        with open_engine(settings) as engine:
            n_erased = retain(engine, read.retention, now)
        _say({"messages forgotten": n_erased}, as_json=as_json)
        return
    if name not in read.schedules:
        known = ", ".join([*read.schedules, *([RETENTION] if read.retention else [])]) or "none"
        raise UserError(f"expected a schedule among {known}, found {name!r}")
    with open_engine(settings) as engine:
        result = carry_out(
            engine,
            name,
            read.schedules[name],
            now,
            out_dir=output_folder(settings.report_dir),
            database_id=database_id(engine),
            **judging_by(settings, engine, authors=read.schedules[name].authors),
        )
        carrier = courier(settings, engine)
        carrier.step(only=result.delivery_ids)
        carrier.wait(_PATIENCE_S)
        states = states_of(engine, result.delivery_ids)
    paths = [path for report in result.reports for path in report.paths]
    _say(_outcome(paths, states), as_json=as_json)
    if any(state != "sent" for state, _ in states.values()):
        raise typer.Exit(ExitCode.INCOMPLETE)


def _rows(read: Schedules, slots: dict[str, Any], counts: dict[str, Any]) -> list[dict[str, Any]]:
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    from db.outbox import DeliveryCounts
    from moodwatch.schedules import RETENTION
    from reporting.schedule import CronEntry

    asked: dict[str, Any] = dict(read.schedules)
    if read.retention is not None:
        asked[RETENTION] = read.retention
    rows = []
    for name, one in asked.items():
        entry = CronEntry(name, one.cron, "", time_zone=one.time_zone)
        zone = ZoneInfo(one.time_zone)
        times = [entry.next_after(datetime.now(UTC))]
        while len(times) < 3:
            times.append(entry.next_after(times[-1]))
        last = slots.get(name)
        sent = counts.get(name, DeliveryCounts())
        rows.append(
            {
                "name": name,
                "next": [time.astimezone(zone).isoformat() for time in times],
                "last": None if last is None else last.astimezone(zone).isoformat(),
                "recipients": list(getattr(one, "recipients", ())),
                "waiting": sent.waiting,
                "sent": sent.sent,
                "failed": sent.failed,
            }
        )
    return rows


def _cell(value: object) -> object:
    if isinstance(value, list):
        return ", ".join(str(one)[:16].replace("T", " ") for one in value)
    return str(value)[:16].replace("T", " ") if isinstance(value, str) and "T" in value else value


def _outcome(paths: list[Path], states: dict[str, tuple[str, str | None]]) -> dict[str, Any]:
    return {
        "reports": [str(path) for path in paths],
        "deliveries": {
            name: state if reason is None else f"{state}: {reason}"
            for name, (state, reason) in states.items()
        },
    }


def _say(outcome: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(outcome)
        return
    for path in outcome.get("reports", []):
        out.print(f"report: {path}", markup=False)
    for name, state in outcome.get("deliveries", {}).items():
        out.print(f"delivery {name}: {state}", markup=False)
    if "messages forgotten" in outcome:
        out.print(f"{outcome['messages forgotten']:,} messages forgotten")
    elif not outcome.get("deliveries"):
        out.print("nothing to send")
