"""Write a report as one HTML file that needs nothing else: styles, charts and library inside.

Takes what is to be shown as plain values and looks nothing up. All text is escaped by Jinja2; the
chart specs carry aggregates only; the Content-Security-Policy names the page's own scripts by
hash, so that nothing else runs even if escaping failed, and allows neither eval nor any address.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

import vl_convert
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from records import Emotion
from reporting.charts import COLOURS, Spec
from reporting.explain import WordChange
from reporting.sentences import percent, points
from reporting.series import Shift
from reporting.trends import Period

#: Vega compiles expressions to functions unless told to interpret them; the page forbids eval.
_EMBED_OPTIONS: Final = {"actions": False, "renderer": "svg", "ast": True, "mode": "vega-lite"}


@dataclass(frozen=True, slots=True)
class Example:
    """A message shown as an example; its author is not."""

    day: str
    text: str
    score: float


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


@dataclass(frozen=True, slots=True)
class Cell:
    share: float
    #: Against the bucket right before; None when that one is empty.
    change: float | None


@dataclass(frozen=True, slots=True)
class Row:
    start: str
    n: int
    net_mood: float
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Section:
    """The trends of one source, or of all together."""

    #: Letters and digits, unique on the page.
    id: str
    title: str
    emotions: Sequence[Emotion]
    #: By emotion, `net` and `volume`.
    charts: Mapping[str, Spec]
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Fact:
    """One line about the data's quality."""

    name: str
    value: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Page:
    """Everything a report shows."""

    title: str
    subtitle: str
    period: Period
    headlines: Sequence[str]
    sections: Sequence[Section]
    changes: Sequence[Change] = ()
    seen_afterwards: Sequence[Change] = ()
    shift_notes: Sequence[str] = ()
    quality: Sequence[Fact] = ()
    notes: Sequence[str] = ()
    method: str = ""
    made: str = ""


def render_html(page: Page) -> str:
    """Return the page as HTML."""
    style = _template("report.css")
    script = _template("report.js")
    specs: dict[str, Any] = {"options": _EMBED_OPTIONS}
    for section in page.sections:
        specs |= {f"{section.id}-{name}": spec for name, spec in section.charts.items()}
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters |= {"percent": percent, "points": points}
    return environment.from_string(_template("report.html.j2")).render(
        page=page,
        colours=COLOURS,
        policy=_policy(_library(), script),
        # Our own files and JSON that holds no `<`: nothing in them can end its element.
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        library=Markup(_library()),  # noqa: S704
        specs=Markup(script_safe_json(specs)),  # noqa: S704
    )


def write_html(page: Page, path: Path) -> Path:
    """Write the page; a reader sees the old file or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with unfinished.open("x", encoding="utf-8", newline="\n") as file:
            file.write(render_html(page))
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


def _policy(*scripts: str) -> str:
    hashes = " ".join(
        "'sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() + "'"
        for script in scripts
    )
    # Vega's tooltip brings its own style element, hence 'unsafe-inline' for styles alone.
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def _library() -> str:
    """Return Vega, Vega-Lite and Vega-Embed with its expression interpreter, from the wheel."""
    # A line end in the script would be normalised by the browser before hashing.
    code = (
        str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))
        .replace("\r\n", "\n")
        .replace("\r", "\n")
    )
    if "</script" in code.lower() or "<!--" in code:
        raise RuntimeError("the chart library holds a text that would end its script element")
    return code


def _template(name: str) -> str:
    return (resources.files("reporting") / "templates" / name).read_text(encoding="utf-8")
