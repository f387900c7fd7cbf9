"""Settings from environment (`MOODWATCH_…`), `.env` and flags, in rising order of precedence.

Only the roof reads them; rooms take arguments. `docs/settings.md` is made from this file: a test
compares the two.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from moodwatch.errors import UserError

Period = Literal["day", "week", "month"]

_PREFIX: Final = "MOODWATCH_"
_ENV_FILE: Final = ".env"
#: What tests read, see CONTRIBUTING.
_TESTS_PREFIX: Final = "MOODWATCH_TEST_"

#: A budget as `reporting.limits.parse_budget` reads it (kept apart: settings load no numpy).
BUDGET = re.compile(r"(?!0+(\.0+)?/)\d+(\.\d+)?/(day|week|month|year)")

#: Settings whose flags have another name.
_FLAGS: Final = {"report_dir": "out", "report_period": "period", "watch_authors": "authors"}

#: Bytes; a shorter salt can be guessed, and with it every author.
MIN_SALT_BYTES = 16


def _n_cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def _is_redis_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises when it is no number
    except ValueError:
        return False
    return parts.scheme in {"redis", "rediss", "unix"} and bool(parts.netloc or parts.path)


class Settings(BaseSettings):
    """All settings of one command, validated."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_file=_ENV_FILE,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    db: str = Field(
        default="moodwatch.db",
        description="Database: a SQLite path, or `postgresql://user@host/name`.",
    )
    redis_url: str | None = Field(
        default=None,
        description="Redis or Valkey server, `redis://host:6379/0`. Unset: an embedded one.",
    )
    bundle: Path | None = Field(
        default=None, description="Model bundle folder. Unset: the shipped one."
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto",
        description="`cuda` scores by torch on a GPU; `auto` takes one where there is one.",
    )
    workers: int = Field(
        default_factory=_n_cores,
        ge=1,
        le=256,
        description="Worker processes that `run` and `up` start. Unset: one a core.",
    )
    threads: int = Field(default=1, ge=1, le=64, description="Threads of one worker's scorer.")
    salt: SecretStr | None = Field(
        default=None,
        description=(
            "Secret, at least 16 bytes, behind author pseudonyms and made-up keys. Unset with "
            "SQLite: generated once into `<db>.salt`. PostgreSQL needs it set, the same everywhere."
        ),
    )
    text_mode: Literal["keep", "redact", "drop"] = Field(
        default="keep", description="What is stored of a text: all, without names and links, none."
    )
    time_zone: str = Field(
        default="UTC", description="Zone of times that name none, and of days in reports."
    )
    chunk_size: int = Field(default=256, ge=1, le=4096, description="Messages in one queue job.")
    high_water: int = Field(
        default=64, ge=1, description="Queued chunks at which the ingestor pauses."
    )
    low_water: int = Field(
        default=32, ge=0, description="Queued chunks at which the ingestor goes on."
    )
    report_cron: str | None = Field(
        default=None, description="Cron line of the scheduled report, `0 7 * * MON`; in time_zone."
    )
    schedules: Path | None = Field(
        default=None,
        description=(
            "File of schedules, recipients and retention, see [schedules](schedules.md). It takes "
            "the place of `MOODWATCH_REPORT_CRON`."
        ),
    )
    report_dir: Path = Field(
        default=Path("report"), description="Folder that reports are written into."
    )
    report_period: Period = Field(
        default="week", description="Bucket of the trend table and charts."
    )
    false_alarms: str = Field(
        default="1/year",
        description=(
            "Budget of false alarms of mood shifts, for everything monitored together: `1/year`, "
            "`2/month`. See [shifts](shifts.md)."
        ),
    )
    watch_authors: str = Field(
        default="",
        description=(
            "Authors whose entries are watched for shifts of their own: names as in the files or "
            "pseudonyms, comma-separated, or `all` for the 50 busiest. They share the budget. See "
            "[shifts](shifts.md)."
        ),
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level logged to standard error."
    )
    log_format: Literal["console", "json"] = Field(
        default="console", description="Human lines or one JSON object a line."
    )

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ValueError, OSError, KeyError) as error:  # ZoneInfoNotFoundError is a KeyError
            raise ValueError(
                f"expected an IANA time zone such as 'Europe/Berlin', found {value!r}"
            ) from error
        return value

    @field_validator("redis_url")
    @classmethod
    def _known_scheme(cls, value: str | None) -> str | None:
        # The value is not told: a password may stand in it.
        if value is not None and not _is_redis_url(value):
            raise ValueError(
                "expected a URL such as 'redis://host:6379/0', 'rediss://…' or 'unix:///path', "
                "found another"
            )
        return value

    @field_validator("false_alarms")
    @classmethod
    def _known_budget(cls, value: str) -> str:
        if BUDGET.fullmatch(value) is None:
            raise ValueError(
                f"expected a number above 0 a day, week, month or year, such as '1/year', "
                f"found {value!r}"
            )
        return value

    @field_validator("salt")
    @classmethod
    def _long_salt(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value().encode()) < MIN_SALT_BYTES:
            raise ValueError(f"expected at least {MIN_SALT_BYTES} bytes")
        return value


def load_settings(**flags: object) -> Settings:
    """Read the settings; flags that are None leave the environment's value.

    Raises:
        UserError: naming each wrong setting and what was expected.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        settings = Settings(**given)  # type: ignore[arg-type]  # pydantic checks what flags carry
    except ValidationError as error:
        raise UserError(_explain(error, given)) from None
    if settings.low_water >= settings.high_water:
        raise UserError(
            f"MOODWATCH_LOW_WATER: expected less than MOODWATCH_HIGH_WATER "
            f"({settings.high_water}), found {settings.low_water}"
        )
    return settings


def known_names() -> list[str]:
    """Return the names of all settings as they stand in the environment."""
    return [f"{_PREFIX}{name.upper()}" for name in Settings.model_fields]


def unknown_names() -> set[str]:
    """Return names in environment and `.env` that begin like a setting's and are none."""
    from dotenv import dotenv_values

    names = {name.upper() for name in (*os.environ, *dotenv_values(_ENV_FILE))}
    ours = {name for name in names if name.startswith(_PREFIX)}
    return {name for name in ours.difference(known_names()) if not name.startswith(_TESTS_PREFIX)}


def _explain(error: ValidationError, flags: Mapping[str, object]) -> str:
    lines = []
    for problem in error.errors(include_url=False, include_context=False):
        name = "_".join(str(part) for part in problem["loc"]).upper()
        reason = problem["msg"].removeprefix("Value error, ")
        found = "" if name == "SALT" or "found" in reason else f", found {problem['input']!r}"
        field = name.lower()
        flag = f" (--{_FLAGS.get(field, field).replace('_', '-')})" if field in flags else ""
        lines.append(f"MOODWATCH_{name}{flag}: {reason[0].lower()}{reason[1:]}{found}")
    return "\n".join(lines)
