"""The public views: what people query. They show the current model only; days are UTC.

Written once for both dialects, with the few expressions that differ filled in. `db.schema`
puts them into the database after every upgrade that changed tables or views.
"""

from __future__ import annotations

import hashlib
from typing import Final

from records import EMOTIONS, Emotion

#: In the order in which they are created; later ones may read earlier ones.
VIEW_NAMES: Final = (
    "emotion_daily",
    "emotion_weekly",
    "emotion_scores",
    "mood_shifts",
    "volume_alarms",
    "clock",
)

# On SQLite a day is text YYYY-MM-DD and works in every date function; on PostgreSQL a date.
_DAY: Final = {
    "sqlite": "substr({hour}, 1, 10)",
    "postgresql": "CAST({hour} AT TIME ZONE 'UTC' AS date)",
}
# ISO weeks begin on Monday. SQLite: six days back, then on to the next Monday unless it is one.
_MONDAY: Final = {
    "sqlite": "date({hour}, '-6 days', 'weekday 1')",
    "postgresql": "CAST(date_trunc('week', {hour} AT TIME ZONE 'UTC') AS date)",
}
_AGO: Final = {
    # As db.types.UtcDateTime writes times, so that comparing texts compares times.
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', 'now', '-{n} {unit}')",
    "postgresql": "CURRENT_TIMESTAMP - INTERVAL '{n} {unit}'",
}


def view_definitions(dialect: str) -> dict[str, str]:
    """Return each view's SELECT, by name, for `sqlite` or `postgresql`."""
    return {
        "emotion_daily": _shares("day", _DAY[dialect], dialect),
        "emotion_weekly": _shares("week", _MONDAY[dialect], dialect),
        "emotion_scores": "\nUNION ALL\n".join(_scores(emotion) for emotion in EMOTIONS),
        "mood_shifts": _SHIFTS.format(state=_state(dialect)),
        "volume_alarms": _VOLUME.format(state=_state(dialect)),
        "clock": _clock(dialect),
    }


def fingerprint(dialect: str) -> str:
    """Return a hash that changes with any view's definition."""
    definitions = view_definitions(dialect)
    text = "\n".join(f"{name}: {definitions[name]}" for name in VIEW_NAMES)
    return hashlib.sha256(text.encode()).hexdigest()


def _shares(period: str, expression: str, dialect: str) -> str:
    # A model that does not score an emotion has no share of it: NULL, never 0. A period with
    # nothing but unsupported messages has n = 0 and no shares; an erased one is not there.
    number = "REAL" if dialect == "sqlite" else "double precision"
    columns = []
    for emotion in EMOTIONS:
        for name, value in (("share", f"sum(r.n_{emotion})"), ("mean", f"sum(r.sum_{emotion})")):
            scale = "" if name == "share" else " / 10000"
            columns.append(
                f"  CASE WHEN {_is_scored(emotion, 'min(m.emotions)')} THEN"
                f" CAST({value} AS {number}){scale} / nullif(sum(r.n), 0) END"
                f" AS {emotion}_{name}"
            )
    bucket = expression.format(hour="r.hour")
    count = "sum(r.n)" if dialect == "sqlite" else "CAST(sum(r.n) AS bigint)"
    return (
        f"SELECT\n  {bucket} AS {period},\n  r.source AS source,\n  {count} AS n,\n"
        + ",\n".join(columns)
        + "\nFROM rollups AS r JOIN models AS m ON m.id = r.model_id AND m.current\n"
        f"GROUP BY {bucket}, r.source\n"
        "HAVING sum(r.n) + sum(r.n_unsupported) > 0"
    )


def _is_scored(emotion: Emotion, emotions: str) -> str:
    # No emotion's name is part of another's.
    return f"{emotions} LIKE '%{emotion}%'"


def _scores(emotion: Emotion) -> str:
    # Without statistics SQLite would read all of `emotions` first; CROSS JOIN keeps it to the order
    # given, so that a time, author or source finds its messages by index. PostgreSQL plans freely.
    return (
        "SELECT msg.id AS message_id, msg.source AS source, msg.author AS author,\n"
        f"  msg.posted_at AS posted_at, m.name AS model, '{emotion}' AS emotion,\n"
        f"  e.{emotion} AS score\n"
        "FROM models AS m CROSS JOIN messages AS msg CROSS JOIN emotions AS e\n"
        "WHERE e.message_id = msg.id AND e.model_id = m.id AND m.current\n"
        f"  AND e.{emotion} IS NOT NULL"
    )


def _state(dialect: str) -> str:
    """Return a shift's state now; `db.shifts.StoredShift` says the same in Python."""
    now = _AGO[dialect].format(n=0, unit="hours")
    return (
        "CASE WHEN s.over_at IS NOT NULL AND (s.changed_at IS NULL OR s.changed_at < s.over_at)\n"
        "    THEN 'closed'\n"
        f"    WHEN s.state = 'snoozed' AND s.snoozed_until <= {now} THEN 'open'\n"
        "    ELSE s.state END"
    )


# The first fourteen columns are as they always were; new ones follow them.
_SHIFTS: Final = """\
SELECT s.id AS id, nullif(s.source, '') AS source, nullif(s.author, '') AS author,
  s.emotion AS emotion, s.direction AS direction, s.started_at AS started_at,
  s.detected_at AS detected_at, s.share_before AS share_before, s.share_after AS share_after,
  s.odds_ratio AS odds_ratio, s.n AS n, s.severity AS severity,
  {state} AS state,
  m.name AS model, s.before_low AS share_before_low, s.before_high AS share_before_high,
  s.after_low AS share_after_low, s.after_high AS share_after_high,
  s.persistence_days AS persistence_days, s.words AS words, s.authors AS authors,
  s.opened_at AS opened_at, s.over_at AS over_at, s.snoozed_until AS snoozed_until,
  s.changed_at AS changed_at
FROM shifts AS s JOIN models AS m ON m.id = s.model_id AND m.current
WHERE s.kind = 'mood'"""

# How many messages come hangs on no model: those of every model are shown.
_VOLUME: Final = """\
SELECT s.id AS id, s.kind AS kind, nullif(s.source, '') AS source, s.direction AS direction,
  s.started_at AS started_at, s.detected_at AS detected_at, s.rate_before AS per_day_before,
  s.rate_after AS per_day_after, s.n AS n, s.severity AS severity,
  {state} AS state,
  s.opened_at AS opened_at, s.over_at AS over_at, s.snoozed_until AS snoozed_until,
  s.changed_at AS changed_at
FROM shifts AS s
WHERE s.kind <> 'mood'"""


def _clock(dialect: str) -> str:
    # One row of moments, so that "the last hour" is the same SQL on both dialects.
    spans = {
        "now": (0, "hours"),
        "hour_ago": (1, "hours"),
        "day_ago": (24, "hours"),
        "week_ago": (7, "days"),
        "month_ago": (30, "days"),
        "year_ago": (365, "days"),
    }
    columns = [
        f"{_AGO[dialect].format(n=n, unit=unit)} AS {name}" for name, (n, unit) in spans.items()
    ]
    return "SELECT " + ",\n  ".join(columns)
