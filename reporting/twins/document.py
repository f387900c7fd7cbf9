"""The report as JSON, for programs: every number of the page, without its example messages."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from datetime import date
from typing import Any, Final

import pandas as pd

from db.shifts import StoredShift
from reporting.corrected import with_corrected
from reporting.page import Report
from reporting.render import Page
from reporting.trends import trend

#: Raised when a name changes its meaning or goes.
SCHEMA: Final = 1


def json_document(report: Report, page: Page) -> str:
    """Return the document as text; NaN is null, days are ISO 8601."""
    where: dict[str, Any] = {
        "period": report.period,
        "time_zone": report.time_zone,
        "source": report.source,
    }
    overall = with_corrected(trend(report.hourly, **where), report.hourly, report.known, **where)
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "title": page.title,
        "made_at": report.made_at.isoformat(),
        "model": report.model,
        "period": report.period,
        "time_zone": report.time_zone,
        "source": report.source,
        "headlines": list(page.headlines),
        "shifts": [asdict(shift) | _kept(report.kept.get(shift)) for shift in report.shifts.shifts],
        "volume": [asdict(alarm) for alarm in report.volume],
        "seen_afterwards": [asdict(shift) for shift in report.shifts.seen_afterwards],
        "shift_words": [
            {
                "heading": change.heading,
                "more": [asdict(word) for word in change.more],
                "less": [asdict(word) for word in change.less],
            }
            for change in page.changes
        ],
        "comparison": None if page.comparison is None else asdict(page.comparison),
        "corrected": None if page.corrected is None else asdict(page.corrected),
        "trend": overall.to_dict("records"),
        "words": {emotion: [asdict(word) for word in words] for emotion, words in page.words},
        "quality": {
            "scored": int(report.hourly["n"].sum()),
            "unsupported": int(report.hourly["n_unsupported"].sum()),
            "low_confidence": int(report.hourly["n_low_confidence"].sum()),
            "undated": report.quality.n_undated,
            "rejected": report.quality.n_rejected,
            "changed": report.quality.n_changed,
            "reject_reasons": [asdict(reason) for reason in report.quality.reasons],
            "waiting": report.quality.n_pending,
        },
        "notes": [*page.shift_notes, *page.notes],
        "reading": list(page.reading),
        "limits": list(page.limits),
        "method": page.method,
    }
    return json.dumps(_plain(document), ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _kept(stored: StoredShift | None) -> dict[str, Any]:
    """Return what the database holds of a shift; `state` beside it is what the messages say."""
    if stored is None:
        return {"id": None, "decided": None, "snoozed_until": None, "authors": []}
    return {
        "id": stored.id,
        "decided": stored.state,
        "snoozed_until": stored.snoozed_until,
        "authors": [asdict(one) for one in stored.record.authors or ()],
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
