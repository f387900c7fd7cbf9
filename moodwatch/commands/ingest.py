"""Commands that read files: `run` (the whole way) and `ingest` (into the queue only)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypedDict, Unpack

import typer

from moodwatch.commands import options
from moodwatch.settings import load_settings

if TYPE_CHECKING:
    from ingest.open import ReadOptions
    from moodwatch.settings import Settings

Files = Annotated[
    list[str], typer.Argument(metavar="FILE...", help="Files, folders, or - for standard input")
]
_READING = "Reading"
_SCORING = "Scoring"
_REPORT = "Report"

Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="NAME",
        help="csv, tsv, jsonl, json, feed, journal or whatsapp. Default: seen from the content",
        rich_help_panel=_READING,
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option("--encoding", help="utf-8, latin-1, … Default: seen", rich_help_panel=_READING),
]
Delimiter = Annotated[
    str | None,
    typer.Option("--delimiter", help="Column separator. Default: seen", rich_help_panel=_READING),
]
Header = Annotated[
    bool | None,
    typer.Option(
        "--header/--no-header",
        help="First row names the columns. Default: seen",
        rich_help_panel=_READING,
    ),
]
_COLUMN = "a name, a dotted path (JSON), or a number from 1"


def _column(flag: str, what: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(
        flag, metavar="COLUMN", help=f"Column of the {what}: {_COLUMN}", rich_help_panel=_READING
    )
    return option


TextColumn = Annotated[str | None, _column("--text-column", "text")]
TimeColumn = Annotated[str | None, _column("--time-column", "time")]
AuthorColumn = Annotated[str | None, _column("--author-column", "author")]
IdColumn = Annotated[str | None, _column("--id-column", "message's id")]
SourceColumn = Annotated[str | None, _column("--source-column", "source")]
ThreadColumn = Annotated[str | None, _column("--thread-column", "thread")]
Undated = Annotated[
    Literal["keep", "reject", "now"],
    typer.Option(
        "--undated", help="What becomes of messages without a time", rich_help_panel=_READING
    ),
]
TextMode = Annotated[
    str | None,
    typer.Option("--text-mode", metavar="keep|redact|drop", help="What is stored of a text"),
]


DayFirst = Annotated[
    bool | None,
    typer.Option(
        "--day-first/--month-first",
        help="How 03/04/2024 is read. Default: seen from the column's other values",
        rich_help_panel=_READING,
    ),
]


class ReadFlags(TypedDict):
    """Flags that go to the readers as they are."""

    source: str | None
    format: str | None
    encoding: str | None
    header: bool | None
    text_column: str | None
    time_column: str | None
    author_column: str | None
    id_column: str | None
    source_column: str | None
    thread_column: str | None
    day_first: bool | None
    undated: Literal["keep", "reject", "now"]


def register(app: typer.Typer) -> None:
    app.command(rich_help_panel="Start here")(run)
    app.command(rich_help_panel="Read in")(ingest)


def run(
    files: Files,
    db: options.Db = None,
    source: options.Source = None,
    report: Annotated[
        Path | None, typer.Option("--report", help="Folder of the report", file_okay=False)
    ] = None,
    workers: options.Workers = None,
    redis_url: options.RedisUrl = None,
    bundle: options.Bundle = None,
    device: options.Device = None,
    format_name: Format = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    header: Header = None,
    text_column: TextColumn = None,
    time_column: TimeColumn = None,
    author_column: AuthorColumn = None,
    id_column: IdColumn = None,
    source_column: SourceColumn = None,
    thread_column: ThreadColumn = None,
    time_zone: options.TimeZone = None,
    day_first: DayFirst = None,
    undated: Undated = "keep",
    text_mode: TextMode = None,
    period: Annotated[
        str | None,
        typer.Option("--period", metavar="day|week|month", help="Bucket of the trend table"),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Do it all: read files, score them, store the emotions, write the report.

    Starts its own workers and, where no Redis is named, its own queue server, and ends them.
    Ctrl-C stops cleanly; the same command goes on where it stopped. Run it again on a grown file
    and only what is new is added.

    [bold]Examples[/]

      moodwatch run posts.csv

      moodwatch run export/ --db mood.db --report report --time-zone Europe/Berlin

      moodwatch run tweets.csv.gz --text-column 6 --no-header --source twitter
    """
    from moodwatch.run import run_all

    settings = load_settings(
        db=db,
        redis_url=redis_url,
        bundle=bundle,
        device=device,
        workers=workers,
        time_zone=time_zone,
        text_mode=text_mode,
        report_dir=report,
        report_period=period,
    )
    read_options = _read_options(
        settings,
        source=source,
        format=format_name,
        encoding=encoding,
        delimiter=delimiter,
        header=header,
        text_column=text_column,
        time_column=time_column,
        author_column=author_column,
        id_column=id_column,
        source_column=source_column,
        thread_column=thread_column,
        day_first=day_first,
        undated=undated,
    )
    code = run_all(settings, files, read_options, as_json=as_json)
    raise typer.Exit(code)


def ingest(
    files: Files,
    db: options.Db = None,
    source: options.Source = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on reading what is added, until Ctrl-C")
    ] = False,
    redis_url: options.RedisUrl = None,
    format_name: Format = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    header: Header = None,
    text_column: TextColumn = None,
    time_column: TimeColumn = None,
    author_column: AuthorColumn = None,
    id_column: IdColumn = None,
    source_column: SourceColumn = None,
    thread_column: ThreadColumn = None,
    time_zone: options.TimeZone = None,
    day_first: DayFirst = None,
    undated: Undated = "keep",
    text_mode: TextMode = None,
    as_json: options.Json = False,
) -> None:
    """Read files into the queue; workers started elsewhere score them.

    [bold]Examples[/]

      moodwatch ingest posts.csv

      moodwatch ingest --follow chat.jsonl          (a growing file)

      tail -F app.log | moodwatch ingest - --source app --format jsonl --follow
    """
    from moodwatch.run import ingest_all

    settings = load_settings(db=db, redis_url=redis_url, time_zone=time_zone, text_mode=text_mode)
    read_options = _read_options(
        settings,
        source=source,
        format=format_name,
        encoding=encoding,
        delimiter=delimiter,
        header=header,
        text_column=text_column,
        time_column=time_column,
        author_column=author_column,
        id_column=id_column,
        source_column=source_column,
        thread_column=thread_column,
        day_first=day_first,
        undated=undated,
    )
    raise typer.Exit(ingest_all(settings, files, read_options, follow=follow, as_json=as_json))


def _read_options(
    settings: Settings, *, delimiter: str | None, **flags: Unpack[ReadFlags]
) -> ReadOptions:
    from ingest.open import ReadOptions

    return ReadOptions(
        delimiter={"\\t": "\t", "tab": "\t"}.get(delimiter or "", delimiter),
        time_zone=settings.time_zone,
        keep_raw=settings.text_mode == "keep",
        **flags,
    )
