"""The page stands alone, escapes everything and forbids all that is not its own."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from records import EMOTIONS
from reporting.charts import COLOURS
from reporting.page import Evidence, Quality, Report, assemble
from reporting.render import Example, Page, render_html, script_safe_json, write_html
from reporting.series import Shift
from reporting.shifts import ShiftReport
from tests.reporting.frames import hourly_frame

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7 * 7 }}"
NOW = datetime(2024, 6, 1, tzinfo=UTC)


class Elements(HTMLParser):
    """Collect what a browser would see: elements with attributes, scripts, visible text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text = ""
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts[-1] += data
        elif self._inside != "style":
            self.text += f" {data}"


def hourly(days: int = 60, source: str = "posts") -> pd.DataFrame:
    start = datetime(2024, 3, 4, 12, tzinfo=UTC)
    return hourly_frame(
        [
            (start + timedelta(days=day), source, {"joy": 5, "anger": 2 + day // 40, "neutral": 3})
            for day in range(days)
        ]
    )


def shift(source: str = "posts") -> Shift:
    return Shift(
        source=source,
        emotion="anger",
        direction="up",
        started_at=date(2024, 4, 13),
        detected_at=date(2024, 4, 16),
        share_before=0.2,
        share_after=0.3,
        odds_ratio=1.7,
        n=30,
        severity=3,
        state="open",
    )


def page(source: str = "posts", title: str = "", text: str = HOSTILE) -> Page:
    report = Report(
        hourly=hourly(source=source),
        shifts=ShiftReport((shift(source),), (), (), {source: 30}),
        quality=Quality(n_rejected=4, n_undated=12),
        model="tiny@000000000001",
        made_at=NOW,
        title=title,
    )
    texts = [text] * 40
    shown = [("Messages scored anger since then", [Example("2024-04-13", text, 0.91)])]
    return assemble(report, lambda _: Evidence(["calm words here"] * 40, texts, shown))


def test_hostile_text_stays_text() -> None:
    html = render_html(page(source=HOSTILE, title=HOSTILE))
    found = Elements(html)

    # Specs, library and our own script; nothing that came with a message.
    assert len(found.scripts) == 3
    assert "img" not in {tag for tag, _ in found.seen}
    assert not [attrs for _, attrs in found.seen if any(name.startswith("on") for name in attrs)]
    assert HOSTILE in found.text
    assert "<script>alert" not in html


def test_the_policy_names_exactly_the_pages_own_scripts() -> None:
    found = Elements(render_html(page()))
    policy = next(
        str(attrs["content"])
        for _, attrs in found.seen
        if attrs.get("http-equiv") == "Content-Security-Policy"
    )
    scripts = re.search(r"script-src ([^;]*)", policy)
    hashes = [
        "'sha256-" + base64.b64encode(hashlib.sha256(code.encode()).digest()).decode() + "'"
        for code in found.scripts[1:]
    ]

    assert scripts is not None
    assert scripts[1].split() == hashes
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "connect-src" not in policy


def test_nothing_is_loaded_from_elsewhere() -> None:
    found = Elements(render_html(page()))

    assert not [attrs for _, attrs in found.seen if "src" in attrs or "href" in attrs]
    assert "@import" not in render_html(page())


def test_charts_hold_aggregates_and_are_interpreted_not_compiled() -> None:
    found = Elements(render_html(page(text="a secret sentence")))
    specs = json.loads(found.scripts[0])

    assert specs["options"]["ast"] is True
    assert "secret" not in found.scripts[0]
    placed = {attrs["data-spec"] for _, attrs in found.seen if "data-spec" in attrs}
    assert placed == set(specs) - {"options"}
    assert {"s0-net", "s0-volume", "s0-anger"} <= placed


def test_every_line_of_the_page_is_there() -> None:
    text = re.sub(r"\s+", " ", Elements(render_html(page())).text)

    for part in (
        "Since 13 April 2024 the mood in posts has changed: anger rose from 20 % to 30 %",
        "Messages scored anger since then",
        "It is not a diagnostic device",
        "rejected 4",
        "undated 12",
        "tiny@000000000001",
        "Words used more",
    ):
        assert part in text, part


def test_sources_get_sections_of_their_own() -> None:
    both = pd.concat([hourly(source="mails"), hourly(source="posts")])
    report = Report(both, ShiftReport(), Quality(), "m", NOW)

    built = assemble(report, lambda _: Evidence())

    assert [section.title for section in built.sections] == [
        "All sources together",
        "mails",
        "posts",
    ]
    assert built.title == "Mood report: 2 sources"


def test_an_empty_database_gives_a_page() -> None:
    report = Report(hourly().iloc[:0], ShiftReport(), Quality(), "none", NOW)

    html = render_html(assemble(report, lambda _: Evidence()))

    assert "There are no scored messages" in Elements(html).text


def test_writing_replaces_whole_files_and_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / "new folder" / "report.html"

    write_html(page(title="one"), target)
    write_html(page(title="two"), target)

    assert [path.name for path in target.parent.iterdir()] == ["report.html"]
    assert "<h1>two</h1>" in target.read_text(encoding="utf-8")


def test_a_failed_write_keeps_the_old_file(tmp_path: Path) -> None:
    target = write_html(page(title="one"), tmp_path / "report.html")
    broken = Page("two", "", "week", [], [object()])  # type: ignore[list-item]

    with pytest.raises(AttributeError):
        write_html(broken, target)

    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert "<h1>one</h1>" in target.read_text(encoding="utf-8")


def test_json_cannot_leave_its_script_element() -> None:
    text = script_safe_json({"a": "</script><!--\u2028&"})

    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {"a": "</script><!--\u2028&"}


def test_colours_are_fixed_and_differ() -> None:
    assert set(COLOURS) == set(EMOTIONS)
    assert len(set(COLOURS.values())) == len(EMOTIONS)
