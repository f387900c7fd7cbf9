"""Keeps spreadsheets from running a cell's text as a formula. For every CSV that is written."""

from __future__ import annotations

from datetime import datetime
from typing import Final

#: A cell that starts so is run as a formula by spreadsheets.
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def neutral_cell(value: object) -> object:
    """Return `value`, text that a spreadsheet would run as a formula led by an apostrophe.

    Source: OWASP, CSV Injection.
    """
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    if isinstance(value, datetime):
        return value.isoformat()
    return value
