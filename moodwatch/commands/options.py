"""Options that several commands share, and how they become settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Db = Annotated[
    str | None,
    typer.Option(
        "--db", metavar="URL", help="SQLite path or postgresql:// URL. Default: ./moodwatch.db"
    ),
]
RedisUrl = Annotated[
    str | None,
    typer.Option("--redis-url", metavar="URL", help="Redis server. Default: an embedded one"),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output")]
Bundle = Annotated[
    Path | None, typer.Option("--bundle", help="Model bundle folder. Default: the shipped one")
]
Device = Annotated[
    str | None, typer.Option("--device", metavar="auto|cpu|cuda", help="Where to score")
]
Workers = Annotated[int | None, typer.Option("--workers", min=1, max=256, help="Worker processes")]
TimeZone = Annotated[
    str | None,
    typer.Option("--time-zone", metavar="ZONE", help="Zone of times and days, Europe/Berlin"),
]
Source = Annotated[str | None, typer.Option("--source", help="Name of the source")]
Since = Annotated[
    str | None, typer.Option("--since", metavar="DATE", help="From this day or time on")
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="DATE", help="Up to this day or time, exclusive")
]
