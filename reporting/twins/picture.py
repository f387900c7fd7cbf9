"""The report's trends as one PNG, for slides and chats: drawn by Vega-Lite, without a browser."""

from __future__ import annotations

from typing import Any, Final

import vl_convert

from reporting.charts import picture
from reporting.page import Report
from reporting.render import Page
from reporting.trends import bucket_counts, trend

#: Pixels a unit: sharp on dense screens.
_SCALE: Final = 2.0


def png(report: Report, page: Page) -> bytes:
    """Return the picture: title, first headline, net mood, each emotion's share, messages."""
    where: dict[str, Any] = {
        "period": report.period,
        "time_zone": report.time_zone,
        "source": report.source,
    }
    # The lines drawn are those of all authors together.
    changes = [
        (shift.started_at, shift.emotion) for shift in report.shifts.shifts if shift.author is None
    ]
    spec = picture(
        trend(report.hourly, **where),
        bucket_counts(report.hourly, **where),
        period=report.period,
        changes=changes,
        title=page.title,
        subtitle=[page.headlines[0], page.subtitle],
    )
    return bytes(vl_convert.vegalite_to_png(spec, scale=_SCALE))
