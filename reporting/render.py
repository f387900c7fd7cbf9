"""Write a report as one HTML file that needs nothing else: styles, script and numbers inside.

Takes what is to be shown as plain values and looks nothing up. All text is escaped by Jinja2, and
put in as text by the script; the Content-Security-Policy names the page's own style and script by
hash, so that nothing else runs even if escaping failed, and allows neither eval nor any address.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from db.shifts import Moved
from records import Emotion
from reporting.comparison import Comparison
from reporting.corrected import Corrected
from reporting.explain import TypicalWord, WordChange
from reporting.palette import palette_css
from reporting.sentences import bucket_name, interval, percent, points
from reporting.series import Shift
from reporting.trends import Period

#: Parts of the page's one script, in this order.
SCRIPTS: Final = ("data.js", "charts.js", "calendar.js", "explore.js", "point.js")


@dataclass(frozen=True, slots=True)
class Example:
    """A message shown as an example; its author is not."""

    day: str
    text: str
    score: float
    emotion: Emotion | None = None
    #: The text in pieces, every second one of them a marked word; empty: nothing is marked.
    pieces: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """A shift as the database holds it: `moodwatch shifts` names it by its id."""

    id: int
    #: What a person decided, in words: open, acknowledged, snoozed until 4 March 2025, closed.
    state: str


@dataclass(frozen=True, slots=True)
class Change:
    """A flagged change with the emotions that made it and what explains it."""

    heading: str
    sentence: str
    standing: str
    shifts: Sequence[Shift]
    more: Sequence[WordChange] = ()
    less: Sequence[WordChange] = ()
    n_texts_before: int = 0
    n_texts_after: int = 0
    #: Messages under a heading each; empty where the text mode keeps none.
    examples: Sequence[tuple[str, Sequence[Example]]] = ()
    #: Its place among the page's marks, for the button that shows it; None: not drawn.
    mark: int | None = None
    #: One for each of `shifts`; None where it is not stored.
    kept: Sequence[Kept | None] = ()
    #: By emotion, the authors whose part in it changed most, under their pseudonyms.
    authors: Sequence[tuple[Emotion, Sequence[Moved]]] = ()
    model: str = ""

    @property
    def known(self) -> Sequence[tuple[Shift, Kept | None]]:
        """Return each shift with what the database holds of it."""
        return list(zip_longest(self.shifts, self.kept))


@dataclass(frozen=True, slots=True)
class Fact:
    """One line about the data's quality."""

    name: str
    value: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Rejection:
    """Rows of one file that could not be read for one reason; never what stood in them."""

    reason: str
    source: str
    file: str
    n: str
    #: The first of them: `17, 203, …`.
    rows: str


@dataclass(frozen=True, slots=True)
class SourceQuality:
    """How much of one source was scored, and how surely."""

    source: str
    scored: str
    unsure: str
    unscored: str


@dataclass(frozen=True, slots=True)
class Page:
    """Everything a report shows; the twins in other formats are made of the same."""

    title: str
    subtitle: str
    period: Period
    headlines: Sequence[str]
    emotions: Sequence[Emotion] = ()
    changes: Sequence[Change] = ()
    seen_afterwards: Sequence[Change] = ()
    shift_notes: Sequence[str] = ()
    #: A line each about spikes, drops and silences, the newest first.
    alarms: Sequence[str] = ()
    #: What the page's script reads, see reporting.explorer.
    document: Mapping[str, Any] = field(default_factory=dict)
    comparison: Comparison | None = None
    #: The newest complete bucket without the model's known mistakes, and what to make of it.
    corrected: Corrected | None = None
    corrected_help: str = ""
    words: Sequence[tuple[Emotion, Sequence[TypicalWord]]] = ()
    n_texts: int = 0
    quality: Sequence[Fact] = ()
    #: Why rows were rejected, the most frequent reasons first.
    rejects: Sequence[Rejection] = ()
    #: The largest sources; empty where there is one only.
    by_source: Sequence[SourceQuality] = ()
    notes: Sequence[str] = ()
    #: How to read the numbers, and what they must not be taken for.
    reading: Sequence[str] = ()
    limits: Sequence[str] = ()
    method: str = ""
    made: str = ""


def render_html(page: Page) -> str:
    """Return the page as HTML."""
    style = _template("report.css") + palette_css()
    script = page_script()
    # Authors are most of a large page, and few readers choose one: they are parsed on demand.
    held = dict(page.document) or {"days": 0}
    people = held.pop("people", None)
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        loader=FunctionLoader(_template),
    )
    environment.filters |= {
        "percent": percent,
        "points": points,
        "interval": interval,
        "bucket": bucket_name,
        "unbroken": _unbroken,
    }
    return environment.get_template("report.html.j2").render(
        page=page,
        policy=_policy(style, script),
        # Our own files and JSON that holds no `<`: nothing in them can end its element.
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        held=Markup(script_safe_json(held)),  # noqa: S704
        people=Markup(script_safe_json(people)),  # noqa: S704
    )


def _unbroken(sentence: str) -> str:
    """Keep a number and its percent sign on one line of a narrow screen."""
    return sentence.replace(" %", "\N{NO-BREAK SPACE}%")


def write_html(page: Page, path: Path) -> Path:
    """Write the page; a reader sees the old file or the new one, never half of it."""
    return write_whole(path, lambda: render_html(page).encode())


def write_whole(path: Path, content: Any) -> Path:
    """Write what `content()` returns, bytes, beside its place and move it there when complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with unfinished.open("xb") as file:
            file.write(content())
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def script_safe_json(value: object) -> str:
    """Dump JSON that cannot end a script element, open a comment in one, or break a line."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


@cache
def page_script() -> str:
    """Return the page's one script, its parts in a scope of their own."""
    parts = "\n".join(_template(name) for name in SCRIPTS)
    code = f'"use strict";\n(() => {{\n{parts}}})();\n'
    if "</script" in code.lower() or "<!--" in code:
        raise RuntimeError("the page's script holds a text that would end its element")
    return code


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(code: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(code.encode()).digest()).decode() + "'"


@cache
def _template(name: str) -> str:
    # A line end in script or style would be normalised by the browser before hashing.
    text = resources.files("reporting").joinpath("templates", name).read_text(encoding="utf-8")
    return text.replace("\r\n", "\n")
