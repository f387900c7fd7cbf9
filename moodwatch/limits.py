"""Where calibrated limits are kept: a small JSON file beside the database, or in the user's cache.

Losing it costs nothing but the simulation. Written by `moodwatch shifts calibrate`, read by
whatever judges shifts.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Engine

    from moodwatch.settings import Settings
    from reporting.limits import Table
    from reporting.series import ShiftSettings


class Judging(TypedDict):
    """Keywords of `reporting.jobs.build_report` and `reporting.slots.carry_out`."""

    shift_settings: ShiftSettings
    limits: Table
    #: Pseudonyms, or `all`.
    authors: tuple[str, ...]


SUFFIX = ".limits.json"


def limits_file(db: str) -> Path:
    """Return the file of a database's limits: beside a SQLite file, else in the user's cache."""
    if "://" not in db:
        return Path(db + SUFFIX)
    if db.startswith("sqlite") and ":///" in db:
        return Path(db.split(":///", 1)[1].split("?", 1)[0] + SUFFIX)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    name = hashlib.sha256(db.encode()).hexdigest()[:16]
    return cache / "moodwatch" / f"{name}{SUFFIX}"


def load_offsets(path: Path) -> dict[str, list[tuple[float, float]]]:
    """Return what was calibrated: by series, alarms a year and nats to add.

    {} when unreadable, or made for limits that no longer ship: nats are added to those.
    """
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        if held["added_to"] != _shipped_name():
            return {}
        return {
            str(key): [(float(rate), float(nats)) for rate, nats in pairs]
            for key, pairs in held["offsets"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def save_offset(path: Path, key: str, alarms_a_year: float, offset: float) -> None:
    """Keep one more, whole or not at all: Ctrl-C leaves what was there."""
    held = load_offsets(path)
    others = [pair for pair in held.get(key, []) if pair[0] != alarms_a_year]
    held[key] = sorted([*others, (alarms_a_year, offset)])
    path.parent.mkdir(parents=True, exist_ok=True)
    waiting = path.with_name(path.name + ".new")
    document = {"added_to": _shipped_name(), "offsets": held}
    waiting.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    waiting.replace(path)


def _shipped_name() -> str:
    """Return a name for the limits that ship, by their numbers."""
    from reporting.limits import TABLE_FILE

    return hashlib.sha256(TABLE_FILE.read_bytes()).hexdigest()[:16]


def load_table(db: str) -> Table:
    """Return the limits that ship, mended by what was calibrated for this database."""
    from dataclasses import replace

    from reporting.limits import shipped

    return replace(shipped(), offsets=load_offsets(limits_file(db)))


def judging_by(
    settings: Settings, engine: Engine, *, authors: Sequence[str] | None = None
) -> Judging:
    """Return how shifts are judged: `run`, `report` and scheduled reports all take this.

    Args:
        settings: The budget, and whose entries are watched unless `authors` says.
        engine: The database, for the pseudonyms of authors.
        authors: Names or pseudonyms; those of the settings when absent or empty.
    """
    from moodwatch.authors import author_ids, split_names
    from reporting.limits import parse_budget
    from reporting.series import ShiftSettings

    names = authors or split_names(settings.watch_authors)
    return {
        "shift_settings": ShiftSettings(false_alarms_a_year=parse_budget(settings.false_alarms)),
        "limits": load_table(settings.db),
        "authors": author_ids(settings, engine, names),
    }
