"""`schedules.toml`: which report goes when to whom; read, checked, and refused with line numbers.

Pure but for reading the file. Addresses and secrets stay in the file or in the environment that
it points to (`env:NAME`); jobs and the database carry names only.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo

from croniter import croniter  # type: ignore[import-untyped]
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

#: As `reporting.twins.Format`, which the roof must not load to check a file.
Format = Literal["html", "md", "json", "csv", "png"]

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_ENV: Final = "env:"


class ScheduleError(ValueError):
    """The file cannot be read as schedules; says where and what was expected."""


def _cron(value: str) -> str:
    if not croniter.is_valid(value):
        raise ValueError(f"expected a cron line such as '0 7 * * MON', found {value!r}")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError(
            f"expected an IANA time zone such as 'Europe/Berlin', found {value!r}"
        ) from error
    return value


Cron = Annotated[str, AfterValidator(_cron)]
Zone = Annotated[str, AfterValidator(_zone)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Recipient(_Table):
    """Where a report goes: exactly one of an Apprise URL, a webhook, a folder."""

    #: An Apprise URL: mailto://, slack://, msteams://, ntfy:// and a hundred more.
    url: str | None = None
    #: http(s) address that takes a signed POST.
    webhook: str | None = None
    #: Key of the webhook's signature; `whsec_…` is base64, anything else is taken as it stands.
    secret: str | None = None
    folder: Path | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [self.url, self.webhook, self.folder]
        if sum(way is not None for way in ways) != 1:
            raise ValueError("expected exactly one of 'url', 'webhook', 'folder'")
        if (self.webhook is None) != (self.secret is None):
            raise ValueError("expected a 'secret' with a 'webhook', and only there")
        return self


class Schedule(_Table):
    """One report, when it is due, and who gets it."""

    cron: Cron
    time_zone: Zone = "UTC"
    #: Bucket of the trends.
    period: Literal["day", "week", "month"] = "week"
    #: Names of sources; none: all.
    sources: tuple[str, ...] = ()
    #: Authors watched apart, names or pseudonyms, or "all"; none: as MOODWATCH_WATCH_AUTHORS says.
    authors: tuple[str, ...] = ()
    #: Days shown, counted back from the slot; none: all.
    days: int | None = Field(default=None, ge=1)
    title: str = ""
    recipients: tuple[str, ...] = ()
    formats: tuple[Format, ...] = ("html",)
    #: Send only when a new shift of at least this severity has opened.
    alerts_from_severity: int | None = Field(default=None, ge=1, le=10)


class Retention(_Table):
    """Forget by age."""

    keep_days: int = Field(ge=1)
    cron: Cron = "30 3 * * *"
    time_zone: Zone = "UTC"
    #: Names of sources; none: all.
    sources: tuple[str, ...] = ()


class Schedules(_Table):
    """The whole file."""

    time_zone: Zone = "UTC"
    recipients: dict[str, Recipient] = Field(default_factory=dict)
    schedules: dict[str, Schedule] = Field(default_factory=dict)
    retention: Retention | None = None

    @model_validator(mode="before")
    @classmethod
    def _default_zone(cls, document: Any) -> Any:
        """Hand the file's time zone to schedules that name none."""
        if not isinstance(document, dict) or "time_zone" not in document:
            return document
        zone = {"time_zone": document["time_zone"]}
        inner = dict(document)
        if isinstance(document.get("schedules"), dict):
            inner["schedules"] = {
                name: zone | one if isinstance(one, dict) else one
                for name, one in document["schedules"].items()
            }
        if isinstance(document.get("retention"), dict):
            inner["retention"] = zone | document["retention"]
        return inner

    @field_validator("schedules", "recipients")
    @classmethod
    def _names(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name in value:
            if not _NAME.fullmatch(name) or name == "retention":
                raise ValueError(
                    f"expected a name of lower-case letters, digits and dashes, found {name!r}"
                )
        return value

    @model_validator(mode="after")
    def _known_recipients(self) -> Self:
        for name, schedule in self.schedules.items():
            for recipient in schedule.recipients:
                if recipient not in self.recipients:
                    raise ValueError(
                        f"schedules.{name}.recipients: expected names under [recipients], found "
                        f"{recipient!r}"
                    )
            if schedule.alerts_from_severity is not None and not schedule.recipients:
                raise ValueError(f"schedules.{name}: expected recipients for alerts, found none")
        return self


def load_schedules(path: Path) -> Schedules:
    """Read and check a file.

    Raises:
        ScheduleError: naming file, line, and what was expected; never a secret.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ScheduleError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ScheduleError(f"{path}: expected UTF-8") from None
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScheduleError(f"{path}: {error}") from None
    try:
        return Schedules.model_validate(document)
    except ValidationError as error:
        lines = line_numbers(text)
        raise ScheduleError(
            "\n".join(_told(path, lines, problem) for problem in error.errors(include_url=False))
        ) from None


def resolve(value: str, environment: Mapping[str, str]) -> str:
    """Return a value as it stands, or what the environment holds for `env:NAME`.

    Raises:
        ScheduleError: when the environment does not hold it.
    """
    if not value.startswith(_ENV):
        return value
    name = value.removeprefix(_ENV)
    if not environment.get(name):
        raise ScheduleError(f"expected the variable {name} in the environment, found none")
    return environment[name]


def line_numbers(text: str) -> dict[tuple[str, ...], int]:
    """Return the line of each table and key of a TOML document, by its path.

    Reads what people write: headers and `key = value`; what stands within strings of several lines
    may be taken for a key, which only makes a line number less exact.
    """
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[\[?\s*([^\[\]]+?)\s*\]\]?", line):
            table = _parts(header[1])
            found.setdefault(table, number)
        elif key := re.match(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*'|\s*\.\s*)+?)\s*=""", line):
            path = (*table, *_parts(key[1]))
            for length in range(len(table) + 1, len(path) + 1):
                found.setdefault(path[:length], number)
    return found


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(r"""[\w-]+|"[^"]*"|'[^']*'""", dotted))


def _told(path: Path, lines: Mapping[tuple[str, ...], int], problem: Mapping[str, Any]) -> str:
    where = tuple(str(part) for part in problem["loc"])
    reason = str(problem["msg"]).removeprefix("Value error, ")
    # A rule of the whole file says itself which part it means.
    if not where and (part := re.match(r"([\w.-]+): ", reason)):
        where = tuple(part[1].split("."))
        reason = reason[part.end() :]
    if found := re.search(r"found '([^']*)'$", reason):
        where_found = (*where, found[1])
        where = where_found if where_found in lines else where
    known = next(
        (lines[where[:length]] for length in range(len(where), 0, -1) if where[:length] in lines),
        1,
    )
    if problem["type"] == "extra_forbidden":
        reason = "not a known key"
    name = ".".join(where)
    shown = f" in '{name}'" if name else ""
    return f"{path}:{known}: {reason[0].lower()}{reason[1:]}{shown}"
