"""Days and times given on the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from moodwatch.errors import UserError


def parse_moment(text: str, time_zone: str) -> datetime:
    """Return an ISO day or time as aware UTC; one without a zone is taken in `time_zone`.

    Raises:
        UserError: when it is neither.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(
            f"expected a day such as 2024-03-31 or an ISO 8601 time, found {text!r}"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(time_zone))
    return moment.astimezone(UTC)
