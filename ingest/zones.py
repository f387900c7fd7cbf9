"""Zone names as they stand in feeds, mails and old exports, with their offset in minutes.

Abbreviations are not unique; where one has several meanings the one below is taken, and
docs/formats.md says so: CST, EST, MST, PST, AST are American, IST is Indian, BST is British.
"""

from __future__ import annotations

import re
from datetime import timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final

_MINUTES: Final = {
    "Z": 0, "UTC": 0, "GMT": 0, "UT": 0, "UCT": 0, "WET": 0, "WEST": 60, "BST": 60, "CET": 60,
    "MEZ": 60, "CEST": 120, "MESZ": 120, "EET": 120, "EEST": 180, "SAST": 120, "MSK": 180,
    "PKT": 300, "IST": 330, "HKT": 480, "SGT": 480, "AWST": 480, "JST": 540, "KST": 540,
    "ACST": 570, "AEST": 600, "ACDT": 630, "AEDT": 660, "NZST": 720, "NZDT": 780,
    "ART": -180, "BRT": -180, "NDT": -150, "NST": -210, "ADT": -180, "AST": -240,
    "EDT": -240, "EST": -300, "CDT": -300, "CST": -360, "MDT": -360, "MST": -420, "PDT": -420,
    "PST": -480, "AKDT": -480, "AKST": -540, "HST": -600,
}  # fmt: skip
_OFFSET = re.compile(r"(?:UTC|GMT)?\s?([+-])(\d{1,2}):?(\d{2})?", re.ASCII)


@lru_cache(maxsize=256)
def zone_of(name: str) -> tzinfo | None:
    """Return the zone of 'PDT', '+0200', 'GMT-8'…; None when it is no zone we know."""
    name = name.upper()
    minutes = _MINUTES.get(name)
    if minutes is None:
        match = _OFFSET.fullmatch(name)
        if match is None:
            return None
        sign, hours, rest = match.groups()
        minutes = int(hours) * 60 + int(rest or 0)
        if minutes > 18 * 60:
            return None
        minutes = -minutes if sign == "-" else minutes
    return timezone(timedelta(minutes=minutes))
