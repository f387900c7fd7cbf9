"""Commands on the database: query, status, rejects, forget, retry, doctor, db upgrade."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from moodwatch.commands import options
from moodwatch.console import err, out, print_facts, print_json, print_table
from moodwatch.errors import ExitCode, UserError
from moodwatch.services import agreed_salt, load_salt, open_engine
from moodwatch.settings import load_settings

#: Rows that a table shows when no limit is given; files and pipes get all of them.
TABLE_ROWS = 200

database = typer.Typer(no_args_is_help=True, help="Look after the database")


def register(app: typer.Typer) -> None:
    app.command(rich_help_panel="Read")(query)
    app.command(rich_help_panel="Read")(status)
    app.command(rich_help_panel="Read")(rejects)
    app.command(rich_help_panel="Read")(pseudonym)
    app.command(rich_help_panel="Look after")(doctor)
    app.command(rich_help_panel="Look after")(retry)
    app.command(rich_help_panel="Look after")(forget)
    app.add_typer(database, name="db", rich_help_panel="Look after")


def query(
    sql: Annotated[str, typer.Argument(help="One SELECT statement")],
    db: options.Db = None,
    as_json: options.Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV on standard output")] = False,
    parquet: Annotated[
        Path | None, typer.Option("--parquet", help="Write a Parquet file", dir_okay=False)
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="At most so many rows")
    ] = None,
) -> None:
    """Ask the tables and views with plain SQL; nothing can be changed.

    Views: emotion_daily, emotion_weekly, emotion_scores, mood_shifts. Tables: messages, emotions.

    [bold]Examples[/]

      moodwatch query "SELECT day, n, anger_share FROM emotion_daily ORDER BY day DESC LIMIT 7"

      moodwatch query --csv "SELECT * FROM mood_shifts" > shifts.csv
    """
    from db.queries import read_only_query
    from moodwatch.exports import write_csv, write_parquet
    from moodwatch.outcome import output_folder

    if sum((as_json, as_csv, parquet is not None)) > 1:
        raise UserError("expected at most one of --json, --csv, --parquet")
    if parquet is not None:
        output_folder(parquet.parent)
    with (
        open_engine(load_settings(db=db)) as engine,
        read_only_query(engine, sql) as (columns, all_rows),
    ):
        rows = islice(all_rows, limit)
        if parquet is not None:
            n_rows = write_parquet(parquet, columns, rows)
            err.print(f"{n_rows:,} rows written to {parquet}", markup=False)
        elif as_csv:
            write_csv(columns, rows)
        elif as_json:
            print_json([dict(zip(columns, row, strict=True)) for row in rows])
        else:
            shown = list(islice(rows, limit or TABLE_ROWS))
            print_table(columns, shown)
            if limit is None and next(iter(rows), None) is not None:
                err.print(f"first {TABLE_ROWS} rows shown; --limit, --csv or --parquet give more")


def status(db: options.Db = None, as_json: options.Json = False) -> None:
    """Show what is stored, queued, rejected and who works on it.

    [bold]Examples[/]

      moodwatch status

      moodwatch status --db postgresql://moodwatch@db/moodwatch --json
    """
    from moodwatch.overview import overview

    settings = load_settings(db=db)
    with open_engine(settings) as engine:
        facts = overview(settings, engine)
    if as_json:
        print_json(facts)
    else:
        print_facts(facts)


def rejects(
    db: options.Db = None,
    source: options.Source = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, newest first")] = 50,
    as_json: options.Json = False,
) -> None:
    """List rows that could not be read, and known ids that came again with another text.

    [bold]Examples[/]

      moodwatch rejects --source posts

      moodwatch rejects --json --limit 1000
    """
    from db import queries

    with open_engine(load_settings(db=db)) as engine:
        frame = queries.rejects(engine, limit=limit, source=source)
    records = frame.to_dict("records")
    if as_json:
        print_json(records)
    elif records:
        columns = ["kind", "source", "row", "position", "reason"]
        print_table(columns, [[record[name] for name in columns] for record in records])
    else:
        out.print("no rejects")


def doctor(
    db: options.Db = None,
    redis_url: options.RedisUrl = None,
    bundle: options.Bundle = None,
    only: Annotated[
        str | None,
        typer.Option(
            help="Comma-separated among: environment, settings, folders, database, rollups, "
            "queue, bundle, parity"
        ),
    ] = None,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="First count the roll-ups again and set wrong ones right"),
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Check what is configured, reachable and right, and say what to do about the rest.

    Ends with exit code 1 when a check fails.

    [bold]Examples[/]

      moodwatch doctor

      moodwatch doctor --only database,queue

      moodwatch doctor --repair --only rollups
    """
    from moodwatch.doctor import CHECKS, repair_rollups, run_checks

    names = tuple(CHECKS) if only is None else tuple(name.strip() for name in only.split(","))
    if unknown := [name for name in names if name not in CHECKS]:
        raise UserError(f"expected checks among {', '.join(CHECKS)}, found {unknown[0]!r}")
    settings = load_settings(db=db, redis_url=redis_url, bundle=bundle)
    if repair:
        err.print(f"{repair_rollups(settings):,} figures of the roll-ups set right")
    findings = run_checks(settings, names)
    if as_json:
        print_json([finding.as_dict() for finding in findings])
    else:
        for finding in findings:
            out.print(finding.as_line())
    if any(finding.level == "fail" for finding in findings):
        raise typer.Exit(ExitCode.INCOMPLETE)


def retry(db: options.Db = None) -> None:
    """Open chunks again that were given up after their last retry.

    A running worker takes them at the next sweep, or the next `moodwatch run`.

    [bold]Example[/]

      moodwatch retry
    """
    from db.store import retry_failed

    with open_engine(load_settings(db=db)) as engine:
        out.print(f"{retry_failed(engine)} chunks opened again")


def pseudonym(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="As in the files")],
    db: options.Db = None,
    as_json: options.Json = False,
) -> None:
    """Tell by which pseudonym an author stands in the database, in reports and shifts.

    It is made of the name and the salt (MOODWATCH_SALT, or the file beside the database), and
    cannot be turned back.

    [bold]Example[/]

      moodwatch pseudonym jane_doe
    """
    from db.excerpts import known_authors
    from moodwatch.authors import pseudonym_of

    settings = load_settings(db=db)
    with open_engine(settings) as engine:
        made = {name: pseudonym_of(settings, name) for name in names}
        stored = known_authors(engine, list(made.values()))
    if as_json:
        print_json(made)
        return
    for name, told in made.items():
        out.print(told if len(made) == 1 else f"{told}  {name}", markup=False, soft_wrap=True)
        if told not in stored:
            err.print(f"note: there are no messages by {name!r}", markup=False)


def forget(
    db: options.Db = None,
    author: Annotated[str | None, typer.Option(help="Name as in the files, or pseudonym")] = None,
    source: options.Source = None,
    before: Annotated[
        str | None, typer.Option(metavar="DATE", help="Messages posted before this day")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask")] = False,
) -> None:
    """Erase messages for good, and remember their keys so that no later file brings them back.

    [bold]Examples[/]

      moodwatch forget --author jane_doe

      moodwatch forget --source support --before 2024-01-01 --yes
    """
    from db.forget import forget as erase
    from ingest.keys import pseudonym
    from moodwatch.times import parse_moment

    settings = load_settings(db=db)
    if author is None and source is None and before is None:
        raise UserError("expected --author, --source or --before: nothing else is ever erased")
    if not yes:
        typer.confirm("Erase these messages and their scores for good?", abort=True)
    with open_engine(settings) as engine:
        known = None if author is None else pseudonym(author, agreed_salt(settings, engine))
        moment = None if before is None else parse_moment(before, settings.time_zone)
        n_erased = erase(engine, author=known, source=source, before=moment)
        if author is not None and n_erased == 0:
            n_erased = erase(engine, author=author, source=source, before=moment)
    out.print(f"{n_erased:,} messages erased")


@database.command()
def upgrade(db: options.Db = None) -> None:
    """Create the database, or bring its tables to this version. Safe to run twice.

    [bold]Example[/]

      moodwatch db upgrade --db postgresql://moodwatch@db/moodwatch
    """
    from db.engine import check_schema, open_database, redact_url
    from db.engine import upgrade as migrate

    settings = load_settings(db=db)
    engine = open_database(settings.db, create=True)
    migrate(engine)
    check_schema(engine)
    engine.dispose()
    out.print(f"{redact_url(settings.db)} is up to date", markup=False)


@database.command("accept-salt")
def accept_salt(db: options.Db = None) -> None:
    """Go on with the salt that is set, where the one the database was filled with is lost.

    What was stored keeps its pseudonyms: authors become strangers to their earlier messages, and
    a file without ids that is read again is counted again.

    [bold]Example[/]

      moodwatch db accept-salt
    """
    from db.salts import accept_salt as accept

    settings = load_settings(db=db)
    with open_engine(settings) as engine:
        accept(engine, load_salt(settings))
    out.print("the salt that is set is this database's from now on")
