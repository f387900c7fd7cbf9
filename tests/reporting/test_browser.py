"""The page in a real browser, from a file, with nothing to talk to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from reporting.explorer import Band
from reporting.page import Evidence, assemble
from reporting.render import write_html
from reporting.shifts import ShiftReport
from reporting.volume import VolumeAlarm
from tests.reporting.test_render import hourly, made_of, page, shift
from tests.support.chromium import Browser, Tab

LINES = "[...document.querySelectorAll('figure:not([hidden]) svg.drawn path.line')].length"
FIRST, LAST = date(2024, 3, 4), date(2024, 5, 2)
SPIKE = VolumeAlarm(
    kind="volume",
    source="posts",
    direction="up",
    started_at=date(2024, 4, 20),
    detected_at=date(2024, 4, 21),
    per_day_before=10.0,
    per_day_after=30.0,
    n=60,
    n_days=2.0,
    severity=4,
    is_over=True,
)
SCORED = "document.getElementById('summary').textContent.match(/([\\d,]+) scored/)[1]"


@pytest.fixture(scope="module")
def report_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_html(page(), tmp_path_factory.mktemp("page") / "report.html")


@pytest.fixture(scope="module")
def shared(browser: Browser, report_path: Path) -> Iterator[Tab]:
    tab = browser.open(report_path)
    yield tab
    tab.close()


@pytest.fixture
def tab(shared: Tab) -> Tab:
    """The page as it opens: filters reset, no dialog open, the mouse in a corner."""
    shared.point((1, 1))
    shared.evaluate(
        "document.getElementById('messages').close(); document.getElementById('reset').click()"
    )
    return shared


def choose(tab: Tab, name: str, value: object) -> None:
    tab.evaluate(
        f"{{ const box = document.getElementById('{name}'); box.value = '{value}';"
        "box.dispatchEvent(new Event('change', {bubbles: true})); }"
    )


def text_of(tab: Tab, name: str) -> str:
    return str(tab.evaluate(f"document.getElementById('{name}').textContent"))


def test_every_chart_draws_and_nothing_is_asked_for_or_complained_of(
    tab: Tab, report_path: Path
) -> None:
    assert tab.evaluate(LINES) == 4  # net mood, joy, anger, neutral
    assert tab.evaluate("document.querySelectorAll('svg.drawn rect.bar').length") == 9
    assert tab.evaluate("document.querySelectorAll('svg.drawn rect.day:not(.none)').length") == 60
    assert tab.complaints() == []
    # The browser's own picture in a date field is no request.
    assert {url for url in tab.requests() if not url.startswith("data:")} == {report_path.as_uri()}


def test_numbers_are_those_of_the_report(tab: Tab) -> None:
    report = made_of()

    assert tab.evaluate(SCORED) == f"{report.hourly['n'].sum():,}"
    compared: list[list[str]] = tab.evaluate(
        "[...document.querySelectorAll('#compare-rows tr')].map(r => [...r.cells].map(c => "
        "c.textContent))"
    )
    made = page().comparison
    assert made is not None
    for row, moved in zip(compared[:-1], made.moved, strict=True):
        low, high = (f"{bound * 100:.0f}" for bound in moved.change_interval)
        assert row[0] == moved.emotion
        assert row[1].startswith(f"{moved.share * 100:.0f} %")
        assert row[3].replace("+", "").endswith(f"({low} to {high})".replace("-0 ", "0 "))
        assert row[4] == ("more" if moved.change > 0 else "less" if moved.is_clear else row[4])
    assert compared[-1][1] == str(made.n)


def test_filters_change_charts_and_numbers(tab: Tab) -> None:
    choose(tab, "author", 0)
    # Each author wrote the joy of every second day, see `busy`.
    assert tab.evaluate(SCORED) == "150"
    choose(tab, "author", -2)
    assert tab.evaluate(SCORED) == "320"
    choose(tab, "author", -1)
    choose(tab, "period", "day")
    assert tab.evaluate("document.querySelectorAll('svg.drawn rect.bar').length") == 60
    tab.evaluate("document.querySelectorAll('#emotions input')[1].click()")
    assert tab.evaluate(LINES) == 3
    choose(tab, "from", "2024-04-01")
    choose(tab, "to", "2024-04-10")
    assert tab.evaluate(SCORED) == "100"
    assert "22 Mar" not in text_of(tab, "summary")
    assert text_of(tab, "compare-before") == "the 10 days before"
    order = "[...document.querySelectorAll('#compare-rows th')].map(cell => cell.textContent)"
    assert tab.evaluate(order) == ["joy", "neutral", "messages"]
    assert tab.evaluate("document.querySelectorAll('path.earlier').length") == 3
    tab.evaluate("document.getElementById('reset').click()")
    assert tab.evaluate(LINES) == 4
    assert tab.complaints() == []


def test_spikes_and_levels_are_drawn_where_they_are_known(browser: Browser, tmp_path: Path) -> None:
    report = replace(
        made_of(),
        volume=(SPIKE,),
        bands=(Band("posts", FIRST, SPIKE.started_at), Band("posts", SPIKE.detected_at, LAST)),
    )
    path = write_html(assemble(report, lambda _: Evidence()), tmp_path / "report.html")
    tab = browser.open(path)
    assert tab.evaluate("document.querySelectorAll('[data-chart=volume] .shift-start').length") == 1
    # Two levels in each of four charts, anger's second above its first.
    assert tab.evaluate("document.querySelectorAll('line.level').length") == 8
    heights: list[float] = tab.evaluate(
        "[...document.querySelectorAll('line.level.anger')].map(l => Number(l.getAttribute('y1')))"
    )
    assert heights[1] < heights[0]
    choose(tab, "author", 1)
    assert tab.evaluate("document.querySelectorAll('.shift-start, line.level').length") == 0
    assert "volume: posts up since 2024-04-20" in tab.evaluate("document.body.textContent")
    assert tab.complaints() == []
    tab.close()


def test_dragging_over_a_chart_zooms(tab: Tab) -> None:
    tab.evaluate("document.querySelector('[data-chart=net]').scrollIntoView({block: 'center'})")
    area: dict[str, Any] = tab.evaluate(
        "JSON.parse(JSON.stringify(document.querySelector('[data-chart=net] svg')"
        ".getBoundingClientRect()))"
    )
    middle = area["top"] + area["height"] / 2
    tab.drag(
        (area["left"] + area["width"] * 0.3, middle), (area["left"] + area["width"] * 0.6, middle)
    )
    assert tab.evaluate("document.getElementById('messages').open") is False
    assert tab.evaluate("document.getElementById('from').value") > "2024-03-15"
    assert tab.evaluate("document.getElementById('to').value") < "2024-04-15"
    assert tab.evaluate("document.getElementById('whole').disabled") is False


def test_keys_read_a_chart_and_open_its_messages(tab: Tab) -> None:
    tab.evaluate("document.querySelector('[data-chart=\"1\"] .chart').focus()")
    tab.press("ArrowLeft")
    tab.press("ArrowLeft")
    assert text_of(tab, "said").startswith("the week of 22 Apr 2024: ")
    tab.press("Enter")
    assert tab.evaluate("document.getElementById('messages').open") is True
    assert text_of(tab, "messages-title") == "Scored anger, the week of 22 Apr 2024"
    quoted = "document.querySelectorAll('#messages-list blockquote')"
    assert tab.evaluate(f"{quoted}.length") == 3
    # The hostile text is what the message says, and nothing more.
    assert "<img src=x" in tab.evaluate(f"{quoted}[0].textContent")
    assert tab.evaluate("document.querySelectorAll('img, #messages-list script').length") == 0
    assert tab.evaluate("document.querySelectorAll('#messages-list mark').length") > 0
    tab.press("Escape")
    assert tab.evaluate("document.getElementById('messages').open") is False
    assert tab.evaluate("document.activeElement.classList.contains('chart')") is True


def test_the_calendar_is_walked_by_keys(tab: Tab) -> None:
    stops = "[...document.querySelectorAll('#calendar [tabindex=\"0\"]')]"
    said = "document.activeElement.getAttribute('aria-label')"
    # 4 March to 2 May 2024: one stop for Tab, the newest day.
    assert tab.evaluate(f"{stops}.length") == 1
    tab.evaluate("document.getElementById('measure').focus()")
    tab.press("Tab")
    assert tab.evaluate(said).startswith("Thursday, 2 May 2024: net mood +")
    assert tab.evaluate(said).endswith(", 11 scored messages")
    walked = (
        ("ArrowUp", "Wednesday, 1 May 2024"),
        ("ArrowUp", "Tuesday, 30 Apr 2024"),
        ("ArrowLeft", "Tuesday, 23 Apr 2024"),
        ("ArrowDown", "Wednesday, 24 Apr 2024"),
        ("Home", "Wednesday, 6 Mar 2024"),
        ("ArrowLeft", "Wednesday, 6 Mar 2024"),
        ("ArrowRight", "Wednesday, 13 Mar 2024"),
        ("PageDown", "Saturday, 13 Apr 2024"),
        ("End", "Saturday, 27 Apr 2024"),
        ("PageUp", "Wednesday, 27 Mar 2024"),
        ("PageUp", "Monday, 4 Mar 2024"),
        ("ArrowUp", "Monday, 4 Mar 2024"),
    )
    for key, day in walked:
        tab.press(key)
        assert tab.evaluate(said).startswith(f"{day}: "), key
    assert tab.evaluate(f"{stops}.map(stop => stop === document.activeElement)") == [True]
    ring = "document.querySelector('#calendar .ring')"
    assert tab.evaluate(f"getComputedStyle({ring}).visibility") == "visible"
    assert text_of(tab, "calendar-readout").startswith("4 Mar 2024: joy 5, anger 2")
    tab.press("End", control=True)
    assert tab.evaluate(said).startswith("Thursday, 2 May 2024")
    tab.press("Home", control=True)

    tab.press("Enter")
    assert tab.evaluate("document.getElementById('messages').open") is True
    assert text_of(tab, "messages-title") == "Messages, 4 Mar 2024"
    tab.press("Escape")
    assert tab.evaluate(said).startswith("Monday, 4 Mar 2024")
    choose(tab, "measure", 1)
    assert tab.evaluate(stops + "[0].getAttribute('aria-label')").startswith(
        "Monday, 4 Mar 2024: anger 20 % of 10 scored messages"
    )
    choose(tab, "measure", "net")
    assert tab.complaints() == []


def test_the_calendar_is_a_grid_to_a_screen_reader(tab: Tab) -> None:
    tab.call("Accessibility.enable")
    held = tab.call("Accessibility.getFullAXTree")["nodes"]
    nodes = {node["nodeId"]: node for node in held}

    def below(node: dict[str, Any], role: str) -> list[dict[str, Any]]:
        children = [nodes[child] for child in node.get("childIds", []) if child in nodes]
        found = [child for child in children if child.get("role", {}).get("value") == role]
        return found + [one for child in children for one in below(child, role)]

    [grid] = [node for node in held if node.get("role", {}).get("value") == "grid"]
    assert grid["name"]["value"] == "net mood of each day, all sources"
    assert "arrow keys" in grid["description"]["value"]
    rows = below(grid, "row")
    assert len(rows) == 7
    cells = [below(row, "gridcell") for row in rows]
    # Nine Mondays to Thursdays, eight Fridays to Sundays.
    assert [len(row) for row in cells] == [9, 9, 9, 9, 8, 8, 8]
    assert cells[0][0]["name"]["value"].startswith("Monday, 4 Mar 2024: net mood +0.30, 10 scored")


def test_days_of_the_calendar_can_be_hit_on_a_phone(browser: Browser, report_path: Path) -> None:
    tab = browser.open(report_path, width=390)
    sizes: list[float] = tab.evaluate(
        "[...document.querySelectorAll('#calendar .day')].map(d => d.getBoundingClientRect().width)"
    )
    assert len(sizes) == 60
    assert min(sizes) >= 22
    right = "document.querySelector('#calendar svg').getBoundingClientRect().right"
    assert tab.evaluate(right) <= 390
    # May stands in a block of its own, and keys cross to it.
    tab.evaluate("document.querySelector('#calendar [aria-label*=\"31 Mar\"]').focus()")
    tab.press("ArrowDown")
    said = "document.activeElement.getAttribute('aria-label')"
    assert tab.evaluate(said).startswith("Monday, 1 Apr 2024")
    assert tab.complaints() == []
    tab.close()


def test_a_shift_is_shown_in_the_charts(tab: Tab) -> None:
    tab.evaluate("document.querySelector('[data-show-shift]').click()")

    assert tab.evaluate("document.querySelectorAll('#emotions input:checked').length") == 1
    assert tab.evaluate("document.querySelectorAll('.shift-start').length") == 2
    assert tab.evaluate("document.activeElement.id") == "explore-title"
    names = "[...document.querySelectorAll('.shift-start + text')].map(t => t.textContent)"
    assert tab.evaluate(names) == ["anger ↑", "↑"]


def test_shifts_of_one_time_share_a_field_and_a_line(browser: Browser, tmp_path: Path) -> None:
    both = pd.concat([hourly(), hourly(source="a long name of a source")], ignore_index=True)
    shifts = (
        shift(),
        replace(shift(), emotion="joy", direction="down"),
        replace(shift(), source="a long name of a source", started_at=date(2024, 4, 20)),
    )
    report = replace(made_of(), hourly=both, shifts=ShiftReport(shifts))
    tab = browser.open(write_html(assemble(report, lambda _: Evidence()), tmp_path / "report.html"))
    net = "[...document.querySelectorAll('[data-chart=net] {}')]"
    assert tab.evaluate(net.format(".shift-start") + ".length") == 2
    assert tab.evaluate(net.format(".shift-start + text") + ".map(t => t.textContent)") == [
        "anger ↑ posts, joy ↓ posts",
        "anger ↑ a long name…",
    ]
    # The fields lie beside each other, or they would darken where both hold.
    spans = tab.evaluate(
        net.format("rect.shift-band") + ".map(r => [r.x.baseVal.value, r.width.baseVal.value])"
    )
    for (left, width), (following, _) in pairwise(spans):
        assert left + width <= following + 0.01
    assert tab.complaints() == []
    tab.close()


@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_a_phone_in_light_and_dark(browser: Browser, report_path: Path, dark: bool) -> None:
    tab = browser.open(report_path, width=390, dark=dark)

    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    colours = "getComputedStyle(document.{}).{}"
    paper = tab.evaluate(colours.format("body", "backgroundColor"))
    assert paper == ("rgb(20, 24, 28)" if dark else "rgb(255, 255, 255)")
    verdicts = "document.querySelector('#compare-rows tr td:last-child').getBoundingClientRect()"
    assert tab.evaluate(f"{verdicts}.right") <= 390
    # No text of a chart lies outside it.
    outside = (
        "[...document.querySelectorAll('.chart svg text')].filter(t => { const b = t"
        ".getBoundingClientRect(), s = t.ownerSVGElement.getBoundingClientRect(); return b.left < "
        "s.left - 1 || b.right > s.right + 1; }).map(t => t.textContent)"
    )
    assert tab.evaluate(outside) == []
    tab.close()


def test_it_fits_a_sheet_of_paper(browser: Browser, tmp_path: Path) -> None:
    long = replace(
        shift(),
        interval_before=(0.17, 0.23),
        interval_after=(0.2, 0.42),
        persistence_days=1_021,
        n=1_234_567,
    )
    report = replace(made_of(), shifts=ShiftReport((long,)))
    path = write_html(assemble(report, lambda _: Evidence()), tmp_path / "report.html")
    tab = browser.open(path, width=1200, dark=True)
    drawn = "document.querySelector('[data-chart=net] svg').viewBox.baseVal.width"
    on_screen = tab.evaluate(drawn)
    tab.evaluate(f"window.addEventListener('beforeprint', () => {{ window.printed = {drawn}; }})")

    assert tab.call("Page.printToPDF")["data"]

    # Drawn anew for the paper, and again for the screen.
    assert tab.evaluate("window.printed") <= 700 < on_screen == tab.evaluate(drawn)
    tab.call("Emulation.setEmulatedMedia", media="print")
    tab.resize(700)
    cut = (
        "[...document.querySelectorAll('main *')].filter(e => e.getClientRects().length && "
        "!e.closest('.aloud, svg') && e.getBoundingClientRect().right > 701).map(e => e.tagName)"
    )
    assert tab.evaluate(cut) == []
    hidden = "[...document.querySelectorAll('#filters, button, .on-screen')]"
    assert tab.evaluate(f"{hidden}.every(e => !e.getClientRects().length)") is True
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.complaints() == []
    tab.close()


def test_a_script_that_got_into_the_page_does_not_run(browser: Browser, tmp_path: Path) -> None:
    path = write_html(page(), tmp_path / "report.html")
    markup = "<script>document.title = 'taken'</script><img src='http://127.0.0.1:9/x'>"
    path.write_text(path.read_text().replace("</body>", f"{markup}</body>"))
    tab = browser.open(path)
    assert tab.evaluate("document.title") != "taken"
    told = tab.complaints()
    assert any("inline script" in line and "violates" in line for line in told), told
    assert any("127.0.0.1:9" in line and "violates" in line for line in told), told
    tab.close()
