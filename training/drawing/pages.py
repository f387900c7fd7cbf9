"""HTML pages of the researcher's commands: one file each that needs nothing else.

Everything is escaped by Jinja2, charts are images inside the page, and there is no script at all:
the Content-Security-Policy allows none and no address.
"""

from __future__ import annotations

import base64
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'"
)


def render(template: str, **values: Any) -> str:
    """Fill in a template of `training/drawing/templates` with values, all escaped."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    # Our own file: nothing in it ends its element.
    style = Markup(_template("page.css"))  # noqa: S704
    return environment.from_string(_template(template)).render(
        policy=_POLICY, style=style, **values
    )


def write_page(template: str, path: Path, **values: Any) -> Path:
    """Write a filled-in template; a reader sees the old page or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.tmp")
    unfinished.write_text(render(template, **values), encoding="utf-8")
    unfinished.replace(path)
    return path


def image_address(image: str | bytes) -> str:
    """Return an image as a data address: SVG as text, PNG as bytes."""
    kind = "svg+xml" if isinstance(image, str) else "png"
    raw = image.encode("utf-8") if isinstance(image, str) else image
    return f"data:image/{kind};base64,{base64.b64encode(raw).decode('ascii')}"


@cache
def _template(name: str) -> str:
    return (resources.files("training.drawing") / "templates" / name).read_text(encoding="utf-8")
