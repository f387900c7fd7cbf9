"""How a run and a report end: counts, trend table, one line a shift, where the page lies."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from moodwatch.console import err, out

if TYPE_CHECKING:
    from moodwatch.settings import Period
    from records import IngestCounts
    from reporting.jobs import ReportResult


def print_counts(counts: IngestCounts) -> None:
    """Print where every row read has gone, as one line that adds up."""
    line = (
        f"read {counts.read:,} = stored {counts.stored:,} + duplicate {counts.duplicate:,} "
        f"+ rejected {counts.rejected:,} (undated: {counts.undated:,})"
    )
    if counts.pending:
        line += f" + queued {counts.pending:,}"
    if counts.failed:
        line += f" + given up {counts.failed:,}"
    out.print(line)


def print_report(result: ReportResult, period: Period) -> None:
    """Print the trend table, the notes, and at the end what was flagged and where the page is."""
    from reporting.sentences import seen_line, shift_line
    from reporting.terminal import trend_table

    out.print(trend_table(result.trend, period=period))
    for note in result.notes:
        err.print(f"note: {note}", markup=False)
    for shift in result.seen_afterwards:
        out.print(seen_line(shift), markup=False)
    for shift in result.shifts:
        out.print(shift_line(shift), markup=False)
    out.print(f"report: {result.path}", markup=False)


def report_document(result: ReportResult) -> dict[str, Any]:
    """Return a report's numbers for `--json`."""
    return {
        "report": str(result.path),
        "shifts": [asdict(shift) for shift in result.shifts],
        "seen_afterwards": [asdict(shift) for shift in result.seen_afterwards],
        "trend": result.trend.to_dict("records"),
        "notes": list(result.notes),
    }
