"""Trends and shifts as CSV for spreadsheets: one row a source, bucket and emotion; one a shift."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import date, datetime
from typing import Any, Final

import pandas as pd

from db.shifts import StoredShift
from reporting.corrected import CORRECTED_COLUMNS, with_corrected
from reporting.formulas import neutral_cell
from reporting.page import Report
from reporting.series import Shift
from reporting.shifts import ShiftReport
from reporting.trends import trend

#: Sources with rows of their own besides all together; the largest.
_MOST_SOURCES: Final = 200

_COLUMNS: Final = (
    "start",
    "complete",
    "emotion",
    "n",
    "count",
    "share",
    "low",
    "high",
    "previous",
    "change",
    "net_mood",
    "net_low",
    "net_high",
    *CORRECTED_COLUMNS,
)


def trends_csv(report: Report) -> str:
    """Return the trends of each source, and of all together under an empty source."""
    sizes = report.hourly.groupby("source")["n"].sum().sort_values(ascending=False, kind="stable")
    names: list[str | None] = [str(name) for name in sizes.index[:_MOST_SOURCES]]
    if report.source is None and len(sizes) > 1:
        names.insert(0, None)
    rows: list[list[object]] = []
    for name in names:
        where: dict[str, Any] = {
            "period": report.period,
            "time_zone": report.time_zone,
            "source": name,
        }
        found = with_corrected(trend(report.hourly, **where), report.hourly, report.known, **where)
        rows += [[name or "", *row] for row in found[list(_COLUMNS)].itertuples(index=False)]
    return _csv(["source", *_COLUMNS], rows)


def shifts_csv(found: ShiftReport, kept: Mapping[Shift, StoredShift] | None = None) -> str:
    """Return flagged shifts, and those seen afterwards, which `flagged` tells apart.

    Args:
        found: What was found.
        kept: What the database holds of the flagged ones: id, and what a person decided.
    """
    names = [field.name for field in fields(Shift)]
    rows = [
        [flagged, *asdict(shift).values(), *_known(shift, kept or {})]
        for flagged, shifts in ((True, found.shifts), (False, found.seen_afterwards))
        for shift in shifts
    ]
    return _csv(["flagged", *names, "id", "decided"], rows)


def _known(shift: Shift, kept: Mapping[Shift, StoredShift]) -> tuple[object, object]:
    return (kept[shift].id, kept[shift].state) if shift in kept else ("", "")


def _csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return out.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float):
        return "" if pd.isna(value) else round(value, 6)
    if isinstance(value, tuple):
        return " to ".join(f"{bound:.6g}" for bound in value)
    return neutral_cell(value)
