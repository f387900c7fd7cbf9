"""The report in other formats: the same numbers and sentences as on the page.

Called by `reporting.jobs`; each file is written whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal, cast

from reporting.page import Report
from reporting.render import Page, render_html, write_whole

Format = Literal["html", "md", "json", "csv", "png"]

FORMATS: Final[tuple[Format, ...]] = ("html", "md", "json", "csv", "png")


def parse_formats(text: str) -> tuple[Format, ...]:
    """Read `html,md`; in the order given, each once.

    Raises:
        ValueError: naming what is no format.
    """
    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        found = repr(unknown[0]) if unknown else "none"
        raise ValueError(f"expected formats out of {', '.join(FORMATS)}, found {found}")
    return tuple(cast(Format, name) for name in dict.fromkeys(names))


def write_formats(
    formats: Sequence[Format], report: Report, page: Page, path: Path
) -> tuple[Path, ...]:
    """Write the formats beside each other; `path` is the page's, the others change its suffix.

    Returns:
        The files in the order of `formats`; CSV are two, trends and shifts.
    """
    written: list[Path] = []
    for name in formats:
        for suffix, content in _contents(name, report, page).items():
            target = path.with_name(f"{path.stem}{suffix}")
            written.append(write_whole(target, content))
    return tuple(written)


def _contents(name: Format, report: Report, page: Page) -> Mapping[str, Callable[[], bytes]]:
    # Imported where used: Altair alone takes longer to load than a page to write.
    if name == "html":
        return {".html": lambda: render_html(page).encode()}
    if name == "md":
        from reporting.twins.markdown import markdown

        return {".md": lambda: markdown(page).encode()}
    if name == "json":
        from reporting.twins.document import json_document

        return {".json": lambda: json_document(report, page).encode()}
    if name == "csv":
        from reporting.twins.cells import shifts_csv, trends_csv

        return {
            ".csv": lambda: trends_csv(report).encode(),
            "-shifts.csv": lambda: shifts_csv(report.shifts, report.kept).encode(),
        }
    from reporting.twins.picture import png

    return {".png": lambda: png(report, page)}
