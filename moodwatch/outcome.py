"""How a run and a report end: counts, trend table, one line a shift, where the page lies."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, Final

from moodwatch.console import err, out
from moodwatch.errors import UserError

if TYPE_CHECKING:
    from moodwatch.settings import Period
    from records import IngestCounts
    from reporting.jobs import ReportResult

#: Most notes printed: a folder of feeds has as many sources as files, and a note for each.
MAX_NOTES: Final = 6


def output_folder(folder: Path) -> Path:
    """Return the folder, made where it did not exist: better told now than after hours of work.

    Raises:
        UserError: when nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise UserError(f"cannot write into the folder {str(folder)!r}: {error.strerror}") from None


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
    if counts.rejected:
        n_rows = "1 row was" if counts.rejected == 1 else f"{counts.rejected:,} rows were"
        err.print(f"note: {n_rows} rejected: 'moodwatch rejects' says why")


def print_report(result: ReportResult, period: Period) -> None:
    """Print the trend table, the notes, and at the end what was flagged and where the page is."""
    from reporting.sentences import seen_line, shift_line
    from reporting.terminal import trend_table

    if not result.trend.empty:
        out.print(trend_table(result.trend, period=period))
    for note in result.notes[:MAX_NOTES]:
        err.print(f"note: {note}", markup=False)
    if len(result.notes) > MAX_NOTES:
        err.print(f"note: and {len(result.notes) - MAX_NOTES:,} more, see the report")
    for shift in result.seen_afterwards:
        out.print(seen_line(shift), markup=False)
    for shift in result.shifts:
        out.print(shift_line(shift), markup=False)
    for path in result.paths:
        out.print(f"report: {path}", markup=False)


def report_document(result: ReportResult) -> dict[str, Any]:
    """Return a report's numbers for `--json`."""
    return {
        "report": str(result.path),
        "files": [str(path) for path in result.paths],
        "shifts": [asdict(shift) for shift in result.shifts],
        "volume": [asdict(alarm) for alarm in result.volume],
        "seen_afterwards": [asdict(shift) for shift in result.seen_afterwards],
        "trend": result.trend.to_dict("records"),
        "notes": list(result.notes),
    }
